#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/core/form.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>

#include <type_traits>
#include <utility>

/// What is said of something that is no hook: one message, instead of pages.
namespace grapnel::core {

/// The hooks that a hook is put together of, which names them as its member type `Parts`.
template <class... Hooks>
struct HookParts {};

namespace detail {

/// What keeps something from being a hook, where there is a message for it; Told where it was said.
enum class Fault : unsigned char { None, TakesCopy, NotConst, Result, Other, Told };

/// Takes its subject by value, or as an rvalue: what only a fresh one can be given to.
template <class H, class Subject, class... Rest>
concept TakesCopy = requires(H& hook, Subject (*make)(), Rest... rest) {
  hook(make(), rest...);
};

/// Why a function that is called with these, the subject first, cannot be called. Requires: it
/// cannot.
template <class F, class Subject, class... Rest>
consteval Fault FaultOfCall() {
  if constexpr (CalledAs<F, void, Subject&, Rest...>) {
    return Fault::NotConst;
  } else if constexpr (TakesCopy<F, std::remove_const_t<Subject>, Rest...>) {
    return Fault::TakesCopy;
  } else {
    return Fault::Other;
  }
}

template <class H, class Subject, class Result>
consteval Fault FaultOf();

/// The first of several that is none says why.
template <class Subject, class Result, class... Hooks>
consteval Fault FaultOfParts(HookParts<Hooks...>) {
  Fault found = Fault::None;
  static_cast<void>(((found = FaultOf<Hooks, Subject, Result>(), found != Fault::None) || ...));
  return found;
}

template <class H, class Subject, class Result>
consteval Fault FaultOf() {
  using Rest = Next<Subject, Result>;
  using Inner = Mutator<Subject, Result>;
  if constexpr (FormOf<H, Subject, Result>() != Form::None) {
    return Fault::None;
  } else if constexpr (requires { typename H::Parts; }) {
    return FaultOfParts<Subject, Result>(typename H::Parts());
  } else if constexpr (requires { H::template FaultFor<Subject, Result>(); }) {
    return H::template FaultFor<Subject, Result>();
  } else if constexpr (CalledAs<const H, void, Subject&, Rest>) {
    return Fault::Result;
  } else if constexpr (FaultOfCall<H, Subject, Rest>() != Fault::Other) {
    return FaultOfCall<H, Subject, Rest>();
  } else if constexpr (CalledAs<const H, void, Inner>) {  // what ent's form returns is wrong
    using Made = std::decay_t<decltype(std::declval<const H&>()(std::declval<Inner>()))>;
    if constexpr (CalledAs<const Made, void, Subject&>) {
      return Fault::Result;
    } else {
      return FaultOfCall<Made, Subject>();
    }
  } else {
    return CalledAs<H, void, Inner> ? Fault::NotConst : Fault::Other;
  }
}

/// Says what is wrong with a hook over a subject. Who has subjects of a kind may say it in their
/// words.
template <class Subject>
struct Teach {
  template <class H, Fault fault>
  static consteval void Say() {
    static_assert(fault != Fault::TakesCopy,
                  "take the subject by reference: [](Subject& subject, auto next) { return "
                  "next(subject); }");
    static_assert(
        fault != Fault::NotConst,
        "a hook is called const, possibly by several threads at once: take `mutable` away, "
        "or make its call operator const, and keep what it changes outside of it, behind a "
        "reference");
    static_assert(
        fault != Fault::Result,
        "a hook must return what next returns: write the result type out, `-> Result`, in "
        "hooks that only throw");
    static_assert(
        fault != Fault::Other,
        "this is no hook for this subject. Write [](Subject& subject, auto next) -> Result "
        "{ return next(subject); }; see examples/06_core_alone.cpp");
  }
};

}  // namespace detail
}  // namespace grapnel::core
