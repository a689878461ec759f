#pragma once

#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/type.hpp>

#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// A hook that runs before the rest and has no `next`: it says so by a member type `BeforeOnly`.
template <class H, class Subject>
concept BeforeHook = requires(const H& hook, Subject& subject) {
  typename H::BeforeOnly;
  hook(subject);
};

/// The around form: `Result(Subject&, Next)`.
template <class H, class Subject, class Result>
concept AroundHook = std::is_invocable_r_v<Result, const H&, Subject&, Next<Subject, Result>>;

/// ent's form: `Mutator(Mutator)`. Its outer function runs once, when it is registered.
template <class H, class Subject, class Result>
concept FactoryHook =
    std::is_invocable_r_v<Mutator<Subject, Result>, const H&, Mutator<Subject, Result>>;

namespace detail {

template <class H, class Subject, class Result>
consteval bool IsHook() {  // one form at a time: trying a form instantiates the hook's body
  if constexpr (requires { typename H::BeforeOnly; }) {
    return BeforeHook<H, Subject>;
  } else if constexpr (std::is_invocable_v<const H&, Subject&, Next<Subject, Result>>) {
    return AroundHook<H, Subject, Result>;
  } else {
    return FactoryHook<H, Subject, Result>;
  }
}

/// Every hook type passes here once, so that a wrong one gets one message instead of pages.
template <class H, class Subject, class Result>
consteval bool CheckHook() {
  constexpr bool ok = IsHook<H, Subject, Result>();
  if constexpr (!ok && std::is_invocable_v<const H&, Subject&, Next<Subject, Result>>) {
    static_assert(ok,
                  "a hook must return what next returns. Write the result type out, "
                  "`-> grapnel::Value<User>`, in hooks that only throw; a Value<User> is made from a "
                  "User or from a count. See examples/01_first_hook.cpp");
  } else {
    static_assert(ok,
                  "this is no hook for this type. Write [](grapnel::Mutation<User>& m, "
                  "grapnel::Next<User> next) -> grapnel::Value<User> { return next(m); } for one "
                  "type, or []<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) { return "
                  "next(m); } for every type, and register hooks of one type with "
                  "client.Of<User>().Use(...). See examples/01_first_hook.cpp");
  }
  return ok;
}

/// The frame in which a hook of ent's form runs: its `next`, shared by all calls and threads, finds
/// the running one through this thread's list.
template <class Subject, class Result>
struct FactoryFrame {
  const void* key;
  Next<Subject, Result> next;
  FactoryFrame* outer;
  static inline thread_local constinit FactoryFrame* top = nullptr;
};

/// A hook of ent's form after its outer function ran.
template <class Subject, class Result>
class Composed {
  using Frame = FactoryFrame<Subject, Result>;

  struct Resume {
    std::shared_ptr<const char> key;
    Result operator()(Subject& subject) const {
      for (Frame* frame = Frame::top; frame != nullptr; frame = frame->outer) {
        if (frame->key == key.get()) return frame->next(subject);
      }
      throw Error("next was called outside of its hook, or on another thread");
    }
  };

 public:
  template <class H>
  explicit Composed(const H& hook)
      : key_(std::make_shared<const char>('\0')),
        inner_(hook(Mutator<Subject, Result>(Resume{key_}))) {}

  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    struct Pushed : Frame {
      ~Pushed() { Frame::top = this->outer; }
    } frame{{key_.get(), next, Frame::top}};
    Frame::top = &frame;
    return inner_(subject);
  }

 private:
  std::shared_ptr<const char> key_;
  Mutator<Subject, Result> inner_;
};

/// Calls a hook through a reference that somebody else keeps alive.
template <class H>
struct Borrowed {
  const H* hook;
  template <class Subject, class Result>
    requires std::invocable<const H&, Subject&, Next<Subject, Result>>
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    return (*hook)(subject, next);
  }
};

/// Whether a hook holds one of ent's form, which has to be composed before it is called.
template <class H, class Subject, class Result>
consteval bool NeedsComposing() {
  if constexpr (requires { typename H::BeforeOnly; }) {
    return false;
  } else if constexpr (requires { H::template NeedsComposing<Subject, Result>(); }) {
    return H::template NeedsComposing<Subject, Result>();
  } else {
    return !std::is_invocable_v<const H&, Subject&, Next<Subject, Result>>;
  }
}

