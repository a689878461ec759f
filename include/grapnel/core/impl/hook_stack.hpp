#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/lock.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/error.hpp>
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

GRAPNEL_DEFINE HookStack::Addition HookStack::Prepare(
    std::size_t count, FunctionRef<const StoredHook&(std::size_t)> hook, unsigned stage) {
  Addition addition;
  {
    const Locked locked(lock_);
    addition.id_ = ++last_id_;
    addition.before_ = hooks_;
  }
  const detail::HookRange all = addition.before_.All();
  const auto grown = MakeShared<std::vector<detail::ListedHook>>(all.begin(), all.end());
  for (std::size_t i = 0; i < count; ++i) {
    detail::RefuseNone(hook(i));
    detail::Insert(*grown, {hook(i), addition.id_, stage});
  }
  addition.grown_ = detail::ListedHooks(grown);
  return addition;
}
GRAPNEL_DEFINE HookStack::Addition HookStack::Prepare(std::span<const StoredHook> hooks,
                                                      unsigned stage) {
  const auto hook = [&](std::size_t i) -> const StoredHook& { return hooks[i]; };
  return Prepare(hooks.size(), hook, stage);
}
GRAPNEL_DEFINE HookStack::Addition HookStack::Prepare(const detail::ListedHooks& others,
                                                      unsigned stage) {
  const detail::HookRange all = others.All();
  const auto hook = [&](std::size_t i) -> const StoredHook& { return all[i].hook; };
  return Prepare(all.size(), hook, stage);
}

GRAPNEL_DEFINE void HookStack::Add(Addition addition) {
  detail::ListedHooks old;  // destroyed outside of the lock: hooks may own anything
  const Locked locked(lock_);
  old = hooks_;
  if (hooks_.IsSame(addition.before_)) return Publish(std::move(addition.grown_));
  const detail::HookRange all = hooks_.All();
  const auto grown = MakeShared<std::vector<detail::ListedHook>>(all.begin(), all.end());
  for (const detail::ListedHook& each : addition.grown_.All()) {
    if (each.id == addition.id_) detail::Insert(*grown, each);
  }
  Publish(detail::ListedHooks(grown));
}

GRAPNEL_DEFINE std::uint64_t HookStack::Add(const StoredHook& hook, unsigned stage) {
  return Add(std::span<const StoredHook>(&hook, 1), stage);
}

GRAPNEL_DEFINE void HookStack::Remove(std::uint64_t id) {
  detail::ListedHooks old;  // destroyed outside of the lock: hooks may own anything
  const Locked locked(lock_);
  const auto kept = MakeShared<std::vector<detail::ListedHook>>();
  for (const detail::ListedHook& each : hooks_.All()) {
    if (each.id != id) kept->push_back(each);
  }
  old = hooks_;
  Publish(detail::ListedHooks(kept));
}

GRAPNEL_DEFINE detail::ListedHooks HookStack::Load() const {
  if (!HasAny()) return nullptr;
  const Locked locked(lock_);
  return hooks_;
}

inline void HookStack::Publish(detail::ListedHooks hooks) noexcept {
  hooks_ = std::move(hooks);
  __atomic_store_n(&has_any_, !hooks_.All().empty(), __ATOMIC_RELEASE);
}

}  // namespace grapnel::core
