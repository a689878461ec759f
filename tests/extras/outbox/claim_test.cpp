// B246: what a relay holds before it has taken anything.
#include <grapnel/extras/outbox/claim.hpp>

#include "support/catch.hpp"

using grapnel::extras::outbox::Claim;
using grapnel::extras::outbox::Outcome;

TEST_CASE("B246 a claim is of nothing until it has lanes") {
  Claim claim;
  CHECK(claim.IsEmpty());
  claim.lanes.emplace_back();
  CHECK_FALSE(claim.IsEmpty());
  const Outcome outcome{claim.lanes[0]};
  CHECK(outcome.delivered.empty());
  CHECK_FALSE((outcome.is_lost || outcome.is_dead || outcome.is_put_off || outcome.is_last));
}
