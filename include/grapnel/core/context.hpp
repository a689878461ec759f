#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/limits.hpp>

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// What travels with a call: values by type, a deadline, a stop token. Immutable; With gives a
/// longer one and leaves the receiver as it was. Source: Go's context.Context, as ent hands it to
/// its hooks.
class Context {
 public:
  using Trace = Callable<void(std::string_view)>;

  /// The value of type V that was given last, or null. Valid as long as any copy of this context.
  template <class V>
  const V* Get() const noexcept {
    return static_cast<const V*>(Find(TypeIdOf<std::remove_cv_t<V>>()));
  }

  /// This context and one thing more: a std::stop_token; a time point of any clock, the deadline
  /// (an earlier one given before stays in force); a duration, the deadline that far from now, at
  /// once when it is negative or no number, never when it is too long for the clock; or a value of
  /// any other type, for Get.
  template <class V>
  [[nodiscard]] Context With(V value) const {
    static_assert(!detail::IsStandard<V>("::stop_source"),
                  "With takes what a call asks, not what stops it: give the source's token, "
                  "With(source.get_token())");
    Context longer = *this;
    if constexpr (detail::StopToken<V>) {
      longer.stop_ = StopSignal(std::move(value));
    } else if constexpr (detail::TimePoint<V>) {
      constexpr bool runs = requires { V::clock::now(); };
      static_assert(
          runs,
          "a deadline is a time point of a clock that runs, "
          "With(std::chrono::steady_clock::now() + 2s), or a duration from now, With(2s)");
      if constexpr (runs) longer.EndBy(Moment::Of(value));
    } else if constexpr (detail::Duration<V>) {
      longer.EndBy(Moment::In(value));
    } else {
      longer.values_ = MakeShared<const Holding<V>>(std::move(value), values_);
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

  /// The deadline, as a moment that is and becomes a std::chrono::steady_clock::time_point.
  const std::optional<Moment>& Deadline() const noexcept { return deadline_; }
  /// What is and becomes a std::stop_token.
  const StopSignal& StopToken() const noexcept { return stop_; }

  /// Whether a stop was requested or the deadline has passed. Threads: any.
  bool IsCancelled() const noexcept {
    return stop_.stop_requested() || (deadline_ && Moment::Now() >= *deadline_);
  }
  bool CanBeCancelled() const noexcept { return deadline_.has_value() || stop_.stop_possible(); }

  /// Whether somebody looks on, to interrupt what is done or to trace it.
  bool IsObserved() const noexcept { return CanBeCancelled() || trace_; }

  /// Throws: CancelledError once IsCancelled(), saying which of the two it was.
  void ThrowIfCancelled() const {
    if (CanBeCancelled() && IsCancelled()) Refuse();
  }

  /// Whether it is the same one, or a copy: equal values that were given apart make contexts that
  /// differ.
  bool operator==(const Context&) const = default;

  /// Receives the text of all that is sent, before it is; null where nobody does. What it throws
  /// fails the call, as if that had been refused; where something is undone it is dropped, and the
  /// undoing goes on. Valid as long as this context.
  const Trace* Tracer() const noexcept { return trace_ ? &trace_ : nullptr; }
  [[nodiscard]] Context WithTrace(Trace trace) const {
    Context longer = *this;
    longer.trace_ = std::move(trace);
    return longer;
  }

 private:
  struct Node {
    Node(TypeId of, const void* at, Shared<const Node> around) noexcept
        : type(of), value(at), outer(std::move(around)) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    /// Those around it that nobody else holds go one after the other, not one inside the other: a
    /// chain may be longer than a stack is deep.
    ~Node() {
      while (outer.IsOnlyOwner()) outer = std::move(outer->outer);
    }

    TypeId type;
    const void* value;
    mutable Shared<const Node> outer;  // taken by the one that it is inside of, when that goes
  };
  template <class V>
  struct Holding : Node {
    Holding(V given, Shared<const Node> inside)
        : Node(TypeIdOf<std::remove_cv_t<V>>(), &held, std::move(inside)), held(std::move(given)) {}
    V held;
  };

  const void* Find(TypeId type) const noexcept {
    for (const Node* node = values_.Get(); node != nullptr; node = node->outer.Get()) {
      if (node->type == type) return node->value;
    }
    return nullptr;
  }
  void EndBy(Moment deadline) noexcept {
    if (!deadline_ || deadline < *deadline_) deadline_ = deadline;
  }
  [[noreturn, gnu::cold, gnu::noinline]] void Refuse() const {
    throw CancelledError(stop_.stop_requested()
                             ? "the operation was cancelled: a stop was requested"
                             : "the operation was cancelled: its deadline has passed");
  }

  Shared<const Node> values_;
  std::optional<Moment> deadline_;
  StopSignal stop_;
  Trace trace_;
};

}  // namespace grapnel::core
