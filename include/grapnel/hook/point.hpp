#pragma once

#include <grapnel/core/next.hpp>

#include <concepts>
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
    function(subject);
  }
};

template <class F>
struct AfterPoint {
  using Wrapped = F;
  F function;

  template <class Subject, class Result>
    requires std::invocable<const F&, const Subject&, Result&>
  Result operator()(Subject& subject, core::Next<Subject, Result> next) const {
    Result result = next(subject);
    function(std::as_const(subject), result);
    return result;
  }
};

}  // namespace detail

/// Runs `function(m)` before the rest: no `next` to forget. What it throws vetoes the write. Where only
/// such hooks apply, a write inside a transaction needs no savepoint.
template <class F>
constexpr auto Before(F function) {
  return detail::BeforePoint<F>{std::move(function)};
}

/// Runs `function(m, value)` after the rest succeeded: `m` is const, `value` may be replaced. What it
/// throws undoes the write.
template <class F>
constexpr auto After(F function) {
  return detail::AfterPoint<F>{std::move(function)};
}

}  // namespace grapnel::hook
