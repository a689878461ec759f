#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/options.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Lanes that a relay has taken, by a lease that only it knows the token of.
struct Claim {
  std::string token{};
  std::vector<Lane> lanes{};

  bool IsEmpty() const { return lanes.empty(); }
};

/// What came of one lane.
struct Outcome {
  Lane lane;
  std::vector<std::int64_t> delivered{};  // events that are still to be taken away
  std::int64_t handled = 0;               // events that are taken away already
  bool was_empty = false;
  bool is_lost = false;
  std::optional<Event> failed{};                // with its attempts and its error
  std::chrono::microseconds next_try_after{0};  // where it failed
  bool is_dead = false;                         // what failed is a dead letter now
};

/// The claims of one sink's relay, in the database. Threads: any.
class Claims {
 public:
  Claims(const Client& db, std::string sink, RelayOptions options)
      : client_(db.With(guard::Decide(guard::Allow))),
        sink_(std::move(sink)),
        options_(std::move(options)) {}

  /// Takes lanes that are due. Where none is, it has only read.
  Claim Take() const {
    if (!client_.Of<Lane>().Query().Where(Due()).Exist()) return {};
    return client_.WithTx([&](Tx& tx) { return TakeIn(tx.Client()); }, Retry{});
  }

  /// How many of these lanes, the first ones, are read at once.
  std::size_t Portion(std::span<const Lane> lanes) const {
    std::int64_t events = 0;
    std::size_t count = 0;
    for (const Lane& lane : lanes) {
      events += std::max<std::int64_t>(lane.pending, 1);
      if (count > 0 && events > options_.events) break;
      ++count;
    }
    return count;
  }
  /// The first events of lanes that are one Portion, by key: without a transaction, for nobody else
  /// takes events out of what is leased.
  std::map<std::string, std::vector<Event>> Read(std::span<const Lane> lanes) const {
    std::map<std::string, std::vector<Event>> events;
    if (lanes.size() > 1) {
      std::vector<std::string> keys;
      for (const Lane& lane : lanes) keys.push_back(lane.key);
      for (Event& event : client_.Of<Event>()
                              .Query()
                              .Where(Waiting() && F<&Event::key>.In(keys))
                              .Order(Asc(F<&Event::key>), Asc(F<&Event::seq>))
                              .Limit(options_.events)
                              .All()) {
        events[event.key].push_back(std::move(event));
      }
    }
    // Others may have written so many more that the limit left a lane out.
    for (const Lane& lane : lanes) {
      std::vector<Event>& of_lane = events[lane.key];
      if (!of_lane.empty()) continue;
      of_lane = client_.Of<Event>()
                    .Query()
                    .Where(Waiting() && F<&Event::key> == lane.key)
                    .Order(Asc(F<&Event::seq>))
                    .Limit(options_.events)
                    .All();
    }
    return events;
  }

  /// Takes one event away and runs `body` in the same transaction of `caller`. Returns: false, and
  /// has done nothing, where the lane is no longer the claim's own. Throws: what `body` throws, and
  /// as WithTx.
  bool Handle(const Client& caller, const Claim& claim, const Lane& lane, const Event& event,
              const std::function<void(Tx&, const Event&)>& body) const {
    struct Lost {};
    try {
      caller.WithTx(
          [&](Tx& tx) {
            const Client client = tx.Client().With(guard::Decide(guard::Allow));
            if (client.Of<Event>().Delete().Where(F<&Event::id> == event.id).Exec() != 1) {
              throw Lost();
            }
            body(tx, event);
            const auto settled = client.Of<Lane>()
                                     .Update()
                                     .Where(F<&Lane::id> == lane.id)
                                     .Where(F<&Lane::lease> == claim.token)
                                     .Add(F<&Lane::pending>, -1)
                                     .Set(F<&Lane::attempts>, 0)
                                     .Save();
            if (settled != 1) throw Lost();
          },
          Retry{.within = options_.lease});
    } catch (const Lost&) {
      return false;
    }
    return true;
  }

  /// Writes down what came of a claim, of those lanes that are still its own. With `more` the claim
  /// is the next one then, of the same transaction; otherwise it is empty.
  Relayed Settle(Claim& claim, const std::vector<Outcome>& outcomes, bool more) const {
    auto [done, next] = client_.WithTx(
        [&](Tx& tx) {
          const Client client = tx.Client();
          Relayed settled = SettleIn(client, claim.token, outcomes);
          return std::pair(settled, more ? TakeIn(client) : Claim());
        },
        Retry{.within = options_.lease});
    claim = std::move(next);
    return done;
  }

 private:
  static Clock::Time Now() { return std::chrono::floor<std::chrono::microseconds>(Clock::Now()); }

