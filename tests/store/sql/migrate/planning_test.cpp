#include <grapnel/store/sql/migrate/planning.hpp>

#include <grapnel/store/sqlite/migrate/planner.hpp>

#include "support/catch.hpp"

#include <string>

namespace {

namespace sql = grapnel::store::sql;
using grapnel::sqlite::detail::NativeConnection;
using grapnel::sqlite::detail::SqlitePlanner;

struct Planned : SqlitePlanner {
  explicit Planned(NativeConnection& native) : SqlitePlanner(native, false, {}) { ReadObjects(); }
  using SqlitePlanner::Find;
  using SqlitePlanner::formers_;
  using SqlitePlanner::HolderOf;
  using SqlitePlanner::NowCalled;
  using SqlitePlanner::SameNames;
};

}  // namespace

TEST_CASE("B160 a plan knows what was called otherwise, and what a foreign key refers to") {
  NativeConnection db({":memory:", ":memory:", true, false});
  db.Execute("CREATE TABLE t (a, b)");
  db.Execute("CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES t (b, a))");
  Planned planned(db);
  CHECK((planned.Find("T") != nullptr && planned.Find("none") == nullptr));
  planned.formers_["now"] = {"old", {{"a", "b"}}};
  const sql::WantedTable now{"now", "Now"}, other{"other", "Other"};
  CHECK((planned.NowCalled(now) == "old" && planned.NowCalled(other) == "other"));
  CHECK((planned.NowCalled(now, "B") == "a" && planned.NowCalled(now, "c") == "c"));
  CHECK(planned.SameNames({"a", "B"}, {"b", "a"}));
  CHECK_FALSE(planned.SameNames({"a"}, {"b", "a"}));
  CHECK(planned.HolderOf({"", "t", {"a", "b"}}) == "c");
  CHECK_FALSE(planned.HolderOf({"", "t", {"a"}}));
}
