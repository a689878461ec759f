#include <grapnel/model/field_set.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <vector>

using grapnel::detail::FieldSet;

TEST_CASE("a set of fields holds any of 128, and visits them in their order") {
  FieldSet set;
  CHECK(set.none());
  for (const std::size_t place : std::array<std::size_t, 4>{127, 0, 64, 63}) set.set(place);
  std::vector<std::size_t> visited;
  set.ForEach([&](std::size_t place) { visited.push_back(place); });
  CHECK(visited == std::vector<std::size_t>{0, 63, 64, 127});
  FieldSet upper;
  upper.set(64);
  upper.set(127);
  CHECK((set & upper) == upper);
  CHECK((set | upper) == set);
  CHECK_FALSE((set & ~upper).test(127));
  CHECK((set & ~upper).test(63));
  set.reset(64);
  CHECK(set.any());
  CHECK_FALSE(set.test(64));
}
