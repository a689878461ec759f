#include <grapnel/store/postgres/of_table.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

using grapnel::postgres::detail::OfTable;

TEST_CASE("what is kept for a type is its own, and nothing is known of its table yet") {
  OfTable of(unit::People());
  CHECK(of.members.IsOf(unit::People()));
  CHECK_FALSE(of.ids.Fits());
  CHECK(of.updates.empty());
}
