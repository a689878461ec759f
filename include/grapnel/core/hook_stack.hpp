#pragma once

#include <grapnel/core/hook.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace grapnel::core {
namespace detail {

/// A hook in a stack, with the number by which it is taken out again.
struct ListedHook {
  StoredHook hook;
  std::uint64_t id;
  unsigned stage;
};

/// The hooks of a stack as they were at one moment, outermost first. Null is empty.
using ListedHooks = std::shared_ptr<const std::vector<ListedHook>>;

/// Puts a hook behind those of its stage.
inline void Insert(std::vector<ListedHook>& hooks, const ListedHook& hook) {
  hooks.insert(std::ranges::upper_bound(hooks, hook.stage, {}, &ListedHook::stage), hook);
}

/// The hooks of several stacks as one: stage by stage, and within one stage in the order of
/// `parts`.
inline ListedHooks Merge(std::span<const ListedHooks> parts) {
  auto all = std::make_shared<std::vector<ListedHook>>();
  for (const ListedHooks& part : parts) {
    if (!part) continue;
    for (const ListedHook& each : *part) Insert(*all, each);
  }
  return all->empty() ? nullptr : ListedHooks(std::move(all));
}

}  // namespace detail

/// Hooks in stages, one stage inside the other, over subjects whose type is forgotten: what every
/// HookList is made of. Stages are numbers, the lowest outermost; in each, the first registered is
/// outermost. Publishes an immutable flat array, so that nothing is put together when it runs.
class HookStack {
 public:
  HookStack() = default;
  HookStack(const HookStack&) = delete;
  HookStack& operator=(const HookStack&) = delete;

  /// Puts hooks behind those already in the stage, in this order: all of them at once.
  /// Returns: a number by which Remove takes them out again. Threads: any.
  std::uint64_t Add(std::span<const StoredHook> hooks, unsigned stage = 0) {
    const std::lock_guard lock(mutex_);
    auto grown = hooks_ ? std::make_shared<std::vector<detail::ListedHook>>(*hooks_)
                        : std::make_shared<std::vector<detail::ListedHook>>();
    const std::uint64_t id = ++last_id_;
    for (const StoredHook& hook : hooks) detail::Insert(*grown, {hook, id, stage});
    hooks_ = std::move(grown);
    has_any_.store(!hooks_->empty(), std::memory_order_release);
    return id;
  }

  /// Takes out what one Add put in. Threads: any.
  void Remove(std::uint64_t id) {
    detail::ListedHooks old;  // destroyed outside of the lock: hooks may own anything
    const std::lock_guard lock(mutex_);
    if (!hooks_) return;
    auto kept = std::make_shared<std::vector<detail::ListedHook>>();
    for (const detail::ListedHook& each : *hooks_) {
      if (each.id != id) kept->push_back(each);
    }
    old = std::exchange(hooks_, std::move(kept));
    has_any_.store(!hooks_->empty(), std::memory_order_release);
  }

  /// Threads: any.
  bool HasAny() const noexcept { return has_any_.load(std::memory_order_acquire); }
  detail::ListedHooks Load() const {
    if (!HasAny()) return nullptr;
    const std::lock_guard lock(mutex_);
    return hooks_;
  }

 private:
  mutable std::mutex mutex_;
  detail::ListedHooks hooks_;
  std::uint64_t last_id_ = 0;
  std::atomic<bool> has_any_{false};
};

}  // namespace grapnel::core
