#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>

namespace grapnel::core {

/// The forms of a hook: `void(Subject&)` before the rest, without a `next`, of a type that says so
/// by a member type `BeforeOnly`; `Result(Subject&, Next)` around it; and ent's,
/// `Mutator(Mutator)`, whose outer function runs once, when it is registered.
enum class Form : unsigned char { None, Before, Around, Factory };

template <class H, class Subject, class Result>
consteval Form FormOf() {  // one at a time: trying a form instantiates the hook's body
  using Rest = Next<Subject, Result>;
  using Inner = Mutator<Subject, Result>;
  if constexpr (requires { typename H::BeforeOnly; }) {
    return CalledAs<const H, void, Subject&> ? Form::Before : Form::None;
  } else if constexpr (CalledAs<const H, void, Subject&, Rest>) {
    return CalledAs<const H, Result, Subject&, Rest> ? Form::Around : Form::None;
  } else {
    return CalledAs<const H, Inner, Inner> ? Form::Factory : Form::None;
  }
}

template <class H, class Subject>
concept BeforeHook = (FormOf<H, Subject, void>() == Form::Before);
template <class H, class Subject, class Result>
concept AroundHook = (FormOf<H, Subject, Result>() == Form::Around);
template <class H, class Subject, class Result>
concept FactoryHook = (FormOf<H, Subject, Result>() == Form::Factory);

}  // namespace grapnel::core
