#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/store/driver/statement_info.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace grapnel::store {

/// Who is told of the statements of all connections of a database. Who is called may add and remove
/// others, and must not throw.
class Observers {
 public:
  using Tell = core::Callable<void(const StatementInfo&)>;
  struct Observer {
    Tell tell;
    bool with_values;
    std::uint64_t id;
  };
  using List = std::vector<Observer>;

  /// Whether it is worth while to look. Threads: any.
  bool IsAny() const noexcept { return any_.load(std::memory_order_relaxed); }
  /// Those of this moment, or null. Threads: any.
  std::shared_ptr<const List> Load() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }

  /// Returns: a number by which Remove takes it out again. Threads: any.
  std::uint64_t Add(Tell tell, bool with_values) {
    const std::lock_guard lock(mutex_);
    auto list = list_ != nullptr ? std::make_shared<List>(*list_) : std::make_shared<List>();
    list->push_back({std::move(tell), with_values, ++last_});
    list_ = std::move(list);
    any_.store(true, std::memory_order_relaxed);
    return last_;
  }
  /// Does not wait for those that are being told. Threads: any.
  void Remove(std::uint64_t id) {
    std::shared_ptr<const List> old;  // what it held goes outside of the lock: it may own anything
    const std::lock_guard lock(mutex_);
    if (list_ == nullptr) return;
    auto list = std::make_shared<List>(*list_);
    std::erase_if(*list, [&](const Observer& each) { return each.id == id; });
    any_.store(!list->empty(), std::memory_order_relaxed);
    old = std::exchange(list_, list->empty() ? nullptr : std::move(list));
  }

  /// Of a connection that nobody observes.
  static const Observers& None() noexcept {
    static const Observers none;
    return none;
  }

 private:
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const List> list_;
  std::uint64_t last_ = 0;
};

}  // namespace grapnel::store
