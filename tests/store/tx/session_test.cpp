#include <grapnel/store/tx/session.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace detail = grapnel::detail;
using detail::Level;
using detail::RunningMutation;
using detail::Scope;
using detail::Session;
using grapnel::Op;
using grapnel::StorageKind;
using grapnel::TxError;
using grapnel::TxOutcome;
using grapnel::core::Context;
using model::User;

namespace {

using Lines = std::vector<std::string>;

struct World : FakeStore<User> {
  using FakeStore<User>::FakeStore;

  Lines told{};
  FakeConnection& connection = driver.writer;

  auto Begin(Session::Kind kind = Session::Kind::Explicit, const Context& context = {}) const {
    return std::make_shared<Session>(handle->store, context, kind);
  }
  static void Write(Session& in, const Level& level, const Context& context = {}) {
    in.Write(level, in.TypeOf(detail::kTable<User>), context,
             [](grapnel::store::Connection& to) { return to.Run(grapnel::store::Delete{}); });
  }
  static void Write(Session& in) { Write(in, in.Root()); }
  auto Tell(std::string line) {
    return [this, line] { told.push_back(line); };
  }
  void Run(const std::unique_ptr<detail::CallbackBatch>& batch) {
    told.clear();
    for (const auto& each : batch->callbacks) each();
  }
  /// From now on statements of that text fail.
  template <class E>
  void Refuse(std::string text, E error) {
    connection.before = [=](std::string_view line) {
      if (line == text) throw error;
    };
  }
};

}  // namespace

TEST_CASE_METHOD(World,
                 "BEGIN is sent with the first statement, once, and the connection goes back") {
  const auto transaction = Begin();
  CHECK(connection.log.empty());
  Write(*transaction);
  Write(*transaction);
  CHECK(connection.Take() == Lines{"BEGIN", "DELETE", "DELETE"});
  CHECK(transaction->Writes() == 2);
  CHECK(driver.returned.empty());
  transaction->Commit();
  CHECK(connection.Take() == Lines{"COMMIT"});
  CHECK(driver.returned.size() == 1);
  Begin()->Commit();  // nothing was sent, and nothing is
  CHECK(connection.log.empty());
}

TEST_CASE_METHOD(World,
                 "one that only reads begins on a reader, and refuses to write before it does") {
  const auto reader = Begin(Session::Kind::ReadOnly);
  CHECK_THROWS_WITH(Write(*reader), Catch::Contains("a ReadTx does not write"));
  CHECK(driver.reader.log.empty());
  reader->Read(reader->Root(), reader->TypeOf(detail::kTable<User>), {},
               [](grapnel::store::Connection& from) { return from.Count({}); });
  CHECK(driver.reader.log == Lines{"BEGIN READ", "COUNT"});
  CHECK(connection.log.empty());
}

TEST_CASE_METHOD(
    World, "a call's context is watched during its statement, the transaction's own otherwise") {
  const Context own = Context().WithTrace([](std::string_view) {});
  const Context call = Context().WithTrace([](std::string_view) {});
  const Context* during = nullptr;
  connection.before = [&](std::string_view) { during = connection.watched; };
  {
    const auto transaction = Begin(Session::Kind::Explicit, own);
    Write(*transaction, transaction->Root(), call);
    CHECK(during == &call);
    REQUIRE(connection.watched != nullptr);
    CHECK(*connection.watched == own);
    Write(*transaction, transaction->Root());
    CHECK(during == nullptr);  // nobody looks on at this call
  }
  CHECK(connection.watched == nullptr);  // the context is gone
}

TEST_CASE_METHOD(
    World,
    "a storage error ends it whole, and why is told from then on; a broken constraint does not") {
  const auto transaction = Begin();
  Refuse("DELETE",
         grapnel::ConstraintError("User", Op::Delete, grapnel::ConstraintKind::Check, {}, "no"));
  CHECK_THROWS_AS(Write(*transaction), grapnel::ConstraintError);
  CHECK(transaction->Outcome() == TxOutcome::Open);
  Refuse("DELETE", grapnel::StorageError(StorageKind::Full, "fake", "no space"));
  CHECK_THROWS_AS(Write(*transaction), grapnel::StorageError);
  CHECK((transaction->Outcome() == TxOutcome::RolledBack && transaction->HasDied()));
  CHECK(connection.log.back() == "ROLLBACK");
  CHECK_THROWS_WITH(Write(*transaction), Catch::Contains("has ended: rolled back, because of:") &&
                                             Catch::EndsWith("no space"));
}

