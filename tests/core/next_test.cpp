#include <grapnel/core/next.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

namespace core = grapnel::core;

TEST_CASE("next is a function and its context, two words in all") {
  STATIC_REQUIRE(sizeof(TrailNext) == 2 * sizeof(void*));
  int calls = 0;
  const core::Next<Trail, int> next(
      [](void* context, Trail&) { return ++*static_cast<int*>(context); }, &calls);
  Trail trail;
  CHECK(next(trail) == 1);
  CHECK(core::Next<Trail, int>(next)(trail) == 2);
}

TEST_CASE("a callable that lives longer serves as a next") {
  const auto terminal = [](Trail& trail) { return static_cast<int>(trail.lines.size()); };
  Trail trail{{"one", "two"}};
  CHECK(core::detail::NextOf<Trail, int>(terminal)(trail) == 2);
}
