#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// Something that takes a subject to its result: `Result(Subject&)`. Copies share the callable,
/// which is called const, possibly by several threads at once. Source: ent.Mutator.
template <class Subject, class Result>
class Mutator {
 public:
  /// Takes any callable whose call with a `Subject&` gives what converts to Result.
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Mutator> &&
           std::is_invocable_r_v<Result, const std::decay_t<F>&, Subject&>)
      Mutator(F&& function)  // NOLINT(google-explicit-constructor): a lambda is a mutator
      : object_(std::make_shared<const std::decay_t<F>>(std::forward<F>(function))),
        call_([](const void* object, Subject& subject) -> Result {
          return (*static_cast<const std::decay_t<F>*>(object))(subject);
        }) {}

  Result operator()(Subject& subject) const { return call_(object_.get(), subject); }

 private:
  std::shared_ptr<const void> object_;
  Result (*call_)(const void* object, Subject& subject);
};

namespace detail {

/// What a callable is called with and returns, where it has one signature, `Result(Subject&)`.
template <class F>
struct CallOf : CallOf<decltype(&F::operator())> {};
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

}  // namespace detail

}  // namespace grapnel::core
