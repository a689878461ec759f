#include <grapnel/store/sql/migrate/index_planning.hpp>

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

struct Indexes : sqlite::SqlitePlanner {
  explicit Indexes(sqlite::NativeConnection& native) : SqlitePlanner(native, false, {}) {
    ReadObjects();
  }
  using SqlitePlanner::CheckReferred;
  using SqlitePlanner::DropIndexes;
  using SqlitePlanner::plan_;
  using SqlitePlanner::PlanIndex;
};

}  // namespace

TEST_CASE("B162 an index is made anew where its condition is another, and only Grapnel's own") {
  const auto plan = [&](const std::string& there, const std::string& where) {
    const sqlite::WantedTable t{"t", "T", {{"a", "TEXT"}}, {{"t_a", {"a"}, false, where}}};
    Database db({"CREATE TABLE t (a TEXT)", there});
    Indexes indexes(db);
    indexes.DropIndexes(t);
    indexes.PlanIndex(t, t.indexes.front());
    return indexes.plan_.plan.steps.size();
  };
  CHECK(plan("CREATE INDEX \"t_a\" ON \"t\" (\"a\")", "") == 0);
  CHECK(plan("CREATE INDEX \"t_a\" ON \"t\" (\"a\") WHERE a > 3", "a > 3") == 0);
  CHECK(plan("CREATE INDEX \"t_a\" ON \"t\" (\"a\") WHERE a > 3", "a > 4") == 2);
  CHECK(plan("CREATE INDEX \"t_a\" ON \"t\" (\"a\") WHERE a > 3", "") == 2);
  CHECK(plan("CREATE INDEX \"t_a\" ON \"t\" (\"a\")", "a > 3") == 2);
  CHECK_THROWS_AS(plan("CREATE INDEX t_a ON t (a) WHERE a > 3", ""), grapnel::MigrationError);
  CHECK(plan("CREATE INDEX other ON t (a) WHERE a > 3", "") == 1);
}

TEST_CASE(
    "B160 a unique index that a foreign key refers to goes only where another is in its place") {
  const auto check = [](const sqlite::WantedTable& t, const std::vector<std::string>& more) {
    Database db({"CREATE TABLE t (a TEXT, b TEXT)",
                 "CREATE UNIQUE INDEX \"t_a_b\" ON \"t\" (\"a\", "
                 "\"b\")"});
    for (const std::string& statement : more) db.Execute(statement);
    Indexes indexes(db);
    indexes.DropIndexes(t);
    CHECK(indexes.plan_.plan.steps.size() == 1);
    indexes.CheckReferred({t});
  };
  const std::string key = "CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES t (b, A))";
  sqlite::WantedTable t{"t", "T", {{"a", "TEXT"}, {"b", "TEXT"}}};
  CHECK_NOTHROW(check(t, {}));
  CHECK_NOTHROW(check(t, {"CREATE TABLE c (x REFERENCES t (a), y REFERENCES t (b))"}));
  CHECK_THROWS_AS(check(t, {key}), grapnel::MigrationError);
  CHECK_THROWS_AS(check(t, {key, "CREATE UNIQUE INDEX i ON t (b, a) WHERE a > 1"}),
                  grapnel::MigrationError);
  CHECK_NOTHROW(check(t, {key, "CREATE UNIQUE INDEX i ON t (b, a)"}));
  t.indexes.push_back({"t_b_a", {"b", "a"}, true});
  CHECK_NOTHROW(check(t, {key}));
}
