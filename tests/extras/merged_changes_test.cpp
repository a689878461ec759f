// B205, B241: what several mutations, one after the other, have changed of a row.
#include <grapnel/extras/merged_changes.hpp>

#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/changes.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::FieldValue;
using grapnel::extras::MergeChanges;
using grapnel::store::FieldChange;

namespace {

FieldValue Of(std::int64_t number) { return FieldValue(number); }

FieldChange Changed(std::string_view name, std::int64_t before, std::int64_t after) {
  FieldChange change{};
  change.name = name;
  change.before = Of(before);
  change.after = Of(after);
  return change;
}
FieldChange Joined(std::vector<FieldValue> added, std::vector<FieldValue> removed) {
  FieldChange change{};
  change.name = "friends";
  change.is_edge = true;
  change.added = std::move(added);
  change.removed = std::move(removed);
  return change;
}

}  // namespace

TEST_CASE("B205 B241 changes of one field are one, from the first to the last") {
  std::vector<FieldChange> changes{Changed("age", 1, 2)};
  MergeChanges(changes, {Changed("age", 2, 3), Changed("size", 5, 6)});
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].before == Of(1));
  CHECK(changes[0].after == Of(3));
  CHECK(changes[1].after == Of(6));
  MergeChanges(changes, {Changed("age", 3, 1)});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].name == "size");
}

TEST_CASE("B205 B241 neighbours that are added and removed again have not changed") {
  std::vector<FieldChange> changes{Joined({Of(1), Of(2)}, {Of(3)})};
  MergeChanges(changes, {Joined({Of(3)}, {Of(1)})});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].added == std::vector<FieldValue>{Of(2)});
  CHECK(changes[0].removed.empty());
  MergeChanges(changes, {Joined({}, {Of(2)})});
  CHECK(changes.empty());
}
