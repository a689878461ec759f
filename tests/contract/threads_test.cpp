#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using model::Pet;
using model::User;
using namespace std::chrono_literals;

/// Runs `body(i)` in `count` threads at once. Returns: what they threw.
std::vector<std::string> InThreads(int count, const std::function<void(int)>& body) {
  std::mutex mutex;
  std::vector<std::string> thrown;
  std::latch start(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        body(i);
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex);
        thrown.emplace_back(error.what());
      }
    });
  }
  threads.clear();
  return thrown;
}

const std::vector<std::string> kNone;

grapnel::Database<User, Pet> OpenFile(const Scratch& scratch) {
  auto client = engine::Open<User, Pet>(scratch.File("db"));
  client.Migrate();
  return client;
}

std::int64_t AddUser(const grapnel::Client& client, const std::string& name) {
  return client.Of<User>().Create().Set(F<&User::name>, name).Save().id;
}

}  // namespace

TEST_CASE("B96 with a Tx held open on a file four threads finish 1,000 Gets each") {
  const Scratch scratch;
  const auto client = OpenFile(scratch);
  const auto id = AddUser(client, "Ada");
  auto tx = client.Tx();
  tx.Of<User>().UpdateOne(id).Set(F<&User::name>, "Grace").Save();
  std::atomic<int> seen = 0;
  const auto thrown = InThreads(4, [&](int) {
    for (int i = 0; i < 1000; ++i) {
      if (client.Of<User>().Get(id).name == "Ada") ++seen;
    }
  });
  CHECK(thrown == kNone);
  CHECK(seen == 4000);  // nothing of what is not committed
  tx.Commit();
  CHECK(client.Of<User>().Get(id).name == "Grace");
}

TEST_CASE("B96 eight writers with a limit of 1 s each: none is refused") {
  const Scratch scratch;
  const auto client = OpenFile(scratch);
  std::vector<std::int64_t> counters;
  for (int i = 0; i < 8; ++i) counters.push_back(AddUser(client, "counter"));
  const auto thrown = InThreads(8, [&](int writer) {
    // Writers that run beside each other are in each other's way where they want the same row.
    const auto counter = counters.at(engine::SerialisesWriters() ? 0 : std::size_t(writer));
    for (int i = 0; i < 25; ++i) {
      const auto limited = client.With(1s);
      if (i % 5 == 4) {
        limited.WithTx([&](grapnel::Tx& tx) {
          AddUser(tx.Client(), std::to_string(writer));
          tx.Of<User>().UpdateOne(counter).Add(F<&User::worth>, 1).Save();
        });
      } else {
        AddUser(limited, std::to_string(writer));
        client.With(1s).Of<User>().UpdateOne(counter).Add(F<&User::worth>, 1).Save();
      }
    }
  });
  CHECK(thrown == kNone);
  CHECK(client.Of<User>().Query().Sum(F<&User::worth>) == 200);
  Raw raw(scratch.File("db"));
  CHECK(raw("SELECT name, count(*) FROM \"User\" WHERE name <> 'counter' GROUP BY name ORDER BY "
            "name") == Raw::Rows{"0|25", "1|25", "2|25", "3|25", "4|25", "5|25", "6|25", "7|25"});
}

TEST_CASE("B96 writers of two Opens of one file wait for each other as well") {
  const Scratch scratch;
  const auto first = OpenFile(scratch);
  const auto second = OpenFile(scratch);
  const auto thrown = InThreads(4, [&](int writer) {
    for (int i = 0; i < 10; ++i) AddUser(writer % 2 == 0 ? first : second, "x");
  });
  CHECK(thrown == kNone);
  CHECK(first.Of<User>().Query().Count() == 40);
}

TEST_CASE("B96 many threads open one new file and migrate it") {
  const Scratch scratch;
  const auto thrown =
      InThreads(8, [&](int opener) { AddUser(OpenFile(scratch), std::to_string(opener)); });
  CHECK(thrown == kNone);
  CHECK(OpenFile(scratch).Of<User>().Query().Count() == 8);
}

