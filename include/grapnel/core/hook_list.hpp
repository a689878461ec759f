#pragma once

#include <grapnel/core/hook.hpp>
#include <grapnel/core/next.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace grapnel::core {

/// What `Use` returns: takes the hook out again. Ignoring it keeps the hook. Copies are alike.
class HookHandle {
 public:
  HookHandle() = default;
  explicit HookHandle(std::function<void()> remove) : remove_(std::move(remove)) {}

  /// Takes the hook out of the chains that it was put in; a second call does nothing.
  /// Threads: any. It does not wait for runs already under way, which still call the hook: what the
  /// hook captured by reference must outlive them.
  void Remove() {
    if (remove_) std::exchange(remove_, nullptr)();
  }

 private:
  std::function<void()> remove_;
};

/// An ordered list of hooks that grows and shrinks while other threads run it. Each run walks the
/// immutable flat array that was published when it took its snapshot: first registered, outermost.
template <class Subject, class Result>
class HookList {
  struct Entry;
  using Entries = std::vector<Entry>;

 public:
  using Element = Hook<Subject, Result>;

  /// The hooks as they were at one moment. Null is empty.
  class Snapshot {
   public:
    Snapshot() = default;

    /// Runs the hooks around `terminal`: f(g(h(terminal))). Allocates nothing.
    /// Throws: what a hook or the terminal throws, unchanged.
    Result Run(Subject& subject, Next<Subject, Result> terminal) const {
      if (!hooks_) return terminal(subject);
      const Entry* const begin = hooks_->data();
      return Walk(begin, begin + hooks_->size(), subject, terminal);
    }

    template <class Visitor>
    void ForEach(Visitor visit) const {
      if (!hooks_) return;
      for (const Entry& entry : *hooks_) visit(entry.hook);
    }

    bool IsEmpty() const noexcept { return !hooks_ || hooks_->empty(); }

   private:
    friend HookList;
    explicit Snapshot(std::shared_ptr<const Entries> hooks) noexcept
        : hooks_(std::move(hooks)) {}
    std::shared_ptr<const Entries> hooks_;
  };

  HookList() = default;
  HookList(const HookList&) = delete;
  HookList& operator=(const HookList&) = delete;

  /// Puts hooks behind those already there, in this order: all of them at once.
  /// Returns: a number by which Remove takes them out again.
  /// Threads: any.
  std::uint64_t Add(std::vector<Element> hooks) {
    const std::lock_guard lock(mutex_);
    auto grown = hooks_ ? std::make_shared<Entries>(*hooks_) : std::make_shared<Entries>();
    const std::uint64_t id = ++last_id_;
    for (Element& hook : hooks) grown->push_back(Entry{std::move(hook), id});
    hooks_ = std::move(grown);
    return id;
  }

  /// Puts all hooks of another list's snapshot behind those already there.
  void Extend(const Snapshot& other) {
    std::vector<Element> hooks;
    other.ForEach([&](const Element& hook) { hooks.push_back(hook); });
    if (!hooks.empty()) Add(std::move(hooks));
  }

  /// Takes out what one Add put in. Threads: any.
  void Remove(std::uint64_t id) {
    std::shared_ptr<const Entries> old;  // destroyed outside of the lock: hooks may own anything
    const std::lock_guard lock(mutex_);
    if (!hooks_) return;
    auto kept = std::make_shared<Entries>();
    for (const Entry& entry : *hooks_) {
      if (entry.id != id) kept->push_back(entry);
    }
    old = std::exchange(hooks_, std::move(kept));
  }

  /// Threads: any.
  Snapshot Load() const {
    const std::lock_guard lock(mutex_);
    return Snapshot(hooks_);
  }

 private:
  struct Entry {
    Element hook;
    std::uint64_t id;
  };

  /// The place of a running hook: what its `next` goes on with.
  struct Frame {
    const Entry* rest;
    const Entry* end;
    Next<Subject, Result> terminal;
    detail::Once once{};

    static Result Continue(void* context, Subject& subject) {
      auto& frame = *static_cast<Frame*>(context);
      return detail::Enter<Subject, Result>(frame.once, subject, [&]() -> Result {
        return Walk(frame.rest, frame.end, subject, frame.terminal);
      });
    }
  };

  static bool Applies(const Element& hook, const Subject& subject) {
    if constexpr (requires { subject.Op(); }) {
      return Is(subject.Op(), hook.Mask());
    } else {
      return true;
    }
  }

  static Result Walk(const Entry* at, const Entry* end, Subject& subject,
                     Next<Subject, Result> terminal) {
    for (; at != end; ++at) {
      const Element& hook = at->hook;
      if (!Applies(hook, subject)) continue;
      if (hook.IsBefore()) {
        hook.Before(subject);
        continue;
      }
      Frame frame{at + 1, end, terminal};
      return hook.Around(subject, Next<Subject, Result>(&Frame::Continue, &frame));
    }
    return terminal(subject);
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const Entries> hooks_;
  std::uint64_t last_id_ = 0;
};

}  // namespace grapnel::core
