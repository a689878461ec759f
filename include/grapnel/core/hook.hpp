#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>

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
concept FactoryHook = std::is_invocable_r_v < Mutator<Subject, Result>,
const H&, Mutator < Subject, Result >> ;

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

/// What keeps something from being a hook, where there is a message for it.
enum class Fault : unsigned char { None, TakesCopy, NotConst, Result, Other };

/// Takes its subject by value, or as an rvalue: what only a fresh one can be given to.
template <class H, class Subject, class... Rest>
concept TakesCopy = requires(H& hook, Subject (*make)(), Rest... rest) {
  hook(make(), rest...);
};

/// Why a function that is called with these, the subject first, cannot be called. Requires: it
/// cannot.
template <class F, class Subject, class... Rest>
consteval Fault FaultOfCall() {
  if constexpr (std::is_invocable_v<F&, Subject&, Rest...>) {
    return Fault::NotConst;
  } else if constexpr (TakesCopy<F, std::remove_const_t<Subject>, Rest...>) {
    return Fault::TakesCopy;
  } else {
    return Fault::Other;
  }
}

template <class H, class Subject, class Result>
consteval Fault FaultOf() {
  using Rest = Next<Subject, Result>;
  using Inner = Mutator<Subject, Result>;
  if constexpr (IsHook<H, Subject, Result>()) {
    return Fault::None;
  } else if constexpr (requires { H::template FaultFor<Subject, Result>(); }) {
    return H::template FaultFor<Subject, Result>();
  } else if constexpr (std::is_invocable_v<const H&, Subject&, Rest>) {
    return Fault::Result;
  } else if constexpr (FaultOfCall<H, Subject, Rest>() != Fault::Other) {
    return FaultOfCall<H, Subject, Rest>();
  } else if constexpr (std::is_invocable_v<const H&,
                                           Inner>) {  // ent's form, what it returns is wrong
    using Made = std::decay_t<std::invoke_result_t<const H&, Inner>>;
    if constexpr (std::is_invocable_v<const Made&, Subject&>) {
      return Fault::Result;
    } else {
      return FaultOfCall<Made, Subject>();
    }
  } else {
    return std::is_invocable_v<H&, Inner> ? Fault::NotConst : Fault::Other;
  }
}

/// Says what is wrong with a hook over a subject. Who has subjects of a kind may say it in their
/// words.
template <class Subject>
struct Teach {
  template <class H, Fault fault>
  static consteval void Say() {
    static_assert(fault != Fault::TakesCopy,
                  "take the subject by reference: [](Subject& subject, auto next) { return "
                  "next(subject); }");
    static_assert(
        fault != Fault::NotConst,
        "a hook is called const, possibly by several threads at once: take `mutable` away, "
        "or make its call operator const, and keep what it changes outside of it, behind a "
        "reference");
    static_assert(
        fault != Fault::Result,
        "a hook must return what next returns: write the result type out, `-> Result`, in "
        "hooks that only throw");
    static_assert(
        fault != Fault::Other,
        "this is no hook for this subject. Write [](Subject& subject, auto next) -> Result "
        "{ return next(subject); }; see examples/06_core_alone.cpp");
  }
};

