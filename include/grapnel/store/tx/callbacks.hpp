#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/driver/process.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

/// What runs after a transaction, and how long that may go on.
namespace grapnel::detail {

using Callbacks = std::vector<core::Callable<void()>>;

/// Makes place for so many, and for more of those that come one by one.
template <class T>
void MakePlace(std::vector<T>& list, std::size_t size) {
  if (size > list.capacity()) list.reserve(std::max(size, 2 * list.capacity()));
}

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

/// Callbacks that are due together. Made while their transaction is still open, so that nothing
/// that follows its end needs memory.
struct CallbackBatch {
  using Report = core::Callable<void(const std::exception_ptr&)>;

  explicit CallbackBatch(Report of) : report(std::move(of)) {}

  Callbacks callbacks;
  std::vector<std::exception_ptr> thrown;  // by them; has place for all
  Report report;                           // told of it, once their commit has returned
  int generation = 0;
  std::unique_ptr<CallbackBatch> next;
};

/// Runs callbacks one after the other. What commits inside a callback has its own callbacks queued
/// behind: they never run inside one another.
class AfterQueue {
 public:
  AfterQueue(const AfterQueue&) = delete;
  AfterQueue& operator=(const AfterQueue&) = delete;

  /// Runs those of `batch`, which may be null, and then tells `failed` what they threw; where
  /// others run already, they wait, and their report is told. Throws nothing, and needs no memory.
  static void Run(std::unique_ptr<CallbackBatch> batch,
                  core::FunctionRef<void(const std::exception_ptr&)> failed) {
    if (batch == nullptr) return;
    batch->generation = Generation::Next();
    if (running != nullptr) return running->Append(std::move(batch));
    AfterQueue queue;
    queue.RunAll(*batch, [&](const std::exception_ptr& each) { batch->thrown.push_back(each); });
    queue.RunWaiting();
    for (const std::exception_ptr& each : batch->thrown) failed(each);
  }

 private:
  AfterQueue() noexcept { running = this; }
  ~AfterQueue() {
    while (Take() != nullptr) {
    }
    running = nullptr;
  }

  void Append(std::unique_ptr<CallbackBatch> batch) noexcept {
    CallbackBatch* const last = batch.get();
    (last_ != nullptr ? last_->next : first_) = std::move(batch);
    last_ = last;
  }
  std::unique_ptr<CallbackBatch> Take() noexcept {
    auto taken = std::move(first_);
    if (taken != nullptr) first_ = std::move(taken->next);
    if (first_ == nullptr) last_ = nullptr;
    return taken;
  }
  void RunAll(CallbackBatch& batch, core::FunctionRef<void(const std::exception_ptr&)> failed) {
    for (auto& each : batch.callbacks) {
      if (process_ != Process::Current()) return;  // a callback forked: the rest is the parent's
      const core::Callable<void()> callback = std::move(each);
      const Generation deeper(batch.generation);
      try {
        callback();
      } catch (...) {
        failed(std::current_exception());
      }
    }
  }

  void RunWaiting() {
    const Generation all(Generation::Next());  // counted together
    while (const auto next = Take()) RunAll(*next, next->report);
  }

  /// Of this thread. It lives in the outermost Run, for threads end, and their destructors still
  /// commit.
  static inline thread_local constinit AfterQueue* running = nullptr;

  std::unique_ptr<CallbackBatch> first_;
  CallbackBatch* last_ = nullptr;
  const unsigned process_ = Process::Current();
};

}  // namespace grapnel::detail
