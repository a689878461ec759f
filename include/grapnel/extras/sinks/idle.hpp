#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace grapnel::extras::sinks {

/// Connections of a sink that are not in use. Threads: any.
template <class Connection>
class Idle {
 public:
  /// The one that was used last of those that are good; null where there is none. The others that
  /// it comes by are closed.
  template <class IsGood>
  std::unique_ptr<Connection> Take(IsGood is_good) {
    while (true) {
      std::unique_lock lock(mutex_);
      if (all_.empty()) return nullptr;
      std::unique_ptr<Connection> connection = std::move(all_.back());
      all_.pop_back();
      lock.unlock();
      if (is_good(*connection)) return connection;
    }
  }
  void Keep(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(connection));
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    all_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> all_;
};

}  // namespace grapnel::extras::sinks
