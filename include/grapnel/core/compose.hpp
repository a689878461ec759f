#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/form.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/teach.hpp>

#include <utility>

/// Hooks of ent's form, and those that hold one: their outer functions run once, when they are
/// registered, and what these return runs at each call.
namespace grapnel::core {
namespace detail {

/// The frame in which a hook of ent's form runs: its `next`, shared by all calls and threads, finds
/// the running one through this thread's list.
class FactoryFrame {
 public:
  FactoryFrame(const void* key, const void* next) noexcept
      : key_(key), next_(next), outer_(std::exchange(top, this)) {}
  FactoryFrame(const FactoryFrame&) = delete;
  FactoryFrame& operator=(const FactoryFrame&) = delete;
  ~FactoryFrame() { top = outer_; }

  /// Throws: Error where none has that key.
  GRAPNEL_DECLARE static const void* Find(const void* key);

 private:
  static inline thread_local constinit const FactoryFrame* top = nullptr;

  const void* key_;
  const void* next_;
  const FactoryFrame* outer_;
};

/// A hook of ent's form after its outer function ran.
template <class Subject, class Result>
class Composed {
  using Rest = Next<Subject, Result>;

 public:
  template <class H>
  explicit Composed(const H& hook)
      : key_(MakeShared<const char>('\0')),
        inner_(hook(Mutator<Subject, Result>([key = key_](Subject& subject) -> Result {
          return (*static_cast<const Rest*>(FactoryFrame::Find(key.Get())))(subject);
        }))) {
    RefuseNone(inner_);
  }

  Result operator()(Subject& subject, Rest next) const {
    const FactoryFrame frame(key_.Get(), &next);
    return inner_(subject);
  }

 private:
  Shared<const char> key_;
  Mutator<Subject, Result> inner_;
};

/// Calls a hook through a reference that somebody else keeps alive.
template <class H>
struct Borrowed {
  const H* hook;
  template <class Subject, class Result>
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    return (*hook)(subject, next);
  }
};
template <class H>
requires requires { typename H::BeforeOnly; }
struct Borrowed<H> {
  using BeforeOnly = void;
  const H* hook;
  template <class Subject>
  void operator()(Subject& subject) const {
    (*hook)(subject);
  }
};

/// Whether a hook is one of ent's form, or holds one.
template <class H, class Subject, class Result>
consteval bool NeedsComposing() {
  if constexpr (requires { typename H::Parts; }) {
    return []<class... Hooks>(HookParts<Hooks...>) {
      return (NeedsComposing<Hooks, Subject, Result>() || ...);
    }(typename H::Parts());
  } else {
    return FormOf<H, Subject, Result>() == Form::Factory;
  }
}

/// A callable of another form that lives no longer than `hook`, with every hook of ent's form in it
/// composed.
template <class Subject, class Result, class H>
auto Compose(const H& hook) {
  if constexpr (!NeedsComposing<H, Subject, Result>()) {
    return Borrowed<H>{&hook};
  } else if constexpr (requires { typename H::Parts; }) {
    return hook.template Compose<Subject, Result>();
  } else {
    return Composed<Subject, Result>(hook);
  }
}

/// A hook, and what it is composed to.
template <class H, class Subject, class Result>
struct Bound {
  explicit Bound(Shared<const H> h)
      : hook(std::move(h)), composed(Compose<Subject, Result>(*hook)) {}
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    return composed(subject, next);
  }
  Shared<const H> hook;
  decltype(Compose<Subject, Result>(std::declval<const H&>())) composed;
};

}  // namespace detail

/// Calls a hook of any form with what comes next.
template <class H, class Subject, class Result>
Result Invoke(const H& hook, Subject& subject, Next<Subject, Result> next) {
  constexpr Form form = FormOf<H, Subject, Result>();
  if constexpr (form == Form::Before) {
    hook(subject);
    return next(subject);
  } else if constexpr (form == Form::Factory) {
    return detail::Composed<Subject, Result>(hook)(subject, next);
  } else {
    return hook(subject, next);
  }
}

}  // namespace grapnel::core

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/compose.hpp>  // IWYU pragma: keep
#endif
