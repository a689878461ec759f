#pragma once

#include <grapnel/core/error.hpp>

#include <type_traits>

namespace grapnel::core {

/// What comes after a hook: the remaining hooks and the terminal. Two words, passed by value.
///
/// Calls: `next(subject)` runs the rest and returns its result. A hook that does not call it suppresses
/// the rest. It may be called again only after it threw; a call after a success throws Error, and
/// nothing runs twice.
/// Lifetime: valid only until the hook that received it returns.
/// Threads: only on the thread that runs the hook.
template <class Subject, class Result>
class Next {
 public:
  using Function = Result (*)(void* context, Subject& subject);

  constexpr Next(Function function, void* context) noexcept
      : function_(function), context_(context) {}

  Result operator()(Subject& subject) const { return function_(context_, subject); }

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

/// Whether a `next` may run: once, and again only after it threw.
class Once {
 public:
  void Enter() {
    if (state_ != State::Ready) Refuse(state_ == State::Done);
    state_ = State::Running;
  }
  void Done() noexcept { state_ = State::Done; }
  void Failed() noexcept {
    if (state_ == State::Running) state_ = State::Ready;
  }

 private:
  enum class State : unsigned char { Ready, Running, Done };

  [[noreturn, gnu::cold, gnu::noinline]] static void Refuse(bool done) {
    throw Error(done ? "next was called again after it had succeeded; a hook may call it once, and "
                       "again only after it threw"
                     : "next was called while the same next is running");
  }

  State state_ = State::Ready;
};

/// A subject whose type names a `NextScope` has one opened around every `next` that a hook calls: it is
/// told of success by Done(), and of failure by its destructor alone.
template <class Subject>
struct NoScope {
  explicit NoScope(Subject&) noexcept {}
  void Done() noexcept {}
};

template <class Subject>
struct ScopeOf {
  using type = NoScope<Subject>;
};

template <class Subject>
  requires requires { typename Subject::NextScope; }
struct ScopeOf<Subject> {
  using type = typename Subject::NextScope;
};

/// One `next` under way: begun once only, with the subject's scope open inside.
template <class Subject>
class Entered {
 public:
  Entered(Once& once, Subject& subject) : guard_(once), scope_(subject) {}
  void Done() {
    scope_.Done();
    guard_.once.Done();
  }

 private:
  struct Guard {
    explicit Guard(Once& o) : once(o) { once.Enter(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { once.Failed(); }
    Once& once;
  };
  Guard guard_;
  typename ScopeOf<Subject>::type scope_;
};

/// Runs `rest` as the body of one `next`: once only, inside the subject's scope.
template <class Subject, class Result, class Rest>
Result Enter(Once& once, Subject& subject, Rest rest) {
  Entered<Subject> entered(once, subject);
  Result result = rest();  // in the outermost block, where it is made in its place
  entered.Done();
  return result;
}

template <class Subject, class Result, class Rest>
  requires std::is_void_v<Result>
void Enter(Once& once, Subject& subject, Rest rest) {
  Entered<Subject> entered(once, subject);
  rest();
  entered.Done();
}

}  // namespace detail
}  // namespace grapnel::core
