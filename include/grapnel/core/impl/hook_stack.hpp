#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/lock.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_stack.hpp>

#include <cstddef>
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

GRAPNEL_DEFINE ListedHooks::ListedHooks(Shared<const std::vector<ListedHook>> hooks) noexcept
    : all_{hooks->data(), hooks->data() + hooks->size()} {
  owner_ = std::move(hooks);
}

GRAPNEL_DEFINE ListedHooks Merge(std::span<const ListedHooks> parts) {
  const auto all = MakeShared<std::vector<ListedHook>>();
  for (const ListedHooks& part : parts) {
    for (const ListedHook& each : part.All()) Insert(*all, each);
  }
  return ListedHooks(all);
}

}  // namespace detail

GRAPNEL_DEFINE std::uint64_t HookStack::Add(std::size_t count,
                                            FunctionRef<const StoredHook&(std::size_t)> hook,
                                            unsigned stage) {
  const Locked locked(lock_);
  const auto grown =
      MakeShared<std::vector<detail::ListedHook>>(hooks_.All().begin(), hooks_.All().end());
  const std::uint64_t id = ++last_id_;
  for (std::size_t i = 0; i < count; ++i) detail::Insert(*grown, {hook(i), id, stage});
  Publish(grown);
  return id;
}
GRAPNEL_DEFINE std::uint64_t HookStack::Add(std::span<const StoredHook> hooks, unsigned stage) {
  const auto hook = [&](std::size_t i) -> const StoredHook& { return hooks[i]; };
  return Add(hooks.size(), hook, stage);
}
GRAPNEL_DEFINE void HookStack::Extend(const detail::ListedHooks& other, unsigned stage) {
  const detail::HookRange all = other.All();
  const auto hook = [&](std::size_t i) -> const StoredHook& { return all[i].hook; };
  if (other) Add(all.size(), hook, stage);
}

GRAPNEL_DEFINE void HookStack::Remove(std::uint64_t id) {
  detail::ListedHooks old;  // destroyed outside of the lock: hooks may own anything
  const Locked locked(lock_);
  const auto kept = MakeShared<std::vector<detail::ListedHook>>();
  for (const detail::ListedHook& each : hooks_.All()) {
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

inline void HookStack::Publish(Shared<const std::vector<detail::ListedHook>> hooks) noexcept {
  hooks_ = detail::ListedHooks(std::move(hooks));
  __atomic_store_n(&has_any_, !hooks_.All().empty(), __ATOMIC_RELEASE);
}

}  // namespace grapnel::core
