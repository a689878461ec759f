#include <grapnel/store/sqlite/migrate/sketch.hpp>

#include "support/catch.hpp"

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
                    Catch::StartsWith("cannot run ALTER TABLE t DROP COLUMN b: error in ") &&
                        Catch::EndsWith("Nothing was changed"));
  sketch.Run({StepKind::DropTable, "t", "", "", "", {"DROP TABLE t"}});
  CHECK_THROWS_WITH(sketch.CheckWhole(),
                    Catch::Contains("view v") && Catch::EndsWith("Nothing was changed"));
}

TEST_CASE("B160 what was broken before is not held against the steps") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE VIEW v AS SELECT none FROM t"});
  sqlite::Sketch sketch(db, {});
  sketch.Run(Of("CREATE INDEX i ON t (id)"));
  CHECK_NOTHROW(sketch.CheckWhole());
}
