// B138: clients and transactions that end in any order, on any thread, and at the end of threads
// and of the process. B168: two threads that meet at one of them.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::User;
using namespace tx_fixture;

namespace {

constexpr const char* kLeftOpen = "still open when the thread that began it ended";

/// Lets `client` tell `log` what nobody can catch.
void Listen(const Db& client, Lines& log) {
  client.OnError([&log](const std::exception& error) { log.emplace_back(error.what()); });
}

}  // namespace

TEST_CASE("B138 transactions inside one another are destroyed in any order") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto order = GENERATE(Lines{"0", "1", "2"}, Lines{"0", "2", "1"}, Lines{"1", "0", "2"},
                              Lines{"1", "2", "0"}, Lines{"2", "0", "1"}, Lines{"2", "1", "0"});
  const bool moved = GENERATE(false, true);
  Lines log, errors;
  Listen(world.client, errors);
  std::vector<std::unique_ptr<Tx>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<Tx>(i == 0 ? world.client.Tx() : open.back()->Tx()));
    LogEnd(*open.back(), log);
  }
  Add(*open[2], "Ada");
  const auto stray = open[2]->Client();
  if (moved) {
    for (auto& tx : open) tx = std::make_unique<Tx>(std::move(*tx));
  }
  for (const std::string& which : order) open[static_cast<std::size_t>(std::stoi(which))].reset();
  CHECK_THROWS_AS(Add(stray, "never"), TxError);
  CHECK(errors == Lines{});
  CHECK(std::count(log.begin(), log.end(), "hook: rolled back") +
            std::count(log.begin(), log.end(), "hook: open") ==
        3);
  CHECK(std::count(log.begin(), log.end(), "after rollback") == 3);
  CHECK(log.size() == 6);
  CHECK(Names(world.client) == Lines{});
  Add(world.client, "Grace");
  CHECK(Names(world.client) == Lines{"Grace"});
}

TEST_CASE(
    "B138 an outer transaction goes on after a nested one ended before what was nested in it") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto tx = world.client.Tx();
  Add(tx, "before");
  auto first = std::make_unique<Tx>(tx.Tx());
  Add(*first, "in the first");
  auto second = std::make_unique<Tx>(first->Tx());
  Add(*second, "in the second");
  first.reset();
  CHECK(Names(tx) == Lines{"before"});
  CHECK_THROWS_AS(Add(*second, "never"), TxError);
  CHECK_THROWS_AS(second->Commit(), TxError);
  second.reset();
  Add(tx, "after");
  tx.Commit();
  CHECK(Names(world.client) == Lines{"before", "after"});
}

TEST_CASE("B138 transactions come and go at random, in any order") {
  std::mt19937 random(138);
  for (int round = 0; round < 100; ++round) {
    World world{Place::Memory};
    std::vector<std::unique_ptr<Tx>> open;
    open.push_back(std::make_unique<Tx>(world.client.Tx()));
    std::vector<grapnel::Client> clients;
    for (int step = 0; step < 30; ++step) {
      const std::size_t at = random() % open.size();
      try {
        switch (random() % 6) {
          case 0:
            open.push_back(std::make_unique<Tx>(open[at]->Tx()));
            break;
          case 1:
            clients.push_back(open[at]->Client());
            break;
          case 2:
            Add(*open[at], "somebody");
            break;
          case 3:
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
            break;
          case 4:
            random() % 2 == 0 ? open[at]->Commit() : open[at]->Rollback();
            break;
          default:
            open[at] = std::make_unique<Tx>(std::move(*open[at]));
        }
      } catch (const TxError&) {  // out of turn
      }
      if (open.empty()) break;
    }
    open.clear();
    for (const auto& client : clients) CHECK_THROWS_AS(Names(client), TxError);
    Add(world.client, "afterwards");
  }
}

TEST_CASE("B138 a hook may destroy the transaction in which it runs, and those around it") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto outer = std::make_unique<Tx>(world.client.Tx());
  auto inner = std::make_unique<Tx>(outer->Tx());
  const bool both = GENERATE(false, true);
  const bool after = GENERATE(false, true);
  INFO("both: " << both << ", after: " << after);
  auto hook = world.client.Of<User>().Use([&](Mutation<User>& m, grapnel::Next<User> next) {
    if (m.Op() != grapnel::Op::Create || !inner) return next(m);
    std::optional<grapnel::Value<User>> value;
    if (after) value = next(m);
    both ? outer.reset() : inner.reset();
    if (value) return *value;
    return next(m);
  });
  CHECK_THROWS_AS(Add(*inner, "never"), TxError);
  hook.Remove();
  inner.reset();
  if (!both) {
    Add(*outer, "kept");
    outer->Commit();
  }
  CHECK(Names(world.client) == (both ? Lines{} : Lines{"kept"}));
}

