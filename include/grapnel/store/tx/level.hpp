#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/scopes.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// A transaction, or one nested in it: what one Tx object stands for.
struct Level {
  Session* transaction = nullptr;
  Level* outer = nullptr;
  std::shared_ptr<Level> outer_owner{};  // where that is a nested one
  Scope scope{};                         // of a nested one
  bool open = true;
  bool orphaned = false;  // the outer one runs its rollback hooks
  int running = 0;        // mutations
  core::HookList<Tx, void> commit_hooks{};
  core::HookList<Tx, void> rollback_hooks{};
  /// Hooks of this transaction alone, by entity type.
  std::vector<std::pair<core::TypeId, std::unique_ptr<core::HookStack>>> local_hooks{};
};

using TxHooks = core::HookList<Tx, void>::Snapshot;

}  // namespace grapnel::detail
