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
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Writes down what came of claims, in transactions of others. Threads: any.
class Settlement {
 public:
  Settlement(std::string sink, OnDead on_dead) : sink_(std::move(sink)), on_dead_(on_dead) {}

  /// Of those lanes that are still the claim's own.
  Relayed In(const Client& client, const Claim& claim, std::span<const Outcome> outcomes) const {
    const std::vector<std::int64_t> own = Own(client, claim, outcomes);
    Relayed done;
    std::vector<std::int64_t> delivered;
    std::map<std::int64_t, std::vector<std::int64_t>> alike;  // lanes, by what is settled
    for (const Outcome& outcome : outcomes) {
      const Lane& lane = outcome.lane;
      done.delivered += outcome.handled;
      if (outcome.is_lost || !std::ranges::binary_search(own, lane.id)) {
        ++done.lost;
        continue;
      }
      const auto count = static_cast<std::int64_t>(outcome.delivered.size());
      done.delivered += count;
      delivered.insert(delivered.end(), outcome.delivered.begin(), outcome.delivered.end());
      const bool has_moved = count + outcome.handled > 0;
      if (outcome.failed) {
        ++done.failed;
        if (outcome.is_dead) ++done.dead;
      } else if (has_moved || outcome.was_empty) {
        alike[count + outcome.handled].push_back(lane.id);
      } else {
        Release(client, {lane.id}, 0, lane.attempts, lane.next_at);
      }
    }
    for (const auto& [count, lanes] : alike) Release(client, lanes, count, 0, Now());
    if (!delivered.empty()) {
      client.Of<Event>().Delete().Where(F<&Event::id>.In(delivered)).Exec();
    }
    for (const Outcome& outcome : outcomes) {
      if (outcome.is_lost || !std::ranges::binary_search(own, outcome.lane.id)) continue;
      const bool is_true = !outcome.failed || Fail(client, outcome);
      if (!is_true || outcome.was_empty || claim.is_kept) Recount(client, outcome.lane);
    }
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::id>.In(own) && F<&Lane::pending> <= 0)
        .Set(F<&Lane::waiting>, false)
        .Save();
    return done;
  }

  /// Takes away what was delivered, and leaves the lanes as they are: nothing that writers write.
  /// Returns: what was delivered, and lost.
  static Relayed TakeAway(const Client& client, const Claim& claim,
                          std::span<const Outcome> outcomes) {
    const std::vector<std::int64_t> own = Own(client, claim, outcomes);
    Relayed done;
    std::vector<std::int64_t> delivered;
    for (const Outcome& outcome : outcomes) {
      done.delivered += outcome.handled;
      if (outcome.is_lost || !std::ranges::binary_search(own, outcome.lane.id)) {
        ++done.lost;
        continue;
      }
      done.delivered += static_cast<std::int64_t>(outcome.delivered.size());
      delivered.insert(delivered.end(), outcome.delivered.begin(), outcome.delivered.end());
    }
    if (!delivered.empty()) {
      client.Of<Event>().Delete().Where(F<&Event::id>.In(delivered)).Exec();
    }
    return done;
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
                      std::int64_t settled, std::int64_t attempts, Clock::Time next_at,
                      bool blocked = false) {
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::id>.In(lanes))
        .Add(F<&Lane::pending>, -settled)
        .Set(F<&Lane::attempts>, attempts)
        .Set(F<&Lane::next_at>, next_at)
        .Set(F<&Lane::blocked>, blocked)
        .Set(F<&Lane::lease>, "")
        .Set(F<&Lane::lease_until>, Clock::Time())
        .Save();
  }

  /// Returns: false where the event is not there any more, and so has not failed.
  bool Fail(const Client& client, const Outcome& outcome) const {
    const Event& event = *outcome.failed;
    const auto count = static_cast<std::int64_t>(outcome.delivered.size()) + outcome.handled;
    const auto written = client.Of<Event>()
                             .Update()
                             .Where(F<&Event::id> == event.id)
                             .Set(F<&Event::attempts>, event.attempts)
                             .Set(F<&Event::error>, event.error)
                             .Set(F<&Event::dead>, outcome.is_dead)
                             .Save();
    const bool is_dead = outcome.is_dead && written == 1;
    const bool waits = !outcome.is_dead && written == 1;
    Release(client, {outcome.lane.id}, count + (is_dead ? 1 : 0), waits ? event.attempts : 0,
            waits ? Now() + outcome.next_try_after : Now(), is_dead && on_dead_ == OnDead::Block);
    return written == 1;
  }

  /// Counts what is pending anew: somebody else has deleted events.
  void Recount(const Client& client, const Lane& lane) const {
    const auto left = client.Of<Event>()
                          .Query()
                          .Where(F<&Event::sink> == sink_ && F<&Event::key> == lane.key &&
                                 F<&Event::dead> == false)
                          .Count();
    client.Of<Lane>().Update().Where(F<&Lane::id> == lane.id).Set(F<&Lane::pending>, left).Save();
  }

  std::string sink_;
  OnDead on_dead_;
};

}  // namespace grapnel::extras::outbox
