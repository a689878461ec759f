#include <grapnel/model/row.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <cstdint>
#include <string>

using grapnel::detail::BadValue;

TEST_CASE("a row refuses to be read as another storage class, and says what it holds") {
  Cell cell(grapnel::FieldValue("twelve"));
  grapnel::detail::Row& row = cell;
  CHECK(row.Text(0) == "twelve");
  CHECK_FALSE(row.IsNull(0));
  CHECK_THROWS_AS(row.Int(0), BadValue);
  CHECK_THROWS_WITH(row.Real(0), Catch::Contains("twelve"));
}

TEST_CASE("a binder is told whether a text has to be copied") {
  Cell cell;
  grapnel::detail::Binder& to = cell;
  to.Text(1, "kept by the entity", false);
  CHECK_FALSE(cell.temporary);
  to.Text(1, std::string("made for the call"), true);
  CHECK(cell.temporary);
  to.Null(1);
  CHECK(cell.value.IsNull());
}
