// B137: what runs after a transaction and begins another one ends. B165: recursion ends before the
// stack.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using grapnel::CommittedError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::RecursionError;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::Value;
using model::Card;
using model::Pet;
using model::User;
using namespace tx_fixture;

namespace {

/// Whether a RecursionError was thrown, as it is or as the cause of a CommittedError, at any depth.
bool IsRecursion(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const RecursionError&) {
    return true;
  } catch (const CommittedError& error) {
    for (const auto& cause : error.Causes()) {
      if (IsRecursion(cause)) return true;
    }
  } catch (...) {
  }
  return false;
}
std::exception_ptr Caught(const std::function<void()>& action) {
  try {
    action();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

/// Hears of a RecursionError that goes to OnError.
struct Ears {
  int recursions = 0;
  explicit Ears(const Db& client) {
    client.OnError([this](const std::exception& error) {
      const auto* as_it_is = dynamic_cast<const RecursionError*>(&error);
      const auto* after = dynamic_cast<const CommittedError*>(&error);
      if (as_it_is != nullptr) ++recursions;
      if (after != nullptr && IsRecursion(std::make_exception_ptr(*after))) ++recursions;
    });
  }
};

/// Runs `body` on a thread with so much stack.
void OnStack(std::size_t bytes, std::function<void()> body) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread{};
  std::exception_ptr thrown;
  auto run = [&] { thrown = Caught(body); };
  using Run = decltype(run);
  REQUIRE(pthread_create(
              &thread, &attributes,
              [](void* given) -> void* {
                (*static_cast<Run*>(given))();
                return nullptr;
              },
              &run) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  REQUIRE(pthread_attr_destroy(&attributes) == 0);
  if (thrown) std::rethrow_exception(thrown);
}

/// So many around hooks of one type, of ent's form and of the others.
void UseMany(const Db& client, int hooks) {
  const auto around = [](Mutation<User>& m, Next<User> next) { return next(m); };
  const auto factory = [](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
    return [next](Mutation<User>& m) { return next(m); };
  };
  for (int i = 0; i < hooks; i += 10) {
    client.Of<User>().Use(around, around, around, around, factory, factory, factory, factory,
                          factory);
    if (hooks > 1000) {
      client.Of<User>().Use(around);
    } else {
      client.Use([]<class E>(Mutation<E>& m, Next<E> next) { return next(m); });
    }
  }
}

/// A hook that creates another user, without end.
auto Endless() {
  return [](Mutation<User>& m, Next<User> next) {
    if (m.Op() == grapnel::Op::Create) Add(m.Client(), "again");
    return next(m);
  };
}

#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define GRAPNEL_TEST_LARGE_FRAMES
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GRAPNEL_TEST_LARGE_FRAMES
#endif
#ifdef GRAPNEL_TEST_LARGE_FRAMES
constexpr std::size_t kSmall = 1024 * 1024;  // frames under a sanitizer are many times as large
#else
constexpr std::size_t kSmall = 256 * 1024;
#endif

}  // namespace

TEST_CASE(
    "B137 a commit hook that writes by the base client after next ends with a RecursionError") {
  const bool file = GENERATE(false, true);
  const std::string how = GENERATE("create", "tx", "nested", "bulk", "two");
  if (file && how == "two") return;  // 2,000 commits
  World world{file ? Place::File : Place::Memory};
  int runs = 0;
  world.client.OnCommit([&](Tx& tx, auto next) {
    next(tx);
    ++runs;
    if (how == "create") Add(world.client, "again");
    if (how == "tx") world.client.WithTx([](Tx& t) { Add(t, "again"); });
    if (how == "nested")
      world.client.WithTx([](Tx& t) { t.WithTx([](Tx& u) { Add(u, "again"); }); });
    if (how == "bulk")
      world.client.Of<User>().CreateBulk(std::vector<User>{{.name = "again"}}).Save();
    if (how == "two") {
      for (int i = 0; i < 2; ++i) {
        try {
          Add(world.client, "again");
        } catch (const grapnel::Error&) {
        }
      }
    }
  });
  const auto thrown = Caught([&] { Add(world.client, "Ada"); });
  CHECK(IsRecursion(thrown) == (how != "two"));
  CHECK((runs >= 64 && runs <= 3'000));
  CHECK(Names(world.client).size() == static_cast<std::size_t>(runs));
  runs = 0;
  static_cast<void>(Caught([&] { Add(world.client, "anew"); }));  // it counts from the start again
  CHECK(runs >= 64);
}

TEST_CASE("B137 a commit hook of each of two databases that writes to the other one") {
  World one{Place::Memory}, two{Place::File};
  int runs = 0;
  const auto into = [&](const Db& other) {
    return [&runs, &other](Tx& tx, auto next) {
      next(tx);
      ++runs;
      Add(other, "again");
    };
  };
  one.client.OnCommit(into(two.client));
  two.client.OnCommit(into(one.client));
  CHECK(IsRecursion(Caught([&] { Add(one.client, "Ada"); })));
  CHECK((runs >= 64 && runs <= 66));
}

TEST_CASE("a hook that catches a RecursionError and mutates twice does not branch without end") {
  World world{Place::Memory};
  int recursions = 0;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    for (int i = 0; i < 2; ++i) {
      try {
        Add(m.Client(), "deeper");
      } catch (const RecursionError&) {
        ++recursions;
      }
    }
    return next(m);
  });
  const bool in_tx = GENERATE(false, true);
  if (in_tx) {
    auto tx = world.client.Tx();
    Add(tx, "first");
    Add(tx, "second");  // not inside another one: it is as if nothing had been
    tx.Commit();
  } else {
    Add(world.client, "first");
    Add(world.client, "second");
  }
  CHECK(recursions >= 1'000);
  const Lines names = Names(world.client);
  CHECK(std::count(names.begin(), names.end(), "first") == 1);
  CHECK(std::count(names.begin(), names.end(), "second") == 1);
}

TEST_CASE("B137 a rollback hook that writes, and is rolled back for it, ends") {
  World world{GENERATE(Place::Memory, Place::File)};
  Ears ears(world.client);
  int runs = 0;
  world.client.Of<User>().Use(grapnel::hook::FixedError("refused"));
  world.client.OnRollback([&](Tx& tx, auto next) {
    next(tx);
    ++runs;
    Add(world.client, "never");
  });
  const auto error = Thrown<grapnel::Error>([&] { Add(world.client, "Ada"); });
  CHECK_THAT(error.what(), Catch::Contains("refused"));
  CHECK((runs >= 64 && runs <= 66));
  CHECK(ears.recursions == 1);
}

TEST_CASE("B137 callbacks that write, each with a callback again, end") {
  const int branches = GENERATE(1, 2);
  World world{branches == 1 && GENERATE(false, true) ? Place::File : Place::Memory};
  Ears ears(world.client);
  int runs = 0;
  world.client.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>& m) {
    m.AfterCommit([&] {
      ++runs;
      for (int i = 0; i < branches; ++i) Add(world.client, "again");
    });
  }));
  Add(world.client, "Ada");
  CHECK(ears.recursions > 0);
  CHECK((runs >= 64 && runs <= 3'000));
  CHECK(Names(world.client).size() == static_cast<std::size_t>(runs));
}

TEST_CASE("B137 AfterRollback callbacks that begin a transaction again end") {
  World world{GENERATE(Place::Memory, Place::File)};
  Ears ears(world.client);
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    auto tx = world.client.Tx();
    tx.AfterRollback(again);
  };
  world.client.Tx().AfterRollback(again);
  CHECK(ears.recursions == 1);
  CHECK((runs >= 64 && runs <= 66));
}

