#pragma once

#include <grapnel/base/called_as.hpp>

#include <type_traits>

namespace grapnel::core {

namespace detail {

template <class F, class Ref, class Result, class... Arguments>
concept ReferredBy =
    !std::is_same_v<std::remove_cvref_t<F>, Ref> && std::is_object_v<std::remove_reference_t<F>> &&
    CalledAs<std::remove_reference_t<F>, Result, Arguments...>;

}  // namespace detail

/// A reference to a callable object, for parameters: two words, allocates nothing. Valid only as
/// long as what it refers to. Source: std::function_ref of C++26.
template <class Signature>
class FunctionRef;

template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <detail::ReferredBy<FunctionRef, Result, Arguments...> F>
  FunctionRef(F&& function) noexcept  // NOLINT(google-explicit-constructor): stands for it
      : object_(const_cast<void*>(static_cast<const void*>(&function))),
        call_(&Call<std::remove_reference_t<F>>) {}

  Result operator()(Arguments... arguments) const {
    return call_(object_, static_cast<Arguments&&>(arguments)...);
  }

 private:
  template <class F>
  [[gnu::hot]] static Result Call(void* object, Arguments... arguments) {
    auto& callable = *static_cast<F*>(object);
    if constexpr (std::is_void_v<Result>) {
      callable(static_cast<Arguments&&>(arguments)...);
    } else {
      return callable(static_cast<Arguments&&>(arguments)...);
    }
  }

  void* object_;
  Result (*call_)(void*, Arguments...);
};

}  // namespace grapnel::core