TEST_CASE_METHOD(World, "a COMMIT that fails tells how the transaction stands") {
  const auto transaction = Begin();
  Write(*transaction);
  SECTION("busy: it may be tried again") {
    Refuse("COMMIT", grapnel::BusyError("busy"));
    CHECK_THROWS_AS(transaction->Commit(), grapnel::BusyError);
    CHECK(transaction->Outcome() == TxOutcome::Open);
    connection.before = nullptr;
    transaction->Commit();
    CHECK(transaction->Outcome() == TxOutcome::Committed);
  }
  SECTION("no space: nothing was kept") {
    Refuse("COMMIT", grapnel::StorageError(StorageKind::Full, "fake", "no space"));
    CHECK_THROWS_AS(transaction->Commit(), grapnel::StorageError);
    CHECK(transaction->Outcome() == TxOutcome::RolledBack);
  }
  SECTION("an I/O error: nobody knows") {
    Refuse("COMMIT", grapnel::StorageError(StorageKind::Io, "fake", "gone"));
    CHECK_THROWS_AS(transaction->Commit(), TxError);
    CHECK(transaction->Outcome() == TxOutcome::Unknown);
  }
}

TEST_CASE_METHOD(World,
                 "callbacks go with the scope that they were added in, and are handed out once") {
  const auto transaction = Begin();
  const auto add = [&](const std::string& in) {
    transaction->AfterCommit(transaction->Root(), Tell(in + " kept"));
    transaction->AfterRollback(transaction->Root(), Tell(in + " undone"));
  };
  add("whole");
  Scope scope;
  transaction->Enter(scope);
  add("scope");
  transaction->Fail(scope);
  CHECK_THROWS_AS(transaction->AfterCommit(transaction->Root(), nullptr), grapnel::Error);
  SECTION("committed") {
    transaction->Commit();
    Run(transaction->TakeCallbacks());
    CHECK(told == Lines{"whole kept", "scope undone"});
  }
  SECTION("rolled back") {
    transaction->Rollback();
    Run(transaction->TakeCallbacks());
    CHECK(told == Lines{"scope undone", "whole undone"});
  }
  CHECK(transaction->TakeCallbacks() == nullptr);
}

TEST_CASE_METHOD(World,
                 "a nested transaction is kept or undone alone, and the outer one waits for it") {
  const auto transaction = Begin();
  Level& root = transaction->Root();
  Write(*transaction);
  const auto kept = transaction->Nest(root, nullptr);
  CHECK_THROWS_WITH(Write(*transaction),
                    "an outer transaction was used while one nested in it is open");
  Write(*transaction, *kept);
  transaction->CloseNested(*kept, true);
  CHECK_THROWS_WITH(Write(*transaction, *kept), "the nested transaction has ended");
  const auto undone = transaction->Nest(root, nullptr);
  const auto left_open = transaction->Nest(*undone, undone);
  Write(*transaction, *left_open);
  transaction->CloseNested(*undone, false);
  CHECK_FALSE(left_open->open);
  transaction->Check(root);
  CHECK(connection.log == Lines{"BEGIN", "DELETE", "SAVEPOINT 1", "DELETE", "RELEASE 1",
                                "SAVEPOINT 1", "DELETE", "ROLLBACK TO 1", "DISCARD 1"});
}

TEST_CASE_METHOD(World,
                 "it is used by the thread that began it alone; whoever ends it for that is one") {
  const auto transaction = Begin();
  bool first = false;
  std::thread([&] {
    CHECK_THROWS_WITH(transaction->Check(transaction->Root()),
                      Catch::Contains("by another thread"));
    first = transaction->GetEnding().Claim();
  }).join();
  CHECK((first && !transaction->GetEnding().Claim()));
  CHECK_NOTHROW(transaction->Check(transaction->Root()));
}

