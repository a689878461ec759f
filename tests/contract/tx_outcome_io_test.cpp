// B68: what is said of a transaction whose file fails it, below SQLite.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/fault_vfs.hpp"

#include <chrono>
#include <string>

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

}  // namespace

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
