#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/claim.hpp>
#include <grapnel/extras/outbox/options.hpp>
#include <grapnel/extras/outbox/settlement.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/lock_wait.hpp>
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
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// The claims of one sink's relay, in the database. Threads: any.
///
/// Where writers work beside each other a transaction over many lanes would hardly ever come to its
/// end, for one writer on one of the lanes undoes it. So what they undo is done again lane by lane;
/// and what was delivered is taken away first, in a transaction that writes nothing that writers
/// write. A lane that cannot be given back even so stays with the claim, for another round.
class Claims {
 public:
  Claims(const Client& db, const std::string& sink, const RelayOptions& options)
      : client_(db.With(guard::Decide(guard::Allow))),
        sink_(sink),
        options_(options),
        settlement_(sink, options.on_dead) {}

  /// Takes lanes that are due. Where none is, it has only read. Throws: TxError where the client is
  /// a transaction's, what was taken is not committed, and nothing is to be delivered.
  Claim Take() const {
    if (!client_.Of<Lane>().Query().Where(Due()).Exist()) return {};
    return Soon([&](const Client& client) { return TakeTogether(client); },
                [&] { return TakeApart(); });
  }

  /// How many of these lanes, the first ones, are read at once, `most` events at a time.
  static std::size_t Portion(std::span<const Lane> lanes, int most) {
    std::int64_t events = 0;
    std::size_t count = 0;
    for (const Lane& lane : lanes) {
      events += std::max<std::int64_t>(lane.pending, 1);
      if (count > 0 && events > most) break;
      ++count;
    }
    return count;
  }
  /// The first events of lanes that are one Portion, by key: without a transaction, for nobody else
  /// takes events out of what is leased.
  std::map<std::string, std::vector<Event>> Read(std::span<const Lane> lanes, int most) const {
    std::map<std::string, std::vector<Event>> events;
    const auto is_waiting = F<&Event::sink> == sink_ && F<&Event::dead> == false;
    if (lanes.size() > 1) {
      std::vector<std::string> keys;
      for (const Lane& lane : lanes) keys.push_back(lane.key);
      for (Event& event : client_.Of<Event>()
                              .Query()
                              .Where(is_waiting && F<&Event::key>.In(keys))
                              .Order(Asc(F<&Event::key>), Asc(F<&Event::seq>))
                              .Limit(most)
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
                    .Where(is_waiting && F<&Event::key> == lane.key)
                    .Order(Asc(F<&Event::seq>))
                    .Limit(most)
                    .All();
    }
    return events;
  }

  struct NotOwn {};
  enum class Handled : std::uint8_t {
    Done,
    Gone,  // somebody else has taken it away
  };
  /// Takes one event away and runs `body`, in one transaction of `caller`. What it locks is the
  /// event, which nobody but relays touches, so that writers of the key are not in its way, nor it
  /// in theirs. Where another transaction is, it runs again, until `stop`. Throws: NotOwn where the
  /// lane is no longer the claim's, what `body` throws, and as WithTx; the event stays then, but
  /// for a CommittedError.
  Handled Handle(const Client& caller, const Claim& claim, const Lane& lane, const Event& event,
                 const std::function<void(Tx&, const Event&)>& body,
                 const std::stop_token& stop) const {
    while (true) {
      try {
        return HandleFor(kLooksForStop, caller, claim, lane, event, body);
      } catch (const BusyError& error) {
        if (!error.Retryable() || stop.stop_requested()) throw;
      }
    }
  }
  /// Writes down what came of a claim, of those lanes that are still its own. With `more` the claim
  /// is the next one then, of the same transaction; otherwise it is empty, but for lanes that it
  /// has to keep.
  Relayed Settle(Claim& claim, const std::vector<Outcome>& outcomes, bool more) const {
    if (claim.is_kept) return SettleApart(claim, outcomes);
    return Soon([&](const Client& client) { return SettleTogether(client, claim, outcomes, more); },
                [&] { return SettleApart(claim, outcomes); });
  }

 private:
  using Steady = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kApart{1000};  // for all lanes, one by one
  static constexpr std::chrono::milliseconds kLooksForStop{100};

  static Clock::Time Now() { return std::chrono::floor<std::chrono::microseconds>(Clock::Now()); }
  Client Impatient() const { return client_.With(LockWait{std::chrono::milliseconds(50)}); }

  /// All lanes together, which no writer of one of them is to hold up for long; where one does, one
  /// after the other.
  template <class Together, class Apart>
  std::invoke_result_t<Apart> Soon(Together together, Apart apart) const {
    try {
      return together(Impatient());
    } catch (const BusyError&) {
      return apart();
    }
  }

  static Handled HandleFor(std::chrono::milliseconds span, const Client& caller, const Claim& claim,
                           const Lane& lane, const Event& event,
                           const std::function<void(Tx&, const Event&)>& body) {
    return caller.WithTx(
        [&](Tx& tx) {
          const Client client = tx.Client().With(guard::Decide(guard::Allow));
          if (client.Of<Event>().Delete().Where(F<&Event::id> == event.id).Exec() != 1) {
            return Handled::Gone;
          }
          const bool is_own = client.Of<Lane>()
                                  .Query()
                                  .Where(F<&Lane::id> == lane.id && F<&Lane::lease> == claim.token)
                                  .Exist();
          if (!is_own) throw NotOwn();
          body(tx, event);
          return Handled::Done;
        },
        Retry{.within = span});
  }

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

  /// Those that have waited for the longest time come first; and before them what a clock that has
  /// jumped back since has put where its turn would never come.
  std::vector<Lane> Next(const Client& client) const {
    const auto of = client.Of<Lane>();
    const auto most = static_cast<std::size_t>(options_.lanes);
    std::vector<Lane> lanes =
        of.Query().Where(Due() && F<&Lane::next_at> > Now()).Limit(options_.lanes).All();
    if (lanes.size() == most) return lanes;
    for (Lane& lane :
         of.Query().Where(Due()).Order(Asc(F<&Lane::next_at>)).Limit(options_.lanes).All()) {
      if (lanes.size() == most) break;
      if (std::ranges::find(lanes, lane.id, &Lane::id) == lanes.end()) {
        lanes.push_back(std::move(lane));
      }
    }
    return lanes;
  }
  void Lease(const Client& client, const Claim& claim) const {
    std::vector<std::int64_t> ids;
    for (const Lane& lane : claim.lanes) ids.push_back(lane.id);
    client.Of<Lane>()
        .Update()
        .Where(F<&Lane::id>.In(ids))
        .Set(F<&Lane::lease>, claim.token)
        .Set(F<&Lane::lease_until>, Now() + options_.lease)
        .Save();
  }

  Claim TakeIn(const Client& client) const {
    Claim claim{NewUuid(), Next(client), Steady::now() + options_.lease};
    if (claim.IsEmpty()) return {};
    Lease(client, claim);
    return claim;
  }
  Claim TakeTogether(const Client& client) const {
    // A callback of a transaction in another one waits for that one, and may outlive this.
    const auto is_committed = std::make_shared<bool>(false);
    Claim claim = client.WithTx([&](Tx& tx) {
      tx.AfterCommit([is_committed] { *is_committed = true; });
      return TakeIn(tx.Client());
    });
    if (*is_committed) return claim;
    throw TxError(
        "extras::outbox::Relay: it was made of a transaction's client, and would deliver what is "
        "not committed yet: make it of the database's");
  }
  Claim TakeApart() const {
    const Client client = Impatient();
    const auto end = Steady::now() + kApart;
    Claim claim{NewUuid(), {}, Steady::now() + options_.lease};
    for (const Lane& lane : Next(client)) {
      if (Steady::now() > end) break;
      try {
        const auto taken = client.WithTx(
            [&](Tx& tx) {
              const Client in_tx = tx.Client();
              const Claim one{
                  claim.token,
                  in_tx.Of<Lane>().Query().Where(F<&Lane::id> == lane.id && Due()).All(),
                  claim.until};
              if (!one.IsEmpty()) Lease(in_tx, one);
              return one.lanes;
            },
            Retry{.within = std::chrono::milliseconds(100)});
        claim.lanes.insert(claim.lanes.end(), taken.begin(), taken.end());
      } catch (const BusyError&) {  // somebody writes this key just now
      }
    }
    return claim;
  }

  Relayed SettleTogether(const Client& client, Claim& claim, const std::vector<Outcome>& outcomes,
                         bool more) const {
    auto [done, next] = client.WithTx([&](Tx& tx) {
      const Client in_tx = tx.Client();
      const Relayed settled = settlement_.In(in_tx, claim, outcomes);
      return std::pair(settled, more ? TakeIn(in_tx) : Claim());
    });
    claim = std::move(next);
    return done;
  }
  Relayed SettleApart(Claim& claim, std::vector<Outcome> outcomes) const {
    Relayed done =
        client_.WithTx([&](Tx& tx) { return Settlement::TakeAway(tx.Client(), claim, outcomes); },
                       Retry{.within = options_.lease});
    const Client client = Impatient();
    const auto end = Steady::now() + kApart;
    claim.is_kept = true;
    claim.lanes.clear();
    for (Outcome& outcome : outcomes) {
      if (outcome.is_lost) continue;
      outcome.was_empty = outcome.was_empty || !outcome.delivered.empty() || outcome.handled > 0;
      outcome.delivered.clear();
      outcome.handled = 0;
      try {
        if (Steady::now() > end) throw BusyError("extras::outbox::Relay: writers are in the way");
        const Relayed one = client.WithTx(
            [&](Tx& tx) { return settlement_.In(tx.Client(), claim, std::span(&outcome, 1)); },
            Retry{.within = std::chrono::milliseconds(100)});
        done.failed += one.failed, done.dead += one.dead;
      } catch (const BusyError&) {
        // What failed is as if it had not been tried, and waits for the end of the lease.
        if (!outcome.failed) claim.lanes.push_back(outcome.lane);
      }
    }
    return done;
  }

  const Client client_;
  const std::string sink_;
  const RelayOptions options_;
  const Settlement settlement_;
};

}  // namespace grapnel::extras::outbox
