#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel::hook {

namespace detail {

/// What a named hook has, whatever its form.
template <class Inner>
struct NameOf {
  using Wrapped = Inner;
  using Parts = core::HookParts<Inner>;

  std::string name;
  Inner inner;

  std::string_view HookName() const noexcept { return name; }
  Op Mask() const { return core::detail::MaskOf(inner); }
  Op Ops() const { return core::detail::OpsOf(inner); }
};

/// A hook with a name for people to read.
template <class Inner>
struct NamedHook : NameOf<Inner> {
  template <class Subject, class Result>
  requires(core::FormOf<Inner, Subject, Result>() != core::Form::None) Result operator()(
      Subject& subject, core::Next<Subject, Result> next) const {
    return core::Invoke(this->inner, subject, next);
  }

  template <class Subject, class Result>
  auto Compose() const {
    auto composed = core::detail::Compose<Subject, Result>(this->inner);
    return NamedHook<decltype(composed)>{{this->name, std::move(composed)}};
  }
};

/// The same of a hook that has no `next`: with its name it has none either.
template <class Inner>
requires requires { typename Inner::BeforeOnly; }
struct NamedHook<Inner> : NameOf<Inner> {
  using BeforeOnly = void;

  template <class Subject>
  requires core::BeforeHook<Inner, Subject>
  void operator()(Subject& subject) const { this->inner(subject); }
};

}  // namespace detail

/// The hook, interceptor or chain of them as it is, with a name for people to read: what
/// `client.Explain<E>(ops)` calls it, in place of its type. Throws: Error for an empty name.
template <class Hook>
[[nodiscard]] auto Named(std::string name, Hook hook) {
  core::detail::RefuseNone(hook);
  if (name.empty()) throw Error("hook::Named: the name is empty");
  if constexpr (std::is_base_of_v<core::StoredHook, Hook>) {  // it keeps one itself
    const auto kept = core::MakeShared<const std::string>(std::move(name));
    hook.SetName(*kept, kept);
    return hook;
  } else {
    return detail::NamedHook<Hook>{{std::move(name), std::move(hook)}};
  }
}

}  // namespace grapnel::hook
