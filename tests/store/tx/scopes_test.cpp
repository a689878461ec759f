#include <grapnel/store/tx/scopes.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <string>
#include <vector>

using grapnel::detail::Level;
using grapnel::detail::Scope;
using grapnel::detail::Session;
using model::User;

namespace {

using Lines = std::vector<std::string>;

struct World : FakeStore<User> {
  Session transaction{handle->store, handle->context, Session::Kind::Explicit};
  FakeConnection& connection = driver.writer;

  World() { transaction.Begin(handle->context), connection.Take(); }
  /// A scope, entered.
  struct Entered : Scope {
    explicit Entered(Session& transaction, bool alone = false) {
      single = alone;
      transaction.Enter(*this);
    }
  };
  void Write() {
    transaction.Write(
        transaction.Root(), transaction.TypeOf(grapnel::detail::kTable<User>), handle->context,
        [](grapnel::store::Connection& to) { return to.Run(grapnel::store::Delete{}); });
  }
};

}  // namespace

TEST_CASE_METHOD(World, "a scope in which nothing is written has no savepoint") {
  Entered outer(transaction), inner(transaction);
  transaction.Fail(inner);
  transaction.Succeed(outer);
  CHECK(outer.savepoint == Scope::kNone);
  CHECK(connection.log.empty());
}

TEST_CASE_METHOD(World,
                 "scopes share a savepoint, opened before the first write; the outermost owns it") {
  Entered outer(transaction), inner(transaction);
  Write();
  CHECK(connection.Take() == Lines{"SAVEPOINT 1", "DELETE"});
  CHECK((outer.savepoint == 1 && inner.savepoint == 1));
  CHECK((outer.owns && !inner.owns));
  transaction.Succeed(inner);
  CHECK(connection.log.empty());
  transaction.Succeed(outer);
  CHECK(connection.Take() == Lines{"RELEASE 1"});
}

TEST_CASE_METHOD(World, "a scope behind a write has a savepoint of its own, and is undone alone") {
  Entered outer(transaction);
  Write();
  Entered inner(transaction);
  Write();
  connection.Take();
  CHECK((inner.owns && inner.savepoint == 2));
  transaction.Fail(inner);
  CHECK(connection.Take() == Lines{"DISCARD 2"});
  transaction.Succeed(outer);
  CHECK(connection.Take() == Lines{"RELEASE 1"});
}

TEST_CASE_METHOD(World, "what was undone to its savepoint lends it to the next scope") {
  Entered outer(transaction), first(transaction);
  Write();
  connection.Take();
  transaction.Fail(first);
  CHECK(connection.Take() == Lines{"ROLLBACK TO 1"});
  Entered second(transaction);
  CHECK(second.savepoint == 1);
  Write();
  CHECK(connection.Take() == Lines{"DELETE"});
  transaction.Succeed(second);
  transaction.Fail(outer);
  CHECK(connection.Take() == Lines{"DISCARD 1"});
}

TEST_CASE_METHOD(World, "a scope of one statement needs none, for that undoes itself") {
  Entered alone(transaction, true);
  SECTION("where nobody interferes") {
    CHECK(transaction.StandsAlone());
    Write();
    CHECK(connection.Take() == Lines{"DELETE"});
    CHECK(alone.savepoint == Scope::kNone);
  }
  SECTION("but where triggers of others write more") {
    connection.plain = false;
    Write();
    CHECK(connection.Take() == Lines{"SAVEPOINT 1", "DELETE"});
  }
  SECTION("but where more is to be written") {
    transaction.ExpectSeveralWrites();
    CHECK_FALSE(transaction.StandsAlone());
    Write();
    CHECK(connection.Take() == Lines{"SAVEPOINT 1", "DELETE"});
  }
  SECTION("but inside of another one that still waits for its savepoint") {
    Entered inner(transaction, true);
    alone.single = false;
    CHECK_FALSE(transaction.StandsAlone());
    transaction.Succeed(inner);
  }
  transaction.Succeed(alone);
}

TEST_CASE_METHOD(World,
                 "a written scope that has no savepoint takes the whole transaction with it") {
  Entered alone(transaction, true);
  Write();
  transaction.Fail(alone);
  CHECK(transaction.Outcome() == grapnel::TxOutcome::RolledBack);
  CHECK(connection.log.back() == "ROLLBACK");
}
