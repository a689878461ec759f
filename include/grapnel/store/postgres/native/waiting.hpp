#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

namespace grapnel::postgres::detail {

using Clock = std::chrono::steady_clock;

/// How long a lock or a connection is waited for where the context sets neither a LockWait nor a
/// deadline.
inline constexpr std::chrono::seconds kLockWait{5};

/// What a statement waits for.
enum class Patience : std::uint8_t {
  Work,     // the deadline and the stop token cancel it on the server
  Commit,   // so they do, after a moment in which most are answered
  Undoing,  // nothing cancels it
};

/// Asks the server to cancel what a connection is doing; a thread of its own asks, for a server
/// that is gone may not even answer that.
class Cancelling {
 public:
  explicit Cancelling(PGconn* connection) {
    PGcancel* cancel = PQgetCancel(connection);
    if (cancel == nullptr) {
      done_->store(true);
      return;
    }
    const auto ask = [cancel, done = done_] {
      char reason[256];
      PQcancel(cancel, reason, sizeof(reason));
      PQfreeCancel(cancel);
      done->store(true);
    };
    try {
      thread_ = std::thread(ask);
    } catch (const std::system_error&) {
      ask();
    }
  }
  Cancelling(const Cancelling&) = delete;
  Cancelling& operator=(const Cancelling&) = delete;
  /// Nobody waits for a server that is gone.
  ~Cancelling() {
    if (!thread_.joinable()) return;
    IsDone() ? thread_.join() : thread_.detach();
  }

  /// Whether the server has been told.
  bool IsDone() const noexcept { return done_->load(); }
  /// The same, waited for: before that it might cancel the statement that comes next.
  bool WaitUntil(Clock::time_point end) const {
    while (!done_->load()) {
      if (Clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

 private:
  std::shared_ptr<std::atomic<bool>> done_ = std::make_shared<std::atomic<bool>>(false);
  std::thread thread_{};
};

/// How long answers are waited for on one connection.
class Waiting {
 public:
  /// How long after a cancellation it is asked for again: a server that has not begun with the
  /// statement by then takes no notice of it.
  static constexpr std::chrono::milliseconds kAskAgain{50};
  /// How long after a cancellation the server may take to say so. Who does not hear from it gives
  /// the connection up, by which the server rolls back.
  static constexpr std::chrono::milliseconds kGrace{500};
  /// The same of a COMMIT, of which nobody knows then what came of it.
  static constexpr std::chrono::milliseconds kCommitGrace{2000};
  /// How long a COMMIT may take in any case: it is no use to cancel one that is about to end.
  static constexpr std::chrono::milliseconds kCommit{50};
  static constexpr std::chrono::milliseconds kUndoing{5000};

  /// From now on this context's deadline and stop request end every wait; null: nothing does.
  void Watch(const core::Context* context) noexcept { context_ = context; }
  const core::Context* Watched() const noexcept { return context_; }

  /// A statement is sent.
  void Start(Patience patience) noexcept {
    patience_ = patience;
    cancelling_.reset();
    give_up_.reset();
    cancel_from_.reset();
    if (patience == Patience::Undoing) give_up_ = Clock::now() + kUndoing;
    if (patience == Patience::Commit && context_ != nullptr) cancel_from_ = Clock::now() + kCommit;
  }
  /// Waits until there is something to read or, where it is asked for, room to write. Cancels the
  /// statement where that is due. False: the server does not answer any more.
  bool Wait(PGconn* connection, bool to_write) {
    while (true) {
      pollfd socket{PQsocket(connection), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
      if (socket.fd < 0) return false;
      const int ready = ::poll(&socket, 1, Timeout());
      Look(connection);
      if (give_up_ && Clock::now() >= *give_up_) return false;
      if (ready > 0) return true;
    }
  }
  /// Cancels the statement where that is due: also while rows come and go, and nothing is waited
  /// for.
  void Look(PGconn* connection) {
    if (IsToBeCancelled()) {
      give_up_ = Clock::now() + Grace();
      Cancel(connection);
    } else if (cancelling_ && Clock::now() >= ask_again_ && cancelling_->IsDone()) {
      Cancel(connection);
    }
  }
  /// Throws: CancelledError where what was read is not wanted any more.
  void ThrowIfCancelled() const {
    if (context_ != nullptr && patience_ == Patience::Work) context_->ThrowIfCancelled();
  }
  Patience Of() const noexcept { return patience_; }
  /// Whether the server was asked to cancel the last statement.
  bool IsCancelling() const noexcept { return cancelling_.has_value(); }
  /// The statement has ended. False: a cancellation is still on its way.
  bool Finish() { return !cancelling_ || cancelling_->WaitUntil(Clock::now() + Grace()); }
  /// Waits while connecting; until the context's end and that moment. False: it is over.
  bool WaitToConnect(PGconn* connection, bool to_write, Clock::time_point end) const {
    while (true) {
      const auto now = Clock::now();
      if (now >= end || (context_ != nullptr && context_->IsCancelled())) return false;
      pollfd socket{PQsocket(connection), static_cast<short>(to_write ? POLLOUT : POLLIN), 0};
      if (::poll(&socket, 1, std::min(kSlice, Millis(end - now))) > 0) return true;
    }
  }

 private:
  /// How often it is looked whether somebody has asked for a stop.
  static constexpr int kSlice = 20;

  static int Millis(Clock::duration wait) noexcept {
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    return static_cast<int>(std::clamp<std::int64_t>(millis, 0, 60'000));
  }
  bool IsToBeCancelled() const noexcept {
    return patience_ != Patience::Undoing && !cancelling_ && context_ != nullptr &&
           context_->IsCancelled() && (!cancel_from_ || Clock::now() >= *cancel_from_);
  }
  std::chrono::milliseconds Grace() const noexcept {
    return patience_ == Patience::Commit ? kCommitGrace : kGrace;
  }
  void Cancel(PGconn* connection) {
    cancelling_.emplace(connection);
    ask_again_ = Clock::now() + kAskAgain;
  }
  int Timeout() const noexcept {
    int timeout = -1;
    const auto until = [&](Clock::time_point end) {
      const int millis = Millis(end - Clock::now());
      timeout = timeout < 0 ? millis : std::min(timeout, millis);
    };
    if (give_up_) until(*give_up_);
    if (cancelling_) until(std::max(ask_again_, Clock::now() + std::chrono::milliseconds(5)));
    if (patience_ == Patience::Undoing || cancelling_ || context_ == nullptr) return timeout;
    if (context_->StopToken().stop_possible())
      return timeout < 0 ? kSlice : std::min(timeout, kSlice);
    if (context_->Deadline()) {
      const Clock::time_point end(*context_->Deadline());
      until(cancel_from_ ? std::max(end, *cancel_from_) : end);
    }
    return timeout;
  }

  const core::Context* context_ = nullptr;
  Patience patience_ = Patience::Work;
  std::optional<Cancelling> cancelling_{};
  Clock::time_point ask_again_{};
  std::optional<Clock::time_point> cancel_from_{};  // and not before
  std::optional<Clock::time_point> give_up_{};
};

}  // namespace grapnel::postgres::detail