TEST_CASE("B138 a commit or rollback hook may destroy the Tx object that ends") {
  const bool nested = GENERATE(false, true);
  const bool before = GENERATE(false, true);
  const bool commits = GENERATE(false, true);
  CAPTURE(nested, before, commits);
  auto client = engine::Open<User>(":memory:");
  client.Migrate();
  client.OnError([](const std::exception&) {});
  auto outer = client.Tx();
  auto tx = std::make_unique<Tx>(nested ? outer.Tx() : std::move(outer));
  tx->Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  const auto hook = [&](Tx& ending, auto next) {
    if (before) tx.reset();
    next(ending);
    tx.reset();
  };
  tx->OnCommit(hook);
  tx->OnRollback(hook);
  try {
    commits ? tx->Commit() : tx->Rollback();
  } catch (const TxError&) {  // destroyed before its COMMIT it is rolled back
    CHECK((commits && before && !nested));
  }
  if (nested) outer.Commit();
  const bool kept = commits && (nested || !before);
  CHECK(client.Of<User>().Query().Count() == (kept ? 1 : 0));
}

TEST_CASE("B138 what a thread leaves open is rolled back at its end, and told to OnError") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log, errors;
  Listen(world.client, errors);
  std::optional<Tx> left;
  std::optional<Tx> nested;
  std::thread([&] {
    left.emplace(world.client.Tx());
    LogEnd(*left, log);
    Add(*left, "never");
    if (GENERATE(false)) return;
    nested.emplace(left->Tx());
    Add(*nested, "never");
  }).join();
  CHECK(log == Lines{"hook: rolled back", "after rollback"});
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors.front(), Catch::Contains(kLeftOpen));
  CHECK(left->Outcome() == TxOutcome::RolledBack);
  CHECK_THROWS_AS(left->Commit(), TxError);
  Add(world.client, "the lock is free");
  left.reset();
  nested.reset();
  CHECK(errors.size() == 1);
  CHECK(Names(world.client) == Lines{"the lock is free"});
}

TEST_CASE("B138 a snapshot that a thread leaves open ends with it, without a word") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines errors;
  Listen(world.client, errors);
  std::optional<grapnel::ReadTx> left;
  std::thread([&] { left.emplace(world.client.ReadTx()); }).join();
  Add(world.client, "the lock is free");
  CHECK_THROWS_AS(left->Of<User>().Find(1), TxError);
  left.reset();
  CHECK(errors == Lines{});
}

TEST_CASE("B138 a transaction that another thread destroys, while its own ends, ends once") {
  for (int i = 0; i < 50; ++i) {
    World world{Place::Memory};
    std::atomic<int> ended{0};
    world.client.OnError([](const std::exception&) {});
    std::unique_ptr<Tx> tx;
    std::atomic<bool> begun{false};
    std::thread owner([&] {
      tx = std::make_unique<Tx>(world.client.Tx());
      tx->AfterRollback([&] { ++ended; });
      begun = true;
    });
    while (!begun) std::this_thread::yield();
    tx.reset();
    owner.join();
    CHECK(ended == 1);
    Add(world.client, "the lock is free");
  }
}

TEST_CASE("B138 thread_local objects use clients while their thread ends") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines errors;
  Listen(world.client, errors);
  struct Last {
    const Db* client = nullptr;
    Lines* errors = nullptr;
    ~Last() {
      if (client == nullptr) return;
      try {
        Add(*client, "alone");
        auto tx = client->Tx();
        tx.AfterCommit([this] { Add(*client, "by a callback"); });
        Add(tx, "in a Tx");
        tx.Tx().Commit();
        tx.Commit();
        { auto left = client->Tx(); }
        { auto left = client->ReadTx(); }
        client->Of<User>().Query().All();
      } catch (const std::exception& error) {
        errors->emplace_back(error.what());
      }
    }
  };
  const bool used_before = GENERATE(false, true);
  std::thread([&] {
    static thread_local Last last;  // destroyed after what Grapnel itself keeps of the thread
    last.client = &world.client, last.errors = &errors;
    if (used_before) {
      auto tx = world.client.Tx();
      tx.AfterCommit([] {});
      tx.Commit();
    }
  }).join();
  CHECK(errors == Lines{});
  CHECK(Names(world.client) == Lines{"alone", "in a Tx", "by a callback"});
}

