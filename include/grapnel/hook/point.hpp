#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/next.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace grapnel::hook {

namespace detail {

template <class F>
struct BeforePoint {
  using BeforeOnly = void;
  using Wrapped = F;
  F function;

  template <class Subject>
  requires std::invocable<const F&, Subject&>
  void operator()(Subject& subject) const {
    static_assert(
        std::is_void_v<std::invoke_result_t<const F&, Subject&>>,
        "what is given to hook::Before returns void, for nobody looks at what it returns: "
        "to refuse, throw");
    function(subject);
  }
  template <class Subject, class Result>
  static consteval core::detail::Fault FaultFor() {
    using core::detail::Fault;
    constexpr Fault fault = core::detail::FaultOfCall<F, Subject>();
    static_assert(
        fault != Fault::Other,
        "hook::Before takes a function of the mutation, the reading or the transaction alone, "
        "and of the type that it is registered for: "
        "void f(auto& m). One of the reading goes to Intercept, one of the mutation to Use; one "
        "with a `next` is a hook by itself");
    return fault == Fault::Other ? Fault::Told : fault;
  }
};

template <class F>
struct AfterPoint {
  using AfterOnly = void;
  using Wrapped = F;
  F function;

  template <class Subject, class Result>
  requires std::invocable<const F&, const Subject&, Result&> Result
  operator()(Subject& subject, core::Next<Subject, Result> next) const {
    CheckVoid<std::invoke_result_t<const F&, const Subject&, Result&>>();
    Result result = next(subject);
    function(std::as_const(subject), result);
    return result;
  }
  template <class Subject>
  requires std::invocable<const F&, const Subject&>
  void operator()(Subject& subject, core::Next<Subject, void> next) const {
    CheckVoid<std::invoke_result_t<const F&, const Subject&>>();
    next(subject);
    function(std::as_const(subject));
  }
  template <class Subject, class Result>
  static consteval core::detail::Fault FaultFor() {
    if constexpr (std::is_void_v<Result>) {
      return Said<core::detail::FaultOfCall<F, const Subject>()>();
    } else {
      return Said<core::detail::FaultOfCall<F, const Subject, Result&>()>();
    }
  }

 private:
  template <core::detail::Fault fault>
  static consteval core::detail::Fault Said() {
    using core::detail::Fault;
    static_assert(
        fault != Fault::Other,
        "hook::After takes a function of the mutation or reading, which is const, and of the "
        "result: void f(const auto& m, auto& value); around the end of a transaction, of "
        "the transaction alone. One with a `next` is a hook by itself");
    return fault == Fault::Other ? Fault::Told : fault;
  }
  template <class Returned>
  static consteval void CheckVoid() {
    static_assert(
        std::is_void_v<Returned>,
        "what is given to hook::After returns void, for nobody looks at what it returns: to "
        "undo the write, throw; to replace the result, assign to it");
  }
};

}  // namespace detail

/// Runs `function(m)` before the rest: no `next` to forget. What it throws vetoes the write. Where
/// only such hooks apply, a write inside a transaction needs no savepoint.
template <class F>
[[nodiscard]] constexpr auto Before(F function) {
  core::detail::RefuseNone(function);
  return detail::BeforePoint<F>{std::move(function)};
}

/// Runs `function(m, value)` after the rest succeeded: `m` is const, `value` may be replaced. What
/// it throws undoes the write. Where nothing results, around commits and rollbacks, `function(tx)`.
template <class F>
[[nodiscard]] constexpr auto After(F function) {
  core::detail::RefuseNone(function);
  return detail::AfterPoint<F>{std::move(function)};
}

}  // namespace grapnel::hook
