#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/shared.hpp>

#include <initializer_list>
#include <utility>

namespace grapnel::core {

/// What `Use` returns: takes the hook out again. Ignoring it keeps the hook. Copies are alike.
class HookHandle {
 public:
  HookHandle() = default;
  /// Threads: `remove` may be called by several at once, which all want the same.
  explicit HookHandle(Callable<void()> remove) : removal_(MakeShared<Removal>(std::move(remove))) {}
  // Copied only: one that was moved from still takes the hook out.
  HookHandle(const HookHandle&) = default;
  HookHandle& operator=(const HookHandle&) = default;

  /// Takes the hook out of the chains that it was put in; a second call does nothing.
  /// Threads: any. It does not wait for runs already under way, which still call the hook: what the
  /// hook captured by reference must outlive them.
  void Remove() const {
    if (!removal_ || __atomic_load_n(&removal_->done, __ATOMIC_ACQUIRE)) return;
    removal_->remove();
    __atomic_store_n(&removal_->done, true, __ATOMIC_RELEASE);
  }

 private:
  struct Removal {
    explicit Removal(Callable<void()> what) : remove(std::move(what)) {}

    Callable<void()> remove;
    bool done = false;
  };

  Shared<Removal> removal_;
};

/// One handle for several.
[[gnu::cold]] inline HookHandle JoinHandles(std::initializer_list<HookHandle> handles) {
  HookHandle all;
  for (const HookHandle& handle : handles) {
    all = HookHandle([before = all, handle] {
      before.Remove();
      handle.Remove();
    });
  }
  return all;
}

}  // namespace grapnel::core
