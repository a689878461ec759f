#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/core/error.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <ratio>
#include <utility>

namespace grapnel::extras {

/// What time it is, for all that batteries write down: the system's clock, UTC, unless a
/// ScopedClock stands in for it. One for the whole process, for a field's Default asks it, which
/// belongs to no call. Threads: any.
class Clock {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Function = core::Callable<Time()>;

  /// Throws: what a function throws that stands in for it; a write that asks is undone then.
  static Time Now() {
    if (!replaced_.load(std::memory_order_acquire)) return std::chrono::system_clock::now();
    std::unique_lock lock(mutex_);
    const Function now = current_;
    lock.unlock();
    return now ? now() : std::chrono::system_clock::now();
  }
  /// The time that lies so far back, in whole microseconds; the year 1720 for all that lies
  /// further.
  template <class Rep, class Period>
  static Time Ago(std::chrono::duration<Rep, Period> age) {
    constexpr Time kEarliest{std::chrono::hours(-24 * 365 * 250)};
    const Time now = Now();
    using Long = std::chrono::duration<long double, std::micro>;
    if (Long(age) >= Long(now.time_since_epoch()) - Long(kEarliest.time_since_epoch())) {
      return kEarliest;
    }
    return std::chrono::floor<std::chrono::microseconds>(
        now - std::chrono::duration_cast<Time::duration>(age));
  }

 private:
  friend class ScopedClock;

  /// Returns: what stood there before; none is the system's clock.
  static Function Exchange(Function next) noexcept {
    const std::lock_guard lock(mutex_);
    replaced_.store(static_cast<bool>(next), std::memory_order_release);
    return std::exchange(current_, std::move(next));
  }

  static inline constinit std::atomic<bool> replaced_{false};
  static inline constinit std::mutex mutex_;
  static inline constinit Function current_;
};

/// Another clock, for tests and replays, as long as the object lives; then the one before it goes
/// on. Those that are there at a time end in the reverse order.
///
///   extras::Clock::Time now = std::chrono::sys_days(2024y / 2 / 29);
///   const extras::ScopedClock clock([&] { return now; });
///
/// It may stand still, jump, and throw. Threads: `now` is called by all that write, several at
/// once.
class [[nodiscard("the clock is put back when its object is gone")]] ScopedClock {
 public:
  /// Throws: Error for what holds nothing to call.
  explicit ScopedClock(Clock::Function now) {
    if (!now) throw Error("extras::ScopedClock: it was given no clock");
    before_ = Clock::Exchange(std::move(now));
  }
  ScopedClock(const ScopedClock&) = delete;
  ScopedClock& operator=(const ScopedClock&) = delete;
  ~ScopedClock() { Clock::Exchange(std::move(before_)); }

 private:
  Clock::Function before_;
};

}  // namespace grapnel::extras
