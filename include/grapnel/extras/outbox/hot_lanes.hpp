#pragma once

#include <grapnel/extras/outbox/tables.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Lanes that a relay has just emptied, and that are likely to be filled again soon. It leaves them
/// waiting for a while in place of putting them to rest, which would be in the way of their
/// writers, and looks by itself whether events have come. It is memory alone: for others, and when
/// the process dies, they are lanes that wait. Threads: any.
class HotLanes {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kCools{1000};

  /// Whether something was delivered of it within the last second.
  bool WasServed(std::int64_t lane) const {
    const std::lock_guard lock(mutex_);
    const auto known = served_.find(lane);
    return known != served_.end() && known->second > Clock::now() - kCools;
  }
  void Serve(const std::vector<std::int64_t>& lanes) {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (served_.size() > kMost) {
      std::erase_if(served_, [&](const auto& each) { return each.second <= now - kCools; });
      if (served_.size() > kMost) served_.clear();  // of so many keys none is hot
    }
    for (const std::int64_t lane : lanes) served_[lane] = now;
  }
  /// Whether it can leave as many more alone.
  bool HasRoomFor(std::size_t more) const {
    const std::lock_guard lock(mutex_);
    return cooling_.size() + more <= kMost;
  }
  /// Leaves them alone for so long, and up to twice as long, so that they are not all looked at
  /// together.
  void Cool(const std::vector<Lane>& lanes, std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    for (std::size_t i = 0; i < lanes.size() && cooling_.size() < kMost; ++i) {
      const auto more =
          time * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(lanes.size());
      cooling_.push_back({lanes[i].key, now + time + more});
    }
  }
  /// The keys of those whose time is not over.
  std::vector<std::string> Keys() {
    const std::lock_guard lock(mutex_);
    std::erase_if(cooling_, [now = Clock::now()](const Cooling& each) { return each.end <= now; });
    std::vector<std::string> keys;
    for (const Cooling& each : cooling_) keys.push_back(each.key);
    return keys;
  }
  /// These are filled again.
  void Wake(const std::vector<std::string>& keys) {
    const std::lock_guard lock(mutex_);
    std::erase_if(cooling_, [&](const Cooling& each) {
      return std::ranges::find(keys, each.key) != keys.end();
    });
  }
  /// When the first of them is to be looked at; none where there is none.
  std::optional<std::chrono::milliseconds> Next() const {
    const std::lock_guard lock(mutex_);
    if (cooling_.empty()) return std::nullopt;
    const auto first = std::ranges::min(cooling_, {}, &Cooling::end).end - Clock::now();
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(first),
                    std::chrono::milliseconds(0));
  }

 private:
  static constexpr std::size_t kMost = 1000;

  struct Cooling {
    std::string key;
    Clock::time_point end;
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, Clock::time_point> served_{};
  std::vector<Cooling> cooling_{};
};

}  // namespace grapnel::extras::outbox
