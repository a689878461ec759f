#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace grapnel::detail {

using Callbacks = std::vector<std::function<void()>>;

/// Runs callbacks one after the other and collects what they throw. What commits inside a callback has
/// its own callbacks queued behind: they never run inside one another, and what they throw goes to
/// `report`, for their commit has returned long since.
class AfterQueue {
 public:
  using Report = std::function<void(const std::exception_ptr&)>;

  static std::vector<std::exception_ptr> Run(Callbacks callbacks, Report report) {
    std::vector<std::exception_ptr> thrown;
    if (callbacks.empty()) return thrown;
    AfterQueue& queue = OfThisThread();
    if (queue.running_) {
      for (auto& callback : callbacks) queue.waiting_.emplace_back(std::move(callback), report);
      return thrown;
    }
    queue.running_ = true;
    for (auto& callback : callbacks) {
      try {
        callback();
      } catch (...) {
        thrown.push_back(std::current_exception());
      }
    }
    while (!queue.waiting_.empty()) {
      auto [callback, tell] = std::move(queue.waiting_.front());
      queue.waiting_.pop_front();
      try {
        callback();
      } catch (...) {
        tell(std::current_exception());
      }
    }
    queue.running_ = false;
    return thrown;
  }

 private:
  static AfterQueue& OfThisThread() {
    static thread_local AfterQueue queue;
    return queue;
  }

  bool running_ = false;
  std::deque<std::pair<std::function<void()>, Report>> waiting_;
};

}  // namespace grapnel::detail
