#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/core/error.hpp>

#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// What travels with a call: values by type, a deadline, a stop token. Immutable; With gives a
/// longer one and leaves the receiver as it was. Source: Go's context.Context, as ent hands it to
/// its hooks.
class Context {
 public:
  using Clock = std::chrono::steady_clock;
  using Trace = std::function<void(std::string_view)>;

  /// The value of type V that was given last, or null. Valid as long as any copy of this context.
  template <class V>
  const V* Get() const noexcept {
    for (const Node* node = values_.get(); node != nullptr; node = node->outer.get()) {
      if (node->type == TypeIdOf<V>()) return static_cast<const V*>(node->value.get());
    }
    return nullptr;
  }

  /// This context and one thing more: a std::stop_token; a time point of any clock, the deadline
  /// (an earlier one given before stays in force); a duration, the deadline that far from now, at
  /// once when it is negative or no number, never when it is too long for the clock; or a value of
  /// any other type, for Get.
  template <class V>
  [[nodiscard]] Context With(V value) const {
    static_assert(!std::is_same_v<V, std::stop_source>,
                  "With takes what a call asks, not what stops it: give the source's token, "
                  "With(source.get_token())");
    Context longer = *this;
    if constexpr (std::is_same_v<V, std::stop_token>) {
      longer.stop_ = std::move(value);
    } else if constexpr (requires {
                           typename V::clock;
                           value.time_since_epoch();
                         }) {
      longer.EndBy(Until(value));
    } else if constexpr (requires { std::chrono::duration_cast<Clock::duration>(value); }) {
      longer.EndBy(After(Nanoseconds(value)));
    } else {
      longer.values_ = std::make_shared<const Node>(
          Node{TypeIdOf<V>(), std::make_shared<const V>(std::move(value)), values_});
    }
    return longer;
  }

  /// The same values and tracer without deadline and stop token: for what begins after the call.
  [[nodiscard]] Context WithoutLimits() const {
    Context longer = *this;
    longer.deadline_.reset();
    longer.stop_ = {};
    return longer;
  }

  const std::optional<Clock::time_point>& Deadline() const noexcept { return deadline_; }
  const std::stop_token& StopToken() const noexcept { return stop_; }

  /// Whether a stop was requested or the deadline has passed. Threads: any.
  bool IsCancelled() const noexcept {
    return stop_.stop_requested() || (deadline_ && Clock::now() >= *deadline_);
  }
  bool CanBeCancelled() const noexcept { return deadline_.has_value() || stop_.stop_possible(); }

  /// Whether somebody looks on, to interrupt what is done or to trace it.
  bool IsObserved() const noexcept { return CanBeCancelled() || trace_ != nullptr; }

  /// Throws: CancelledError once IsCancelled(), saying which of the two it was.
  void ThrowIfCancelled() const {
    if (!CanBeCancelled()) return;
    if (stop_.stop_requested())
      throw CancelledError("the operation was cancelled: a stop was requested");
    if (IsCancelled()) throw CancelledError("the operation was cancelled: its deadline has passed");
  }

  /// Whether it is the same one, or a copy: equal values that were given apart make contexts that
  /// differ.
  bool operator==(const Context&) const = default;

  /// Receives the text of all that is sent, before it is; null where nobody does. What it throws
  /// fails the call, as if that had been refused; where something is undone it is dropped, and the
  /// undoing goes on.
  const Trace* Tracer() const noexcept { return trace_.get(); }
  [[nodiscard]] Context WithTrace(Trace trace) const {
    Context longer = *this;
    longer.trace_ = trace ? std::make_shared<const Trace>(std::move(trace)) : nullptr;
    return longer;
  }

 private:
  // Wide enough for every duration; holds what the clock counts exactly.
  using Nanoseconds = std::chrono::duration<long double, Clock::period>;

  /// What the clock says so much later, or its last or first moment.
  static Clock::time_point After(Nanoseconds wait, Clock::time_point now = Clock::now()) noexcept {
    using Point = Clock::time_point;
    if (std::isnan(wait.count())) return now;
    const Nanoseconds at = wait + Nanoseconds(now.time_since_epoch());
    if (at >= Nanoseconds(Clock::duration::max())) return Point::max();
    if (at <= Nanoseconds(Clock::duration::min())) return Point::min();
    return Point(Clock::duration(static_cast<Clock::rep>(at.count())));
  }
  /// When our clock says what `given` says on its own.
  template <class OfClock, class Duration>
  static Clock::time_point Until(std::chrono::time_point<OfClock, Duration> given) {
    const Nanoseconds since_epoch(given.time_since_epoch());
    if constexpr (std::is_same_v<OfClock, Clock>) {
      return After(since_epoch, Clock::time_point());
    } else {
      constexpr bool runs = requires { OfClock::now(); };
      static_assert(
          runs,
          "a deadline is a time point of a clock that runs, "
          "With(std::chrono::steady_clock::now() + 2s), or a duration from now, With(2s)");
      if constexpr (runs)
        return After(since_epoch - Nanoseconds(OfClock::now().time_since_epoch()));
    }
  }
  void EndBy(Clock::time_point deadline) noexcept {
    if (!deadline_ || deadline < *deadline_) deadline_ = deadline;
  }

  struct Node {
    TypeId type;
    std::shared_ptr<const void> value;
    std::shared_ptr<const Node> outer;
  };

  std::shared_ptr<const Node> values_;
  std::optional<Clock::time_point> deadline_;
  std::stop_token stop_;
  std::shared_ptr<const Trace> trace_;
};

}  // namespace grapnel::core
