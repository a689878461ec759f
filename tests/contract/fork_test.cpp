// B114: what a child of fork() inherits is the parent's.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::StorageError;
using grapnel::Tx;
using model::Pet;
using model::User;
using namespace tx_fixture;

namespace {

/// How many of these did something else than to throw a StorageError that says fork().
int CountWrong(const std::vector<std::function<void()>>& uses) {
  int wrong = 0, at = 0;
  for (const auto& use : uses) {
    ++at;
    try {
      use();
      std::fprintf(stderr, "use %d was not refused\n", at);
      ++wrong;
    } catch (const StorageError& error) {
      if (std::string_view(error.what()).find("fork()") != std::string_view::npos) continue;
      std::fprintf(stderr, "use %d: %s\n", at, error.what());
      ++wrong;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "use %d: %s\n", at, error.what());
      ++wrong;
    }
  }
  return wrong;
}

/// What a program may hold of a database.
struct Held {
  std::optional<Db> client;
  std::optional<Tx> tx, nested;
  std::optional<grapnel::ReadTx> snapshot;
  std::vector<grapnel::store::Create<User>> builders{};
  std::vector<grapnel::store::Query<User>> queries{};
  std::vector<grapnel::Client> clients{};
  std::vector<grapnel::core::HookHandle> handles{};
};

}  // namespace

TEST_CASE("B114 in the child every use is an Error, and nothing of the parent's is touched") {
  Scratch scratch;
  const bool file = GENERATE(true, false);
  const std::string url = file ? scratch.File("test.db") : ":memory:";
  const bool in_tx = GENERATE(true, false);
  const std::string end = GENERATE("destroy", "leave", "exit at once");
  INFO(url << " " << in_tx << " " << end);
  int told = 0;
  auto held = std::make_unique<Held>();
  held->client.emplace(grapnel::Open<User, model::Card, Pet>(url));
  Db& client = *held->client;
  client.Migrate();
  const auto tell = [&told](Tx& t, auto next) {
    next(t);
    ++told;
  };
  held->handles.push_back(client.OnCommit(tell));
  held->handles.push_back(client.OnRollback(tell));
  client.OnError([&](const std::exception&) { ++told; });
  Add(client, "before");
  held->builders.push_back(client.Of<User>().Create().Set(F<&User::name>, "never"));
  held->queries.push_back(client.Of<User>().Query());
  if (in_tx) {
    held->tx.emplace(client.Tx());
    Add(*held->tx, "in the Tx");
    held->tx->AfterRollback([&] { ++told; });
    held->tx->AfterCommit([&] { ++told; });
    held->handles.push_back(held->tx->OnRollback(tell));
    held->builders.push_back(held->tx->Of<User>().Create().Set(F<&User::name>, "never"));
    held->clients.push_back(held->tx->Client());
    held->nested.emplace(held->tx->Tx());
    held->nested->OnRollback(tell);
    Add(*held->nested, "nested");
  } else {
    held->snapshot.emplace(client.ReadTx());
    held->snapshot->Of<User>().Find(1);
  }
  told = 0;
  const auto before = file ? std::filesystem::last_write_time(url + "-wal")
                           : decltype(std::filesystem::last_write_time(url)){};

  const auto child = InChild([&] {
    std::vector<std::function<void()>> uses{
        [&] { Add(client, "never"); },
        [&] { static_cast<void>(client.Of<User>()); },
        [&] { client.Of<User>().Find(1); },
        [&] { static_cast<void>(client.With(1)); },
        [&] { static_cast<void>(client.Tx()); },
        [&] { static_cast<void>(client.ReadTx()); },
        [&] { client.WithTx([](Tx&) {}); },
        [&] { client.Migrate(); },
        [&] { client.PlanMigration(); },
        [&] { client.Use([]<class E>(Mutation<E>& m, Next<E> next) { return next(m); }); },
        [&] { client.OnCommit([](Tx& t, auto next) { next(t); }); },
        [&] { client.Provide(told); },
        [&] { client.OnError([](const std::exception&) {}); },
        [&] { static_cast<void>(client.Debug()); },
        [&] { static_cast<void>(client.Context()); },
        [&] { held->queries[0].All(); },
        [&] { held->queries[0].Limit(1); },
        [&] { held->queries[0].Where(F<&User::age> > 1); },
        [&] { held->builders[0].Set(F<&User::age>, 1); },
        [&] { held->builders[0].Save(); }};
    if (in_tx) {
      uses.emplace_back([&] { Add(*held->tx, "never"); });
      uses.emplace_back([&] { held->tx->Commit(); });
      uses.emplace_back([&] { held->tx->Rollback(); });
      uses.emplace_back([&] { static_cast<void>(held->tx->Tx()); });
      uses.emplace_back([&] { static_cast<void>(held->tx->Outcome()); });
      uses.emplace_back([&] { held->tx->AfterCommit([] {}); });
      uses.emplace_back([&] { held->nested->Commit(); });
      uses.emplace_back([&] { Add(*held->nested, "never"); });
      uses.emplace_back([&] { held->clients[0].Of<User>().Get(1); });
      uses.emplace_back([&] { held->builders[1].Save(); });
    } else {
      uses.emplace_back([&] { held->snapshot->Of<User>().Find(1); });
    }
    int wrong = CountWrong(uses);
    for (auto& handle : held->handles) handle.Remove();
    if (end == "exit at once") _exit(wrong);
    if (end == "destroy") held.reset();
    if (end == "leave") {
      auto own =
          grapnel::Open<User, model::Card, Pet>(":memory:");  // what the child opens is its own
      own.Migrate();
      Add(own, "the child's");
      if (Names(own) != Lines{"the child's"}) ++wrong;
      held.release();
    }
    if (told != 0) std::fprintf(stderr, "%d hooks or callbacks ran\n", told);
    return wrong + told;
  });
  CHECK(child.code == 0);
  CHECK(child.text == "");

  if (file) CHECK(std::filesystem::last_write_time(url + "-wal") == before);
  if (in_tx) {
    Add(*held->nested, "after the child");
    held->nested->Commit();
    held->tx->Commit();
    CHECK(told == 2);  // the client's commit hook, the callback
  } else {
    held->snapshot.reset();
  }
  Add(client, "last");
  CHECK(Names(client) == (in_tx ? Lines{"before", "in the Tx", "nested", "after the child", "last"}
                                : Lines{"before", "last"}));
  held.reset();
  if (file) CHECK(RawRows(url, "PRAGMA integrity_check") == Lines{"ok"});
}

