#pragma once

#include <type_traits>

namespace grapnel::core {

/// Whether a `F&` is called with these arguments for what converts to Result; for void, whatever it
/// returns. As std::is_invocable_r, for a fraction of what that costs the compiler, and without
/// pointers to members.
template <class F, class Result, class... Arguments>
concept CalledAs = (std::is_void_v<Result> &&
                    requires(F & function, Arguments&&... arguments) {
                      function(static_cast<Arguments&&>(arguments)...);
                    }) ||
                   requires(F& function, Arguments&&... arguments, void (&take)(Result)) {
  take(function(static_cast<Arguments&&>(arguments)...));
};

/// What a callable is called with and returns, where it has one signature, `Result(Subject&)`;
/// otherwise it has no members.
template <class F>
struct CallOf {};
template <class F>
requires requires { &F::operator(); }
struct CallOf<F> : CallOf<decltype(&F::operator())> {};
template <class R, class S>
struct CallOf<R (*)(S&)> {
  using Subject = S;
  using Result = R;
};
template <class R, class S>
struct CallOf<R (*)(S&) noexcept> : CallOf<R (*)(S&)> {};
template <class F, class R, class S>
struct CallOf<R (F::*)(S&) const> : CallOf<R (*)(S&)> {};
template <class F, class R, class S>
struct CallOf<R (F::*)(S&) const noexcept> : CallOf<R (*)(S&)> {};

/// Whether it holds nothing to call: a null pointer to a function, an empty std::function, or one
/// of our own, which say so by a member type `MayHoldNone`, that was moved from; or something that
/// wraps one of these, `Wrapped`.
template <class F>
constexpr bool HoldsNone([[maybe_unused]] const F& function) {
  if constexpr (requires { typename F::MayHoldNone; }) {
    return !function;
  } else if constexpr (requires { F(nullptr), function == nullptr; }) {
    return function == nullptr;
  } else if constexpr (requires {
                         typename F::Wrapped;
                         function.inner;
                       }) {
    return HoldsNone(function.inner);
  } else if constexpr (requires {
                         typename F::Wrapped;
                         function.function;
                       }) {
    return HoldsNone(function.function);
  } else {
    return false;
  }
}

}  // namespace grapnel::core
