#include <grapnel/store/sqlite/migrate/table_changes.hpp>

#include <grapnel/store/sqlite/migrate/planner.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using Texts = std::vector<std::string>;

namespace {

struct Database : sqlite::NativeConnection {
  explicit Database(const Texts& statements)
      : NativeConnection({":memory:", ":memory:", true, false}) {
    for (const std::string& statement : statements) Execute(statement);
  }
};

struct Changes : sqlite::SqlitePlanner {
  explicit Changes(sqlite::NativeConnection& native) : SqlitePlanner(native, false, {}) {
    ReadObjects();
  }
  using SqlitePlanner::changes_;
  using SqlitePlanner::CopiedColumns;
  using SqlitePlanner::plan_;
  using SqlitePlanner::PlanChange;
};

}  // namespace

TEST_CASE(
    "B160 a table whose description alone changes is not rebuilt, one that is keeps its rows") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL)",
               "CREATE INDEX theirs ON t (a)", "INSERT INTO t VALUES (7, 8)"});
  sqlite::WantedTable t{"t", "T"};
  t.columns.push_back({"a", "REAL"});
  Changes nullable(db);
  nullable.changes_["t"].nullable.push_back(&t.columns.front());
  nullable.PlanChange(t, nullable.changes_["t"]);
  REQUIRE(nullable.plan_.plan.steps.size() == 1);
  CHECK(nullable.plan_.plan.steps[0].kind == sqlite::StepKind::ChangeTable);
  CHECK(nullable.plan_.plan.steps[0].reason == "\"a\" may be NULL");

  Changes retyped(db);
  retyped.changes_["t"].retyped.push_back(&t.columns.front());
  retyped.PlanChange(t, retyped.changes_["t"]);
  REQUIRE(retyped.plan_.plan.steps.size() == 2);
  CHECK(retyped.plan_.plan.steps[0].kind == sqlite::StepKind::RebuildTable);
  for (const auto& step : retyped.plan_.plan.steps) {
    sqlite::StepRunner(db, retyped.plan_.refusals).Run(step);
  }
  CHECK(db.Ask("SELECT typeof(a) = 'real' AND id = 7 FROM t", "") == 1);
  CHECK(db.Ask("SELECT count(*) FROM sqlite_schema WHERE name = 'theirs'", "") == 1);
}

TEST_CASE("B160 rows are copied with their numbers, where those are no column") {
  Database db({"CREATE TABLE plain (a)", "CREATE TABLE named (rowid, a)",
               "CREATE TABLE keyed (a TEXT PRIMARY KEY) WITHOUT ROWID",
               "CREATE TABLE numbered (a INTEGER PRIMARY KEY, b AS (a + 1))"});
  Changes changes(db);
  CHECK(changes.CopiedColumns({"plain", ""}) == "rowid, \"a\"");
  CHECK(changes.CopiedColumns({"named", ""}) == "_rowid_, \"rowid\", \"a\"");
  CHECK(changes.CopiedColumns({"keyed", ""}) == "\"a\"");
  CHECK(changes.CopiedColumns({"numbered", ""}) == "\"a\"");
}
