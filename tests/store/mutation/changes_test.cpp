#include <grapnel/store/mutation/changes.hpp>

#include "support/catch.hpp"

using grapnel::RowFate;
using grapnel::store::FieldChange;
using grapnel::store::RowChanges;

TEST_CASE("each fate of a row has a name") {
  STATIC_REQUIRE(Name(RowFate::Created) == "created");
  STATIC_REQUIRE(Name(RowFate::Updated) == "updated");
  STATIC_REQUIRE(Name(RowFate::Deleted) == "deleted");
}

TEST_CASE("a change begins as one of a field that has no values") {
  const FieldChange change{"age"};
  CHECK(change.name == "age");
  CHECK(change.before.IsNull());
  CHECK(change.after.IsNull());
  CHECK(change.added.empty());
  CHECK(change.removed.empty());
  CHECK_FALSE(change.is_edge);
  CHECK_FALSE(change.sensitive);
  const RowChanges row;
  CHECK(row.fate == RowFate::Updated);
  CHECK(row.changes.empty());
}
