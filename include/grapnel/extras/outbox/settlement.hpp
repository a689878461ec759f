#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/claim.hpp>
#include <grapnel/extras/outbox/options.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/predicate/order.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Writes down what came of claims, in transactions of others. Threads: any.
///
/// A lane of which nothing is left is put to rest: it does not wait any more. A writer that has
/// seen it wait, and so does not write it, is known by the counter, which both write: the later one
/// of the two runs again. It is all that a relay writes of what writers write.
class Settlement {
 public:
  Settlement(std::string sink, OnDead on_dead) : sink_(std::move(sink)), on_dead_(on_dead) {}

  /// Of those lanes that are still the claim's own. Returns: what came of it, and in `empty` the
  /// lanes of which nothing is left, it seems: they stay the claim's own.
  Relayed In(const Client& client, const Claim& claim, std::span<const Outcome> outcomes,
             std::vector<Lane>& empty) const {
    const std::vector<std::int64_t> own = Own(client, claim, outcomes);
    Relayed done;
    std::vector<std::int64_t> delivered, moved;
    empty.clear();
    for (const Outcome& outcome : outcomes) {
      const Lane& lane = outcome.lane;
      done.delivered += outcome.handled;
      if (outcome.is_lost || !std::ranges::binary_search(own, lane.id)) {
        ++done.lost;
        continue;
      }
      done.delivered += static_cast<std::int64_t>(outcome.delivered.size());
      delivered.insert(delivered.end(), outcome.delivered.begin(), outcome.delivered.end());
      if (outcome.failed) {
        ++done.failed;
        if (outcome.is_dead) ++done.dead;
        Fail(client, outcome);
      } else if (outcome.is_last) {
        empty.push_back(lane);
      } else if (outcome.is_cut_off) {
        const bool was_served = !outcome.delivered.empty() || outcome.handled > 0;
        Release(client, {lane.id}, was_served ? 0 : lane.attempts, kFront);
      } else if (!outcome.delivered.empty() || outcome.handled > 0) {
        moved.push_back(lane.id);
      } else {
        Release(client, {lane.id}, lane.attempts, outcome.is_put_off ? Now() : lane.next_at);
      }
    }
    if (!moved.empty()) Release(client, moved, 0, Now());
    if (!delivered.empty()) {
      client.Of<Event>().Delete().Where(F<&Event::id>.In(delivered)).Exec();
    }
    return done;
  }

  /// Puts those lanes to rest, of the claim's own, of which nothing is left indeed, and gives the
  /// others back.
  void PutToRest(const Client& client, const Claim& claim, std::span<const Lane> empty) const {
    if (empty.empty()) return;
    Touch(client, empty);
    std::vector<std::string> keys;
    for (const Lane& lane : empty) keys.push_back(lane.key);
    const std::vector<std::string> filled = Filled(client, keys);
    std::vector<Lane> left, resting;
    for (const Lane& lane : empty) {
      (std::ranges::find(filled, lane.key) != filled.end() ? left : resting).push_back(lane);
    }
    GiveBack(client, claim, left, true, Now());
    GiveBack(client, claim, resting, false, Now());
  }
  /// Those of the keys that have events to deliver.
  std::vector<std::string> Filled(const Client& client,
                                  const std::vector<std::string>& keys) const {
    return client.Of<Event>()
        .Query()
        .Where(F<&Event::sink> == sink_ && F<&Event::key>.In(keys) && F<&Event::dead> == false)
        .Select(F<&Event::key>)
        .Distinct()
        .All();
  }
  /// Of the claim's own: they are anybody's again, at that place in the queue, or at their own.
  static void GiveBack(const Client& client, const Claim& claim, std::span<const Lane> lanes,
                       bool waiting, std::optional<Clock::Time> place) {
    if (lanes.empty()) return;
    std::vector<std::int64_t> ids;
    for (const Lane& lane : lanes) ids.push_back(lane.id);
    auto update = client.Of<Lane>().Update();
    update.Where(F<&Lane::id>.In(ids) && F<&Lane::lease> == claim.token)
        .Set(F<&Lane::waiting>, waiting)
        .Set(F<&Lane::attempts>, 0)
        .Set(F<&Lane::lease>, "")
        .Set(F<&Lane::lease_until>, Clock::Time());
    if (place) update.Set(F<&Lane::next_at>, *place);
    update.Save();
  }

 private:
  static Clock::Time Now() { return std::chrono::floor<std::chrono::microseconds>(Clock::Now()); }

  static std::vector<std::int64_t> Own(const Client& client, const Claim& claim,
                                       std::span<const Outcome> outcomes) {
    std::vector<std::int64_t> ids;
    for (const Outcome& outcome : outcomes) ids.push_back(outcome.lane.id);
    return client.Of<Lane>()
        .Query()
        .Where(F<&Lane::id>.In(ids) && F<&Lane::lease> == claim.token)
        .Order(Asc(F<&Lane::id>))
        .IDs();
  }

  static void Release(const Client& client, const std::vector<std::int64_t>& lanes,
                      std::int64_t attempts, Clock::Time next_at, bool blocked = false) {
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::id>.In(lanes))
        .Set(F<&Lane::attempts>, attempts)
        .Set(F<&Lane::next_at>, next_at)
        .Set(F<&Lane::blocked>, blocked)
        .Set(F<&Lane::lease>, "")
        .Set(F<&Lane::lease_until>, Clock::Time())
        .Save();
  }
  void Fail(const Client& client, const Outcome& outcome) const {
    const Event& event = *outcome.failed;
    const auto written = client.Of<Event>()
                             .Update()
                             .Where(F<&Event::id> == event.id)
                             .Set(F<&Event::attempts>, event.attempts)
                             .Set(F<&Event::error>, event.error)
                             .Set(F<&Event::dead>, outcome.is_dead)
                             .Save();
    // One that is not there any more has not failed.
    const bool waits = !outcome.is_dead && written == 1;
    Release(client, {outcome.lane.id}, waits ? event.attempts : 0,
            waits ? Now() + outcome.next_try_after : Now(),
            outcome.is_dead && written == 1 && on_dead_ == OnDead::Block);
  }

  /// Writes the counters of these lanes, and leaves them as they are. Who finds none writes the
  /// lane.
  void Touch(const Client& client, std::span<const Lane> lanes) const {
    std::vector<std::string> keys;
    for (const Lane& lane : lanes) keys.push_back(CounterOf(lane.key));
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::sink> == CounterOf(sink_) && F<&Lane::key>.In(keys))
        .Add(F<&Lane::seq>, 0)
        .Save();
  }

  std::string sink_;
  OnDead on_dead_;
};

}  // namespace grapnel::extras::outbox
