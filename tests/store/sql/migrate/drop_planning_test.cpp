#include <grapnel/store/sql/migrate/drop_planning.hpp>

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

/// Plans the drops of a schema that has of table t the column id alone.
struct Drops : sqlite::SqlitePlanner {
  Drops(sqlite::NativeConnection& native, bool may_drop) : SqlitePlanner(native, false, {}) {
    may_drop_ = may_drop;
    ReadObjects();
    const sqlite::WantedTable t{"t", "T", {{"id", "INTEGER"}}};
    for (const auto& column : ColumnsInDatabase(native, "t")) {
      if (t.Named(column.name) == nullptr) LookAtLeftover(t, column);
    }
    PlanDrops({t});
  }
  Texts Statements() const {
    Texts texts;
    for (const auto& step : plan_.plan.steps) {
      texts.insert(texts.end(), step.statements.begin(), step.statements.end());
    }
    return texts;
  }
  using SqlitePlanner::plan_;
};

}  // namespace

TEST_CASE("B161 what Grapnel has made and the schema has no more goes where that is allowed") {
  Database db({"CREATE TABLE t (id INTEGER PRIMARY KEY /*Grapnel*/, a TEXT /*Grapnel*/, theirs)",
               "CREATE TABLE gone (id INTEGER PRIMARY KEY /*Grapnel*/)", "CREATE TABLE other (x)"});
  const Drops stays(db, false);
  CHECK(stays.Statements().empty());
  REQUIRE(stays.plan_.plan.leftovers.size() == 3);
  CHECK((stays.plan_.plan.leftovers[0].column == "a" && stays.plan_.plan.leftovers[0].droppable));
  CHECK_FALSE(stays.plan_.plan.leftovers[1].droppable);
  CHECK((stays.plan_.plan.leftovers[2].table == "gone" && stays.plan_.plan.leftovers[2].droppable));

  const Drops goes(db, true);
  CHECK(goes.Statements() == Texts{"ALTER TABLE \"t\" DROP COLUMN \"a\"", "DROP TABLE \"gone\""});
  REQUIRE(goes.plan_.plan.leftovers.size() == 1);
  CHECK(goes.plan_.plan.leftovers[0].column == "theirs");

  db.Execute("CREATE TRIGGER theirs AFTER INSERT ON gone BEGIN SELECT 1; END");
  CHECK_THROWS_AS(Drops(db, true), grapnel::MigrationError);
}

TEST_CASE("B161 an index that was made of what goes goes first, whatever it is called by now") {
  const std::string table =
      "CREATE TABLE t (id INTEGER PRIMARY KEY /*Grapnel*/, a TEXT /*Grapnel*/, b TEXT /*Grapnel*/)";
  const Texts columns = {"ALTER TABLE \"t\" DROP COLUMN \"a\"",
                         "ALTER TABLE \"t\" DROP COLUMN \"b\""};
  const auto goes = [&](const std::string& index) {
    Database db({table, index});
    return Drops(db, true).Statements();
  };
  const auto with = [&](const std::string& name) {
    return Texts{"DROP INDEX \"" + name + "\"", columns[0], columns[1]};
  };
  CHECK(goes("CREATE INDEX \"t_a\" ON \"t\" (\"a\")") == with("t_a"));
  CHECK(goes("CREATE INDEX \"was_a\" ON \"t\" (\"a\")") == with("was_a"));
  CHECK(goes("CREATE UNIQUE INDEX \"keyed\" ON \"t\" (\"b\", \"a\")") == with("keyed"));
  CHECK(goes("CREATE INDEX \"t_b\" ON \"t\" (\"b\") WHERE \"a\" IS NULL") == with("t_b"));
  CHECK(goes("CREATE INDEX \"t_id\" ON \"t\" (\"id\") WHERE \"a\" IS NULL") == with("t_id"));
  CHECK_THROWS_AS(goes("CREATE INDEX theirs ON t (a)"), grapnel::MigrationError);
  CHECK_THROWS_AS(goes("CREATE INDEX theirs ON t (id) WHERE a IS NULL"), grapnel::MigrationError);
  CHECK_THROWS_AS(goes("CREATE INDEX \"t_a\" ON \"t\" (\"a\" DESC)"), grapnel::MigrationError);
}
