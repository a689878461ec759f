#include <grapnel/store/tx/session.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
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