TEST_CASE_METHOD(
    World, "what waits is written before anybody else uses it, unless that looks at nothing") {
  struct Flushed : Session::Waiting {
    int times = 0;
    void Flush() override { ++times; }
  } waiting;
  const auto transaction = Begin();
  CHECK(transaction->SetWaiting(&waiting) == nullptr);
  transaction->CheckThread(transaction->Root());
  CHECK(waiting.times == 0);
  transaction->Check(transaction->Root());
  CHECK(waiting.times == 1);
  CHECK(transaction->SetWaiting(nullptr) == &waiting);
}

TEST_CASE_METHOD(World, "handles are the same that are of one client, transaction and view") {
  const detail::Handle base = *handle;
  const detail::Handle in_tx{base.store, Begin(), nullptr, base.context};
  const detail::Handle own{base.store, Begin(Session::Kind::Implicit), nullptr, base.context};
  const detail::Handle view{base.store, nullptr, nullptr, base.context.With(1)};
  CHECK(detail::IsSame(base, *handle));
  CHECK_FALSE(
      (detail::IsSame(base, in_tx) || detail::IsSame(base, view) || detail::IsSame(in_tx, own)));
  CHECK((detail::IsInTx(in_tx) && !detail::IsInTx(own) && !detail::IsInTx(base)));
  CHECK((base.GetLevel() == nullptr && in_tx.GetLevel() == &in_tx.transaction->Root()));
  CHECK_THROWS_WITH(detail::CheckHeld(nullptr, "User", "this query"),
                    Catch::StartsWith("User: this query was used after it was moved from"));
}

namespace {

constexpr grapnel::store::DriverTraits Server() {
  grapnel::store::DriverTraits traits;
  traits.undoes_statements = traits.serialises_writers = false;
  traits.notes_commits = true;
  return traits;
}

/// Of an engine where a statement that fails aborts the transaction, and writers run beside each
/// other.
struct Beside : World {
  Beside() : World(Server()) {}

  static std::int64_t Read(Session& in, Session::Failing failing = Session::Failing::GoesOn) {
    return in.Read(
        in.Root(), in.TypeOf(detail::kTable<User>), {},
        [](grapnel::store::Connection& from) { return from.Count({}); }, failing);
  }
  static void Create(Session& in) {
    Scope scope{.single = true};
    in.Enter(scope);
    try {
      Write(in);
    } catch (...) {
      in.Fail(scope);
      throw;
    }
    in.Succeed(scope);
  }
  void Refuse(std::string text) {
    World::Refuse(std::move(text), grapnel::SchemaError("User", "id", "not there"));
  }
};

}  // namespace

TEST_CASE_METHOD(Beside,
                 "what is read after what was written goes back to a savepoint when it fails") {
  const auto transaction = Begin();
  Read(*transaction);
  Read(*transaction);
  CHECK(connection.Take() == Lines{"BEGIN", "SAVEPOINT 1", "COUNT", "COUNT"});
  Create(*transaction);
  CHECK(connection.Take() == Lines{"DELETE"});  // for which the savepoint does as well
  Create(*transaction);
  CHECK(connection.Take() == Lines{"SAVEPOINT 2", "DELETE", "RELEASE 2"});
  Read(*transaction);
  CHECK(connection.Take() == Lines{"RELEASE 1", "SAVEPOINT 1", "COUNT"});
  Refuse("COUNT");
  CHECK_THROWS_AS(Read(*transaction), grapnel::SchemaError);
  CHECK(connection.Take() == Lines{"ROLLBACK TO 1"});
  CHECK(transaction->GoesOn());
  connection.before = nullptr;
  Read(*transaction);
  transaction->Commit();
  CHECK(connection.Take() == Lines{"COUNT", "COMMIT"});
}

