// B243, B246, B248: what is written down of a claim, on each engine.
#include <grapnel/extras/outbox/settlement.hpp>

#include <grapnel/extras/outbox/claims.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <chrono>
#include <string>
#include <thread>
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
  std::vector<Outcome> outcomes{};
  std::vector<Lane> empty{};

  /// Two events of one key, taken; the first one is delivered.
  Claim TakeTwo() {
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

TEST_CASE_METHOD(Settled, "B243 a lane of which nothing is left is put to rest, and no other one") {
  const Claim claim = TakeTwo();
  outcomes[0].is_last = true;  // so it seemed
  CHECK(settlement.In(client, claim, outcomes, empty) == Relayed{.delivered = 1});
  REQUIRE(empty.size() == 1);
  CHECK(LaneOf("1").lease == claim.token);
  CHECK(settlement.Filled(client, {"1", "2"}) == std::vector<std::string>{"1"});
  settlement.PutToRest(client, claim, empty);
  CHECK(LaneOf("1").waiting);
  CHECK(Pending("1") == 1);
  CHECK(LaneOf("1").lease.empty());

  const Claim again = claims.Take();
  outcomes = {Outcome{again.lanes.at(0), {Oldest().id}}};
  outcomes[0].is_last = true;
  CHECK(settlement.In(client, again, outcomes, empty) == Relayed{.delivered = 1});
  settlement.PutToRest(client, claim, empty);  // which it is not any more
  CHECK(LaneOf("1").waiting);
  CHECK(Pending("1") == 0);
  CHECK(LaneOf("1").lease == again.token);
  settlement.PutToRest(client, again, empty);
  CHECK_FALSE(LaneOf("1").waiting);
  CHECK(LaneOf("1").lease.empty());
  CHECK(Counted("1") == 2);
}

TEST_CASE_METHOD(Settled, "B243 a lane whose counter is gone is put to rest, and waits again") {
  const Claim claim = TakeTwo();
  client.Of<Event>().Delete().Exec();
  client.Of<Lane>().Delete().Where(F<&Lane::sink> == outbox::CounterOf("mail")).Exec();
  if (GENERATE(true, false)) settlement.PutToRest(client, claim, claim.lanes);
  Age(1);
  CHECK(LaneOf("1").waiting);
  CHECK(LaneOf("1").seq == Oldest().seq);  // written, for nothing else tells relays of the event
}

TEST_CASE_METHOD(Settled, "B242 B243 who writes while a lane is put to rest has it wait") {
  if (engine::SerialisesWriters()) return;  // one after the other
  const Claim claim = TakeTwo();
  client.Of<Event>().Delete().Exec();
  const bool has_appended = GENERATE(false, true);
  int tries = 0;
  client.WithTx(
      [&](grapnel::Tx& tx) {
        CHECK(tx.Of<Lane>().Query().Exist());  // its snapshot
        if (has_appended) outbox::Append(tx, "mail", "1", "told", "x");
        if (++tries == 1) {
          std::jthread([&] {
            const auto puts_to_rest = [&] {
              client.With(grapnel::LockWait{std::chrono::milliseconds(10)})
                  .WithTx([&](grapnel::Tx& other) {
                    settlement.PutToRest(other.Client(), claim, claim.lanes);
                  });
            };
            if (has_appended) {
              CHECK_THROWS_AS(puts_to_rest(), grapnel::BusyError);
            } else {
              puts_to_rest();
            }
          }).join();
        }
        if (!has_appended) outbox::Append(tx, "mail", "1", "told", "x");
      },
      grapnel::Retry{});
  CHECK(tries == (has_appended ? 1 : 2));
  CHECK(LaneOf("1").waiting);
  CHECK(Oldest().seq == 3);
}

TEST_CASE_METHOD(Settled, "B246 of a lease that another one has nothing is taken away") {
  Claim claim = TakeTwo();
  claim.token = "another";
  CHECK(settlement.In(client, claim, outcomes, empty) == Relayed{.lost = 1});
  CHECK(empty.empty());
  CHECK(Oldest().seq == 1);
}

TEST_CASE_METHOD(Settled, "B243 what has failed and is not there any more blocks nothing") {
  const Claim claim = TakeTwo();
  outcomes[0].delivered.clear();
  outcomes[0].failed = Oldest();
  outcomes[0].is_dead = true;
  client.Of<Event>().DeleteOne(Oldest().id).Exec();
  CHECK(settlement.In(client, claim, outcomes, empty) == Relayed{.failed = 1, .dead = 1});
  CHECK_FALSE(LaneOf("1").blocked);
  CHECK(LaneOf("1").waiting);
  CHECK(Pending("1") == 1);
}
