#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/compose.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/form.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/place.hpp>
#include <grapnel/core/teach.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel::core {

class StoredHook;

namespace detail {

/// A hook that only wraps something says so by a member type `Wrapped`, and goes by its name.
template <class H>
constexpr std::string_view NameOf() {
  if constexpr (requires { typename H::Wrapped; }) {
    return NameOf<typename H::Wrapped>();
  } else {
    return TypeName<H>();
  }
}
/// What a hook is called: what its member `std::string_view HookName() const` says, or the name
/// that it keeps, or that of the one that it wraps; else its type's name. Valid as long as the
/// hook.
template <class H>
std::string_view ShownName([[maybe_unused]] const H& hook) {
  if constexpr (requires { hook.HookName(); }) {
    return hook.HookName();
  } else if constexpr (std::is_base_of_v<StoredHook, H>) {
    return hook.Name();
  } else if constexpr (requires {
                         typename H::Wrapped;
                         hook.inner;
                       }) {
    return ShownName(hook.inner);
  } else {
    return NameOf<H>();
  }
}
/// A hook that does nothing outside of some Ops says so by a member `Op Mask() const`.
template <class H>
Op MaskOf([[maybe_unused]] const H& hook) {
  if constexpr (requires { requires std::is_same_v<decltype(hook.Mask()), Op>; }) {
    return hook.Mask();
  } else {
    return AnyOp;
  }
}
/// The same of it and of what stands inside of it together, for people to read: one that is made of
/// others says so by a member `Op Ops() const`. What runs goes by Mask, for a condition is asked
/// whatever stands behind it.
template <class H>
Op OpsOf([[maybe_unused]] const H& hook) {
  if constexpr (requires { requires std::is_same_v<decltype(hook.Ops()), Op>; }) {
    return hook.Ops();
  } else {
    return MaskOf(hook);
  }
}

/// Whether a hook runs behind the rest only, without a `next` of its own: it says so by a member
/// type `AfterOnly`, and a condition in front of it changes nothing about that.
template <class H>
consteval bool IsAfter() {
  if constexpr (requires { typename H::AfterOnly; }) {
    return true;
  } else if constexpr (requires { typename H::Parts; }) {
    return []<class... Hooks>(HookParts<Hooks...>) {
      return sizeof...(Hooks) > 0 && (IsAfter<Hooks>() && ...);
    }(typename H::Parts());
  } else {
    return false;
  }
}

/// Whether a hook is one of ent's form, or wraps one.
template <class H, class Subject, class Result>
consteval bool IsMutatorForm() {
  if constexpr (requires {
                  typename H::Wrapped;
                  typename H::Parts;
                }) {
    return IsMutatorForm<typename H::Wrapped, Subject, Result>();
  } else {
    return FormOf<H, Subject, Result>() == Form::Factory;
  }
}

}  // namespace detail

/// Whether what is wrapped in a hook or rule, or it itself, is a function of a `Subject&` and of
/// nothing else. Where that is a base of several subjects it is kept once for all of them: a hook
/// without a `next` knows its subject by the address alone.
template <class H, class Subject>
consteval bool IsOver() {
  if constexpr (requires { typename H::Wrapped; }) {
    bool plain = true;  // no condition in front of it asks for more than the Op
    if constexpr (requires { H::kAsksOpAlone; }) plain = H::kAsksOpAlone;
    return plain && IsOver<typename H::Wrapped, Subject>();
  } else if constexpr (requires { typename CallOf<H>::Subject; }) {
    return std::is_same_v<std::remove_const_t<typename CallOf<H>::Subject>, Subject>;
  } else {
    return false;
  }
}
/// The same of a hook without a `next`.
template <class H, class Subject>
consteval bool IsBeforeOver() {
  if constexpr (requires { typename H::BeforeOnly; }) {
    return IsOver<H, Subject>();
  } else {
    return false;
  }
}

/// A hook that was put together of others, and shows them one by one: `ForEachPart(visit)`.
template <class H>
concept HasParts = requires(const H& hook) {
  hook.ForEachPart([](auto&&) {});
};

namespace detail {

/// A hook that is kept, and what people read of it: apart from what runs it, so that a list of
/// hooks is read fast.
struct KeptHook {
  SharedAny self;
  Op ops = AnyOp;
  bool of_mutators = false;  // of ent's form
  std::string_view name{}, mixin{};
  SharedAny name_owner{};  // where the hook itself does not keep the name
};

}  // namespace detail

/// Any hook over any subject, both types forgotten: what lists of hooks keep. Copies share the
/// hook.
class StoredHook {
 public:
  using MayHoldNone = void;

  /// False of one that was moved from.
  explicit operator bool() const noexcept { return static_cast<bool>(kept_); }
  /// Whether the hook runs before the rest only, without a `next`.
  bool IsBefore() const noexcept { return before_ != nullptr; }
  /// Whether it runs behind the rest only.
  bool IsAfter() const noexcept { return after_; }
  /// The Ops outside of which the hook does nothing.
  Op Mask() const noexcept { return mask_; }
  /// Those of them outside of which nothing that it is made of does anything.
  Op Ops() const noexcept { return kept_ ? kept_->ops : AnyOp; }
  /// The name that it was given, or its type as the compiler spells it, of a chain those of its
  /// hooks: for people to read; "" of one that was moved from. Valid as long as this and its
  /// copies.
  std::string_view Name() const noexcept { return kept_ ? kept_->name : std::string_view(); }
  /// Calls it that, in a text that `owner` keeps; copies of it keep their names. Throws:
  /// std::bad_alloc.
  void SetName(std::string_view name, SharedAny owner) {
    detail::KeptHook& mine = Mine();
    mine.name = name;
    mine.name_owner = std::move(owner);
  }
  /// Who has put it where it is: "" but for the hooks of a mixin, whose name it is then.
  std::string_view Mixin() const noexcept { return kept_ ? kept_->mixin : std::string_view(); }
  /// Throws: std::bad_alloc.
  void SetMixin(std::string_view name) {
    if (name != Mixin()) Mine().mixin = name;
  }
  /// "before", "after", "around" or, of ent's form, "mutator".
  std::string_view FormName() const noexcept {
    if (IsBefore()) return "before";
    if (IsAfter()) return "after";
    return kept_ && kept_->of_mutators ? "mutator" : "around";
  }

