#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>

#include <climits>
#include <cstdint>
#include <exception>

namespace grapnel {

/// How long a transaction is run again that another one was in the way of:
/// `client.WithTx(body, grapnel::Retry{})`, `grapnel::Retry{.within = 30s}`,
/// `grapnel::Retry{.times = 3}`.
struct Retry {
  /// A duration, or none.
  class Span {
   public:
    constexpr Span() noexcept = default;
    template <core::detail::Duration Wait>
    constexpr Span(Wait wait) noexcept  // NOLINT(google-explicit-constructor): it is that long
        : seconds_(static_cast<long double>(wait.count()) * Wait::period::num / Wait::period::den),
          given_(true) {}

    constexpr bool IsGiven() const noexcept { return given_; }
    constexpr long double Seconds() const noexcept { return seconds_; }

   private:
    long double seconds_ = 0;
    bool given_ = false;
  };

  /// So many times more at most.
  int times = INT_MAX;
  /// No try begins later than that after the first, nor behind the deadline. Where it is not said,
  /// as for a mutation of its own: until the deadline, for 5 seconds where there is none.
  Span within{};
};

namespace detail {

/// Why a transaction ended that another one was in the way of.
struct Hindrance {
  bool is_there = false;
  /// What is to be told instead where that happens each time: the other one is then none that comes
  /// and goes.
  std::exception_ptr lasting{};
};

/// The tries of something that others may be in the way of for a while, with pauses that grow from
/// one to the next and differ by chance, so that those who met do not meet again.
class Tries {
 public:
  /// After the first try so many `more`, none of them later than the context's deadline. The
  /// context outlives this.
  Tries(const core::Context& context, int more) noexcept : context_(context), left_(more) {}
  /// And none of them later than so many seconds from now.
  GRAPNEL_DECLARE Tries(const core::Context& context, int more, int seconds) noexcept;
  GRAPNEL_DECLARE Tries(const core::Context& context, const Retry& retry) noexcept;

  /// Waits for the time of the next one. Returns false, at once, where there is none any more.
  /// Throws: CancelledError when a stop is requested meanwhile.
  GRAPNEL_DECLARE bool WaitForNext();

 private:
  const core::Context& context_;
  int left_;
  core::Moment end_{INT64_MAX};
  std::int64_t longest_ = 1'000'000;  // of the next pause, in nanoseconds
};

/// The tries of a transaction, and what is told in the end.
class Reruns {
 public:
  /// The context outlives this.
  GRAPNEL_DECLARE Reruns(const core::Context& context, const Retry& retry) noexcept;

  /// In the handler of what ended a try: waits for the time of the next one. Throws: what is
  /// handled, where there is none; of a BusyError, with how often it was tried.
  GRAPNEL_DECLARE void WaitForNext(const Hindrance& hindrance);

 private:
  /// So often in a row, for rows that others write and delete all the time meet by chance.
  static constexpr int kLasting = 8;

  [[noreturn]] void Tell() const;

  Tries tries_;
  core::Moment start_ = core::Moment::Now();
  int ended_ = 0;
  int lasting_ = 0;  // of these, the last ones that were so
};

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/retry.hpp>  // IWYU pragma: keep
#endif
