#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/error.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// So many places for connections of type C, lent in the order of asking, and waited for only as
/// long as a context allows. Threads: any.
template <class C>
class Pool {
 public:
  /// A place that is held: with a connection that is idle, or without one yet.
  using Place = std::unique_ptr<C>;

  explicit Pool(std::size_t most) : free_(std::max<std::size_t>(most, 1)) { idle_.reserve(free_); }

  /// Throws: CancelledError at the context's deadline or stop; BusyError, naming `what`, after
  /// `longest` when it sets no deadline.
  Place Take(const core::Context& context, std::chrono::milliseconds longest,
             const std::string& what) {
    std::unique_lock lock(mutex_);
    if (waiting_.empty() && free_ > 0) return TakeFree();
    Waiter self;
    waiting_.push_back(&self);
    // Within what every clock can count, to which a deadline need not keep.
    using Point = std::chrono::steady_clock::time_point;
    const Point now = std::chrono::steady_clock::now();
    const Point end = context.Deadline() ? Point(*context.Deadline()) : now + longest;
    const Point until = std::clamp(end, now, now + std::chrono::hours(24 * 365 * 100));
    const std::stop_token stop = context.StopToken();
    try {
      self.wake.wait_until(lock, stop, until, [&] { return self.granted; });
    } catch (...) {  // there was no memory to wait
      if (!lock.owns_lock()) lock.lock();
      std::erase(waiting_, &self);
      if (self.granted) PutBack(std::move(self.place));
      throw;
    }
    if (self.granted) return std::move(self.place);
    std::erase(waiting_, &self);
    lock.unlock();
    context.ThrowIfCancelled();
    throw BusyError(what + ": all connections of the pool were in use for too long");
  }

  /// Gives a place back, with the connection, or without one where that is gone.
  void Put(Place connection) noexcept {
    const std::lock_guard lock(mutex_);
    PutBack(std::move(connection));
  }

 private:
  struct Waiter {
    bool granted = false;
    Place place{};
    std::condition_variable_any wake;
  };

  Place TakeFree() noexcept {
    --free_;
    if (idle_.empty()) return nullptr;
    Place place = std::move(idle_.back());
    idle_.pop_back();
    return place;
  }
  void PutBack(Place connection) noexcept {
    if (waiting_.empty()) {
      ++free_;
      if (connection != nullptr) idle_.push_back(std::move(connection));  // there is room
      return;
    }
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    next->place = std::move(connection);
    next->granted = true;
    next->wake.notify_one();
  }

  mutable std::mutex mutex_;
  std::size_t free_;         // places
  std::vector<Place> idle_;  // of these; the one used last is at the end
  std::deque<Waiter*> waiting_;
};

}  // namespace grapnel::postgres::detail
