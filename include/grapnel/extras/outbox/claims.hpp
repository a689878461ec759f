#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/claim.hpp>
#include <grapnel/extras/outbox/hot_lanes.hpp>
#include <grapnel/extras/outbox/newer.hpp>
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
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// The claims of one sink's relay, in the database. Threads: any.
class Claims {
 public:
  Claims(const Client& db, const std::string& sink, const RelayOptions& options)
      : client_(db.With(guard::Decide(guard::Allow))),
        sink_(sink),
        options_(options),
        settlement_(sink, options.on_dead) {}

  /// Takes lanes that are due; of those only that may be taken together, where it is to be `alike`:
  /// then it is called again until nothing is due. Where none is, or a stop was requested while
  /// others write, it has only read. Throws: TxError where the client is a transaction's, so that
  /// what was taken would not be committed; ConstraintError where a newer program has made the
  /// tables; BusyError where others write all the time.
  Claim Take(const std::stop_token& stop = {}, bool alike = false) const {
    if (!client_.Of<Lane>().Query().Where(Due(LeftAlone(client_))).Exist()) return {};
    Check();
    try {
      return client_.With(stop).WithTx([&](Tx& tx) { return TakeIn(tx.Client(), {}, alike); },
                                       Retry{});
    } catch (const CancelledError&) {
      return {};
    }
  }
  /// When it is to look again, at the latest, whether lanes are due; none where that does not
  /// matter.
  std::optional<std::chrono::milliseconds> Next() const { return hot_.Next(); }

  /// What a read has found.
  struct Found {
    std::map<std::string, std::vector<Event>> events{};  // by key, the first ones of each
    bool is_all = false;  // else others may hold some, and the last more
    std::string last{};   // key
  };
  /// The first events of lanes, `most` in all, without a transaction, for nobody else takes events
  /// out of what is leased.
  Found Read(std::span<const Lane> lanes, int most) const {
    std::vector<std::string> keys;
    for (const Lane& lane : lanes) keys.push_back(lane.key);
    auto query = client_.Of<Event>().Query();
    query.Where(F<&Event::sink> == sink_ && F<&Event::dead> == false);
    if (keys.size() == 1) {
      query.Where(F<&Event::key> == keys.front()).Order(Asc(F<&Event::seq>));
    } else {
      query.Where(F<&Event::key>.In(keys)).Order(Asc(F<&Event::key>), Asc(F<&Event::seq>));
    }
    std::vector<Event> events = query.Limit(most).All();
    Found found;
    found.is_all = events.size() < static_cast<std::size_t>(most);
    if (!events.empty()) found.last = events.back().key;
    for (Event& event : events) found.events[event.key].push_back(std::move(event));
    return found;
  }

  struct NotOwn {};
  /// Takes one event away and runs `body`, in one transaction of `caller`. What it locks is the
  /// event, which nobody but relays touches, so that writers of the key are not in its way, nor it
  /// in theirs. Where another transaction is, it runs again, for a second, or until `stop`.
  /// Returns: false where somebody else has taken the event away. Throws: NotOwn where the lane is
  /// no longer the claim's, what `body` throws, and as WithTx; the event stays then, but for a
  /// CommittedError.
  bool Handle(const Client& caller, const Claim& claim, const Lane& lane, const Event& event,
              const std::function<void(Tx&, const Event&)>& body,
              const std::stop_token& stop) const {
    const auto handle = [&](Tx& tx) {
      const Client client = tx.Client().With(guard::Decide(guard::Allow));
      if (client.Of<Event>().Delete().Where(F<&Event::id> == event.id).Exec() != 1) return false;
      const bool is_own = client.Of<Lane>()
                              .Query()
                              .Where(F<&Lane::id> == lane.id && F<&Lane::lease> == claim.token)
                              .Exist();
      if (!is_own) throw NotOwn();
      body(tx, event);
      return true;
    };
    const auto end = Steady::now() + kPatience;
    while (true) {
      try {
        return caller.WithTx(handle, Retry{.within = kLooksForStop});
      } catch (const BusyError& error) {
        if (!error.Retryable() || stop.stop_requested() || Steady::now() > end) throw;
      }
    }
  }
  /// Writes down what came of a claim, of those lanes that are still its own. With `more` the claim
  /// is the next one then, of the same transaction; otherwise it is empty.
  ///
  /// Of the lanes that are empty now those are put to rest that are not likely to be filled soon,
  /// if more is to be taken, and all of them where it is not; none where writers are in the way
  /// just then: they are looked at again.
  Relayed Settle(Claim& claim, const std::vector<Outcome>& outcomes, bool more) const {
    Settling settling{claim, outcomes, more, Served(outcomes, Clock::Time::min()),
                      Served(outcomes, Now() - HotLanes::kCools)};
    Relayed done;
    try {
      done = PutToRest(settling);
      hot_.Cool(settling.hot, HotLanes::kCools);
    } catch (const BusyError&) {
      settling.puts_to_rest = false;
      done = client_.With(LockWait{std::chrono::seconds(1)})
                 .WithTx([&](Tx& tx) { return SettleIn(tx.Client(), settling); },
                         Retry{.within = options_.lease});
      hot_.Cool(settling.hot, kSoon);
    }
    hot_.Serve(settling.served);
    claim = std::move(settling.next);
    return done;
  }

