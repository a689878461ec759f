#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_handle.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/place.hpp>
#include <grapnel/core/stack.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace grapnel::core {

/// An ordered list of hooks that grows and shrinks while other threads run it. Each run walks the
/// immutable flat array that was published when it took its snapshot: first registered, outermost.
template <class Subject, class Result>
class HookList {
 public:
  using Element = Hook<Subject, Result>;

  /// The hooks as they were at one moment.
  class Snapshot {
   public:
    Snapshot() = default;
    explicit Snapshot(detail::ListedHooks hooks) noexcept : hooks_(std::move(hooks)) {}

    /// Runs the hooks around `terminal`: f(g(h(terminal))). Allocates nothing.
    /// Throws: what a hook or the terminal throws, unchanged.
    Result Run(Subject& subject, Next<Subject, Result> terminal) const {
      return RunHooks(hooks_.All(), subject, terminal);
    }
    /// The same, as a hook: hooks that were put together at run time stand where one does.
    Result operator()(Subject& subject, Next<Subject, Result> next) const {
      return Run(subject, next);
    }
    template <class Visitor>
    void ForEach(Visitor visit) const {
      for (const detail::ListedHook& each : hooks_.All()) visit(each.hook);
    }
    bool IsEmpty() const noexcept { return hooks_ == nullptr; }

   private:
    friend HookList;
    detail::ListedHooks hooks_;
  };

  /// Prepares to put hooks behind those already there, in this order: all of them at once. Throws:
  /// Error for one that was moved from; std::bad_alloc. Threads: any.
  HookStack::Addition Prepare(std::span<const Element> hooks) {
    return hooks_.Prepare(
        hooks.size(), [&](std::size_t i) -> const StoredHook& { return hooks[i]; }, kStage);
  }
  HookStack::Addition Prepare(std::initializer_list<Element> hooks) {
    return Prepare(std::span<const Element>(hooks.begin(), hooks.size()));
  }
  /// The same of all hooks of another list's snapshot.
  HookStack::Addition Prepare(const Snapshot& other) {
    return hooks_.Prepare(other.hooks_, kStage);
  }
  /// See HookStack::Add.
  void Add(HookStack::Addition addition) { hooks_.Add(std::move(addition)); }
  /// Both at once. Returns: a number by which Remove takes them out again.
  std::uint64_t Add(std::initializer_list<Element> hooks) {
    return Add(std::span<const Element>(hooks.begin(), hooks.size()));
  }
  std::uint64_t Add(std::span<const Element> hooks) {
    HookStack::Addition addition = Prepare(hooks);
    const std::uint64_t id = addition.Id();
    Add(std::move(addition));
    return id;
  }
  /// Takes out what one Add put in. Threads: any.
  void Remove(std::uint64_t id) { hooks_.Remove(id); }

  /// Threads: any.
  Snapshot Load() const { return Snapshot(hooks_.Load()); }

  /// The list as a hook: each call runs the hooks that it has then. Put `std::cref(list)` into a
  /// chain.
  Result operator()(Subject& subject, Next<Subject, Result> next) const {
    return Load().Run(subject, next);
  }

  // For owners of several lists, which are run one inside the other. The hooks were hooks over
  // these types.
  using Hooks = detail::HookRange;

  /// Runs the before-only hooks up to the first hook that goes around the rest, and returns the
  /// rest from there on.
  static Hooks RunBefore(Hooks hooks, Subject& subject) {
    for (; !hooks.empty(); ++hooks.first) {
      const StoredHook& hook = hooks.first->hook;
      if constexpr (requires { subject.Op(); }) {
        if (!Is(subject.Op(), hook.Mask())) continue;
      }
      if (!hook.IsBefore()) break;
      Element::RunBefore(hook, subject);
    }
    return hooks;
  }
  /// As Snapshot::Run.
  static Result RunHooks(Hooks hooks, Subject& subject, Next<Subject, Result> terminal) {
    hooks = RunBefore(hooks, subject);
    if (hooks.empty()) return terminal(subject);
    const auto rest = [inner = Hooks{hooks.first + 1, hooks.last}, terminal](Subject& s) -> Result {
      if (Stack::IsLow()) [[unlikely]]
        RefuseStack(s);
      return RunHooks(inner, s, terminal);
    };
    detail::Place<Subject, Result, decltype(rest)> place(subject, rest);
    return Element::RunAround(hooks.first->hook, subject, place.Next());
  }

 private:
  [[noreturn, gnu::cold]] static void RefuseStack(const Subject& subject) {
    if constexpr (requires { Stack::Refuse(subject.Type(), subject.Op()); }) {
      Stack::Refuse(subject.Type(), subject.Op());
    } else {
      Stack::Refuse(TypeName<Subject>());
    }
  }

  static constexpr unsigned kStage = 0;  // the only one

  HookStack hooks_;
};

}  // namespace grapnel::core
