#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/hook_handle.hpp>

#include <initializer_list>
#include <utility>

namespace grapnel::core {

struct HookHandle::Removal {
  explicit Removal(Callable<void()> what) : remove(std::move(what)) {}

  Callable<void()> remove;
  bool done = false;
};

GRAPNEL_DEFINE HookHandle::HookHandle(Callable<void()> remove)
    : removal_(MakeShared<Removal>(std::move(remove))) {}

GRAPNEL_DEFINE void HookHandle::Remove() const {
  if (!removal_ || __atomic_load_n(&removal_->done, __ATOMIC_ACQUIRE)) return;
  removal_->remove();
  __atomic_store_n(&removal_->done, true, __ATOMIC_RELEASE);
}

GRAPNEL_DEFINE HookHandle JoinHandles(std::initializer_list<HookHandle> handles) {
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