TEST_CASE_METHOD(Beside, "a scope whose write fails undoes it, whatever it is, and all goes on") {
  const auto transaction = Begin();
  Refuse("DELETE");
  CHECK_THROWS_AS(Create(*transaction), grapnel::SchemaError);
  CHECK(connection.Take() == Lines{"BEGIN", "SAVEPOINT 1", "ROLLBACK TO 1", "DISCARD 1"});
  connection.before = nullptr;
  Scope scope{};
  transaction->Enter(scope);
  Write(*transaction);
  Refuse("DELETE");
  CHECK_THROWS_AS(Write(*transaction), grapnel::SchemaError);
  CHECK_FALSE(transaction->GoesOn());  // before the scope has failed as well
  CHECK_THROWS_WITH(Write(*transaction), Catch::Contains("after one that has failed"));
  transaction->Fail(scope);
  CHECK(transaction->GoesOn());
  CHECK(connection.Take() == Lines{"SAVEPOINT 1", "DELETE", "DISCARD 1"});
  connection.before = nullptr;
  Create(*transaction);
  transaction->Commit();
}

TEST_CASE_METHOD(Beside,
                 "where all of it fails anyway there is no savepoint; what runs then says why") {
  const auto transaction = Begin(Session::Kind::Implicit);
  Read(*transaction, Session::Failing::EndsScope);
  Write(*transaction);
  Refuse("DELETE");
  CHECK_THROWS_AS(Write(*transaction), grapnel::SchemaError);
  CHECK(connection.Take() == Lines{"BEGIN", "COUNT", "DELETE"});
  CHECK(transaction->Outcome() == TxOutcome::Open);
  CHECK_THROWS_WITH(Read(*transaction), Catch::Contains("has ended: rolled back, because of:") &&
                                            Catch::EndsWith("not there"));
  CHECK(connection.Take() == Lines{"ROLLBACK"});
}

TEST_CASE_METHOD(Beside, "a nested transaction that reads and writes is undone alone") {
  const auto transaction = Begin();
  Read(*transaction);
  const auto nested = transaction->Nest(transaction->Root(), nullptr);
  const auto write = [&] { Write(*transaction, *nested); };
  write();
  transaction->Read(*nested, transaction->TypeOf(detail::kTable<User>), {},
                    [](grapnel::store::Connection& from) { return from.Count({}); });
  CHECK(connection.Take() ==
        Lines{"BEGIN", "SAVEPOINT 1", "COUNT", "DELETE", "SAVEPOINT 2", "COUNT"});
  transaction->CloseNested(*nested, false);
  CHECK(connection.Take() == Lines{"ROLLBACK TO 1"});
  CHECK(transaction->GoesOn());
}

TEST_CASE_METHOD(Beside, "a cursor ends before what it was opened in is undone, and others stay") {
  const auto transaction = Begin();
  const auto open = [&](const Level& level) {
    return transaction->Open(level, transaction->TypeOf(detail::kTable<User>), {}, {});
  };
  const auto outer = open(transaction->Root());
  const auto nested = transaction->Nest(transaction->Root(), nullptr);
  const auto inner = open(*nested);
  CHECK(connection.Take() == Lines{"BEGIN", "SAVEPOINT 1", "OPEN", "SAVEPOINT 2", "OPEN"});
  CHECK((outer->savepoints == 1 && inner->savepoints == 2));
  transaction->CloseNested(*nested, true);
  CHECK(connection.Take() == Lines{"RELEASE 2"});
  CHECK(inner->savepoints == 1);
  Read(*transaction);
  CHECK(connection.Take() == Lines{"RELEASE 1", "SAVEPOINT 1", "COUNT"});
  CHECK((outer->savepoints == 0 && inner->savepoints == 0));
}

