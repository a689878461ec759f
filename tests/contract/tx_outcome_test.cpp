// B68: every way in which a transaction can end, and what is said of it.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/fault_vfs.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using grapnel::ConstraintError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::StorageError;
using grapnel::StorageKind;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::Pet;
using model::User;
using namespace tx_fixture;
using std::chrono_literals::operator""s;

namespace {

const Lines kRolledBack{"hook: rolled back", "after rollback"};
const Lines kUnknown{"hook: unknown", "after rollback"};

/// A world on a file system that fails on demand.
struct FaultWorld {
  FaultVfs vfs{};
  Scratch scratch{};
  Db client = Open();
  FaultWorld() { client.Migrate(); }
  Db Open() const { return engine::Open<User, model::Card, Pet>(vfs.Url(scratch.File("test.db"))); }
};

/// A world in whose file a pet's owner must be there, at the latest at COMMIT.
struct DeferredWorld : World {
  DeferredWorld() {
    Raw("DROP TABLE Pet; CREATE TABLE Pet (id INTEGER PRIMARY KEY, name TEXT NOT NULL, delete_time "
        "INTEGER, owner_id INTEGER NOT NULL REFERENCES User (id) DEFERRABLE INITIALLY DEFERRED)");
  }
};

}  // namespace

TEST_CASE(
    "B68 whatever ends a transaction, its rollback hooks and AfterRollback run exactly once") {
  using Way = std::pair<const char*, std::function<void(World&, Lines&)>>;
  const auto begin = [](const auto& client, Lines& log) {
    auto tx = client.Tx();
    LogEnd(tx, log);
    Add(tx, "Ada");
    return tx;
  };
  const auto way = GENERATE_COPY(values<Way>({
      {"Rollback", [=](World& w, Lines& log) { begin(w.client, log).Rollback(); }},
      {"the destructor", [=](World& w, Lines& log) { begin(w.client, log); }},
      {"assigning another",
       [=](World& w, Lines& log) {
         World other;
         auto tx = begin(w.client, log);
         tx = other.client.Tx();
       }},
      {"the destructor on another thread",
       [=](World& w, Lines& log) { std::thread([tx = begin(w.client, log)] {}).join(); }},
      {"an exception",
       [=](World& w, Lines& log) {
         const auto body = [&](Tx& tx) {
           LogEnd(tx, log);
           Add(tx, "Ada");
           throw std::runtime_error("stop");
         };
         REQUIRE_THROWS_WITH(w.client.WithTx(body), "stop");
       }},
      {"a commit hook",
       [=](World& w, Lines& log) {
         auto tx = begin(w.client, log);
         tx.OnCommit([](Tx&, auto) { throw std::runtime_error("stop"); });
         REQUIRE_THROWS_WITH(tx.Commit(), "stop");
       }},
      {"a commit hook that rolls back",
       [=](World& w, Lines& log) {
         auto tx = begin(w.client, log);
         tx.OnCommit([](Tx& t, auto next) {
           t.Rollback();
           next(t);
         });
         REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::RolledBack);
       }},
      {"a stop while it writes",
       [=](World& w, Lines& log) {
         std::stop_source stop;
         auto tx = begin(w.client.With(stop.get_token()), log);
         stop.request_stop();
         REQUIRE_THROWS_AS(Add(tx, "Grace"), grapnel::CancelledError);
         REQUIRE(log == kRolledBack);  // at once, not when the Tx is destroyed
         REQUIRE_THROWS_AS(tx.Commit(), TxError);
       }},
      {"a deadline while it reads",
       [=](World& w, Lines& log) {
         auto tx = begin(w.client, log);
         const auto late = tx.Client().With(std::chrono::steady_clock::now());
         REQUIRE_THROWS_AS(Names(late), grapnel::CancelledError);
         REQUIRE(log == kRolledBack);
         REQUIRE_THROWS_AS(Names(tx), TxError);
       }},
  }));
  INFO(way.first);
  Lines log;
  {
    World world{GENERATE(Place::Memory, Place::File)};
    way.second(world, log);
    REQUIRE(log == kRolledBack);
    REQUIRE(Names(world.client) == Lines{});
    Add(world.client.With(2s), "Joan");  // the lock is free, and so is this thread
  }
  REQUIRE(log == kRolledBack);
}

