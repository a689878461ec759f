#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/append.hpp>
#include <grapnel/extras/outbox/options.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Delivers the events of one sink: see <grapnel/extras/outbox.hpp>.
///
/// Throws (the constructor): Error for an empty sink, a function that holds nothing, and options
/// that make no sense. Threads: any; each call works by itself, and `deliver` is called by all of
/// them. Lifetime: keeps the database open.
class Relay {
 public:
  Relay(const Client& db, std::string sink, Sink deliver, RelayOptions options = {})
      : client_(db.With(guard::Decide(guard::Allow))),
        sink_(std::move(sink)),
        deliver_(std::move(deliver)),
        options_(std::move(options)) {
    if (sink_.empty()) throw Error("extras::outbox::Relay: the name of the sink is empty");
    if (!deliver_) throw Error("extras::outbox::Relay: it was given no function that delivers");
    options_.Check();
  }

  /// Takes keys that are due, once, and delivers what they hold. Returns: what came of it, nothing
  /// where nothing was due: then it has only read. What is not delivered when a stop is requested
  /// stays as it was. Throws: as queries and WithTx; TxError inside of a transaction. Where it
  /// throws, what it had delivered is delivered again when the lease has ended.
  Relayed RunOnce(const std::stop_token& stop = {}) {
    if (!client_.Of<Lane>().Query().Where(Due()).Exist()) return {};
    const std::string token = NewUuid();
    const Term term(stop, options_.lease);
    const std::vector<Lane> lanes = Take(token);
    std::vector<Outcome> outcomes;
    for (const Lane& lane : lanes) outcomes.push_back(Deliver(lane, term, stop));
    if (outcomes.empty()) return {};
    const Relayed done = Settle(token, outcomes);
    const std::lock_guard lock(mutex_);
    total_.delivered += done.delivered, total_.failed += done.failed;
    total_.dead += done.dead, total_.lost += done.lost;
    return done;
  }

