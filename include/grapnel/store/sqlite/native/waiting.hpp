#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>
#include <grapnel/store/driver/places.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

namespace grapnel::sqlite::detail {

using Clock = std::chrono::steady_clock;

/// How long a lock is waited for where the context sets neither a LockWait nor a deadline.
inline constexpr std::chrono::seconds kLockWait{5};

/// The log is copied into the file at every commit that finds it longer than this many pages.
inline constexpr int kCheckpointPages = 1000;
/// A log that readers made longer than this goes back to it.
inline constexpr int kLogLimit = 4 << 20;

/// How long a handle waits: for its own statements, for the locks of others, and for those who read
/// its log. SQLite calls it: it has to live longer than the handle.
class Waiting {
 public:
  Waiting() = default;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void Attach(sqlite3* handle) noexcept {
    handle_ = handle;
    sqlite3_busy_handler(handle_, &Waiting::OnBusy, this);
  }

  /// From now on this context's deadline and stop request end every wait; null: nothing does.
  void Watch(const core::Context* context) noexcept {
    context_ = context;
    const bool watch = context != nullptr && context->CanBeCancelled();
    if (watch == watching_) return;
    watching_ = watch;
    sqlite3_progress_handler(handle_, watch ? 1000 : 0, watch ? &Waiting::OnProgress : nullptr,
                             this);
  }
  const core::Context* Watched() const noexcept { return context_; }

  /// What comes next has waited so long already; what others waited is forgotten.
  void NoteWaited(core::Elapsed waited) noexcept { waited_ = waited.Nanoseconds(); }
  /// How long that was, and what the locks of others took since. From now on it is 0.
  core::Elapsed TakeWaited() noexcept { return core::Elapsed(std::exchange(waited_, 0)); }

  /// From now on the log is copied into the file when a commit finds it long.
  void KeepLogShort() noexcept { sqlite3_wal_hook(handle_, &Waiting::OnLog, this); }

 private:
  /// As SQLite's own automatic checkpoint. Where readers follow one another without a gap, that
  /// never gets to the end: after every 4,000 pages it is worth waiting for them, for a moment.
  static int OnLog(void* self, sqlite3* handle, const char* name, int pages) {
    auto& waiting = *static_cast<Waiting*>(self);
    if (pages < kCheckpointPages) return SQLITE_OK;
    if (pages < waiting.wait_at_) {
      sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
      return SQLITE_OK;
    }
    waiting.checkpoint_until_ = Clock::now() + std::chrono::milliseconds(100);
    const int result =
        sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    waiting.checkpoint_until_.reset();
    waiting.wait_at_ = result == SQLITE_OK ? kWaitAt : pages + kWaitAt;
    return SQLITE_OK;  // the commit has taken place
  }

  static int OnBusy(void* self, int tries) {
    auto& waiting = *static_cast<Waiting*>(self);
    const core::Context* context = waiting.context_;
    const auto now = Clock::now();
    if (waiting.checkpoint_until_) {
      if (now >= *waiting.checkpoint_until_) return 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return 1;
    }
    if (tries == 0) waiting.busy_since_ = now;
    if (context != nullptr && context->IsCancelled()) return 0;
    const auto end = context != nullptr
                         ? store::EndOfLockWait(*context, waiting.busy_since_, kLockWait)
                         : waiting.busy_since_ + kLockWait;
    if (now >= end) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(tries + 1, 10)));
    waiting.waited_ += std::chrono::nanoseconds(Clock::now() - now).count();
    return 1;
  }
  static int OnProgress(void* self) {
    const core::Context* context = static_cast<Waiting*>(self)->context_;
    return context != nullptr && context->IsCancelled() ? 1 : 0;
  }

  static constexpr int kWaitAt = 4 * kCheckpointPages;

  sqlite3* handle_ = nullptr;
  const core::Context* context_ = nullptr;
  bool watching_ = false;
  Clock::time_point busy_since_{};
  std::int64_t waited_ = 0;  // in nanoseconds
  int wait_at_ = kWaitAt;
  std::optional<Clock::time_point> checkpoint_until_{};
};

}  // namespace grapnel::sqlite::detail