/// A callable of the around form that lives no longer than `hook`, with every hook of ent's form in it
/// composed.
template <class Subject, class Result, class H>
auto Compose(const H& hook) {
  if constexpr (!NeedsComposing<H, Subject, Result>()) {
    return Borrowed<H>{&hook};
  } else if constexpr (requires { hook.template Compose<Subject, Result>(); }) {
    return hook.template Compose<Subject, Result>();
  } else {
    return Composed<Subject, Result>(hook);
  }
}

/// A hook that only wraps another one says so by a member type `Wrapped`, and goes by its name.
template <class H>
constexpr std::string_view NameOf() {
  if constexpr (requires { typename H::Wrapped; }) {
    return NameOf<typename H::Wrapped>();
  } else {
    return TypeName<H>();
  }
}

}  // namespace detail

/// Calls a hook of any form with what comes next.
template <class H, class Subject, class Result>
Result Invoke(const H& hook, Subject& subject, Next<Subject, Result> next) {
  if constexpr (requires { typename H::BeforeOnly; }) {
    hook(subject);
    return next(subject);
  } else if constexpr (std::is_invocable_v<const H&, Subject&, Next<Subject, Result>>) {
    return hook(subject, next);
  } else {
    return detail::Composed<Subject, Result>(hook)(subject, next);
  }
}

/// Any hook over a subject, its type forgotten: what a HookList holds. Copies share the hook, which is
/// called const, possibly by several threads at once.
template <class Subject, class Result>
class Hook {
 public:
  /// Takes a hook of any form; one of ent's form is composed here, once.
  template <class H>
    requires(!std::same_as<std::remove_cvref_t<H>, Hook>)
  Hook(H&& hook)  // NOLINT(google-explicit-constructor): a lambda is a hook
      : Hook(std::make_shared<const std::decay_t<H>>(std::forward<H>(hook))) {}

  /// Shares one hook object between several subjects.
  template <class H>
  explicit Hook(std::shared_ptr<const H> hook) : name_(detail::NameOf<H>()) {
    static_assert(detail::CheckHook<H, Subject, Result>());
    if constexpr (requires { { hook->Mask() } -> std::same_as<Op>; }) mask_ = hook->Mask();
    if constexpr (BeforeHook<H, Subject>) {
      before_ = [](const void* self, Subject& subject) { (*static_cast<const H*>(self))(subject); };
      self_ = std::move(hook);
    } else if constexpr (detail::NeedsComposing<H, Subject, Result>()) {
      using Bound = decltype(detail::Compose<Subject, Result>(*hook));
      struct Owner {
        std::shared_ptr<const H> hook;
        Bound bound;
      };
      const H& reference = *hook;
      self_ = std::make_shared<const Owner>(
          Owner{std::move(hook), detail::Compose<Subject, Result>(reference)});
      around_ = [](const void* self, Subject& subject, Next<Subject, Result> next) -> Result {
        return static_cast<const Owner*>(self)->bound(subject, next);
      };
    } else {
      around_ = [](const void* self, Subject& subject, Next<Subject, Result> next) -> Result {
        return (*static_cast<const H*>(self))(subject, next);
      };
      self_ = std::move(hook);
    }
  }

  /// Whether the hook runs before the rest only, without a `next`.
  bool IsBefore() const noexcept { return before_ != nullptr; }
  /// The Ops outside of which the hook does nothing.
  Op Mask() const noexcept { return mask_; }
  /// The hook's type as the compiler spells it, for people to read.
  std::string_view Name() const noexcept { return name_; }

  /// Runs the hook, whatever its form, so that it can stand inside another one.
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    if (!IsBefore()) return Around(subject, next);
    Before(subject);
    return next(subject);
  }
  /// Runs a before-only hook. Requires: IsBefore().
  void Before(Subject& subject) const { before_(self_.get(), subject); }
  /// Runs any other hook. Requires: !IsBefore().
  Result Around(Subject& subject, Next<Subject, Result> next) const {
    return around_(self_.get(), subject, next);
  }

 private:
  void (*before_)(const void*, Subject&) = nullptr;
  Result (*around_)(const void*, Subject&, Next<Subject, Result>) = nullptr;
  std::shared_ptr<const void> self_;
  Op mask_ = AnyOp;
  std::string_view name_;
};

}  // namespace grapnel::core
