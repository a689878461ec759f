#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/stack.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::core {

/// What `Use` returns: takes the hook out again. Ignoring it keeps the hook. Copies are alike.
class HookHandle {
 public:
  HookHandle() = default;
  /// Threads: `remove` may be called by several at once, which all want the same.
  explicit HookHandle(std::function<void()> remove)
      : removal_(std::make_shared<Removal>(std::move(remove))) {}
  // Copied only: one that was moved from still takes the hook out.
  HookHandle(const HookHandle&) = default;
  HookHandle& operator=(const HookHandle&) = default;

  /// Takes the hook out of the chains that it was put in; a second call does nothing.
  /// Threads: any. It does not wait for runs already under way, which still call the hook: what the
  /// hook captured by reference must outlive them.
  void Remove() const {
    if (removal_ == nullptr || removal_->done.load(std::memory_order_acquire)) return;
    removal_->remove();
    removal_->done.store(true, std::memory_order_release);
  }

 private:
  struct Removal {
    explicit Removal(std::function<void()> r) : remove(std::move(r)) {}
    const std::function<void()> remove;
    std::atomic<bool> done{false};
  };

  std::shared_ptr<Removal> removal_;
};

/// One handle for several.
inline HookHandle JoinHandles(std::vector<HookHandle> handles) {
  return HookHandle([handles = std::move(handles)] {
    for (const HookHandle& handle : handles) handle.Remove();
  });
}

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
    /// The hooks of several, those of the first outermost.
    explicit Snapshot(const std::vector<Snapshot>& parts) {
      std::vector<detail::ListedHooks> lists;
      lists.reserve(parts.size());
      for (const Snapshot& part : parts) lists.push_back(part.hooks_);
      hooks_ = detail::Merge(lists);
    }

    /// Runs the hooks around `terminal`: f(g(h(terminal))). Allocates nothing.
    /// Throws: what a hook or the terminal throws, unchanged.
    Result Run(Subject& subject, Next<Subject, Result> terminal) const {
      if (!hooks_) return terminal(subject);
      return RunHooks(*hooks_, subject, terminal);
    }
    /// The same, as a hook: hooks that were put together at run time stand where one does.
    Result operator()(Subject& subject, Next<Subject, Result> next) const {
      return Run(subject, next);
    }
    template <class Visitor>
    void ForEach(Visitor visit) const {
      if (!hooks_) return;
      for (const detail::ListedHook& each : *hooks_) visit(each.hook);
    }
    bool IsEmpty() const noexcept { return !hooks_ || hooks_->empty(); }

   private:
    detail::ListedHooks hooks_;
  };

  /// Puts hooks behind those already there, in this order: all of them at once.
  /// Returns: a number by which Remove takes them out again.
  /// Threads: any.
  std::uint64_t Add(std::span<const Element> hooks) {
    const std::vector<StoredHook> stored(hooks.begin(), hooks.end());
    return hooks_.Add(stored);
  }
  std::uint64_t Add(std::initializer_list<Element> hooks) {
    return Add(std::span<const Element>(hooks.begin(), hooks.size()));
  }
  /// Puts all hooks of another list's snapshot behind those already there.
  void Extend(const Snapshot& other) {
    std::vector<StoredHook> hooks;
    other.ForEach([&](const StoredHook& hook) { hooks.push_back(hook); });
    if (!hooks.empty()) hooks_.Add(hooks);
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

  /// Runs the before-only hooks up to the first hook that goes around the rest, and returns the
  /// rest from there on.
  static std::span<const detail::ListedHook> RunBefore(std::span<const detail::ListedHook> hooks,
                                                       Subject& subject) {
    for (; !hooks.empty(); hooks = hooks.subspan(1)) {
      const StoredHook& hook = hooks.front().hook;
      if (!Applies(hook, subject)) continue;
      if (!hook.IsBefore()) break;
      Element::RunBefore(hook, subject);
    }
    return hooks;
  }
  /// As Snapshot::Run.
  static Result RunHooks(std::span<const detail::ListedHook> hooks, Subject& subject,
                         Next<Subject, Result> terminal) {
    return Walk(hooks.data(), hooks.data() + hooks.size(), subject, terminal);
  }

 private:
  using Entry = detail::ListedHook;

  /// The place of a running hook: what its `next` goes on with.
  struct Frame {
    const Entry* rest;
    const Entry* end;
    Next<Subject, Result> terminal;
    detail::Origin<Subject> origin;
    detail::Once once{};

    static Result Continue(void* context, Subject& subject) {
      auto& frame = *static_cast<Frame*>(context);
      frame.origin.Check(subject);
      Stack::Check([&] { return Name(subject); });
      return detail::Enter<Subject, Result>(frame.once, subject, [&]() -> Result {
        return Walk(frame.rest, frame.end, subject, frame.terminal);
      });
    }
  };

  /// What a message says of the subject.
  static std::string Name(const Subject& subject) {
    if constexpr (requires { Concat({subject.Type(), " ", ToString(subject.Op())}); }) {
      return Concat({subject.Type(), " ", ToString(subject.Op())});
    } else {
      return std::string(TypeName<Subject>());
    }
  }

  static bool Applies(const StoredHook& hook, const Subject& subject) {
    if constexpr (requires { subject.Op(); }) {
      return Is(subject.Op(), hook.Mask());
    } else {
      return true;
    }
  }

  static Result Walk(const Entry* at, const Entry* end, Subject& subject,
                     Next<Subject, Result> terminal) {
    for (; at != end; ++at) {
      const StoredHook& hook = at->hook;
      if (!Applies(hook, subject)) continue;
      if (hook.IsBefore()) {
        Element::RunBefore(hook, subject);
        continue;
      }
      Frame frame{at + 1, end, terminal, detail::Origin<Subject>(subject)};
      return Element::RunAround(hook, subject, Next<Subject, Result>(&Frame::Continue, &frame));
    }
    return terminal(subject);
  }

  HookStack hooks_;
};

}  // namespace grapnel::core
