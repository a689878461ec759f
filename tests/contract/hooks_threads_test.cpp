// B14: hooks are registered and removed while other threads mutate. Run under ThreadSanitizer.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <functional>
#include <latch>
#include <thread>

namespace {

using grapnel::F;
using grapnel::core::HookHandle;
using model::Pet;
using model::User;

using Mutation = grapnel::Mutation<User>;

constexpr int kThreads = 4;

/// Runs `work(thread)` on every thread, `meanwhile()` again and again on this one until they are
/// done. Returns how often that was, at least once.
int RunBeside(std::function<void(int)> work, std::function<void()> meanwhile) {
  std::atomic<int> running = kThreads;
  std::latch start(kThreads + 1);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      work(thread);
      --running;
    });
  }
  start.arrive_and_wait();
  int rounds = 0;
  do {
    meanwhile();
    ++rounds;
  } while (running > 0);
  for (auto& thread : threads) thread.join();
  return rounds;
}

/// Two hooks that are registered together: `torn` counts runs of the one without the other.
struct Pair {
  std::atomic<int> calls = 0, torn = 0;
  static inline thread_local bool first_ran = false;

  auto First() {
    return grapnel::hook::Before([this](auto&) {
      ++calls;
      if (std::exchange(first_ran, true)) ++torn;
    });
  }
  auto Second() {
    return grapnel::hook::Before([this](auto&) {
      if (!std::exchange(first_ran, false)) ++torn;
    });
  }
};

TEST_CASE("B14 hooks come and go while four threads mutate a file") {
  constexpr int kRounds = 20;
  Fixture<User, Pet> db;
  const auto users = db.client.Of<User>();
  std::atomic<int> permanent = 0, failed = 0, wide = 0, commits = 0;
  Pair pair;
  users.Use([&](Mutation& m, grapnel::Next<User> next) {
    auto value = next(m);
    ++permanent;
    return value;
  });

  const auto mutate = [&](int thread) {
    try {
      for (int round = 0; round < kRounds; ++round) {
        const auto name = std::to_string(thread) + "/" + std::to_string(round);
        const User made = users.Create().Set(F<&User::name>, name).Save();
        users.UpdateOne(made).Add(F<&User::age>, 1).Save();
        users.Update().Where(F<&User::id> == -1).Set(F<&User::age>, 9).Save();
        users.Delete().Where(F<&User::id> == -1).Exec();
        db.client.Of<Pet>().Create().Set(F<&Pet::name>, name).Save();
      }
    } catch (const std::exception&) {
      ++failed;
    }
  };
  const auto come_and_go = [&] {
    auto two = users.Use(pair.First(), pair.Second());
    auto every = db.client.Use([&]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
      ++wide;
      return next(m);
    });
    auto ent = users.Use([](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
      return [next](Mutation& m) { return next(m); };
    });
    auto commit = db.client.OnCommit([&](grapnel::Tx& tx, auto next) {
      next(tx);
      ++commits;
    });
    std::this_thread::yield();
    for (HookHandle* handle : {&commit, &two, &ent, &every}) handle->Remove();
  };
  REQUIRE(RunBeside(mutate, come_and_go) > 0);

  REQUIRE(failed == 0);
  REQUIRE(permanent == kThreads * kRounds * 4);
  REQUIRE(pair.torn == 0);
  REQUIRE(db.Raw("SELECT count(*), sum(age), count(DISTINCT name) FROM User") == Lines{"80|80|80"});
  REQUIRE(db.Raw("SELECT count(*) FROM Pet") == Lines{"80"});

  // All that came is gone again.
  const int calls = pair.calls + wide + commits;
  users.Create().Set(F<&User::name>, "last").Save();
  REQUIRE(pair.calls + wide + commits == calls);
}

TEST_CASE("B14 one hook of ent's form serves four threads at once, each with its own next") {
  constexpr int kRounds = 15;
  Fixture<User> db;
  std::atomic<int> mixed_up = 0;
  db.client.Of<User>().Use([&](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
    return [&mixed_up, next](Mutation& m) {
      const std::string name = *m.Get(F<&User::name>);
      auto value = next(m);
      if (value.Entity().name != name) ++mixed_up;
      return value;
    };
  });
  RunBeside(
      [&](int thread) {
        for (int round = 0; round < kRounds; ++round) {
          db.client.Of<User>().Create().Set(F<&User::name>, std::to_string(thread)).Save();
        }
      },
      [] { std::this_thread::yield(); });
  REQUIRE(mixed_up == 0);
  REQUIRE(db.Raw("SELECT name, count(*) FROM User GROUP BY name ORDER BY name") ==
          Lines{"0|15", "1|15", "2|15", "3|15"});
}

struct Request {
  int value = 0;
};
using List = grapnel::core::HookList<Request, int>;
using NextOfList = grapnel::core::Next<Request, int>;

int Answer(void*, Request& request) { return request.value; }

TEST_CASE("B14 the core's HookList grows and shrinks while it runs; each run sees whole Adds") {
  constexpr int kRuns = 5000;
  List list;
  Pair pair;
  const auto plus = [](int number) {
    return [number](Request& request, NextOfList next) {
      request.value += number;
      return next(request) + number;
    };
  };
  list.Add({plus(100)});
  std::atomic<int> wrong = 0;
  const auto run = [&](int) {
    for (int i = 0; i < kRuns; ++i) {
      Request request{i};
      if (list.Load().Run(request, {&Answer, nullptr}) != i + 200) ++wrong;
    }
  };
  const auto come_and_go = [&] {
    const auto sum = list.Add({plus(3), plus(-3)});
    const auto both = list.Add({pair.First(), pair.Second()});
    list.Remove(sum);
    list.Remove(both);
  };
  REQUIRE(RunBeside(run, come_and_go) > 0);
  REQUIRE(wrong == 0);
  REQUIRE(pair.torn == 0);
  Request request;
  REQUIRE(list.Load().Run(request, {&Answer, nullptr}) == 200);
}

TEST_CASE("B14 several threads register and remove at once; copies of a handle count once") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  std::atomic<int> calls = 0;
  const auto counting = grapnel::hook::Before([&](auto&) { ++calls; });
  auto shared = users.Use(counting);
  users.Use(counting);  // stays
  RunBeside(
      [&, shared](int) {
        for (int i = 0; i < 50; ++i) {
          auto mine = users.Use(counting, counting);
          auto everywhere = db.client.Use(counting);
          HookHandle copy = shared;
          copy.Remove();
          everywhere.Remove();
          mine.Remove();
        }
      },
      [] { std::this_thread::yield(); });
  calls = 0;
  users.Create().Set(F<&User::name>, "Ada").Save();
  REQUIRE(calls == 1);
}

}  // namespace
