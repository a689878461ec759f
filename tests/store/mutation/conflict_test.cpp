#include <grapnel/store/mutation/conflict.hpp>

#include "support/catch.hpp"

#include <string_view>
#include <type_traits>
#include <vector>

using grapnel::ConflictOutcome;
using grapnel::store::Conflict;
using grapnel::store::OnConflict;

TEST_CASE("each outcome of a conflict has a name") {
  STATIC_REQUIRE(Name(ConflictOutcome::Pending) == "pending");
  STATIC_REQUIRE(Name(ConflictOutcome::Inserted) == "inserted");
  STATIC_REQUIRE(Name(ConflictOutcome::Updated) == "updated");
  STATIC_REQUIRE(Name(ConflictOutcome::Unchanged) == "unchanged");
}

TEST_CASE("a conflict begins undecided, about no field, and pending") {
  const Conflict conflict;
  CHECK(conflict.action == OnConflict::Undecided);
  CHECK(conflict.outcome == ConflictOutcome::Pending);
  CHECK(conflict.fields.empty());
  CHECK(conflict.columns.empty());
  CHECK(conflict.update == nullptr);
}

TEST_CASE("what to do is decided by value, and copied with the rest") {
  Conflict conflict;
  conflict.fields = {"email"};
  conflict.action = OnConflict::Ignore;
  Conflict copy = conflict;
  copy.outcome = ConflictOutcome::Unchanged;
  CHECK(copy.fields == std::vector<std::string_view>{"email"});
  CHECK(copy.action == OnConflict::Ignore);
  CHECK(conflict.outcome == ConflictOutcome::Pending);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<OnConflict, int>);
}
