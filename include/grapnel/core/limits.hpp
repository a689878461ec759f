#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>

#include <compare>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#if !defined(CLOCK_MONOTONIC)
#include <chrono>
#endif

/// What ends a call before it is done, without <chrono> and <stop_token>, which are dear to
/// include: who gives or takes their types has included them.
namespace grapnel::core {
namespace detail {

/// Whether T is that type of the standard library, in whichever of its inline namespaces.
template <class T>
consteval bool IsStandard(std::string_view name) {
  return TypeName<T>().starts_with("std::") && TypeName<T>().ends_with(name);
}

template <class T>
concept TimePoint = requires(const T& point) {
  typename T::clock;
  point.time_since_epoch();
};
template <class T>
concept SteadyPoint = TimePoint<T> && IsStandard<typename T::clock>("::steady_clock");

template <class T>
concept Duration = requires(const T& wait) {
  typename T::rep;
  T::period::num;
  T::period::den;
  wait.count();
};

template <class T>
concept StopToken = IsStandard<T>("::stop_token");

}  // namespace detail

/// A moment of std::chrono::steady_clock, to its last digit: converts to a time point of it,
/// compares with one, and less one it is a duration.
class Moment {
 public:
  constexpr explicit Moment(std::int64_t nanoseconds) noexcept : nanoseconds_(nanoseconds) {}

  /// What the clock says.
  static Moment Now() noexcept {
#if defined(CLOCK_MONOTONIC)
    std::timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return Moment(std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
#else
    const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
    return Moment(now.count());
#endif
  }
  /// So much later than now, when that is negative or no number now or earlier; the clock's last or
  /// first moment where it does not count that far.
  template <detail::Duration Wait>
  static Moment In(Wait wait) noexcept {
    return At(static_cast<long double>(Now().nanoseconds_), Nanoseconds(wait));
  }
  /// When the clock says what `point` says on its own. Requires: its clock runs.
  template <detail::TimePoint Point>
  static Moment Of(const Point& point) noexcept {
    if constexpr (detail::SteadyPoint<Point>) {
      return At(0, Nanoseconds(point.time_since_epoch()));
    } else {
      return At(static_cast<long double>(Now().nanoseconds_),
                Nanoseconds(point.time_since_epoch()) -
                    Nanoseconds(Point::clock::now().time_since_epoch()));
    }
  }

  template <detail::SteadyPoint Point>
  constexpr operator Point() const {  // NOLINT(google-explicit-constructor): the same moment
    using Exact = typename Point::clock::duration;
    return typename Point::clock::time_point(Exact(nanoseconds_));
  }

  friend constexpr bool operator==(const Moment&, const Moment&) noexcept = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): the comparison's own zero
  friend constexpr auto operator<=>(const Moment&, const Moment&) noexcept = default;
  template <detail::SteadyPoint Point>
  friend constexpr bool operator==(const Moment& left, const Point& right) {
    return static_cast<Point>(left) == right;
  }
  template <detail::SteadyPoint Point>
  friend constexpr auto operator<=>(const Moment& left, const Point& right) {
    return static_cast<Point>(left) <=> right;
  }
  template <detail::SteadyPoint Point>
  friend constexpr auto operator-(const Moment& left, const Point& right) {
    return static_cast<Point>(left) - right;
  }

 private:
  // Wide enough for every duration; holds what the clock counts exactly.
  template <class Wait>
  static long double Nanoseconds(const Wait& wait) noexcept {
    using Period = typename Wait::period;
    return static_cast<long double>(wait.count()) * (1e9L * Period::num / Period::den);
  }
  static Moment At(long double from, long double wait) noexcept {
    const long double at = wait != wait ? from : from + wait;  // what is no number is no wait
    if (at >= static_cast<long double>(INT64_MAX)) return Moment(INT64_MAX);
    if (at <= static_cast<long double>(INT64_MIN)) return Moment(INT64_MIN);
    return Moment(static_cast<std::int64_t>(at));
  }

  std::int64_t nanoseconds_;
};

/// How long something took, to the nanosecond: converts to durations of std::chrono that count as
/// finely, or in reals, and compares with all of them.
class Elapsed {
 public:
  constexpr Elapsed() noexcept = default;
  constexpr explicit Elapsed(std::int64_t nanoseconds) noexcept : nanoseconds_(nanoseconds) {}

  constexpr std::int64_t Nanoseconds() const noexcept { return nanoseconds_; }

  template <detail::Duration Wait>
  requires(std::is_floating_point_v<typename Wait::rep> ||
           (Wait::period::num == 1 && Wait::period::den % 1'000'000'000 == 0)) constexpr
  operator Wait() const {  // NOLINT(google-explicit-constructor): the same duration
    using Period = typename Wait::period;
    if constexpr (std::is_floating_point_v<typename Wait::rep>) {
      return Wait(static_cast<typename Wait::rep>(static_cast<long double>(nanoseconds_) *
                                                  Period::den / (1e9L * Period::num)));
    } else {
      return Wait(static_cast<typename Wait::rep>(nanoseconds_ * (Period::den / 1'000'000'000)));
    }
  }

  friend constexpr bool operator==(const Elapsed&, const Elapsed&) noexcept = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): the comparison's own zero
  friend constexpr auto operator<=>(const Elapsed&, const Elapsed&) noexcept = default;
  template <detail::Duration Wait>
  friend constexpr bool operator==(const Elapsed& left, const Wait& right) {
    return left <=> right == 0;
  }
  template <detail::Duration Wait>
  friend constexpr auto operator<=>(const Elapsed& left, const Wait& right) {
    using Period = typename Wait::period;
    return static_cast<long double>(left.nanoseconds_) <=>
           static_cast<long double>(right.count()) * (1e9L * Period::num / Period::den);
  }

 private:
  std::int64_t nanoseconds_ = 0;
};

/// A std::stop_token, to which it converts, or none, which never stops.
class StopSignal {
 public:
  StopSignal() noexcept = default;
  template <detail::StopToken Token>
  explicit StopSignal(Token token)
      : token_(MakeSharedAny<const Token>(std::move(token))), calls_(&kCalls<Token>) {}

  bool stop_requested() const noexcept { return calls_ != nullptr && calls_->requested(*this); }
  bool stop_possible() const noexcept { return calls_ != nullptr && calls_->possible(*this); }

  template <detail::StopToken Token>
  operator Token() const noexcept {  // NOLINT(google-explicit-constructor): the same one
    return calls_ != nullptr ? As<Token>(*this) : Token();
  }

  /// Whether a stop of the one is a stop of the other.
  friend bool operator==(const StopSignal& left, const StopSignal& right) noexcept {
    if (left.calls_ == nullptr || right.calls_ == nullptr) return left.calls_ == right.calls_;
    return left.calls_->equal(left, right);
  }

 private:
  struct Calls {
    bool (*requested)(const StopSignal&) noexcept;
    bool (*possible)(const StopSignal&) noexcept;
    bool (*equal)(const StopSignal&, const StopSignal&) noexcept;
  };
  template <class Token>
  static const Token& As(const StopSignal& signal) noexcept {
    return *static_cast<const Token*>(signal.token_.Address());
  }
  template <class Token>
  static constexpr Calls kCalls = {
      [](const StopSignal& signal) noexcept { return As<Token>(signal).stop_requested(); },
      [](const StopSignal& signal) noexcept { return As<Token>(signal).stop_possible(); },
      [](const StopSignal& left, const StopSignal& right) noexcept {
        return As<Token>(left) == As<Token>(right);
      }};

  SharedAny token_;
  const Calls* calls_ = nullptr;
};

}  // namespace grapnel::core
