#include <grapnel/store/sqlite/migrate/sketch.hpp>

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::MigrationError;
using grapnel::store::Step;
using grapnel::store::StepKind;

namespace {

struct Database : sqlite::NativeConnection {
  explicit Database(const std::vector<std::string>& statements)
      : NativeConnection({":memory:", ":memory:", true, false}) {
    for (const std::string& statement : statements) Execute(statement);
  }
};
Step Of(std::string statement) { return {StepKind::ChangeTable, "t", "", "", "", {statement}}; }

}  // namespace

TEST_CASE("B160 steps are tried on a sketch, and the database stays as it is") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
               "CREATE INDEX i ON t (a)", "INSERT INTO t VALUES (1, 2)",
               "CREATE VIEW v AS SELECT a FROM t",
               "CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END",
               "CREATE TABLE c (t REFERENCES t)"});
  sqlite::Sketch sketch(db, {});
  CHECK(sketch.Native().Ask("SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL", "") == 6);
  CHECK(sketch.Native().Ask("SELECT count(*) FROM t", "") == 0);
  sketch.Run(Of("ALTER TABLE t RENAME COLUMN a TO b"));
  sketch.CheckWhole();
  CHECK_THROWS_AS(sketch.Native().Ask("SELECT a FROM t", ""), grapnel::SchemaError);
  CHECK(db.Ask("SELECT a FROM t", "") == 2);
  CHECK_THROWS_WITH(sketch.Run(Of("ALTER TABLE t DROP COLUMN b")),
                    Catch::StartsWith("cannot change table \"t\": ") &&
                        Catch::Contains(": error in ") && Catch::EndsWith("Nothing was changed"));
  sketch.Run({StepKind::DropTable, "t", "", "", "", {"DROP TABLE t"}});
  CHECK_THROWS_WITH(sketch.CheckWhole(), Catch::Contains("view \"v\" would no more work") &&
                                             Catch::EndsWith("Nothing was changed"));
}

TEST_CASE("B160 what was broken before is not held against the steps") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE VIEW v AS SELECT none FROM t"});
  sqlite::Sketch sketch(db, {});
  sketch.Run(Of("CREATE INDEX i ON t (id)"));
  CHECK_NOTHROW(sketch.CheckWhole());
  db.Execute("CREATE VIEW w AS SELECT id FROM t");
  sqlite::Sketch other(db, {});
  other.Run({StepKind::DropTable, "t", "", "", "", {"DROP TABLE t"}});
  const auto harmed = other.Harmed();
  CHECK((harmed && harmed->what == "view \"w\""));
}

TEST_CASE("B161 of a column it knows what in its table and elsewhere names it") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c CHECK (c > b), CHECK (a > 0))",
               "CREATE INDEX i ON t (id + 1)"});
  sqlite::Sketch sketch(db, {});
  CHECK(sketch.UserOf("t", "a") == "a CHECK of the table");
  CHECK(sketch.UserOf("t", "b") == "column \"c\"");
  CHECK(sketch.UserOf("t", "id") == "index i");
  CHECK(sketch.UserOf("t", "c") == std::nullopt);
}

TEST_CASE("B160 of a table that could not be sketched a step says why") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY, a)", "PRAGMA writable_schema = ON",
               "UPDATE sqlite_schema SET sql = replace(sql, ', a', ', a CHECK (unknown(a))')",
               "PRAGMA writable_schema = OFF"});
  sqlite::Sketch sketch(db, {});
  CHECK_THROWS_WITH(sketch.Run(Of("ALTER TABLE t RENAME COLUMN a TO b")),
                    Catch::StartsWith("cannot change table \"t\", whose description") &&
                        Catch::Contains("no such function: unknown"));
}
