#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/lock.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_stack.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace grapnel::core {
namespace detail {

/// Puts a hook behind those of its stage.
inline void Insert(std::vector<ListedHook>& hooks, const ListedHook& hook) {
  auto at = hooks.end();
  while (at != hooks.begin() && (at - 1)->stage > hook.stage) --at;
  hooks.insert(at, hook);
}

GRAPNEL_DEFINE ListedHooks Merge(std::span<const ListedHooks> parts) {
  const auto all = MakeShared<std::vector<ListedHook>>();
  for (const ListedHooks& part : parts) {
    if (!part) continue;
    for (const ListedHook& each : *part) Insert(*all, each);
  }
  return all->empty() ? nullptr : ListedHooks(all);
}

}  // namespace detail

GRAPNEL_DEFINE std::uint64_t HookStack::Add(std::span<const StoredHook> hooks, unsigned stage) {
  const Locked locked(lock_);
  const auto grown = hooks_ ? MakeShared<std::vector<detail::ListedHook>>(*hooks_)
                            : MakeShared<std::vector<detail::ListedHook>>();
  const std::uint64_t id = ++last_id_;
  for (const StoredHook& hook : hooks) detail::Insert(*grown, {hook, id, stage});
  Publish(grown);
  return id;
}

GRAPNEL_DEFINE void HookStack::Remove(std::uint64_t id) {
  detail::ListedHooks old;  // destroyed outside of the lock: hooks may own anything
  const Locked locked(lock_);
  if (!hooks_) return;
  const auto kept = MakeShared<std::vector<detail::ListedHook>>();
  for (const detail::ListedHook& each : *hooks_) {
    if (each.id != id) kept->push_back(each);
  }
  old = hooks_;
  Publish(kept);
}

GRAPNEL_DEFINE detail::ListedHooks HookStack::Load() const {
  if (!HasAny()) return nullptr;
  const Locked locked(lock_);
  return hooks_;
}

inline void HookStack::Publish(detail::ListedHooks hooks) noexcept {
  hooks_ = std::move(hooks);
  __atomic_store_n(&has_any_, !hooks_->empty(), __ATOMIC_RELEASE);
}

}  // namespace grapnel::core