TEST_CASE("B114 a child that was forked inside a hook, a callback or a WithTx ends nothing") {
  World world{GENERATE(Place::Memory, Place::File)};
  const std::string where = GENERATE("before", "after", "commit", "callback", "body", "thrown");
  INFO(where);
  int told = 0;
  pid_t child = -1;
  const pid_t parent = getpid();
  const auto at = [&](std::string_view here) {
    if (here != where || child >= 0) return;
    std::fflush(nullptr);
    child = fork();
  };
  world.client.OnRollback([&](Tx& t, auto next) {
    next(t);
    ++told;
  });
  world.client.OnCommit([&](Tx& t, auto next) {
    at("commit");
    next(t);
    if (where != "commit") ++told;
  });
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    m.AfterCommit([&] { at("callback"); });
    m.AfterCommit([&] { ++told; });
    at("before");
    at("thrown");
    if (where == "thrown" && getpid() != parent) throw std::runtime_error("of the child");
    auto value = next(m);
    at("after");
    return value;
  });
  std::exception_ptr thrown;
  try {
    if (where == "body") {
      world.client.WithTx([&](Tx& tx) {
        Add(tx, "Ada");
        at("body");
      });
    } else {
      Add(world.client, "Ada");
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (getpid() != parent) {
    const bool as_it_should = where == "callback" ? told == 1 : told == 0 && thrown != nullptr;
    _exit(as_it_should ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(thrown == nullptr);
  CHECK(told == (where == "commit" ? 1 : 2));
  CHECK(Names(world.client) == Lines{"Ada"});
}
