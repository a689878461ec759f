// B243, B246, B248: what is written down of a claim, on each engine.
#include <grapnel/extras/outbox/settlement.hpp>

#include <grapnel/extras/outbox/claims.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using namespace outboxed;
using outbox::Claim;
using outbox::OnDead;
using outbox::Outcome;
using outbox::Relayed;
using outbox::Settlement;

namespace {

struct Settled : Timed {
  const outbox::Claims claims{client, "mail", {}};
  const Settlement settlement{"mail", OnDead::Block};

  /// Two events of one key, taken; the first one is delivered.
  Claim TakeTwo(std::vector<Outcome>& outcomes) const {
    Make("Ada");
    Age(1);
    Claim claim = claims.Take();
    outcomes.push_back({claim.lanes.at(0)});
    outcomes[0].delivered.push_back(Oldest().id);
    return claim;
  }
  Event Oldest() const {
    return client.Of<Event>().Query().Order(grapnel::Asc(F<&Event::id>)).First();
  }
};

}  // namespace

TEST_CASE_METHOD(Settled, "B248 what was delivered is taken away without a write to its lane") {
  std::vector<Outcome> outcomes;
  const Claim claim = TakeTwo(outcomes);
  const Lane before = LaneOf("1");
  CHECK(Settlement::TakeAway(client, claim, outcomes) == Relayed{.delivered = 1});
  CHECK(Oldest().seq == 2);
  const Lane lane = LaneOf("1");
  CHECK(lane.pending == before.pending);
  CHECK(lane.lease == claim.token);

  outcomes[0].delivered.clear();
  outcomes[0].was_empty = true;  // it has to count again
  CHECK(settlement.In(client, claim, outcomes) == Relayed());
  CHECK(LaneOf("1").pending == 1);
  CHECK(LaneOf("1").waiting);
  CHECK(LaneOf("1").lease.empty());
}

TEST_CASE_METHOD(Settled, "B246 of a lease that another one has nothing is taken away") {
  std::vector<Outcome> outcomes;
  Claim claim = TakeTwo(outcomes);
  claim.token = "another";
  CHECK(Settlement::TakeAway(client, claim, outcomes) == Relayed{.lost = 1});
  CHECK(settlement.In(client, claim, outcomes) == Relayed{.lost = 1});
  CHECK(Oldest().seq == 1);
}

TEST_CASE_METHOD(Settled, "B243 what has failed and is not there any more blocks nothing") {
  std::vector<Outcome> outcomes;
  const Claim claim = TakeTwo(outcomes);
  outcomes[0].delivered.clear();
  outcomes[0].failed = Oldest();
  outcomes[0].is_dead = true;
  client.Of<Event>().DeleteOne(Oldest().id).Exec();
  CHECK(settlement.In(client, claim, outcomes) == Relayed{.failed = 1, .dead = 1});
  CHECK_FALSE(LaneOf("1").blocked);
  CHECK(LaneOf("1").pending == 1);
  CHECK(LaneOf("1").waiting);
}