 private:
  using Steady = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kLooksForStop{100};
  static constexpr std::chrono::milliseconds kPatience{1000};  // of a handler that is in conflict
  static constexpr std::chrono::milliseconds kSoon{100};

  static Clock::Time Now() { return std::chrono::floor<std::chrono::microseconds>(Clock::Now()); }
  Client Impatient() const { return client_.With(LockWait{std::chrono::milliseconds(50)}); }

  /// Looks, once, whether it may take anything here. A callback of a transaction in another one
  /// waits for that one, and may outlive this.
  void Check() const {
    if (is_checked_) return;
    const auto is_committed = std::make_shared<bool>(false);
    client_.WithTx(
        [&](Tx& tx) {
          RefuseNewer(tx);
          tx.AfterCommit([is_committed] { *is_committed = true; });
        },
        Retry{});
    if (!*is_committed) {
      throw TxError(
          "extras::outbox::Relay: it was made of a transaction's client, and would deliver what is "
          "not committed yet: make it of the database's");
    }
    is_checked_ = true;
  }
  /// Where another relay of the sink may have given it back, and so have delivered of it.
  static bool IsRecent(const Lane& lane) {
    const Clock::Time now = Now();
    return lane.attempts == 0 && lane.next_at <= now && lane.next_at > now - HotLanes::kCools;
  }
  /// The keys whose lanes are not to be taken, of which nothing has come.
  std::vector<std::string> LeftAlone(const Client& client) const {
    const std::vector<std::string> keys = hot_.Keys();
    if (keys.empty()) return {};
    hot_.Wake(settlement_.Filled(client, keys));
    return hot_.Keys();
  }

  /// A time that lies further ahead than any wait was written by a clock that has jumped back
  /// since; clocks of several machines may differ by one wait.
  store::Predicate<Lane> Due(const std::vector<std::string>& left_alone) const {
    const Clock::Time now = Now();
    const auto past = [&](auto at, RelayOptions::Span longest) {
      return at <= now || at > now + 2 * longest;
    };
    store::Predicate<Lane> due =
        F<&Lane::sink> == sink_ && F<&Lane::waiting> == true && F<&Lane::blocked> == false &&
        ((F<&Lane::lease> == "" &&
          (F<&Lane::attempts> == 0 || past(F<&Lane::next_at>, options_.longest_backoff))) ||
         (F<&Lane::lease> != "" && past(F<&Lane::lease_until>, options_.lease)));
    return left_alone.empty() ? due : due && !F<&Lane::key>.In(left_alone);
  }

