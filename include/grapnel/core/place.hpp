#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/next.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

/// What stands behind the `next` of a running hook: what it goes on with, and what keeps it from
/// being called twice, or by others.
namespace grapnel::core::detail {

[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseOther(std::string_view subject);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseThread();

/// How often a `next` was called on this thread: what one that failed has undone is known by it.
/// Its address tells threads from one another.
inline thread_local constinit std::uint64_t calls_on_this_thread = 0;

/// Whether a `next` may run: once, and again only after it threw, or what it did was undone with
/// another `next` that it had run inside of, which is run again.
class Once {
 public:
  void Enter() {
    if (state_ != State::Ready) [[unlikely]]
      return EnterAgain();
    state_ = State::Running;
    at_ = ++calls_on_this_thread;
  }
  void Done() noexcept { state_ = state_ == State::Running ? State::Done : State::DoneAgain; }
  /// After it: has failed, unless it is done.
  void Leave() noexcept {
    if (state_ != State::Done) [[unlikely]]
      LeaveOther();
  }

 private:
  enum class State : unsigned char { Ready, Running, Done, Failed, RunningAgain, DoneAgain };

  [[gnu::cold]] GRAPNEL_DECLARE void EnterAgain();
  [[gnu::cold]] GRAPNEL_DECLARE void LeaveOther() noexcept;
  [[gnu::cold]] GRAPNEL_DECLARE bool IsUndone() const noexcept;

  static inline thread_local constinit const Once* running_again = nullptr;

  State state_ = State::Ready;
  std::uint64_t at_;  // which call was the last
  // Of one that has failed: which call was its first, which the last inside of it, and what else
  // runs again around it.
  std::uint64_t first_;
  std::uint64_t last_;
  const Once* outer_;
};

/// One `next` under way: has failed, unless it is done.
struct Running {
  explicit Running(Once& o) : once(o) { once.Enter(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { once.Leave(); }
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
    if (&calls_on_this_thread != place.thread_) [[unlikely]]
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
  const std::uint64_t* thread_ = &calls_on_this_thread;
  Once once_;
};

}  // namespace grapnel::core::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/place.hpp>  // IWYU pragma: keep
#endif