TEST_CASE("B96 a database in memory serves all threads, one after the other") {
  const auto client = engine::Open<User, Pet>(":memory:");
  client.Migrate();
  const auto counter = AddUser(client, "counter");
  const auto in_tx = [&](const auto& body) {
    if (engine::SerialisesWriters()) return client.WithTx(body);
    client.WithTx(body, grapnel::Retry{.times = 1000});
  };
  const auto thrown = InThreads(6, [&](int thread) {
    for (int i = 0; i < 50; ++i) {
      if (thread % 3 == 0) {
        client.Of<User>().Get(counter);
      } else if (thread % 3 == 1) {
        in_tx([&](grapnel::Tx& tx) {
          tx.Of<User>().UpdateOne(counter).Add(F<&User::worth>, 1).Save();
        });
      } else {
        // Read, then write what was read: nobody comes in between.
        in_tx([&](grapnel::Tx& tx) {
          const auto worth = tx.Of<User>().Get(counter).worth;
          tx.Of<User>().UpdateOne(counter).Set(F<&User::worth>, worth + 1).Save();
        });
      }
    }
  });
  CHECK(thrown == kNone);
  CHECK(client.Of<User>().Get(counter).worth == 200);
}

TEST_CASE("B96 a transaction sees and keeps a whole: others see all of it or nothing") {
  const Scratch scratch;
  const auto client = OpenFile(scratch);
  std::atomic<bool> done = false;
  std::atomic<int> halves = 0, reads = 0;
  const auto thrown = InThreads(3, [&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < 40; ++i) {
        client.WithTx([&](grapnel::Tx& tx) {
          AddUser(tx.Client(), "a");
          tx.Of<Pet>().Create().Set(F<&Pet::name>, "p").Save();
        });
      }
      done = true;
      return;
    }
    while (!done || reads == 0) {
      const auto snapshot = client.ReadTx();
      const auto users = snapshot.Of<User>().Query().Count();
      const auto pets = snapshot.Of<Pet>().Query().Count();
      if (users != pets) ++halves;
      ++reads;
    }
  });
  CHECK(thrown == kNone);
  CHECK(halves == 0);
  CHECK(client.Of<User>().Query().Count() == 40);
}

TEST_CASE("B88 Remove does not wait for a mutation under way, which runs its hook to the end") {
  const auto client = engine::Open<User, Pet>(":memory:");
  client.Migrate();
  std::mutex mutex;
  std::vector<std::string> log;
  const auto say = [&](std::string what) {
    const std::lock_guard lock(mutex);
    log.push_back(std::move(what));
  };
  std::latch inside(1), go_on(1);
  auto handle = client.Of<User>().Use(
      [&](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
        const std::string name = *m.Get(F<&User::name>);
        say("before " + name);
        inside.count_down();
        go_on.wait();
        auto value = next(m);
        say("after " + name);
        return value;
      });
  auto first = std::async(std::launch::async, [&] { return AddUser(client, "first"); });
  inside.wait();
  handle.Remove();  // returns, though the hook runs
  say("removed");
  go_on.count_down();
  first.get();
  AddUser(client, "second");
  CHECK(log == std::vector<std::string>{"before first", "removed", "after first"});
  CHECK(client.Of<User>().Query().Count() == 2);
  handle.Remove();  // again: nothing to do
}

TEST_CASE(
    "B88 Remove in a hook, of itself and of those behind it, leaves its mutation as it began") {
  const auto client = engine::Open<User, Pet>(":memory:");
  client.Migrate();
  std::vector<std::string> log;
  std::vector<grapnel::core::HookHandle> handles;
  const auto hook = [&](std::string name) {
    return [&, name](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
      log.push_back(name);
      for (auto& handle : handles) handle.Remove();
      return next(m);
    };
  };
  handles.push_back(client.Of<User>().Use(hook("one")));
  handles.push_back(client.Of<User>().Use(hook("two")));
  AddUser(client, "first");
  AddUser(client, "second");
  CHECK(log == std::vector<std::string>{"one", "two"});
}
