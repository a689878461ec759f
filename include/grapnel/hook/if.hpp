#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/condition.hpp>

#include <type_traits>
#include <utility>

namespace grapnel::hook {

namespace detail {

/// Whether the condition holds; says what a condition is where this is none.
template <class Condition, class Subject>
bool Holds(const Condition& condition, const Subject& subject) {
  constexpr bool is_one = core::CalledAs<const Condition, bool, const Subject&>;
  static_assert(
      is_one,
      "a condition is called const, with a mutation that is const: bool f(const auto& m), "
      "no mutable lambda");
  if constexpr (is_one) return condition(subject);
  return false;
}

/// A hook behind a condition. `mask` is what the condition is known to exclude, for hooks that
/// stand at the top level of a chain.
template <class Inner, class Condition>
struct Conditional {
  using Wrapped = Inner;
  using Parts = core::HookParts<Inner>;
  static constexpr bool kAsksOpAlone = std::is_same_v<Condition, OpCondition>;

  Inner inner;
  Condition condition;
  Op mask = AnyOp;

  Op Mask() const noexcept { return mask; }
  Op Ops() const { return mask & OpsOf(condition) & core::detail::OpsOf(inner); }

  template <class Subject, class Result>
  requires(core::FormOf<Inner, Subject, Result>() != core::Form::None) Result operator()(
      Subject& subject, core::Next<Subject, Result> next) const {
    return Holds(condition, subject) ? core::Invoke(inner, subject, next) : next(subject);
  }

  template <class Subject, class Result>
  auto Compose() const {
    auto composed = core::detail::Compose<Subject, Result>(inner);
    return Conditional<decltype(composed), Condition>{std::move(composed), condition, mask};
  }
};

/// The same for a hook that has no `next`: the whole has none either.
template <class Inner, class Condition>
requires requires { typename Inner::BeforeOnly; }
struct Conditional<Inner, Condition> {
  using BeforeOnly = void;
  using Wrapped = Inner;
  using Parts = core::HookParts<Inner>;
  static constexpr bool kAsksOpAlone = std::is_same_v<Condition, OpCondition>;

  Inner inner;
  Condition condition;
  Op mask = AnyOp;

  Op Mask() const noexcept { return mask; }
  Op Ops() const { return mask & OpsOf(condition) & core::detail::OpsOf(inner); }

  template <class Subject>
  requires core::BeforeHook<Inner, Subject>
  void operator()(Subject& subject) const {
    if (Holds(condition, subject)) inner(subject);
  }
};

}  // namespace detail

/// Runs `hook` only when `condition` holds; otherwise goes on with what comes next.
/// Calls: the condition once per mutation, at this place in the chain.
template <class Hook, class Condition>
[[nodiscard]] constexpr auto If(Hook hook, Condition condition) {
  core::detail::RefuseNone(hook, condition);
  return detail::Conditional<Hook, Condition>{std::move(hook), std::move(condition)};
}

/// Runs `hook` only for mutations whose Op is in `ops`.
/// Equivalent: If(hook, HasOp(ops)).
template <class Hook>
[[nodiscard]] constexpr auto On(Hook hook, Op ops) {
  auto conditional = If(std::move(hook), HasOp(ops));
  conditional.mask = ops;
  return conditional;
}

/// The Op in front of the hook: these do not compile.
template <class Hook>
constexpr auto On(Op, Hook hook) {
  static_assert(sizeof(Hook) == 0, "the hook stands in front: hook::On(hook, Op::Update)");
  return hook;
}
template <class Hook>
constexpr auto Unless(Op, Hook hook) {
  static_assert(sizeof(Hook) == 0, "the hook stands in front: hook::Unless(hook, Op::Update)");
  return hook;
}

/// Runs `hook` for all mutations but those whose Op is in `ops`.
/// Equivalent: If(hook, Not(HasOp(ops))).
template <class Hook>
[[nodiscard]] constexpr auto Unless(Hook hook, Op ops) {
  auto conditional = If(std::move(hook), Not(HasOp(ops)));
  conditional.mask = ~ops;
  return conditional;
}

}  // namespace grapnel::hook
