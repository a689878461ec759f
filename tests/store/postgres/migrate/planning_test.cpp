#include <grapnel/store/postgres/migrate/planning.hpp>

#include <grapnel/store/postgres/migrate/planner.hpp>

#include "store/postgres/migrate/database.hpp"
#include "support/catch.hpp"

namespace {

namespace pg = grapnel::postgres::detail;

struct Planned : pg::PostgresPlanner {
  explicit Planned(pg::NativeConnection& native) : PostgresPlanner(native, false, {}) {
    ReadObjects();
  }
  using PostgresPlanner::Add;
  using PostgresPlanner::Columns;
  using PostgresPlanner::Describe;
  using PostgresPlanner::Find;
  using PostgresPlanner::HolderOf;
  using PostgresPlanner::Stored;
  using PostgresPlanner::TriggerOf;
  using PostgresPlanner::UserOf;
};

}  // namespace

TEST_CASE("B160 a plan on PostgreSQL is made of what the steps so far leave") {
  Database db({"CREATE TABLE t (id BIGINT PRIMARY KEY, a TEXT UNIQUE)", "CREATE INDEX i ON t (a)",
               "CREATE SEQUENCE s", "CREATE TABLE c (a TEXT REFERENCES t (a))",
               "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING"});
  Planned planned(db.native);
  CHECK(planned.Describe(*planned.Find("s")) == "a sequence");
  CHECK(planned.Describe(*planned.Find("i")) == "an index of table \"t\"");
  CHECK(planned.TriggerOf("t") == "rule \"r\"");
  CHECK(planned.UserOf("t", "a") == "constraint \"t_a_key\"");
  CHECK(planned.HolderOf({"t_a_key", "t", {"a"}}) == "c");
  CHECK_FALSE(planned.HolderOf({"i", "t", {"a"}}));
  CHECK(planned.Stored(*planned.Find("i")).plain);
  planned.Add({pg::StepKind::RenameTable, "n", "", "t"});
  CHECK((planned.Columns("t").empty() && planned.Columns("n").size() == 2));
}