TEST_CASE("B68 a mutation's own transaction runs them exactly once as well") {
  const std::string end = GENERATE("a hook", "a constraint", "cancellation", "a commit hook");
  INFO(end);
  Lines log;
  std::stop_source stop;
  {
    World world{GENERATE(Place::Memory, Place::File)};
    if (end == "a commit hook") {
      world.client.OnCommit([](Tx&, auto) { throw std::runtime_error("stop"); });
    }
    world.client.OnRollback(Around(log, "rollback"));
    world.client.Of<User>().Use([&](Mutation<User>& m, grapnel::Next<User> next) {
      m.AfterRollback(Note(log, "callback"));
      m.AfterCommit(Note(log, "never"));
      auto value = next(m);
      if (end == "a hook") throw std::runtime_error("stop");
      if (end == "a constraint")
        m.Client().Of<User>().CreateBulk(std::vector{value.Entity()}).Save();
      if (end == "cancellation") stop.request_stop(), Names(m.Client());
      return value;
    });
    REQUIRE_THROWS(Add(world.client.With(stop.get_token()), "Ada"));
    // In the bulk the hook runs once more, and its callback is a second one.
    REQUIRE(log == (end == "a constraint"
                        ? Lines{"before rollback", "after rollback", "callback", "callback"}
                        : Lines{"before rollback", "after rollback", "callback"}));
    REQUIRE(Names(world.client) == Lines{});
  }
  REQUIRE(log.size() == (end == "a constraint" ? 4 : 3));
}

TEST_CASE("B68 SQLite's own rollback, by a trigger, ends the transaction whole") {
  World world;
  world.Raw(
      "CREATE TRIGGER no_bad BEFORE INSERT ON User WHEN NEW.name = 'bad' "
      "BEGIN SELECT RAISE(ROLLBACK, 'no bad users'); END");
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  Add(tx, "Ada");
  REQUIRE_THROWS_AS(Add(tx, "bad"), ConstraintError);
  REQUIRE(log == kRolledBack);
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE_THROWS_AS(tx.Commit(), TxError);
  REQUIRE(log == kRolledBack);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B68 a COMMIT that a deferred constraint refuses is rolled back") {
  DeferredWorld world;
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  AddPetOf(tx, 7);
  REQUIRE(Thrown<ConstraintError>([&] { tx.Commit(); }).Kind() ==
          grapnel::ConstraintKind::ForeignKey);
  REQUIRE(log == kRolledBack);
  REQUIRE(tx.Outcome() == TxOutcome::RolledBack);
  REQUIRE(world.client.Of<Pet>().Query().Count() == 0);

  REQUIRE_THROWS_AS(AddPetOf(world.client, 7), ConstraintError);
  REQUIRE(world.Raw("SELECT count(*) FROM Pet") == Lines{"0"});
}

TEST_CASE(
    "B68 after a deferred constraint at COMMIT a commit hook may mend it and call next again") {
  DeferredWorld world;
  Lines log;
  const bool mend = GENERATE(true, false);
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit([&](Tx& t, auto next) {
    for (int tries = 0; tries < 2; ++tries) {
      try {
        return next(t);
      } catch (const ConstraintError&) {
        log.push_back(std::string(Name(t.Outcome())));
        if (mend) t.Of<User>().Create().Set(F<&User::id>, 7).Set(F<&User::name>, "Ada").Save();
      }
    }
  });
  tx.OnCommit(Around(log, "inner"));
  AddPetOf(tx, 7);
  if (mend) {
    tx.Commit();
    REQUIRE(log == Lines{"before inner", "open", "before inner", "after inner", "after commit"});
    REQUIRE(world.Raw("SELECT owner_id, User.name FROM Pet JOIN User ON User.id = owner_id") ==
            Lines{"7|Ada"});
  } else {
    REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::RolledBack);
    REQUIRE(log == Lines{"before inner", "open", "before inner", "open", "hook: rolled back",
                         "after rollback"});
    REQUIRE(world.Raw("SELECT count(*) FROM Pet") == Lines{"0"});
  }
}

TEST_CASE("B68 a COMMIT that is BUSY leaves the transaction open for a commit hook to try again") {
  FaultWorld world;
  Lines log;
  const bool heal = GENERATE(true, false);
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit([&](Tx& t, auto next) {
    try {
      next(t);
    } catch (const grapnel::BusyError&) {
      log.push_back(std::string(Name(t.Outcome())));
      if (heal) world.vfs.Heal();
      next(t);
    }
  });
  Add(tx, "Ada");
  world.vfs.FailWrites(SQLITE_BUSY);
  if (heal) {
    tx.Commit();
    REQUIRE(log == Lines{"open", "after commit"});
  } else {
    REQUIRE_THROWS_AS(tx.Commit(), grapnel::BusyError);
    REQUIRE(log == Lines{"open", "hook: rolled back", "after rollback"});
    world.vfs.Heal();
  }
  REQUIRE(Names(world.Open()) == (heal ? Lines{"Ada"} : Lines{}));
}

