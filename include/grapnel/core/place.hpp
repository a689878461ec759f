#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/next.hpp>

#include <string_view>
#include <type_traits>

/// What stands behind the `next` of a running hook: what it goes on with, and what keeps it from
/// being called twice, or by others.
namespace grapnel::core::detail {

[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseOther(std::string_view subject);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseThread();

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

  [[noreturn, gnu::cold]] GRAPNEL_DECLARE static void Refuse(bool done);

  State state_ = State::Ready;
};

/// One `next` under way: has failed, unless it is done.
struct Running {
  explicit Running(Once& o) : once(o) { once.Enter(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { once.Failed(); }
  Once& once;
};

struct NoScope {
  void Done() noexcept {}
};
/// A subject whose type names a `NextScope` has one opened around every `next` that a hook calls:
/// it is told of success by Done(), and of failure by its destructor alone.
template <class Subject>
auto OpenScope([[maybe_unused]] Subject& subject) {
  if constexpr (requires { typename Subject::NextScope; }) {
    return typename Subject::NextScope(subject);
  } else {
    return NoScope();
  }
}

/// Runs `rest` as the body of one `next`: once only, inside the subject's scope.
template <class Subject, class Result, class Rest>
Result Enter(Once& once, Subject& subject, const Rest& rest) {
  const Running running(once);
  auto scope = OpenScope(subject);
  Result result = rest();  // in the outermost block, where it is made in its place
  scope.Done();
  once.Done();
  return result;
}
template <class Subject, class Result, class Rest>
requires std::is_void_v<Result>
void Enter(Once& once, Subject& subject, const Rest& rest) {
  const Running running(once);
  auto scope = OpenScope(subject);
  rest();
  scope.Done();
  once.Done();
}

/// Its address tells threads from one another.
inline thread_local constinit char this_thread = 0;

/// The place of a running hook: `rest(subject)` is what its `next` goes on with, once, for the same
/// subject, on this thread.
template <class Subject, class Result, class Rest>
class Place {
 public:
  Place(Subject& subject, Rest rest) noexcept : rest_(rest), subject_(&subject) {}
  core::Next<Subject, Result> Next() noexcept { return {&Continue, this}; }

 private:
  [[gnu::hot]] static Result Continue(void* context, Subject& subject) {
    auto& place = *static_cast<Place*>(context);
    if (&subject != place.subject_ && !place.IsSame(subject)) [[unlikely]]
      RefuseOther(TypeName<Subject>());
    if (&this_thread != place.thread_) [[unlikely]]
      RefuseThread();
    return Enter<Subject, Result>(place.once_, subject,
                                  [&]() -> Result { return place.rest_(subject); });
  }
  /// A subject may be known by several objects.
  bool IsSame([[maybe_unused]] const Subject& subject) const noexcept {
    if constexpr (requires { static_cast<bool>(subject_->IsSameAs(subject)); }) {
      return subject_->IsSameAs(subject);
    } else {
      return false;
    }
  }

  Rest rest_;
  Subject* subject_;
  const char* thread_ = &this_thread;
  Once once_;
};

}  // namespace grapnel::core::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/place.hpp>  // IWYU pragma: keep
#endif
