#include <grapnel/store/sqlite/migrate/steps.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::MigrationError;
using grapnel::store::Step;
using grapnel::store::StepKind;

namespace {

struct Database : sqlite::NativeConnection {
  Database() : NativeConnection({":memory:", ":memory:", true, false}) {}
  void Run(StepKind kind, std::vector<std::string> statements) {
    sqlite::StepRunner(*this, refusals).Run({kind, "t", "", "", "", std::move(statements)});
  }
  grapnel::store::sql::Refusals refusals;
};

}  // namespace

TEST_CASE("B161 what is made bears a mark") {
  Database db;
  db.Run(StepKind::CreateTable, {"CREATE TABLE \"t\" (\"id\" INTEGER PRIMARY KEY NOT NULL)"});
  db.Run(StepKind::AddColumn, {"ALTER TABLE \"t\" ADD COLUMN \"a\" TEXT"});
  CHECK(db.Ask("SELECT sql = 'CREATE TABLE \"t\" (\"id\" INTEGER PRIMARY KEY NOT NULL "
               "/*Grapnel*/, \"a\" TEXT /*Grapnel*/)' FROM sqlite_schema",
               "") == 1);
}

TEST_CASE("B160 keys do not act while rows are moved, hold again behind it, and are checked") {
  Database db;
  for (const char* sql : {"CREATE TABLE t (id INTEGER PRIMARY KEY)",
                          "CREATE TABLE c (t INTEGER REFERENCES t (id) ON DELETE CASCADE)",
                          "INSERT INTO t VALUES (1)", "INSERT INTO c VALUES (1)", "BEGIN"}) {
    db.Execute(sql);
  }
  db.Run(StepKind::RebuildTable,
         {"CREATE TABLE n (id INTEGER PRIMARY KEY)", "INSERT INTO n SELECT * FROM t",
          "PRAGMA legacy_alter_table = ON", "DROP TABLE t", "ALTER TABLE n RENAME TO t",
          "PRAGMA legacy_alter_table = OFF"});
  CHECK(db.Ask("SELECT count(*) FROM c", "") == 1);
  CHECK_NOTHROW(db.Run(StepKind::CheckKeys, {"PRAGMA foreign_key_check(c)"}));
  CHECK_THROWS_AS(db.Execute("INSERT INTO c VALUES (2)"), grapnel::ConstraintError);
  CHECK_THROWS_AS(
      db.Run(StepKind::DropTable, {"PRAGMA legacy_alter_table = ON", "DROP TABLE t", "nonsense"}),
      MigrationError);
  CHECK(db.Ask("PRAGMA legacy_alter_table", "") == 0);
  CHECK(db.Ask("PRAGMA foreign_keys", "") == 1);
  CHECK_THROWS_WITH(
      db.Run(StepKind::CheckKeys, {"PRAGMA foreign_key_check(c)"}),
      Catch::StartsWith("in table \"c\" the row 1 refers by a foreign key to a row of "
                        "\"t\" that is not there"));
}

TEST_CASE("B80 a statement that the rows break says what was planned for it") {
  Database db;
  for (const char* sql : {"CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (1)"}) db.Execute(sql);
  const std::string index = "CREATE UNIQUE INDEX i ON t (a)";
  CHECK_THROWS_WITH(db.Run(StepKind::CreateIndex, {index}),
                    Catch::Contains(": the rows that are there break what the schema asks for"));
  db.refusals.emplace(index, "as planned");
  CHECK_THROWS_WITH(db.Run(StepKind::CreateIndex, {index}), "as planned");
  CHECK_THROWS_WITH(db.Run(StepKind::CreateIndex, {"DROP INDEX j"}),
                    Catch::StartsWith("cannot create index \"t\"") &&
                        Catch::EndsWith(": SQLite says of DROP INDEX j: no such index: j. Nothing "
                                        "was changed"));
}

TEST_CASE("B160 what stands in the way of a step is told by its name") {
  Database db;
  for (const char* sql : {"CREATE TABLE t (a)", "CREATE VIEW v AS SELECT 1",
                          "CREATE VIEW \"v: w\" AS SELECT none FROM t"}) {
    db.Execute(sql);
  }
  const auto obstacle = sqlite::ObstacleIn(db, "error in view v: w: no such column: none");
  REQUIRE(obstacle);
  CHECK(
      (obstacle->type == "view" && obstacle->name == "v: w" && obstacle->what == "view \"v: w\""));
  CHECK_FALSE(sqlite::ObstacleIn(db, "error in view other: no such column: none"));
  CHECK_FALSE(sqlite::ObstacleIn(db, ""));
  CHECK_THROWS_WITH(
      sqlite::StepRunner(db, db.refusals)
          .Run({StepKind::RenameTable, "n", "", "t", "", {"ALTER TABLE t RENAME TO n"}}),
      Catch::StartsWith("cannot rename table \"t\" to \"n\": view \"v: w\" stands in "
                        "the way"));
  for (const char* sql : {"DROP VIEW \"v: w\"", "CREATE TABLE c (t REFERENCES t (a))"}) {
    db.Execute(sql);
  }
  CHECK_THROWS_WITH(db.Run(StepKind::CheckKeys, {"PRAGMA foreign_key_check(c)"}),
                    Catch::StartsWith("a foreign key refers to columns that no unique index"));
}