TEST_CASE("B137 what fans out and ends is not held up") {
  World world{Place::Memory};
  int runs = 0;
  world.client.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>& m) {
    m.AfterCommit([&] {
      if (++runs > 20'000) return;
      world.client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Set(F<&Pet::owner_id>, 1).Save();
    });
  }));
  world.client.Of<User>().CreateBulk(std::vector<User>(20'000, User{.name = "Ada"})).Save();
  CHECK(runs == 20'000);
  CHECK(world.client.Of<Pet>().Query().Count() == 20'000);
  // A chain of jobs, each begun by the one before.
  int jobs = 0;
  std::function<void()> job = [&] {
    if (++jobs == 60) return;
    auto tx = world.client.Tx();
    tx.AfterCommit(job);
    tx.Commit();
  };
  job();
  CHECK(jobs == 60);
}

TEST_CASE("B137 a commit hook that is added during a commit is an Error, for it would not run") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto hook = [](Tx& t, auto next) { next(t); };
  int refused = 0;
  const auto add = [&](Tx& tx) {
    CHECK_THROWS_AS(tx.OnCommit(hook), TxError);
    CHECK_THROWS_AS(world.client.OnCommit(hook), TxError);
    ++refused;
  };
  auto handle = world.client.OnCommit([&](Tx& t, auto next) {
    add(t);
    next(t);
    add(t);
  });
  auto tx = world.client.Tx();
  tx.OnCommit([&](Tx& t, auto next) {
    add(t);
    next(t);
  });
  tx.Commit();
  CHECK(refused == 3);
  Add(world.client, "Ada");
  CHECK(refused == 5);
  handle.Remove();
  world.client.OnCommit(hook);
  Add(world.client, "Grace");

  world.client.OnRollback([&](Tx& t, auto next) {
    CHECK_THROWS_AS(t.OnRollback(hook), TxError);
    ++refused;
    next(t);
  });
  { auto left = world.client.Tx(); }
  CHECK(refused == 6);
  auto outer = world.client.Tx();
  {
    auto inner = outer.Tx();
    inner.OnRollback([&](Tx& t, auto next) {
      CHECK_THROWS_AS(t.OnRollback(hook), TxError);
      ++refused;
      next(t);
    });
  }
  CHECK(refused == 7);
  outer.Commit();
}

TEST_CASE("B137 an OnError sink that writes, and fails in that, is not told of itself") {
  World world{Place::Memory};
  int told = 0;
  world.client.OnRollback([](Tx& t, auto next) {
    next(t);
    throw std::runtime_error("a rollback hook failed");
  });
  world.client.OnError([&](const std::exception&) {
    ++told;
    { auto tx = world.client.Tx(); }
  });
  { auto tx = world.client.Tx(); }
  CHECK(told == 1);
}

TEST_CASE("B165 many around hooks of one type: RecursionError, or they work, on any stack") {
  const bool small = GENERATE(true, false);
  const std::size_t stack = small ? kSmall : std::size_t{8} * 1024 * 1024;
  const int hooks = GENERATE(100, 600, 10'000);
  const bool endless = GENERATE(false, true);
  const std::string how = GENERATE("create", "update", "bulk");
  if (hooks == 10'000 && how != "create") return;
  INFO(stack << " bytes, " << hooks << " hooks, " << (endless ? "endless " : "") << how);
  World world{Place::Memory};
  const auto ada = Add(world.client, "Ada").id;
  UseMany(world.client, hooks);
  if (endless) world.client.Of<User>().Use(Endless());
  OnStack(stack, [&] {
    world.client.WithTx([&](Tx& tx) {
      AddPetOf(tx, ada);
      const auto thrown = Caught([&] {
        if (how == "create") Add(tx, "Grace");
        if (how == "update") tx.Of<User>().UpdateOne(ada).Set(F<&User::age>, 1).Save();
        if (how == "bulk") tx.Of<User>().CreateBulk(std::vector<User>{{.name = "Grace"}}).Save();
      });
      const bool recursion = IsRecursion(thrown);
      CHECK((recursion || !thrown));
      if (endless && how != "update") CHECK(recursion);
      if (hooks == 100 && !endless) CHECK(!recursion);
      const std::size_t users = recursion || how == "update" ? 1 : 2;
      CHECK(Names(tx).size() == users);
    });
  });
  CHECK(world.client.Of<Pet>().Query().Count() == 1);
}

TEST_CASE("B165 a small stack ends a chain of types, with words that show it") {
  World world{GENERATE(Place::Memory, Place::File)};
  UseMany(world.client, 30);
  world.client.Of<User>().Use(Endless());
  OnStack(kSmall, [&] {
    const auto error = Thrown<RecursionError>([&] { Add(world.client, "Ada"); });
    CHECK_THAT(error.what(), Catch::Contains("User Create") && Catch::Contains("stack"));
  });
  CHECK(Names(world.client) == Lines{});
}

TEST_CASE("B165 commit hooks that nest deeper than the stack: rolled back, and a RecursionError") {
  World world{GENERATE(Place::Memory, Place::File)};
  int runs = 0;
  const auto hook = [&](Tx& t, auto next) {
    ++runs;
    next(t);
  };
  for (int i = 0; i < 3'000; i += 6) world.client.OnCommit(hook, hook, hook, hook, hook, hook);
  OnStack(kSmall, [&] { CHECK(IsRecursion(Caught([&] { Add(world.client, "Ada"); }))); });
  CHECK(runs > 100);
  CHECK(Names(world.client) == Lines{});
}

TEST_CASE(
    "B165 a hook that catches a RecursionError of a low stack and mutates twice ends as well") {
  World world{Place::Memory};
  int calls = 0;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    ++calls;
    for (int i = 0; i < 2; ++i) {
      try {
        Add(m.Client(), "deeper");
      } catch (const RecursionError&) {
      }
    }
    return next(m);
  });
  OnStack(kSmall, [&] { Add(world.client, "top"); });
  CHECK(calls < 20'000);
}

TEST_CASE("B165 before-hooks need no stack, however many there are") {
  World world{GENERATE(Place::Memory, Place::File)};
  int runs = 0;
  const auto hook = grapnel::hook::Before([&](Mutation<User>&) { ++runs; });
  for (int i = 0; i < 2'000; i += 4) world.client.Of<User>().Use(hook, hook, hook, hook);
  OnStack(kSmall, [&] { Add(world.client, "Ada"); });
  CHECK(runs == 2'000);
}
