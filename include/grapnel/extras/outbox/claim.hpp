#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/tables.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::extras::outbox {

/// Lanes that a relay has taken, by a lease that only it knows the token of.
struct Claim {
  std::string token{};
  std::vector<Lane> lanes{};
  std::chrono::steady_clock::time_point until{};  // when the lease ends

  bool IsEmpty() const { return lanes.empty(); }
};

/// The place of a lane in the queue that comes first, and by itself: what was cut off behind
/// others.
inline constexpr Clock::Time kFront{-std::chrono::microseconds(1)};

/// What came of one lane.
struct Outcome {
  Lane lane;
  std::vector<std::int64_t> delivered{};  // events that are still to be taken away
  std::int64_t handled = 0;               // events that are taken away already
  Clock::Time last_at{};                  // when the last of these was written
  bool is_last = false;                   // nothing was seen behind them
  bool is_lost = false;                   // the lease is another one's, or what came of it unknown
  bool is_put_off = false;                // nothing has failed, and nothing goes on
  bool is_cut_off = false;                // by the end of the lease, behind others
  std::optional<Event> failed{};          // with its attempts and its error
  std::chrono::microseconds next_try_after{0};  // where it failed
  bool is_dead = false;                         // what failed is a dead letter now
};

}  // namespace grapnel::extras::outbox
