#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/driver/process.hpp>

#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

/// What runs after a transaction, and how long that may go on.
namespace grapnel::detail {

using Callbacks = std::vector<core::Callable<void()>>;

/// How far what this thread does is from what a caller asked for: hooks around commits and
/// rollbacks, and callbacks, are one generation further than the transaction that they belong to.
/// What they write by the base client has hooks and callbacks as well, so that without a limit it
/// might never end.
class Generation {
 public:
  static constexpr int kLimit = 64;

  /// The code in its scope is of this generation.
  explicit Generation(int generation) noexcept : outer_(std::exchange(now, generation)) {}
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  ~Generation() {
    now = outer_;
    if (now == 0) late = 0;
  }

  static int Next() noexcept { return now + 1; }

  /// Before a transaction that is part of no other one. Throws: RecursionError past the limit.
  static void Check() {
    if (now >= kLate) CheckLate();
  }

 private:
  // What branches may not end within the limit either: from here on all are counted together.
  static constexpr int kLate = 4;
  static constexpr int kLateLimit = 2'000;

  [[gnu::cold]] static void CheckLate() {
    if (now <= kLimit && ++late <= kLateLimit) return;
    late = kLateLimit;  // the whole tree ends, not this branch alone
    throw RecursionError(
        "hooks around commits and rollbacks, or callbacks, write by the base client without end: "
        "each of "
        "these writes has hooks and callbacks again, which wrote anew. Let them pass by what they "
        "wrote "
        "themselves, for example by a value that they give With(...)");
  }

  static inline thread_local constinit int now = 0;
  static inline thread_local constinit int late = 0;

  int outer_;
};

/// Runs callbacks one after the other and collects what they throw. What commits inside a callback
/// has its own callbacks queued behind: they never run inside one another, and what they throw goes
/// to `report`, for their commit has returned long since.
class AfterQueue {
 public:
  using Report = core::Callable<void(const std::exception_ptr&)>;

  AfterQueue(const AfterQueue&) = delete;
  AfterQueue& operator=(const AfterQueue&) = delete;

  static std::vector<std::exception_ptr> Run(Callbacks callbacks, const Report& report) {
    std::vector<std::exception_ptr> thrown;
    if (callbacks.empty()) return thrown;
    const int generation = Generation::Next();
    if (running != nullptr) {
      for (auto& callback : callbacks) {
        running->waiting_.push_back({std::move(callback), report, generation});
      }
      return thrown;
    }
    AfterQueue queue;
    for (auto& callback : callbacks) {
      if (queue.process_ != Process::Current())
        return thrown;  // a callback forked: the rest is the parent's
      const Generation deeper(generation);
      try {
        callback();
      } catch (...) {
        thrown.push_back(std::current_exception());
      }
    }
    queue.RunWaiting();
    return thrown;
  }

 private:
  struct Waiting {
    core::Callable<void()> callback;
    Report report;
    int generation;
  };

  AfterQueue() noexcept { running = this; }
  ~AfterQueue() { running = nullptr; }

  void RunWaiting() {
    const Generation all(Generation::Next());  // counted together
    for (std::size_t at = 0; at < waiting_.size() && process_ == Process::Current(); ++at) {
      const Waiting next = std::move(waiting_[at]);
      const Generation deeper(next.generation);
      try {
        next.callback();
      } catch (...) {
        next.report(std::current_exception());
      }
    }
  }

  /// Of this thread. It lives in the outermost Run, for threads end, and their destructors still
  /// commit.
  static inline thread_local constinit AfterQueue* running = nullptr;

  std::vector<Waiting> waiting_;
  const unsigned process_ = Process::Current();
};

}  // namespace grapnel::detail
