#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/append.hpp>
#include <grapnel/extras/outbox/claims.hpp>
#include <grapnel/extras/outbox/errors.hpp>
#include <grapnel/extras/outbox/handler.hpp>
#include <grapnel/extras/outbox/options.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/outbox/term.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Delivers the events of one sink: see <grapnel/extras/outbox.hpp>.
///
/// Throws (the constructors): Error for a sink that cannot be, a function that holds nothing, and
/// options that make no sense. Threads: any; each call works by itself, and `deliver` is called by
/// all of them. Lifetime: keeps the database open; ends behind the threads that are in Run.
class Relay {
 public:
  Relay(const Client& db, std::string_view sink, Sink deliver, RelayOptions options = {})
      : Relay(std::move(options), db, sink) {
    if (!deliver) throw Error("extras::outbox::Relay: it was given no function that delivers");
    deliver_ = [deliver = std::move(deliver)](const Claim&, Outcome& outcome, const Event& event,
                                              const std::stop_token& stop) {
      deliver(event, stop);
      outcome.delivered.push_back(event.id);
    };
  }
  /// With what writes to the same database, once for each event.
  Relay(const Client& db, std::string_view sink, Handler handler, RelayOptions options = {})
      : Relay(std::move(options), db, sink) {
    deliver_ = [this, db, handler = std::move(handler)](const Claim& claim, Outcome& outcome,
                                                        const Event& event,
                                                        const std::stop_token& stop) {
      // What it throws itself is its failure, but for what another transaction has done to its own.
      bool has_failed = false;
      const auto body = [&](Tx& tx, const Event& of) {
        has_failed = true;
        try {
          handler.Function()(tx, of);
        } catch (const BusyError& error) {
          has_failed = !error.Retryable();
          throw;
        }
        has_failed = false;
      };
      try {
        if (claims_.Handle(db, claim, outcome.lane, event, body, stop)) ++outcome.handled;
      } catch (const Claims::NotOwn&) {
        outcome.is_lost = true;
      } catch (const CommittedError& error) {  // what it did afterwards has failed
        if (has_failed) throw;
        ++outcome.handled;
        Tell(error);
      } catch (const BusyError& error) {
        if (has_failed) throw;
        outcome.is_put_off = true;  // nothing was written
        Tell(error);
      } catch (const TxError& error) {
        if (has_failed || error.Outcome() != TxOutcome::Unknown) throw;
        outcome.is_lost = true;
        Tell(error);
      }
    };
  }
  template <class F>
  requires(!std::convertible_to<F, Sink> && !std::convertible_to<F, Handler>)
      Relay(const Client& db, std::string_view sink, F&&, const RelayOptions& options = {})
      : Relay(options, db, sink) {
    static_assert(
        std::convertible_to<F, Sink>,
        "a sink is a function: [](const outbox::Event& event, std::stop_token stop) { ... "
        "}; what writes to the same database is an outbox::Handler([](Tx& tx, const "
        "outbox::Event& event) { ... })");
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() = default;

  /// Takes keys that are due, once, and delivers what they hold. Returns: what came of it, nothing
  /// where nothing was due: then it has only read. What is not delivered when a stop is requested
  /// stays as it was. Throws: as queries and WithTx: SchemaError where nobody has called Migrate,
  /// ConstraintError where a newer program has made the tables, TxError inside of a transaction.
  /// Where it throws, what it had delivered is delivered again when the lease has ended.
  Relayed RunOnce(const std::stop_token& stop = {}) {
    while (true) {
      Claim claim = claims_.Take(stop);
      if (claim.IsEmpty()) return {};
      std::vector<Outcome> outcomes = Deliver(claim, stop);
      const bool was_empty = std::ranges::all_of(outcomes, [](const Outcome& outcome) {
        return outcome.is_last && outcome.delivered.empty() && outcome.handled == 0;
      });
      const Relayed done = Settle(claim, outcomes, false);
      if (!was_empty) return done;
    }
  }

  /// RunOnce, again and again, until a stop is requested: at once when events are committed in this
  /// process, after `poll` otherwise. Ends within one delivery, and what it takes to write down
  /// what was delivered. While the database cannot be reached, or others are in the way, it tries
  /// again after `poll`. Throws: what else RunOnce throws, which ends a thread that does not catch
  /// it, and its program.
  void Run(const std::stop_token& stop) {
    Claim claim;
    while (!stop.stop_requested() || !claim.IsEmpty()) {
      std::uint64_t seen = Poke::Count();
      bool has_failed = false;
      const auto tell = [&](const std::exception& error) {
        Tell(error);
        claim = Claim();
        seen = Poke::Count();
        has_failed = true;
      };
      try {
        if (claim.IsEmpty()) claim = claims_.Take(stop, true);
        if (!claim.IsEmpty()) {
          const std::vector<Outcome> outcomes = Deliver(claim, stop);
          Settle(claim, outcomes, !stop.stop_requested());
          continue;
        }
      } catch (const BusyError& error) {
        tell(error);
      } catch (const StorageError& error) {
        tell(error);
      } catch (const TxError& error) {
        if (error.Outcome() != TxOutcome::Unknown) throw;
        tell(error);
      }
      const auto next = has_failed ? std::nullopt : claims_.Next();
      Poke::Wait(stop, seen,
                 next ? std::min(std::max(*next, kAgain), options_.poll) : options_.poll);
    }
  }

  /// What it has done so far. Threads: any.
  Relayed Total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  static constexpr std::chrono::milliseconds kAgain{50};
  static constexpr std::size_t kMostLate = 1000;

  Relay(RelayOptions options, const Client& db, std::string_view sink)
      : claims_(db, std::string(sink), options), options_(std::move(options)) {
    CheckSink("Relay", sink);
    options_.Check();
  }

  void Tell(const std::exception& error) const {
    if (options_.on_error) options_.on_error(error);
  }

  /// The deliveries of one claim.
  struct Round {
    const Claim& claim;
    const std::stop_token& stop;
    const Term term{stop, claim.until};
    std::vector<Outcome> outcomes{};
    bool has_tried = false;  // one delivery at least
  };

  std::vector<Outcome> Deliver(const Claim& claim, const std::stop_token& stop) {
    Round round{claim, stop};
    const int most = most_;
    std::vector<Lane> rest = claim.lanes;
    while (!rest.empty() && !round.term.IsOver()) rest = DeliverFirst(round, rest, most);
    for (Lane& lane : rest) round.outcomes.push_back({std::move(lane)});
    Learn(most, round.outcomes, round.term.IsOver() && !stop.stop_requested());
    return std::move(round.outcomes);
  }
  /// With `more` the claim is the next one then.
  Relayed Settle(Claim& claim, const std::vector<Outcome>& outcomes, bool more) {
    const Relayed done = claims_.Settle(claim, outcomes, more);
    const std::lock_guard lock(mutex_);
    total_.delivered += done.delivered, total_.failed += done.failed;
    total_.dead += done.dead, total_.lost += done.lost;
    if (!late_.empty() && done.lost == 0) Forget(outcomes);
    return done;
  }

  /// Reads fewer events at once where a lease was over before the first of them was delivered.
  void Learn(int most, std::span<const Outcome> outcomes, bool was_late) {
    const bool has_tried = std::ranges::any_of(outcomes, [](const Outcome& outcome) {
      return !outcome.delivered.empty() || outcome.handled > 0 || outcome.failed;
    });
    if (was_late && !has_tried) {
      most_ = std::max(1, most / 4);
    } else if (has_tried && most < options_.events) {
      most_ = std::min(options_.events, most * 2);
    }
  }

  /// Delivers what the first lanes hold, as much as one read brings. Returns: the lanes that are
  /// left.
  std::vector<Lane> DeliverFirst(Round& round, std::span<const Lane> lanes, int most) {
    // Fewer than events, so that it shows when each of them holds one.
    const auto widest = static_cast<std::size_t>(std::max(most - 1, 1));
    std::size_t width = std::min({width_.load(), widest, lanes.size()});
    Claims::Found found = claims_.Read(lanes.first(width), most);
    if (!round.has_tried && !found.is_all && !found.events.contains(lanes.front().key)) {
      width = 1;  // what is read is in the order of keys; the first lane has waited longest
      found = claims_.Read(lanes.first(width), most);
    }
    std::vector<Lane> left;
    for (const Lane& lane : lanes.first(width)) {
      const auto of_lane = found.events.find(lane.key);
      if (of_lane == found.events.end() && !found.is_all) {
        left.push_back(lane);
        continue;
      }
      Outcome& outcome = round.outcomes.emplace_back(Outcome{lane});
      outcome.is_last = found.is_all || lane.key != found.last;
      if (of_lane != found.events.end()) DeliverLane(round, of_lane->second, outcome);
    }
    width_ = found.is_all ? std::min(2 * width, widest) : found.events.size();
    left.insert(left.end(), lanes.begin() + static_cast<std::ptrdiff_t>(width), lanes.end());
    return left;
  }
  void DeliverLane(Round& round, const std::vector<Event>& events, Outcome& outcome) {
    for (const Event& event : events) {
      if (round.term.IsOver() || !DeliverOne(round, event, outcome)) {
        outcome.is_last = false;
        return;
      }
    }
  }
  /// Returns: whether it has arrived.
  bool DeliverOne(Round& round, const Event& event, Outcome& outcome) {
    if (Recall(event, outcome)) return !outcome.failed;
    bool has_arrived = false;
    try {
      deliver_(round.claim, outcome, event, round.term.Token());
      has_arrived = !outcome.is_lost && !outcome.is_put_off;
      if (has_arrived) outcome.last_at = event.committed_at;
    } catch (const Rejected& error) {
      Fail(round, outcome, event, Text(error));
      outcome.is_dead = outcome.failed.has_value();
    } catch (const RetryAfter& error) {
      Fail(round, outcome, event, Text(error));
      outcome.next_try_after = std::min(error.Wait(), options_.longest_backoff);
    } catch (const std::exception& error) {
      Fail(round, outcome, event, Text(error), true);
    } catch (...) {
      Fail(round, outcome, event, "something that is no std::exception was thrown", true);
    }
    round.has_tried = true;
    if (std::chrono::steady_clock::now() >= round.claim.until) NoteLate(event, outcome);
    return has_arrived;
  }
  /// What came of a delivery that took longer than the lease, and so may never be written down: who
  /// has taken the key over does not know, and may meet the same. It counts when this relay has the
  /// key again, unless something was written down since.
  struct Late {
    std::int64_t attempts;             // of the event, as it was
    std::optional<std::string> error;  // none where it has arrived
    bool is_dead;
    std::chrono::microseconds next_try_after;
    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  };
  void NoteLate(const Event& event, const Outcome& outcome) {
    const bool has_arrived = !outcome.delivered.empty() && outcome.delivered.back() == event.id;
    if (!has_arrived && !outcome.failed) return;
    Late late{event.attempts, {}, outcome.is_dead, outcome.next_try_after};
    if (outcome.failed) late.error = outcome.failed->error;
    const std::lock_guard lock(mutex_);
    if (late_.size() >= kMostLate) late_.clear();
    late_.insert_or_assign(event.id, std::move(late));
  }
  bool Recall(const Event& event, Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    const auto known = late_.find(event.id);
    if (known == late_.end()) return false;
    const Late& late = known->second;
    const bool is_old = std::chrono::steady_clock::now() - late.at > 10 * options_.lease;
    if (late.attempts != event.attempts || is_old) return false;
    if (late.error) {
      outcome.failed = event;
      outcome.failed->attempts += 1;
      outcome.failed->error = *late.error;
      outcome.is_dead = late.is_dead;
      outcome.next_try_after = late.next_try_after;
    } else {
      outcome.delivered.push_back(event.id);
    }
    return true;
  }
  /// Requires: mutex_. What is written down is not to be counted once more.
  void Forget(const std::vector<Outcome>& outcomes) {
    for (const Outcome& outcome : outcomes) {
      for (const std::int64_t id : outcome.delivered) late_.erase(id);
      if (outcome.failed) late_.erase(outcome.failed->id);
    }
  }

  static std::string Text(const std::exception& error) {
    const char* const text = error.what();
    return text != nullptr ? text : "an exception was thrown that says nothing";
  }
  /// One that began behind others, and that the end of the lease has cut off, has not failed yet:
  /// it comes first the next time.
  void Fail(const Round& round, Outcome& outcome, const Event& event, std::string error,
            bool unless_cut_off = false) const {
    if (round.stop.stop_requested()) return;  // it was given no time to end
    const bool in_time = std::chrono::steady_clock::now() < round.claim.until;
    if (unless_cut_off && round.has_tried && round.term.IsOver() && in_time) {
      outcome.is_cut_off = true;
      return;
    }
    outcome.failed = event;
    outcome.failed->attempts += 1;
    outcome.failed->error = Printable(std::move(error));
    outcome.is_dead = outcome.failed->attempts >= options_.attempts;
    outcome.next_try_after = options_.WaitAfter(outcome.failed->attempts);
  }

  /// As every database takes it.
  static std::string Printable(std::string text) {
    constexpr std::size_t kMost = 1000;
    if (text.size() > kMost) text.resize(kMost);
    std::ranges::replace_if(
        text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
  }

  const Claims claims_;
  const RelayOptions options_;
  std::function<void(const Claim&, Outcome&, const Event&, const std::stop_token&)> deliver_{};
  std::atomic<int> most_ = options_.events;  // that are read at once
  std::atomic<std::size_t> width_ = static_cast<std::size_t>(options_.events);  // of lanes
  mutable std::mutex mutex_;
  Relayed total_;
  std::unordered_map<std::int64_t, Late> late_{};  // by event
};

}  // namespace grapnel::extras::outbox
