#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/store/tx/guard.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

/// What a transaction keeps of all that is open in it.
namespace grapnel::detail {

class Session;

/// Something that either happens whole or leaves the transaction as it was: one mutation, one
/// `next`, a bulk, a nested Tx. Its savepoint is opened before the first write inside, not before.
struct Scope {
  static constexpr int kNone = -1;

  Scope* outer = nullptr;
  int savepoint = kNone;  // what to roll back to; shared while nothing was written in between
  bool owns = false;      // releases the savepoint
  bool single = false;    // one mutation without around hooks: its one statement undoes itself
  bool gone = false;      // the transaction was rolled back around it
  std::uint64_t writes = 0;
  std::size_t after_commit = 0;
  std::size_t after_rollback = 0;
};

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

/// The mutations that run inside one another, for the depth limit.
struct RunningMutation {
  std::string_view type;
  grapnel::Op op;
  const RunningMutation* outer;
  bool counted;   // by the depth limit
  int depth = 0;  // of those that are counted, this one included
};

using TxHooks = core::HookList<Tx, void>::Snapshot;

}  // namespace grapnel::detail
