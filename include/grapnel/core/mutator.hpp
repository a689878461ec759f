#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/error.hpp>

#include <type_traits>

namespace grapnel::core {

/// Something that takes a subject to its result: `Result(Subject&)`. Copies share the callable,
/// which is called const, possibly by several threads at once. Source: ent.Mutator.
template <class Subject, class Result>
class Mutator {
 public:
  using MayHoldNone = void;

  /// Takes any callable whose call with a `Subject&` gives what converts to Result. Throws: Error
  /// for one that holds nothing to call.
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Mutator> &&
           CalledAs<const std::decay_t<F>, Result, Subject&>)
      Mutator(F&& function)  // NOLINT(google-explicit-constructor): a lambda is a mutator
      : object_(MakeSharedAny<const std::decay_t<F>>(static_cast<F&&>(function))),
        call_([](const void* object, Subject& subject) -> Result {
          return (*static_cast<const std::decay_t<F>*>(object))(subject);
        }) {
    detail::RefuseNone(*static_cast<const std::decay_t<F>*>(object_.Address()));
  }

  /// False of one that was moved from.
  constexpr explicit operator bool() const noexcept { return static_cast<bool>(object_); }
  Result operator()(Subject& subject) const { return call_(object_.Address(), subject); }

 private:
  SharedAny object_;
  Result (*call_)(const void* object, Subject& subject);
};

}  // namespace grapnel::core
