#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// A reference to a callable object, for parameters: two words, allocates nothing. Valid only as
/// long as what it refers to. Source: std::function_ref of C++26.
template <class Signature>
class FunctionRef;

template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
           std::is_object_v<std::remove_reference_t<F>> &&
           std::is_invocable_r_v<Result, F&, Arguments...>) FunctionRef(F&& function)
  noexcept  // NOLINT(google-explicit-constructor): stands for it
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_(&Call<std::remove_reference_t<F>>) {}

  Result operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  template <class F>
  [[gnu::hot]] static Result Call(void* object, Arguments... arguments) {
    auto& callable = *static_cast<F*>(object);
    if constexpr (std::is_void_v<Result>) {
      callable(std::forward<Arguments>(arguments)...);
    } else {
      return callable(std::forward<Arguments>(arguments)...);
    }
  }

  void* object_;
  Result (*call_)(void*, Arguments...);
};

}  // namespace grapnel::core