 private:
  template <class, class>
  friend class Hook;
  explicit StoredHook(SharedAny self)
      : self_(self.Address()),
        kept_(MakeShared<detail::KeptHook>(detail::KeptHook{std::move(self)})) {}

  /// What no copy shares.
  detail::KeptHook& Mine() {
    if (!kept_.IsOnlyOwner()) kept_ = MakeShared<detail::KeptHook>(*kept_);
    return *kept_;
  }
  /// Keeps another one, which has taken over the one before.
  void Keep(SharedAny self) noexcept {
    self_ = self.Address();
    kept_->self = std::move(self);
  }

  void (*before_)(const void* self, const void* subject) = nullptr;
  void (*around_)() = nullptr;  // an AroundFunction of the Hook that it was
  const void* self_;            // which kept_ owns
  Shared<detail::KeptHook> kept_;
  Op mask_ = AnyOp;
  bool after_ = false;
};

/// Any hook over a subject, its type forgotten. Copies share the hook, which is called const,
/// possibly by several threads at once.
template <class Subject, class Result>
class Hook : public StoredHook {
 public:
  /// Takes a hook of any form; one of ent's form is composed here, once. Throws: Error for one that
  /// holds nothing to call.
  template <class H>
  requires(!std::is_base_of_v<StoredHook, std::remove_cvref_t<H>>)
      Hook(H&& hook)  // NOLINT(google-explicit-constructor): a lambda is a hook
      : StoredHook(MakeSharedAny<const std::decay_t<H>>(static_cast<H&&>(hook))) {
    Bind<std::decay_t<H>>();
  }
  /// Shares one hook object between several subjects.
  template <class H>
  explicit Hook(Shared<const H> hook) : StoredHook(std::move(hook)) {
    Bind<H>();
  }

  /// Runs the hook, whatever its form, so that it can stand inside another one.
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    if (!IsBefore()) return Around(subject, next);
    Before(subject);
    return next(subject);
  }
  /// The hook around a mutator, which is a mutator again: `f(g(h(terminal)))` by hand. Each run of
  /// it has a `next` as a registered hook has. Throws: Error where either was moved from.
  Mutator<Subject, Result> operator()(Mutator<Subject, Result> next) const {
    detail::RefuseNone(*this);
    detail::RefuseNone(next);
    return [hook = *this, next = std::move(next)](Subject& subject) -> Result {
      detail::Place<Subject, Result, const Mutator<Subject, Result>&> place(subject, next);
      return hook(subject, place.Next());
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
    hook.before_(hook.self_, &subject);
  }
  static Result RunAround(const StoredHook& hook, Subject& subject, Next<Subject, Result> next) {
    return reinterpret_cast<AroundFunction>(hook.around_)(hook.self_, subject, next);
  }

 private:
  using AroundFunction = Result (*)(const void*, Subject&, Next<Subject, Result>);

  /// Says how the hook that is kept, an H, is called.
  template <class H>
  void Bind() {
    const H* const hook = static_cast<const H*>(self_);
    SayName(*hook);
    mask_ = detail::MaskOf(*hook);
    kept_->ops = detail::OpsOf(*hook);
    after_ = detail::IsAfter<H>();
    detail::RefuseNone(*hook);
    constexpr Form form = FormOf<H, Subject, Result>();
    if constexpr (form == Form::None) {
      detail::Teach<Subject>::template Say<H, detail::FaultOf<H, Subject, Result>()>();
    } else if constexpr (form == Form::Before) {
      before_ = [](const void* self, const void* subject) {
        (*static_cast<const H*>(self))(*static_cast<Subject*>(const_cast<void*>(subject)));
      };
    } else if constexpr (detail::NeedsComposing<H, Subject, Result>()) {
      using Bound = detail::Bound<H, Subject, Result>;
      kept_->of_mutators = detail::IsMutatorForm<H, Subject, Result>();
      Keep(MakeSharedAny<const Bound>(Shared<const H>(std::move(kept_->self), hook)));
      CallAround<Bound>();
    } else {
      CallAround<H>();
    }
  }
  /// A chain goes by the names of its hooks: "Chain(audit, notify)".
  template <class H>
  void SayName(const H& hook) {
    if constexpr (HasParts<H>) {
      std::string names;
      hook.ForEachPart([&](const auto& part) {
        Append(names, {names.empty() ? "Chain(" : ", ", detail::ShownName(part)});
      });
      const auto kept = MakeShared<const std::string>(names.empty() ? "Chain()" : names + ")");
      SetName(*kept, kept);
    } else {
      kept_->name = detail::ShownName(hook);
    }
  }
  template <class H>
  void CallAround() noexcept {
    const AroundFunction around = [](const void* self, Subject& subject,
                                     Next<Subject, Result> next) -> Result {
      return (*static_cast<const H*>(self))(subject, next);
    };
    around_ = reinterpret_cast<void (*)()>(around);
  }
};

}  // namespace grapnel::core
