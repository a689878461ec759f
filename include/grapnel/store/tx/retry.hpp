#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>

#include <cstdint>

namespace grapnel {

/// How many times more a transaction is run that another one was in the way of:
/// `client.WithTx(body, grapnel::Retry{.times = 20})`.
struct Retry {
  int times = 10;
};

namespace detail {

/// The tries of something that others may be in the way of for a while, with pauses that grow from
/// one to the next and differ by chance, so that those who met do not meet again.
class Tries {
 public:
  /// After the first try so many `more`, none of them later than the context's deadline. The
  /// context outlives this.
  Tries(const core::Context& context, int more) noexcept : context_(context), left_(more) {}
  /// And none of them later than so many seconds from now.
  GRAPNEL_DECLARE Tries(const core::Context& context, int more, int seconds) noexcept;

  /// Waits for the time of the next one. Returns false, at once, where there is none any more.
  /// Throws: CancelledError when a stop is requested meanwhile.
  GRAPNEL_DECLARE bool WaitForNext();

 private:
  const core::Context& context_;
  int left_;
  core::Moment end_{INT64_MAX};
  std::int64_t longest_ = 1'000'000;  // of the next pause, in nanoseconds
};

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/retry.hpp>  // IWYU pragma: keep
#endif
