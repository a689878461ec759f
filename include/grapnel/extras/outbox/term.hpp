#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace grapnel::extras::outbox {

/// For how long the deliveries of one claim go on: until a stop is requested, or the lease is about
/// to end, behind 4/5 of what is left of it.
class Term {
 public:
  Term(const std::stop_token& stop, std::chrono::steady_clock::time_point lease_ends)
      : end_(lease_ends - (lease_ends - std::chrono::steady_clock::now()) / 5),
        asked_(stop, [this] { source_.request_stop(); }),
        timer_([this](const std::stop_token& over) {
          std::mutex mutex;
          std::condition_variable_any none;
          std::unique_lock lock(mutex);
          none.wait_until(lock, over, end_, [] { return false; });
          if (!over.stop_requested()) source_.request_stop();
        }) {}

  std::stop_token Token() const { return source_.get_token(); }
  bool IsOver() const {
    return source_.stop_requested() || std::chrono::steady_clock::now() >= end_;
  }
  /// When it is over at the latest.
  std::chrono::steady_clock::time_point End() const noexcept { return end_; }

 private:
  std::chrono::steady_clock::time_point end_;
  std::stop_source source_{};
  std::stop_callback<std::function<void()>> asked_;
  std::jthread timer_;
};

}  // namespace grapnel::extras::outbox