  /// A time that lies further ahead than any wait was written by a clock that has jumped back
  /// since; clocks of several machines may differ by one wait.
  store::Predicate<Lane> Due() const {
    const Clock::Time now = Now();
    const auto past = [&](auto at, RelayOptions::Span longest) {
      return at <= now || at > now + 2 * longest;
    };
    return F<&Lane::sink> == sink_ && F<&Lane::waiting> == true && F<&Lane::blocked> == false &&
           ((F<&Lane::lease> == "" &&
             (F<&Lane::attempts> == 0 || past(F<&Lane::next_at>, options_.longest_backoff))) ||
            (F<&Lane::lease> != "" && past(F<&Lane::lease_until>, options_.lease)));
  }
  store::Predicate<Event> Waiting() const {
    return F<&Event::sink> == sink_ && F<&Event::dead> == false;
  }

  Claim TakeIn(const Client& client) const {
    const auto of = client.Of<Lane>();
    // Those that have waited for the longest time come first.
    Claim claim{NewUuid(),
                of.Query().Where(Due()).Order(Asc(F<&Lane::next_at>)).Limit(options_.lanes).All()};
    if (claim.IsEmpty()) return {};
    std::vector<std::int64_t> ids;
    for (const Lane& lane : claim.lanes) ids.push_back(lane.id);
    of.Update()
        .Where(F<&Lane::id>.In(ids))
        .Set(F<&Lane::lease>, claim.token)
        .Set(F<&Lane::lease_until>, Now() + options_.lease)
        .Save();
    return claim;
  }

  Relayed SettleIn(const Client& client, const std::string& token,
                   const std::vector<Outcome>& outcomes) const {
    std::vector<std::int64_t> ids;
    for (const Outcome& outcome : outcomes) ids.push_back(outcome.lane.id);
    const auto own = client.Of<Lane>()
                         .Query()
                         .Where(F<&Lane::id>.In(ids) && F<&Lane::lease> == token)
                         .Order(Asc(F<&Lane::id>))
                         .IDs();
    Relayed done;
    std::vector<std::int64_t> delivered;
    std::map<std::int64_t, std::vector<std::int64_t>> alike;  // lanes, by what was delivered
    for (const Outcome& outcome : outcomes) {
      done.delivered += outcome.handled;
      if (outcome.is_lost || !std::ranges::binary_search(own, outcome.lane.id)) {
        ++done.lost;
        continue;
      }
      const auto count = static_cast<std::int64_t>(outcome.delivered.size());
      done.delivered += count;
      delivered.insert(delivered.end(), outcome.delivered.begin(), outcome.delivered.end());
      if (outcome.failed) {
        ++done.failed;
        if (outcome.is_dead) ++done.dead;
        SettleFailed(client, outcome);
      } else if (outcome.was_empty) {
        Recount(client, outcome.lane);
      } else if (count + outcome.handled == 0) {
        Release(client, {outcome.lane.id}, 0, outcome.lane.attempts, outcome.lane.next_at);
      } else {
        alike[count].push_back(outcome.lane.id);
      }
    }
    for (const auto& [count, lanes] : alike) Release(client, lanes, count, 0, Now());
    if (!delivered.empty()) {
      client.Of<Event>().Delete().Where(F<&Event::id>.In(delivered)).Exec();
    }
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::id>.In(own) && F<&Lane::pending> <= 0)
        .Set(F<&Lane::waiting>, false)
        .Save();
    return done;
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

  void SettleFailed(const Client& client, const Outcome& outcome) const {
    const Event& event = *outcome.failed;
    const bool dead = outcome.is_dead;
    const auto settled = static_cast<std::int64_t>(outcome.delivered.size()) + (dead ? 1 : 0);
    client.Of<Event>()
        .Update()
        .Where(F<&Event::id> == event.id)
        .Set(F<&Event::attempts>, event.attempts)
        .Set(F<&Event::error>, event.error)
        .Set(F<&Event::dead>, dead)
        .Save();
    Release(client, {outcome.lane.id}, settled, dead ? 0 : event.attempts,
            dead ? Now() : Now() + outcome.next_try_after,
            dead && options_.on_dead == OnDead::Block);
  }

  /// Somebody else has deleted its events.
  void Recount(const Client& client, const Lane& lane) const {
    const auto left =
        client.Of<Event>().Query().Where(Waiting() && F<&Event::key> == lane.key).Count();
    client.Of<Lane>().Update().Where(F<&Lane::id> == lane.id).Set(F<&Lane::pending>, left).Save();
    Release(client, {lane.id}, 0, 0, Now());
  }

  const Client client_;
  const std::string sink_;
  const RelayOptions options_;
};

}  // namespace grapnel::extras::outbox
