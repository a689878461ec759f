#pragma once

#include <grapnel/core/limits.hpp>

#include <climits>

namespace grapnel {

/// How long a call waits for locks that others hold, where that is not to be 5 seconds: for its
/// turn to write, on PostgreSQL for rows, tables and a connection.
///
///   client.With(grapnel::LockWait{200ms}).Of<User>().UpdateOne(id)...
///   client.With(grapnel::LockWait{30s}).WithTx(body);
///
/// Then it is a BusyError that is not Retryable(), for it has waited for as long as it may, and
/// nothing is written. It counts for each wait, from when the transaction begins, of which it is a
/// part: a transaction has the one that its client had, and a mutation without one its own. Besides
/// it, where there is a deadline, that holds as well, and is a CancelledError. In place of a
/// lock_timeout that the server has been given. 0 or less, or no number: not at all, on PostgreSQL
/// for a millisecond.
class LockWait {
 public:
  template <core::detail::Duration Wait>
  constexpr explicit LockWait(Wait wait) noexcept {
    const long double milliseconds =
        static_cast<long double>(wait.count()) * (1e3L * Wait::period::num / Wait::period::den);
    if (milliseconds >= INT_MAX) {
      milliseconds_ = INT_MAX;
    } else if (milliseconds > 0) {
      milliseconds_ = static_cast<int>(milliseconds);
      if (milliseconds_ < milliseconds) ++milliseconds_;
    }
  }

  /// Rounded up; of more than 24 days so many.
  constexpr int Milliseconds() const noexcept { return milliseconds_; }

 private:
  int milliseconds_ = 0;
};

}  // namespace grapnel