  /// RunOnce, again and again, until a stop is requested: at once when events are committed in this
  /// process, after `poll` otherwise. Ends within one delivery. While the database cannot be
  /// reached, or others are in the way, it tries again after `poll`. Throws: what else RunOnce
  /// throws.
  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::uint64_t seen = Poke::Count();
      try {
        if (RunOnce(stop) != Relayed()) continue;
      } catch (const BusyError& error) {
        Tell(error), seen = Poke::Count();
      } catch (const StorageError& error) {
        Tell(error), seen = Poke::Count();
      } catch (const TxError& error) {
        if (error.Outcome() != TxOutcome::Unknown) throw;
        Tell(error), seen = Poke::Count();
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
  /// For how long deliveries go on.
  class Term {
   public:
    Term(const std::stop_token& stop, std::chrono::milliseconds lease)
        : asked_(stop, [this] { source_.request_stop(); }),
          timer_([this, end = std::chrono::steady_clock::now() +
                              lease * 4 / 5](const std::stop_token& over) {
            std::mutex mutex;
            std::condition_variable_any none;
            std::unique_lock lock(mutex);
            none.wait_until(lock, over, end, [] { return false; });
            if (!over.stop_requested()) source_.request_stop();
          }) {}

    std::stop_token Token() const { return source_.get_token(); }
    bool IsOver() const { return source_.stop_requested(); }

   private:
    std::stop_source source_{};
    std::stop_callback<std::function<void()>> asked_;
    std::jthread timer_;
  };

  struct Outcome {
    Lane lane;
    std::vector<std::int64_t> delivered{};
    std::optional<Event> failed{};
    bool was_empty = false;
  };

  void Tell(const std::exception& error) const {
    if (options_.on_error) options_.on_error(error);
  }
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

  std::vector<Lane> Take(const std::string& token) const {
    return client_.WithTx(
        [&](Tx& tx) {
          const auto of = tx.Client().Of<Lane>();
          // Those that have waited for the longest time come first.
          const auto ids =
              of.Query().Where(Due()).Order(Asc(F<&Lane::next_at>)).Limit(options_.lanes).IDs();
          if (ids.empty()) return std::vector<Lane>();
          const Clock::Time until = Now() + options_.lease;
          of.Update()
              .Where(F<&Lane::id>.In(ids))
              .Set(F<&Lane::lease>, token)
              .Set(F<&Lane::lease_until>, until)
              .Save();
          return of.Query().Where(F<&Lane::id>.In(ids)).Order(Asc(F<&Lane::next_at>)).All();
        },
        Retry{});
  }

  Outcome Deliver(const Lane& lane, const Term& term, const std::stop_token& stop) const {
    Outcome outcome{lane};
    if (term.IsOver()) return outcome;
    // Without a transaction: nobody else takes events out of what is leased.
    const std::vector<Event> events =
        client_.Of<Event>()
            .Query()
            .Where(F<&Event::sink> == sink_ && F<&Event::key> == lane.key &&
                   F<&Event::dead> == false)
            .Order(Asc(F<&Event::seq>))
            .Limit(options_.events)
            .All();
    outcome.was_empty = events.empty();
    for (const Event& event : events) {
      if (term.IsOver()) break;
      std::string error;
      try {
        deliver_(event, term.Token());
        outcome.delivered.push_back(event.id);
        continue;
      } catch (const std::exception& thrown) {
        error = thrown.what();
      } catch (...) {
        error = "something that is no std::exception was thrown";
      }
      if (stop.stop_requested()) break;  // it was given no time to end
      outcome.failed = event;
      outcome.failed->attempts += 1;
      outcome.failed->error = Printable(std::move(error));
      break;
    }
    return outcome;
  }

  /// As every database takes it.
  static std::string Printable(std::string text) {
    constexpr std::size_t kMost = 1000;
    if (text.size() > kMost) text.resize(kMost);
    std::ranges::replace_if(
        text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
  }

  /// Writes down what came of it, of those lanes that are still this relay's own.
  Relayed Settle(const std::string& token, const std::vector<Outcome>& outcomes) const {
    std::vector<std::int64_t> ids;
    for (const Outcome& outcome : outcomes) ids.push_back(outcome.lane.id);
    return client_.WithTx(
        [&](Tx& tx) {
          const Client client = tx.Client();
          const auto own = client.Of<Lane>()
                               .Query()
                               .Where(F<&Lane::id>.In(ids) && F<&Lane::lease> == token)
                               .Order(Asc(F<&Lane::id>))
                               .IDs();
          Relayed done;
          std::vector<std::int64_t> delivered;
          std::map<std::int64_t, std::vector<std::int64_t>> alike;  // lanes, by what was delivered
          for (const Outcome& outcome : outcomes) {
            if (!std::ranges::binary_search(own, outcome.lane.id)) {
              ++done.lost;
              continue;
            }
            const auto count = static_cast<std::int64_t>(outcome.delivered.size());
            done.delivered += count;
            delivered.insert(delivered.end(), outcome.delivered.begin(), outcome.delivered.end());
            if (outcome.failed) {
              ++done.failed;
              if (SettleFailed(client, outcome)) ++done.dead;
            } else if (outcome.was_empty) {
              Recount(client, outcome.lane);
            } else if (count == 0) {
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
        },
        Retry{.within = options_.lease});
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

  /// Returns: whether the event is a dead letter now.
  bool SettleFailed(const Client& client, const Outcome& outcome) const {
    const Event& event = *outcome.failed;
    const bool dead = event.attempts >= options_.attempts;
    const auto settled = static_cast<std::int64_t>(outcome.delivered.size()) + (dead ? 1 : 0);
    client.Of<Event>()
        .Update()
        .Where(F<&Event::id> == event.id)
        .Set(F<&Event::attempts>, event.attempts)
        .Set(F<&Event::error>, event.error)
        .Set(F<&Event::dead>, dead)
        .Save();
    Release(client, {outcome.lane.id}, settled, dead ? 0 : event.attempts,
            dead ? Now() : Now() + options_.WaitAfter(event.attempts),
            dead && options_.on_dead == OnDead::Block);
    return dead;
  }

  /// Somebody else has deleted its events.
  void Recount(const Client& client, const Lane& lane) const {
    const auto left = client.Of<Event>()
                          .Query()
                          .Where(F<&Event::sink> == sink_ && F<&Event::key> == lane.key &&
                                 F<&Event::dead> == false)
                          .Count();
    client.Of<Lane>().Update().Where(F<&Lane::id> == lane.id).Set(F<&Lane::pending>, left).Save();
    Release(client, {lane.id}, 0, 0, Now());
  }

  const Client client_;
  const std::string sink_;
  const Sink deliver_;
  const RelayOptions options_;
  mutable std::mutex mutex_;
  Relayed total_;
};

}  // namespace grapnel::extras::outbox
