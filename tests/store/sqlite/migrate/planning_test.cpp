#include <grapnel/store/sqlite/migrate/planning.hpp>

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

struct Planned : sqlite::Planning {
  explicit Planned(sqlite::NativeConnection& native) : Planning(native, false) { ReadObjects(); }
  using Planning::Add;
  using Planning::AnyRow;
  using Planning::Find;
  using Planning::formers_;
  using Planning::NeedSketch;
  using Planning::NowCalled;
  using Planning::plan_;
  using Planning::Query;
};

}  // namespace

TEST_CASE("B160 what is in the database is what the steps so far make of it, but for its rows") {
  Database db({"CREATE TABLE old (id INTEGER PRIMARY KEY, a)", "INSERT INTO old VALUES (1, 2)",
               "CREATE VIEW v AS SELECT 1"});
  Planned planned(db);
  CHECK((planned.Find("OLD") != nullptr && planned.Find("now") == nullptr));
  planned.NeedSketch();
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
