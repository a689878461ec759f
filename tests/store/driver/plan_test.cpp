#include <grapnel/store/driver/plan.hpp>

#include "support/catch.hpp"

namespace store = grapnel::store;

TEST_CASE("B160 each kind of step has a name") {
  CHECK(Name(store::StepKind::RenameTable) == "rename table");
  CHECK(Name(store::StepKind::RebuildTable) == "rebuild table");
  CHECK(Name(store::StepKind::CheckKeys) == "check keys");
  CHECK(store::Plan{}.steps.empty());
}
