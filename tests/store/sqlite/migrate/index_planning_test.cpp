#include <grapnel/store/sqlite/migrate/index_planning.hpp>

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

struct Indexes : sqlite::IndexPlanning {
  explicit Indexes(sqlite::NativeConnection& native) : IndexPlanning(native, false) {
    ReadObjects();
  }
  using IndexPlanning::plan_;
  using IndexPlanning::PlanIndex;
};

}  // namespace

TEST_CASE("B162 an index is made anew where its condition is another, and only Grapnel's own") {
  const sqlite::WantedTable t{"t", "T", {{"a", "TEXT"}}};
  const auto plan = [&](const std::string& there, const std::string& where) {
    Database db({"CREATE TABLE t (a TEXT)", there});
    Indexes indexes(db);
    indexes.PlanIndex(t, {"t_a", {"a"}, false, where});
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
