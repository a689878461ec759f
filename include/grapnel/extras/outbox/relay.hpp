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

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Delivers the events of one sink: see <grapnel/extras/outbox.hpp>.
///
/// Throws (the constructors): Error for an empty sink, a function that holds nothing, and options
/// that make no sense. Threads: any; each call works by itself, and `deliver` is called by all of
/// them. Lifetime: keeps the database open.
class Relay {
 public:
  Relay(const Client& db, const std::string& sink, Sink deliver, RelayOptions options = {})
      : Relay(std::move(options), db, sink) {
    if (!deliver) throw Error("extras::outbox::Relay: it was given no function that delivers");
    deliver_ = [deliver = std::move(deliver)](const Claim&, Outcome& outcome, const Event& event,
                                              const std::stop_token& stop) {
      deliver(event, stop);
      outcome.delivered.push_back(event.id);
    };
  }
  /// With what writes to the same database, once for each event.
  Relay(const Client& db, const std::string& sink, Handler handler, RelayOptions options = {})
      : Relay(std::move(options), db, sink) {
    deliver_ = [this, db, handler = std::move(handler)](const Claim& claim, Outcome& outcome,
                                                        const Event& event,
                                                        const std::stop_token&) {
      outcome.is_lost = !claims_.Handle(db, claim, outcome.lane, event, handler.Function());
      if (!outcome.is_lost) ++outcome.handled;
    };
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() = default;

  /// Takes keys that are due, once, and delivers what they hold. Returns: what came of it, nothing
  /// where nothing was due: then it has only read. What is not delivered when a stop is requested
  /// stays as it was. Throws: as queries and WithTx; TxError inside of a transaction. Where it
  /// throws, what it had delivered is delivered again when the lease has ended.
  Relayed RunOnce(const std::stop_token& stop = {}) {
    Claim claim = claims_.Take();
    return claim.IsEmpty() ? Relayed() : Work(claim, stop, false);
  }

  /// RunOnce, again and again, until a stop is requested: at once when events are committed in this
  /// process, after `poll` otherwise. Ends within one delivery. While the database cannot be
  /// reached, or others are in the way, it tries again after `poll`. Throws: what else RunOnce
  /// throws.
  void Run(const std::stop_token& stop) {
    Claim claim;
    while (!claim.IsEmpty() || !stop.stop_requested()) {
      std::uint64_t seen = Poke::Count();
      const auto tell = [&](const std::exception& error) {
        if (options_.on_error) options_.on_error(error);
        claim = Claim();
        seen = Poke::Count();
      };
      try {
        if (claim.IsEmpty()) claim = claims_.Take();
        if (!claim.IsEmpty()) {
          Work(claim, stop, true);
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
      Poke::Wait(stop, seen, options_.poll);
    }
  }

  /// What it has done so far. Threads: any.
  Relayed Total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  Relay(RelayOptions options, const Client& db, const std::string& sink)
      : claims_(db, sink, options), options_(std::move(options)) {
    if (sink.empty()) throw Error("extras::outbox::Relay: the name of the sink is empty");
    options_.Check();
  }

  /// Delivers what is claimed, and settles it; with `more` the claim is the next one then.
  Relayed Work(Claim& claim, const std::stop_token& stop, bool more) {
    std::vector<Outcome> outcomes;
    {
      const Term term(stop, options_.lease);
      for (std::span<const Lane> rest = claim.lanes; !rest.empty();) {
        const std::size_t portion = claims_.Portion(rest);
        Deliver(claim, rest.first(portion), term, stop, outcomes);
        rest = rest.subspan(portion);
      }
    }
    const Relayed done = claims_.Settle(claim, outcomes, more && !stop.stop_requested());
    const std::lock_guard lock(mutex_);
    total_.delivered += done.delivered, total_.failed += done.failed;
    total_.dead += done.dead, total_.lost += done.lost;
    return done;
  }

  void Deliver(const Claim& claim, std::span<const Lane> lanes, const Term& term,
               const std::stop_token& stop, std::vector<Outcome>& outcomes) const {
    if (term.IsOver()) {
      for (const Lane& lane : lanes) outcomes.push_back({lane});
      return;
    }
    const auto events = claims_.Read(lanes);
    for (const Lane& lane : lanes) {
      Outcome& outcome = outcomes.emplace_back(Outcome{lane});
      const std::vector<Event>& of_lane = events.at(lane.key);
      outcome.was_empty = of_lane.empty();
      for (const Event& event : of_lane) {
        if (term.IsOver() || outcome.is_lost) break;
        try {
          deliver_(claim, outcome, event, term.Token());
        } catch (const TxError& error) {
          if (error.Outcome() == TxOutcome::Unknown) throw;  // of a Handler: it may be delivered
          Fail(outcome, event, error.what(), {}, stop);
        } catch (const Rejected& error) {
          Fail(outcome, event, error.what(), {}, stop);
          outcome.is_dead = outcome.failed.has_value();
        } catch (const RetryAfter& error) {
          Fail(outcome, event, error.what(), error.Wait(), stop);
        } catch (const std::exception& error) {
          Fail(outcome, event, error.what(), {}, stop);
        } catch (...) {
          Fail(outcome, event, "something that is no std::exception was thrown", {}, stop);
        }
        if (outcome.failed || stop.stop_requested()) break;
      }
    }
  }

  void Fail(Outcome& outcome, const Event& event, std::string error,
            std::optional<std::chrono::milliseconds> wait, const std::stop_token& stop) const {
    if (stop.stop_requested()) return;  // it was given no time to end
    outcome.failed = event;
    outcome.failed->attempts += 1;
    outcome.failed->error = Printable(std::move(error));
    outcome.is_dead = outcome.failed->attempts >= options_.attempts;
    outcome.next_try_after = wait ? std::min(*wait, options_.longest_backoff)
                                  : options_.WaitAfter(outcome.failed->attempts);
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
  mutable std::mutex mutex_;
  Relayed total_;
};

}  // namespace grapnel::extras::outbox
