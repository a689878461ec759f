#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <ranges>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using grapnel::F;
using model::Pet;
using model::User;

/// What the child writes for ever: the work with number n is a mutation of ten users each with a
/// pet that a hook gives him, in one of three ways. Every user's age is n.
class Work {
 public:
  explicit Work(const std::string& path) : client_(grapnel::Open<User, Pet>(path)) {
    client_.Migrate();
    client_.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
      auto value = next(m);
      m.Client()
          .Of<Pet>()
          .Create()
          .Set(F<&Pet::name>, "Rex")
          .Set(F<&Pet::owner_id>, *m.ID())
          .Save();
      return value;
    });
  }

  void operator()(std::int64_t n) const {
    const auto users =
        std::views::iota(0, 10) | std::views::transform([n](int i) {
          return User{.name = std::string(200, static_cast<char>('a' + i)), .age = n};
        });
    if (n % 3 == 0) {
      client_.Of<User>().CreateBulk(users).Save();
    } else if (n % 3 == 1) {
      client_.WithTx([&](grapnel::Tx& tx) {
        for (const User& user : users) {
          tx.Of<User>().Create().Set(F<&User::name>, user.name).Set(F<&User::age>, n).Save();
        }
      });
    } else {
      auto tx = client_.Tx();
      tx.Of<User>().CreateBulk(users | std::views::take(5)).Save();
      tx.WithTx([&](grapnel::Tx& inner) {
        inner.Of<User>().CreateBulk(users | std::views::drop(5)).Save();
      });
      tx.Commit();
    }
  }

 private:
  grapnel::Database<User, Pet> client_;
};

/// Runs the work from number `first` on in a child process and kills it `after` its third commit.
/// Returns: the numbers that it has said are committed.
std::vector<std::int64_t> KilledAtWork(const std::string& path, std::int64_t first,
                                       std::chrono::microseconds after) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      const Work work(path);
      for (std::int64_t n = first;; ++n) {
        work(n);
        if (write(ends[1], &n, sizeof n) != sizeof n) _exit(2);
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(1);
    }
  }
  close(ends[1]);
  std::vector<std::int64_t> told;
  const auto listen = [&] {
    std::int64_t n = 0;
    if (read(ends[0], &n, sizeof n) != sizeof n) return false;
    told.push_back(n);
    return true;
  };
  while (told.size() < 3 && listen()) {
  }
  std::this_thread::sleep_for(after);
  kill(child, SIGKILL);
  while (listen()) {  // what it has said before it died
  }
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
  return told;
}

}  // namespace

TEST_CASE("after a SIGKILL all that was committed is there, and no half of anything") {
  const Scratch scratch;
  const std::string path = scratch.File("db");
  std::set<std::int64_t> told;
  for (int round = 0; round < 20; ++round) {
    INFO("round " << round);
    const std::int64_t first = 1'000 * round;
    for (const auto n : KilledAtWork(path, first, std::chrono::microseconds(137 * round))) {
      told.insert(n);
    }
    REQUIRE(told.size() >= static_cast<std::size_t>(3 * (round + 1)));

    const auto client = grapnel::Open<User, Pet>(path);  // recovers what is in the log
    std::multiset<std::int64_t> ages, owners, users;
    for (const User& user : client.Of<User>().Query().All()) {
      ages.insert(user.age);
      users.insert(user.id);
    }
    for (const Pet& pet : client.Of<Pet>().Query().All()) owners.insert(pet.owner_id);
    REQUIRE(owners == users);  // each user has his pet
    const std::set<std::int64_t> works(ages.begin(), ages.end());
    for (const auto n : works) REQUIRE(ages.count(n) == 10);
    for (const auto n : told) REQUIRE(works.count(n) == 1);
    // At most one more than it has told: killed between the commit and the word about it.
    REQUIRE(works.size() <= told.size() + static_cast<std::size_t>(round) + 1);
    REQUIRE(Raw(path)("PRAGMA integrity_check") == Raw::Rows{"ok"});
  }
}
