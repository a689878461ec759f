#include <grapnel/store/predicate/measure.hpp>

#include "support/catch.hpp"

using grapnel::store::AggregateKind;
using grapnel::store::Measure;

TEST_CASE("a measure is found again by its tag") {
  static constexpr char field = 0;
  static constexpr Measure sum{0, AggregateKind::Sum, &field};
  CHECK(&Measure::Of(&sum.tag) == &sum);
  CHECK(Name(AggregateKind::Sum) == "Sum");
  CHECK(Name(AggregateKind::Max) == "Max");
}
