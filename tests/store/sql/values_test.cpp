#include <grapnel/store/sql/values.hpp>

#include "support/catch.hpp"

#include <vector>

namespace sql = grapnel::store::sql;

TEST_CASE("a list of values is a view: it costs no copy, and its order is the order of places") {
  const std::vector<grapnel::FieldValue> values{1, "two", 3.0};
  const sql::ValueList list = values;
  CHECK(list.data() == values.data());
  CHECK(list.size() == 3);
  CHECK(list[1] == grapnel::FieldValue("two"));
}
