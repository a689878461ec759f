#pragma once

namespace grapnel::core {

/// What comes after a hook: the remaining hooks and the terminal. Two words, passed by value.
///
/// Calls: `next(subject)` runs the rest and returns its result. A hook that does not call it
/// suppresses the rest. It may be called again only after it threw; a call after a success throws
/// Error, and nothing runs twice. With another subject than the hook's own it throws Error, and
/// nothing runs. Lifetime: valid only until the hook that received it returns. Threads: only on the
/// thread that runs the hook; on another one it throws Error.
template <class Subject, class Result>
class Next {
 public:
  using Function = Result (*)(void* context, Subject& subject);

  constexpr Next(Function function, void* context) noexcept
      : function_(function), context_(context) {}

  Result operator()(Subject& subject) const { return function_(context_, subject); }
  /// Of another subject, or of a const one: this does not compile.
  template <class... Ts>
  requires(!requires(Function f, Ts&&... given) { f(nullptr, given...); }) Result operator()(
      Ts&&...) const {
    static_assert(
        sizeof...(Ts) > sizeof...(Ts),
        "next takes what the hook itself was given, by a reference that is not const: "
        "[](auto& m, auto next) { return next(m); }. A grapnel::Mutation<User>& goes with "
        "a grapnel::Next<User>, a grapnel::Reading<User>& with a "
        "grapnel::NextRead<User>");
    __builtin_unreachable();
  }

 private:
  Function function_;
  void* context_;
};

namespace detail {

/// Makes a Next of any callable that outlives it.
template <class Subject, class Result, class F>
Next<Subject, Result> NextOf(F& terminal) noexcept {
  return {[](void* context, Subject& subject) -> Result {
            return (*static_cast<F*>(context))(subject);
          },
          const_cast<void*>(static_cast<const void*>(&terminal))};
}

}  // namespace detail
}  // namespace grapnel::core
