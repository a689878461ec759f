#include <grapnel/store/postgres/migrate/rows.hpp>

#include "store/postgres/migrate/database.hpp"
#include "support/catch.hpp"

#include <vector>

namespace pg = grapnel::postgres::detail;

TEST_CASE("B160 what a look at the catalog gives comes as text, NULL as nothing") {
  Database db;
  CHECK(pg::RowsOf(db.native, "SELECT $1, NULL UNION ALL SELECT $2, 'c'", {"a", "b"}) ==
        std::vector<pg::Cells>{{"a", ""}, {"b", "c"}});
  CHECK(pg::RowsOf(db.native, "SELECT 'a' WHERE false").empty());
}
