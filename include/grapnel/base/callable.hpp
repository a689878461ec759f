#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/base/shared.hpp>

#include <cstddef>
#include <type_traits>

namespace grapnel::core {

/// A callable whose type is forgotten, or none: `if (callable)` tells. Takes callables that can
/// only be moved. Copies share the callable and what it changes in itself, so that a copy neither
/// allocates nor throws; who gives one to several threads gives one that they may call at once.
/// As std::function otherwise, for a fraction of what that costs the compiler.
template <class Signature>
class Callable;

template <class Result, class... Arguments>
class Callable<Result(Arguments...)> {
 public:
  constexpr Callable() noexcept = default;
  constexpr Callable(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): none

  /// A null pointer to a function, or an empty std::function, makes none. Throws: what copying or
  /// moving the callable throws, std::bad_alloc.
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Callable> &&
           CalledAs<std::decay_t<F>, Result, Arguments...>)
      Callable(F&& function) {  // NOLINT(google-explicit-constructor): stands for it
    using Object = std::decay_t<F>;
    if constexpr (!std::is_function_v<std::remove_reference_t<F>>) {
      if (HoldsNone<Object>(function)) return;
    }
    object_ = MakeSharedAny<Object>(static_cast<F&&>(function));
    call_ = &Call<Object>;
  }

  /// False of one that was moved from, too.
  constexpr explicit operator bool() const noexcept { return static_cast<bool>(object_); }
  friend constexpr bool operator==(const Callable& callable, std::nullptr_t) noexcept {
    return !callable;
  }
  /// Whether both share one callable, or both are none.
  friend constexpr bool operator==(const Callable&, const Callable&) noexcept = default;

  /// Requires: there is one. Throws: what it throws.
  Result operator()(Arguments... arguments) const {
    return call_(const_cast<void*>(object_.Address()), static_cast<Arguments&&>(arguments)...);
  }

 private:
  template <class Object>
  static Result Call(void* object, Arguments... arguments) {
    if constexpr (std::is_void_v<Result>) {
      (*static_cast<Object*>(object))(static_cast<Arguments&&>(arguments)...);
    } else {
      return (*static_cast<Object*>(object))(static_cast<Arguments&&>(arguments)...);
    }
  }

  SharedAny object_;
  Result (*call_)(void* object, Arguments... arguments) = nullptr;
};

}  // namespace grapnel::core