TEST_CASE("B68 a COMMIT that fails with an I/O error is Unknown, not rolled back") {
  FaultWorld world;
  const bool sync = GENERATE(true, false);
  const auto arm = [&] {
    sync ? world.vfs.FailSyncs(SQLITE_IOERR_FSYNC) : world.vfs.FailWrites(SQLITE_IOERR_WRITE);
  };
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit(Around(log, "commit"));
  Add(tx, "Ada");
  arm();
  const auto error = Thrown<TxError>([&] { tx.Commit(); });
  REQUIRE(world.vfs.Failures() > 0);
  REQUIRE(error.Outcome() == TxOutcome::Unknown);
  REQUIRE(tx.Outcome() == TxOutcome::Unknown);
  REQUIRE(log == Lines{"before commit", "hook: unknown", "after rollback"});
  REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::Unknown);
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == TxOutcome::Unknown);
  REQUIRE(log == Lines{"before commit", "hook: unknown", "after rollback"});

  world.vfs.Heal();
  Add(world.client.With(2s), "Joan");  // the client stays usable
  REQUIRE(Names(world.client).back() == "Joan");
}

TEST_CASE("B68 Unknown cannot be retried or hidden by a commit hook") {
  FaultWorld world;
  const bool hide = GENERATE(true, false);
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit([&](Tx& t, auto next) {
    try {
      next(t);
    } catch (const TxError&) {
      world.vfs.Heal();
      if (!hide) next(t);
    }
  });
  Add(tx, "Ada");
  world.vfs.FailWrites(SQLITE_IOERR_WRITE);
  REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::Unknown);
  REQUIRE(log == kUnknown);
  REQUIRE(Names(world.Open()) == Lines{});
}

TEST_CASE("B68 a mutation's own COMMIT that fails with an I/O error is Unknown as well") {
  FaultWorld world;
  Lines log;
  world.client.OnRollback([&](Tx& t, auto next) {
    next(t);
    log.push_back("hook: " + std::string(Name(t.Outcome())));
  });
  world.client.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>& m) {
    m.AfterCommit(Note(log, "after commit"));
    m.AfterRollback(Note(log, "after rollback"));
  }));
  world.vfs.FailWrites(SQLITE_IOERR_WRITE);
  REQUIRE(Thrown<TxError>([&] { Add(world.client, "Ada"); }).Outcome() == TxOutcome::Unknown);
  REQUIRE(log == kUnknown);
  world.vfs.Heal();
  REQUIRE(Names(world.Open()) == Lines{});
}

TEST_CASE("B68 a disk that is full at COMMIT: StorageError Full, rolled back") {
  FaultWorld world;
  Add(world.client, "Grace");
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  Add(tx, "Ada");
  world.vfs.FailWrites(SQLITE_FULL);
  REQUIRE(Thrown<StorageError>([&] { tx.Commit(); }).Kind() == StorageKind::Full);
  REQUIRE(log == kRolledBack);
  REQUIRE(tx.Outcome() == TxOutcome::RolledBack);
  world.vfs.Heal();
  REQUIRE(Names(world.client) == Lines{"Grace"});
}

TEST_CASE("B68 a storage error in the middle of a transaction ends it whole") {
  FaultWorld world;
  const auto [code, kind] = GENERATE(table<int, StorageKind>(
      {{SQLITE_FULL, StorageKind::Full}, {SQLITE_IOERR_WRITE, StorageKind::Io}}));
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  Add(tx, "Ada");
  world.vfs.FailWrites(code);
  const auto spill = [&] {  // more than the page cache holds, so that pages are written early
    for (int i = 0; i < 8; ++i) Add(tx, std::string(1'000'000, 'x'));
  };
  REQUIRE(Thrown<StorageError>(spill).Kind() == kind);
  REQUIRE(log == kRolledBack);
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE_THROWS_AS(tx.Commit(), TxError);
  world.vfs.Heal();
  REQUIRE_THROWS_AS(tx.Commit(), TxError);
  REQUIRE(log == kRolledBack);
  REQUIRE(Names(world.client) == Lines{});
  Add(world.client, "Joan");
}