TEST_CASE_METHOD(Beside, "what another transaction was in the way of ends whole") {
  const auto transaction = Begin();
  Read(*transaction);
  SECTION("by a statement") {
    World::Refuse("DELETE", grapnel::BusyError("deadlock", true));
    CHECK_THROWS_AS(Write(*transaction), grapnel::BusyError);
  }
  SECTION("by COMMIT") {
    World::Refuse("COMMIT", grapnel::BusyError("serialization failure", true));
    CHECK_THROWS_AS(transaction->Commit(), grapnel::BusyError);
  }
  SECTION("by a row that it does not see") {
    CHECK_THROWS_AS(transaction->RefuseIfUnseen("a row", nullptr), grapnel::BusyError);
  }
  CHECK(transaction->Outcome() == TxOutcome::RolledBack);
  CHECK(transaction->InTheWay().is_there);
}

TEST_CASE_METHOD(Beside, "to have waited too long does not") {
  const auto transaction = Begin();
  Write(*transaction);
  World::Refuse("SAVEPOINT 1", grapnel::BusyError("locked"));
  CHECK_THROWS_AS(Read(*transaction), grapnel::BusyError);
  CHECK_FALSE(transaction->InTheWay().is_there);
}

TEST_CASE_METHOD(Beside, "a connection that is lost in COMMIT: nobody knows, unless it was noted") {
  const auto lose = [&](std::string text) {
    World::Refuse(std::move(text),
                  grapnel::StorageError(StorageKind::Connection, "fake", "terminated"));
  };
  const auto begin = [&](bool finds) {
    const Context context;
    auto transaction =
        Begin(Session::Kind::Explicit, finds ? context.With(grapnel::FindLostCommits{}) : context);
    Write(*transaction);
    connection.Take();
    return transaction;
  };
  const auto outcome = [](Session& transaction) {
    try {
      transaction.Commit();
    } catch (const TxError& error) {
      return error.Outcome();
    }
    return transaction.Outcome();
  };
  lose("COMMIT");
  SECTION("not noted") {
    const auto transaction = begin(false);
    CHECK(outcome(*transaction) == TxOutcome::Unknown);
    CHECK(connection.Take() == Lines{"ROLLBACK"});
  }
  SECTION("committed") {
    connection.committed = true;
    const auto transaction = begin(true);
    CHECK(outcome(*transaction) == TxOutcome::Committed);
    CHECK(connection.Take() == Lines{"NOTE", "ROLLBACK", "FIND"});
  }
  SECTION("not committed: it may be run again") {
    const auto transaction = begin(true);
    CHECK_THROWS_AS(transaction->Commit(), grapnel::BusyError);
    CHECK(transaction->Outcome() == TxOutcome::RolledBack);
    CHECK((transaction->InTheWay().is_there && transaction->HasDied()));
  }
  SECTION("found by the second look") {
    const auto transaction = begin(true);
    int looks = 0;
    connection.committed = true;
    connection.before = [&](std::string_view line) {
      if (line == "COMMIT" || (line == "FIND" && ++looks < 2))
        throw grapnel::StorageError(StorageKind::Connection, "fake", "terminated");
    };
    CHECK(outcome(*transaction) == TxOutcome::Committed);
    CHECK(looks == 2);
  }
  SECTION("not found before the deadline") {
    auto transaction =
        Begin(Session::Kind::Explicit,
              Context().With(grapnel::FindLostCommits{}).With(std::chrono::milliseconds(300)));
    Write(*transaction);
    connection.before = [&](std::string_view line) {
      if (line == "COMMIT" || line == "FIND")
        throw grapnel::StorageError(StorageKind::Connection, "fake", "terminated");
    };
    CHECK(outcome(*transaction) == TxOutcome::Unknown);
  }
  SECTION("lost by the note: it was not sent") {
    const auto transaction = begin(true);
    lose("NOTE");
    CHECK_THROWS_AS(transaction->Commit(), grapnel::StorageError);
    CHECK(transaction->Outcome() == TxOutcome::RolledBack);
  }
  SECTION("nothing was written, and nothing is noted") {
    const auto transaction =
        Begin(Session::Kind::Explicit, Context().With(grapnel::FindLostCommits{}));
    connection.before = nullptr;
    Read(*transaction);
    transaction->Commit();
    CHECK(connection.Take() == Lines{"BEGIN", "SAVEPOINT 1", "COUNT", "COMMIT"});
  }
}