TEST_CASE("B138 static objects end a process with a client, a Tx, nested ones and a ReadTx") {
  Scratch scratch;
  const bool file = GENERATE(true, false);
  const std::string url = file ? scratch.File("test.db") : ":memory:";
  const std::string what = GENERATE("client", "tx", "nested", "read", "uses");
  INFO(what);
  const auto ended = InChild([&] {
    static std::optional<Db> client;
    static std::optional<Tx> outer, inner;
    static std::optional<grapnel::ReadTx> snapshot;
    struct AtExit {
      ~AtExit() {
        try {
          if (client && what_ == "uses") {
            Add(*client, "at exit");
            auto tx = client->Tx();
            tx.AfterCommit([] { Add(*client, "by a callback"); });
            Add(tx, "in a Tx");
            tx.Commit();
          }
        } catch (const std::exception& error) {
          std::fprintf(stderr, "%s\n", error.what());
        }
      }
      std::string what_;
    };
    static AtExit at_exit;
    at_exit.what_ = what;
    client.emplace(engine::Open<User, model::Card, model::Pet>(url));
    client->Migrate();
    Add(*client, "Ada");
    if (what == "tx" || what == "nested") {
      outer.emplace(client->Tx());
      Add(*outer, "never");
      outer->OnRollback([](Tx& t, auto next) {
        next(t);
        std::fprintf(stderr, "rolled back\n");
      });
    }
    if (what == "nested") {
      inner.emplace(outer->Tx());
      Add(*inner, "never");
    }
    if (what == "read") snapshot.emplace(client->ReadTx());
    return 7;
  });
  CHECK(ended.code == 7);
  if (what == "tx" || what == "nested") {
    CHECK_THAT(ended.text, Catch::Contains("grapnel: ") && Catch::Contains(kLeftOpen) &&
                               Catch::Contains("rolled back\n"));
  } else {
    CHECK(ended.text.empty());
  }
  if (!file) return;
  CHECK(RawRows(url, "SELECT name FROM User ORDER BY id") ==
        (what == "uses" ? Lines{"Ada", "at exit", "in a Tx", "by a callback"} : Lines{"Ada"}));
}

TEST_CASE("B168 a Tx may be touched by a second thread while its owner ends it") {
  for (int round = 0; round < 8; ++round) {
    World world{round % 2 == 0 ? Place::Memory : Place::File};
    auto tx = world.client.Tx();
    auto nested = tx.Tx();
    auto handle = nested.OnCommit([](Tx& t, auto next) { next(t); });
    auto of_type = nested.Of<User>().Use(grapnel::hook::Before([](Mutation<User>&) {}));
    const auto client = tx.Client();
    const auto query = tx.Of<User>().Query();
    std::atomic<bool> stop{false}, started{false};
    std::atomic<int> wrong{0};
    std::thread second([&] {
      const std::vector<std::function<void()>> refused{
          [&] { Add(tx, "never"); },
          [&] { Add(nested, "never"); },
          [&] { tx.Commit(); },
          [&] { nested.Rollback(); },
          [&] { auto never = tx.Tx(); },
          [&] { auto never = client.Tx(); },
          [&] { tx.AfterCommit([] {}); },
          [&] { tx.OnRollback([](Tx& t, auto next) { next(t); }); },
          [&] { query.Count(); },
          [&] { static_cast<void>(tx.Client().Explain<User>()); },
          [&] { client.Of<User>().Get(1); },
          [&] { client.Of<User>().Delete().Exec(); }};
      while (!stop) {
        for (const auto& use : refused) {
          try {
            use();
            ++wrong;
          } catch (const TxError&) {
          }
        }
        static_cast<void>(tx.Outcome());
        static_cast<void>(tx.Context().Deadline());
        started = true;
      }
      handle.Remove();
      of_type.Remove();
    });
    while (!started) std::this_thread::yield();
    Add(nested, "Ada");
    nested.Commit();
    Add(tx, "Grace");
    round % 4 < 2 ? tx.Commit() : tx.Rollback();
    stop = true;
    second.join();
    CHECK(wrong == 0);
    CHECK(Names(world.client) == (round % 4 < 2 ? Lines{"Ada", "Grace"} : Lines{}));
  }
}

TEST_CASE("B168 one HookHandle is removed by many threads at once") {
  for (int round = 0; round < 20; ++round) {
    World world{Place::Memory};
    std::atomic<int> runs{0};
    auto handle = world.client.Use(grapnel::hook::Before([&](auto&) { ++runs; }));
    auto commit = world.client.OnCommit([](Tx& t, auto next) { next(t); });
    std::atomic<int> still{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        auto copy = handle;
        handle.Remove();
        commit.Remove();
        copy.Remove();
        const int before = runs;
        Add(world.client, "Ada");
        if (runs != before) ++still;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(runs == 0);
    CHECK(still == 0);
  }
}
