#pragma once

#include <pthread.h>

#include <atomic>

namespace grapnel::detail {

/// Tells a process from the child that fork() made of it: what was opened before belongs to the
/// parent.
class Process {
 public:
  /// Another number in every child, once Watch was called before the fork. Costs a load.
  static unsigned Current() noexcept { return forks.load(std::memory_order_relaxed); }
  static void Watch() {
    static const int watched =
        pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
    static_cast<void>(watched);
  }

 private:
  static inline constinit std::atomic<unsigned> forks{0};
};

}  // namespace grapnel::detail
