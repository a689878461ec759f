#include <grapnel/store/sqlite/migrate/planning.hpp>

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

struct Planned : sqlite::SqlitePlanner {
  explicit Planned(sqlite::NativeConnection& native) : SqlitePlanner(native, false, {}) {
    ReadObjects();
  }
  using SqlitePlanner::Add;
  using SqlitePlanner::AnyRow;
  using SqlitePlanner::Find;
  using SqlitePlanner::Follow;
  using SqlitePlanner::formers_;
  using SqlitePlanner::NowCalled;
  using SqlitePlanner::plan_;
  using SqlitePlanner::Query;
};

}  // namespace

TEST_CASE("B160 what is in the database is what the steps so far make of it, but for its rows") {
  Database db({"CREATE TABLE old (id INTEGER PRIMARY KEY, a)", "INSERT INTO old VALUES (1, 2)",
               "CREATE VIEW v AS SELECT 1"});
  Planned planned(db);
  CHECK((planned.Find("OLD") != nullptr && planned.Find("now") == nullptr));
  planned.Follow();
  planned.Add({sqlite::StepKind::RenameTable, "now", "", "old"}, "ALTER TABLE old RENAME TO now");
  planned.formers_["now"] = {"old", {{"a", "b"}}};
  const sqlite::WantedTable now{"now", "Now"}, other{"other", "Other"};
  CHECK((planned.NowCalled(now) == "old" && planned.NowCalled(other) == "other"));
  CHECK((planned.NowCalled(now, "B") == "a" && planned.NowCalled(now, "c") == "c"));
  CHECK(planned.AnyRow(now, "a = 2"));
  CHECK(planned.Query("SELECT name FROM sqlite_schema WHERE type = 'table'", {}).front().front() ==
        "now");
  CHECK(db.Ask("SELECT count(*) FROM old", "") == 1);
  CHECK(planned.plan_.plan.steps.size() == 1);
}
