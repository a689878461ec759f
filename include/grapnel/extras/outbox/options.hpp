#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/tables.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <random>
#include <stop_token>
#include <string>

namespace grapnel::extras::outbox {

/// Delivers one event to a sink, or throws: what it says is kept as the event's error. The token is
/// stopped when the relay is to stop, and when its lease is about to end: then others may deliver
/// the event as well.
using Sink = std::function<void(const Event&, std::stop_token)>;

/// What becomes of a key behind a dead letter.
enum class OnDead : std::uint8_t {
  Block,  // it waits for Replay or Discard
  Skip,   // it goes on
};

/// How a relay works. Those of one sink are to have the same.
struct RelayOptions {
  using Span = std::chrono::milliseconds;

  /// For so long what a relay has taken is its own, also when its process has died: longer than
  /// `events` deliveries.
  Span lease = std::chrono::seconds(30);
  /// An event is a dead letter when so many deliveries have failed: with what is said here between
  /// one and two minutes behind the first one. More of them for a sink that may be away for longer.
  int attempts = 8;
  OnDead on_dead = OnDead::Block;
  /// Behind the first failure it waits that long, then twice as long each time, at most
  /// `longest_backoff`; of each wait between a half and all of it, by chance.
  Span backoff = std::chrono::seconds(1);
  Span longest_backoff = std::chrono::hours(1);
  /// So many keys are taken at a time, and at most so many events of each.
  int lanes = 128;
  int events = 64;
  /// How long Run waits at most until it looks for events of other processes.
  Span poll = std::chrono::seconds(1);
  /// Is told what Run met while the database could not be reached; it goes on by itself.
  std::function<void(const std::exception&)> on_error{};

  /// Throws: Error for what makes no sense.
  void Check() const {
    Require(lease > Span::zero() && poll > Span::zero(), "a lease and a poll take some time");
    Require(backoff >= Span::zero(), "backoff is negative");
    Require(longest_backoff >= backoff, "longest_backoff is shorter than backoff");
    constexpr Span kLongest = std::chrono::hours(24) * 365;
    Require(lease <= kLongest && poll <= kLongest && longest_backoff <= kLongest,
            "a lease, a poll and a backoff take a year at most");
    Require(attempts > 0 && lanes > 0 && events > 0, "attempts, lanes and events are 1 at least");
  }
  /// How long an event waits when so many deliveries have failed.
  std::chrono::microseconds WaitAfter(std::int64_t failures) const {
    std::chrono::microseconds wait = backoff;
    for (; failures > 1 && wait < longest_backoff && wait.count() > 0; --failures) wait *= 2;
    wait = std::min<std::chrono::microseconds>(wait, longest_backoff);
    static thread_local std::minstd_rand chance(std::random_device{}());
    std::uniform_int_distribution<std::int64_t> some(wait.count() / 2, wait.count());
    return std::chrono::microseconds(some(chance));
  }

 private:
  static void Require(bool holds, const char* what) {
    if (!holds) throw Error(std::string("extras::outbox::RelayOptions: ").append(what));
  }
};

/// What a relay has done.
struct Relayed {
  std::int64_t delivered = 0;
  std::int64_t failed = 0;  // deliveries, those of dead letters too
  std::int64_t dead = 0;    // letters
  std::int64_t lost = 0;    // keys that another relay had taken meanwhile
  bool operator==(const Relayed&) const = default;
};

}  // namespace grapnel::extras::outbox