  /// Those that have waited for the longest time come first; and before them what a clock that has
  /// jumped back since has put where its turn would never come.
  std::vector<Lane> Next(const Client& client, const store::Predicate<Lane>& due) const {
    const auto of = client.Of<Lane>();
    const auto most = static_cast<std::size_t>(options_.lanes);
    std::vector<Lane> lanes = of.Query()
                                  .Where(due && F<&Lane::next_at> > Now() + options_.lease)
                                  .Limit(options_.lanes)
                                  .All();
    if (lanes.size() == most) return lanes;
    for (Lane& lane :
         of.Query().Where(due).Order(Asc(F<&Lane::next_at>)).Limit(options_.lanes).All()) {
      if (lanes.size() == most) break;
      if (std::ranges::find(lanes, lane.id, &Lane::id) == lanes.end()) {
        lanes.push_back(std::move(lane));
      }
    }
    return lanes;
  }
  /// Leaves what is taken together: what hangs holds up all that was taken with it until the lease
  /// is over. So what has failed before is not taken with what has not, and of lanes whose lease
  /// was over, one of which may be at fault, each is taken by itself.
  static void KeepAlike(std::vector<Lane>& lanes) {
    const auto is_alone = [](const Lane& lane) {
      return !lane.lease.empty() || lane.next_at == kFront;
    };
    if (lanes.empty()) return;
    if (is_alone(lanes.front())) return lanes.resize(1);
    const bool has_failed = lanes.front().attempts > 0;
    std::erase_if(lanes, [&](const Lane& lane) {
      return is_alone(lane) || (lane.attempts > 0) != has_failed;
    });
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

  /// One settlement, by as many transactions as it takes.
  struct Settling {
    const Claim& claim;
    const std::vector<Outcome>& outcomes;
    const bool more;
    const std::vector<std::int64_t> served;  // lanes of which something was delivered
    const std::vector<std::int64_t> live;    // that was written lately
    bool puts_to_rest = true;
    // By the last transaction:
    std::vector<Lane> hot{};     // empty lanes that wait on
    Claim next{};                // with `more`
    bool meets_writers = false;  // it writes what they write

    bool WasServed(const Lane& lane) const { return std::ranges::binary_search(served, lane.id); }
    bool IsLive(const Lane& lane) const { return std::ranges::binary_search(live, lane.id); }
  };
  static std::vector<std::int64_t> Served(const std::vector<Outcome>& outcomes, Clock::Time since) {
    std::vector<std::int64_t> served;
    for (const Outcome& outcome : outcomes) {
      const bool was_served = !outcome.delivered.empty() || outcome.handled > 0;
      if (was_served && outcome.last_at >= since) served.push_back(outcome.lane.id);
    }
    std::ranges::sort(served);
    return served;
  }
  /// Throws: BusyError where writers are in the way.
  Relayed PutToRest(Settling& settling) const {
    const auto settle = [&](Tx& tx) { return SettleIn(tx.Client(), settling); };
    try {
      return Impatient().WithTx(settle);
    } catch (const BusyError& error) {
      if (settling.meets_writers || error.Retryable()) throw;
      return client_.WithTx(settle);  // it had waited for its turn alone
    }
  }
  Relayed SettleIn(const Client& client, Settling& settling) const {
    std::vector<Lane> resting;
    const Relayed done = settlement_.In(client, settling.claim, settling.outcomes, resting);
    settling.hot = Hot(settling, resting);
    settling.meets_writers = !resting.empty();
    settlement_.PutToRest(client, settling.claim, resting);
    settling.meets_writers = false;
    // What was found empty keeps its place, by which others know for how long it has been so.
    std::vector<Lane> filled, found_empty;
    for (const Lane& lane : settling.hot) {
      (settling.WasServed(lane) ? filled : found_empty).push_back(lane);
    }
    Settlement::GiveBack(client, settling.claim, filled, true, Now());
    Settlement::GiveBack(client, settling.claim, found_empty, true, std::nullopt);
    settling.next = settling.more ? TakeIn(client, settling.hot, true) : Claim();
    return done;
  }
  /// Takes those out of the empty lanes that are not to be put to rest yet.
  std::vector<Lane> Hot(const Settling& settling, std::vector<Lane>& empty) const {
    std::vector<Lane> hot;
    if (!settling.puts_to_rest) {
      hot.swap(empty);
    } else if (settling.more && hot_.HasRoomFor(empty.size())) {
      const auto is_hot = [&](const Lane& lane) {
        return settling.WasServed(lane) ? settling.IsLive(lane) || hot_.WasServed(lane.id)
                                        : IsRecent(lane);
      };
      std::ranges::copy_if(empty, std::back_inserter(hot), is_hot);
      std::erase_if(empty, is_hot);
    }
    return hot;
  }

  Claim TakeIn(const Client& client, std::span<const Lane> but, bool alike) const {
    std::vector<std::string> left_alone = LeftAlone(client);
    for (const Lane& lane : but) left_alone.push_back(lane.key);
    Claim claim{NewUuid(), Next(client, Due(left_alone)), Steady::now() + options_.lease};
    if (alike) KeepAlike(claim.lanes);
    if (claim.IsEmpty()) return {};
    Lease(client, claim);
    return claim;
  }

  const Client client_;
  const std::string sink_;
  const RelayOptions options_;
  const Settlement settlement_;
  mutable std::atomic<bool> is_checked_ = false;
  mutable HotLanes hot_{};
};

}  // namespace grapnel::extras::outbox
