// B242, B243, B246, B250: what a relay has taken, on each engine.
#include <grapnel/extras/outbox/claims.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace outboxed;
using outbox::Claim;
using outbox::Claims;
using outbox::Outcome;
using outbox::Relayed;

namespace {

struct Claimed : Timed {
  Claims Of(outbox::RelayOptions options = {}) const { return {client, "mail", options}; }

  static Lines Keys(const Claim& claim) {
    Lines keys;
    for (const Lane& lane : claim.lanes) keys.push_back(lane.key);
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  /// All that Read finds, as delivered.
  static std::vector<Outcome> Deliver(const Claims& claims, const Claim& claim) {
    std::vector<Outcome> outcomes;
    for (const Lane& lane : claim.lanes) {
      Outcome& outcome = outcomes.emplace_back(Outcome{lane});
      const auto found = claims.Read(std::span(&lane, 1), 64);
      for (const Event& event : found.events.at(lane.key)) {
        outcome.delivered.push_back(event.id);
        outcome.last_at = event.committed_at;
      }
      outcome.is_last = found.is_all;
    }
    return outcomes;
  }
  std::int64_t Left() const { return client.Of<Event>().Query().Count(); }
};

}  // namespace

TEST_CASE_METHOD(Claimed, "B243 B250 lanes are read at once, each in its order, so many events") {
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  const Claims claims = Of();
  const Claim claim = claims.Take();
  REQUIRE(claim.lanes.size() == 3);
  for (int i = 0; i < 9; ++i) Age(1);
  const auto all = claims.Read(claim.lanes, 64);
  CHECK(all.is_all);
  REQUIRE(all.events.size() == 3);
  for (const auto& [key, of_lane] : all.events) {
    std::int64_t seq = 0;
    for (const Event& event : of_lane) {
      CHECK(event.key == key);
      CHECK(event.seq == ++seq);
    }
    CHECK(seq == (key == "1" ? 10 : 1));
  }
  const auto some = claims.Read(claim.lanes, 4);
  CHECK_FALSE(some.is_all);
  CHECK(some.last == "1");
  REQUIRE(some.events.size() == 1);
  CHECK(some.events.at("1").size() == 4);
  CHECK(claims.Read(std::span(claim.lanes).first(1), 10).events.size() == 1);
}

TEST_CASE_METHOD(Claimed, "B246 what is settled and what is taken next are one transaction") {
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  const Claims claims = Of({.lanes = 2});
  Claim claim = claims.Take();
  CHECK(Keys(claim) == Lines{"1", "2"});
  const std::string first = claim.token;
  CHECK(claims.Settle(claim, Deliver(claims, claim), true) == Relayed{.delivered = 2});
  CHECK(Keys(claim) == Lines{"3"});
  CHECK(claim.token != first);
  CHECK(LaneOf("3").lease == claim.token);
  CHECK(LaneOf("1").lease.empty());
  CHECK(Left() == 1);
  CHECK(claims.Settle(claim, Deliver(claims, claim), true) == Relayed{.delivered = 1});
  CHECK(claim.IsEmpty());
  CHECK(Left() == 0);
}

TEST_CASE_METHOD(Claimed, "B243 what has failed, and what others have left, is taken by itself") {
  for (const char* name : {"Ada", "Bob", "Cy", "Di", "Eve"}) Make(name);
  const auto set = [&](const char* key, auto field, auto value, int age) {
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::sink> == "mail" && F<&Lane::key> == key)
        .Set(field, value)
        .Set(F<&Lane::next_at>, now - std::chrono::seconds(age))
        .Save();
  };
  now += std::chrono::seconds(10);
  set("1", F<&Lane::attempts>, 1, 9);
  set("2", F<&Lane::lease>, "a dead one's", 8);
  set("3", F<&Lane::lease>, "a dead one's", 7);
  set("4", F<&Lane::attempts>, 0, 6);
  set("5", F<&Lane::attempts>, 2, 5);
  const Claims claims = Of();
  CHECK(Keys(claims.Take({}, true)) == Lines{"1", "5"});
  CHECK(Keys(claims.Take({}, true)) == Lines{"2"});
  CHECK(Keys(claims.Take({}, true)) == Lines{"3"});
  CHECK(Keys(claims.Take({}, true)) == Lines{"4"});
  CHECK(claims.Take({}, true).IsEmpty());
  now += std::chrono::hours(1);
  CHECK(Of().Take().lanes.size() == 5);  // once, for RunOnce
}

TEST_CASE_METHOD(Claimed, "B248 a key of which something was just written is not put to rest yet") {
  Make("Ada");
  const bool is_old = GENERATE(false, true);
  if (is_old) now += std::chrono::seconds(2);
  const Claims claims = Of();
  Claim claim = claims.Take();
  auto outcomes = Deliver(claims, claim);
  CHECK(claims.Settle(claim, outcomes, true) == Relayed{.delivered = 1});
  CHECK(claim.IsEmpty());
  CHECK(LaneOf("1").waiting == !is_old);
  CHECK(LaneOf("1").lease.empty());
  CHECK(claims.Take().IsEmpty());  // it is left alone
  Age(1);
  CHECK(Keys(claims.Take()) == Lines{"1"});
}

TEST_CASE_METHOD(Claimed, "B247 a lane that has the id of one that is gone is not taken for it") {
  Make("Ada");
  const Claims claims = Of();
  Claim claim = claims.Take();
  claims.Settle(claim, Deliver(claims, claim), true);
  client.Of<Lane>().Delete().Exec();
  outbox::Append(client, "mail", "other", "told", "x");
  CHECK(Keys(claims.Take()) == Lines{"other"});
}

TEST_CASE_METHOD(Claimed, "B246 a claim whose lease others have taken changes nothing") {
  Make("Ada");
  const Claims claims = Of();
  Claim old = claims.Take();
  now += std::chrono::seconds(31);
  Claim other = claims.Take();
  REQUIRE(other.lanes.size() == 1);
  const auto outcomes = Deliver(claims, old);
  CHECK(claims.Settle(old, outcomes, false) == Relayed{.lost = 1});
  CHECK(LaneOf("1").lease == other.token);
  CHECK(Left() == 1);

  const auto handle = [&](const Claim& claim, const Lane& lane) {
    return claims.Handle(
        client, claim, lane, client.Of<Event>().Query().Only(),
        [](grapnel::Tx& tx, const Event&) { tx.Of<User>().Create({.name = "handled"}).Save(); },
        {});
  };
  Claim lost{"somebody else's", other.lanes};
  CHECK_THROWS_AS(handle(lost, other.lanes[0]), Claims::NotOwn);
  CHECK(Left() == 1);
  CHECK(Users().Query().Count() == 1);
  CHECK(claims.Settle(other, Deliver(claims, other), false) == Relayed{.delivered = 1});
}