/// Every hook type passes here once, so that a wrong one gets one message instead of pages.
template <class H, class Subject, class Result>
consteval bool CheckHook() {
  Teach<Subject>::template Say<H, FaultOf<H, Subject, Result>()>();
  return true;
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
  requires std::invocable<const H&, Subject&, Next<Subject, Result>> Result
  operator()(Subject& subject, Next<Subject, Result> next) const {
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

/// A callable of the around form that lives no longer than `hook`, with every hook of ent's form in
/// it composed.
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

/// Keeps an object whose type is forgotten. One kind of owner serves all types, which spares the
/// compiler one for each.
template <class T>
std::shared_ptr<const void> Own(T&& object) {
  using Object = std::decay_t<T>;
  void (*const destroy)(const void*) = [](const void* self) {
    delete static_cast<const Object*>(self);
  };
  return {static_cast<const void*>(new Object(std::forward<T>(object))), destroy};
}
template <class T>
struct As {};

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

/// Any hook over any subject, both types forgotten: what lists of hooks keep. Copies share the
/// hook.
class StoredHook {
 public:
  /// Whether the hook runs before the rest only, without a `next`.
  bool IsBefore() const noexcept { return before_ != nullptr; }
  /// The Ops outside of which the hook does nothing.
  Op Mask() const noexcept { return mask_; }
  /// The hook's type as the compiler spells it, for people to read.
  std::string_view Name() const noexcept { return name_; }

 private:
  template <class, class>
  friend class Hook;
  using AnyFunction = void (*)();

  explicit StoredHook(std::string_view name) noexcept : name_(name) {}

  void (*before_)(const void* self, void* subject) = nullptr;
  AnyFunction around_ = nullptr;  // an AroundFunction of the Hook that it was
  std::shared_ptr<const void> self_;
  Op mask_ = AnyOp;
  std::string_view name_;
};

/// Any hook over a subject, its type forgotten. Copies share the hook, which is called const,
/// possibly by several threads at once.
template <class Subject, class Result>
class Hook : public StoredHook {
 public:
  /// Takes a hook of any form; one of ent's form is composed here, once.
  template <class H>
  requires(!std::is_base_of_v<StoredHook, std::remove_cvref_t<H>>)
      Hook(H&& hook)  // NOLINT(google-explicit-constructor): a lambda is a hook
      : Hook(detail::Own(std::forward<H>(hook)), detail::As<std::decay_t<H>>()) {}

  /// Shares one hook object between several subjects.
  template <class H>
  explicit Hook(const std::shared_ptr<const H>& hook) : Hook(hook, detail::As<H>()) {}
  /// The same of an object of type H that is only known as void.
  template <class H>
  Hook(std::shared_ptr<const void> owner, detail::As<H>) : StoredHook(detail::NameOf<H>()) {
    static_assert(detail::CheckHook<H, Subject, Result>());
    const H& hook = *static_cast<const H*>(owner.get());
    if constexpr (requires {
                    { hook.Mask() } -> std::same_as<Op>;
                  })
      mask_ = hook.Mask();
    if constexpr (BeforeHook<H, Subject>) {
      before_ = [](const void* self, void* subject) {
        (*static_cast<const H*>(self))(*static_cast<Subject*>(subject));
      };
      self_ = std::move(owner);
    } else if constexpr (detail::NeedsComposing<H, Subject, Result>()) {
      using Bound = decltype(detail::Compose<Subject, Result>(hook));
      struct Owner {
        std::shared_ptr<const void> hook;
        Bound bound;
      };
      self_ = detail::Own(Owner{std::move(owner), detail::Compose<Subject, Result>(hook)});
      Keep([](const void* self, Subject& subject, Next<Subject, Result> next) -> Result {
        return static_cast<const Owner*>(self)->bound(subject, next);
      });
    } else {
      Keep([](const void* self, Subject& subject, Next<Subject, Result> next) -> Result {
        return (*static_cast<const H*>(self))(subject, next);
      });
      self_ = std::move(owner);
    }
  }

  /// Runs the hook, whatever its form, so that it can stand inside another one.
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    if (!IsBefore()) return Around(subject, next);
    Before(subject);
    return next(subject);
  }
  /// The hook around a mutator, which is a mutator again: `f(g(h(terminal)))` by hand.
  Mutator<Subject, Result> operator()(Mutator<Subject, Result> next) const {
    return [hook = *this, next = std::move(next)](Subject& subject) -> Result {
      return hook(subject, detail::NextOf<Subject, Result>(next));
    };
  }
  /// Runs a before-only hook. Requires: IsBefore().
  void Before(Subject& subject) const { RunBefore(*this, subject); }
  /// Runs any other hook. Requires: !IsBefore().
  Result Around(Subject& subject, Next<Subject, Result> next) const {
    return RunAround(*this, subject, next);
  }

  // The same for a stored hook, which was one over these types.
  static void RunBefore(const StoredHook& hook, Subject& subject) {
    hook.before_(hook.self_.get(), std::addressof(subject));
  }
  static Result RunAround(const StoredHook& hook, Subject& subject, Next<Subject, Result> next) {
    return reinterpret_cast<AroundFunction>(hook.around_)(hook.self_.get(), subject, next);
  }

 private:
  using AroundFunction = Result (*)(const void*, Subject&, Next<Subject, Result>);
  void Keep(AroundFunction around) noexcept { around_ = reinterpret_cast<AnyFunction>(around); }
};

}  // namespace grapnel::core
