#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/lock_wait.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace grapnel::store {

/// When to give a lock up that is waited for from `start` on: as the call says; else at its
/// deadline, and `usual` later where it has none.
inline std::chrono::steady_clock::time_point EndOfLockWait(
    const core::Context& context, std::chrono::steady_clock::time_point start,
    std::chrono::milliseconds usual) {
  using Point = std::chrono::steady_clock::time_point;
  const std::optional<core::Moment>& deadline = context.Deadline();
  if (const LockWait* given = context.Get<LockWait>()) {
    const Point end = start + std::chrono::milliseconds(given->Milliseconds());
    return deadline && *deadline < end ? Point(*deadline) : end;
  }
  return deadline ? Point(*deadline) : start + usual;
}

/// So many places, handed on in the order of asking, and waited for only as long as a context
/// allows. Another thread than the one that took a place may give it back. (std::timed_mutex and
/// std::counting_semaphore are neither.) Threads: any.
class Places {
 public:
  /// `taken` says in errors what all places were for too long, and what helps.
  Places(std::size_t count, std::string taken) noexcept
      : free_(std::max<std::size_t>(count, 1)), taken_(std::move(taken)) {}

  /// Returns: how long it was waited for; exactly 0 of one that was free.
  /// Throws: CancelledError at the context's deadline or stop; BusyError, naming `what`, after its
  /// LockWait, or after `longest` when it sets neither.
  core::Elapsed Take(const core::Context& context, std::chrono::milliseconds longest,
                     const std::string& what) {
    std::unique_lock lock(mutex_);
    if (free_ > 0) {
      --free_;
      return {};
    }
    Waiter self;
    waiting_.push_back(&self);
    // Within what every clock can count, to which a deadline need not keep.
    using Point = std::chrono::steady_clock::time_point;
    const Point now = std::chrono::steady_clock::now();
    const Point end = EndOfLockWait(context, now, longest);
    const Point until = std::clamp(end, now, now + std::chrono::hours(24 * 365 * 100));
    const std::stop_token stop = context.StopToken();
    try {
      self.wake.wait_until(lock, stop, until, [&] { return self.granted; });
    } catch (...) {  // there was no memory to wait
      if (!lock.owns_lock()) lock.lock();
      std::erase(waiting_, &self);
      const bool granted = self.granted;
      lock.unlock();
      if (granted) Give();
      throw;
    }
    if (self.granted) {
      return core::Elapsed(
          std::chrono::nanoseconds(std::chrono::steady_clock::now() - now).count());
    }
    std::erase(waiting_, &self);
    lock.unlock();
    context.ThrowIfCancelled();
    throw BusyError(what + ": " + taken_);
  }

  void Give() noexcept {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    next->granted = true;
    next->wake.notify_one();
  }

 private:
  struct Waiter {
    bool granted = false;
    std::condition_variable_any wake;
  };

  std::mutex mutex_;
  std::size_t free_;
  const std::string taken_;
  std::deque<Waiter*> waiting_;
};

}  // namespace grapnel::store
