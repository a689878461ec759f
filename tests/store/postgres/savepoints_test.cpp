#include <grapnel/store/postgres/savepoints.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <string>

using unit::Opened;

TEST_CASE("a savepoint that nothing was sent behind is not sent") {
  Opened db;
  auto& connection = db.connection;
  connection.BeginWrite();
  connection.Savepoint(1);
  connection.Savepoint(2);
  CHECK(db.native.Pending().size() == 3);
  connection.Release(2);
  connection.Discard(1);
  CHECK(db.native.Pending().size() == 1);
  connection.Savepoint(1);
  connection.Savepoint(2);
  connection.RollbackTo(1);
  CHECK(db.native.Pending().size() == 2);
  connection.Commit();
}

TEST_CASE("savepoints undo what was done behind them, and only that") {
  Opened db;
  auto& connection = db.connection;
  connection.BeginWrite();
  db.Insert("a");
  connection.Savepoint(1);
  db.Insert("b");
  connection.Savepoint(2);
  db.Insert("c");
  connection.RollbackTo(2);
  db.Insert("d");
  connection.Release(2);
  connection.Savepoint(2);
  connection.Release(2);
  db.Insert("e");
  connection.Savepoint(2);
  db.Insert("f");
  connection.Discard(2);
  connection.Release(1);
  connection.Savepoint(1);
  db.Insert("g");
  connection.Discard(1);
  connection.Commit();
  CHECK(db.Names() == Rows{"a", "b", "d", "e"});
}

TEST_CASE("what waits is not in the way of undoing after a failure") {
  Opened db;
  auto& connection = db.connection;
  connection.BeginWrite();
  db.Insert("a");
  connection.Savepoint(1);
  connection.Savepoint(2);
  CHECK_THROWS_AS(db.Insert("a"), grapnel::Error);
  CHECK(connection.IsAborted());
  connection.RollbackTo(2);
  connection.Release(2);
  CHECK_FALSE(connection.IsAborted());
  connection.Discard(1);
  db.Insert("b");
  connection.Commit();
  CHECK(db.Names() == Rows{"a", "b"});
}

TEST_CASE("what is undone leaves foreign keys checked as they were at the savepoint") {
  Opened db;
  db.schema.Run(
      "CREATE TABLE pets (id bigint PRIMARY KEY, owner bigint REFERENCES people (id) DEFERRABLE)");
  auto& connection = db.connection;
  const auto insert_orphan = [&] { db.native.Execute("INSERT INTO pets VALUES (1, 99)"); };
  connection.BeginWrite();
  db.Insert("a");
  connection.Savepoint(1);
  db.Insert("b");
  connection.Savepoint(2);
  connection.DeferForeignKeys(true);
  db.Insert("c");
  connection.Release(2);
  SECTION("at once, though a savepoint within was released while they were not") {
    connection.DeferForeignKeys(false);
    db.Insert("d");
    connection.RollbackTo(1);
    CHECK_THROWS_AS(insert_orphan(), grapnel::ConstraintError);
    connection.RollbackTo(1);
    CHECK_THROWS_AS(insert_orphan(), grapnel::ConstraintError);
  }
  SECTION("at once, though that was undone while they were not") {
    connection.Discard(1);
    CHECK_THROWS_AS(insert_orphan(), grapnel::ConstraintError);
  }
  SECTION("later, where it was so there") {
    connection.Savepoint(2);
    connection.DeferForeignKeys(false);
    db.Insert("d");
    connection.RollbackTo(2);
    CHECK_NOTHROW(insert_orphan());
  }
  connection.Rollback();
}

TEST_CASE("what others want to be checked at the end is checked at the end") {
  Opened db;
  db.schema.Run(
      "CREATE TABLE pets (id bigint PRIMARY KEY, owner bigint REFERENCES people (id) DEFERRABLE "
      "INITIALLY DEFERRED, n int UNIQUE DEFERRABLE INITIALLY DEFERRED, friend bigint REFERENCES "
      "people (id) DEFERRABLE)");
  auto& connection = db.connection;
  connection.BeginWrite();
  db.native.Execute("INSERT INTO pets VALUES (1, 1, 1), (2, 1, 1)");
  connection.DeferForeignKeys(true);
  db.native.Execute("UPDATE pets SET friend = 1");
  db.Insert("Ada");
  CHECK_NOTHROW(connection.DeferForeignKeys(false));
  db.native.Execute("UPDATE pets SET n = id");
  connection.Commit();
  CHECK(db.Names() == Rows{"Ada"});
}
