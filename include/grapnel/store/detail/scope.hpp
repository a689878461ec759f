#pragma once

#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/type.hpp>
#include <grapnel/schema/value.hpp>
#include <grapnel/store/detail/store.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// What a transaction keeps of all that is open in it.
namespace grapnel::detail {

class Transaction;

/// Something that either happens whole or leaves the transaction as it was: one mutation, one `next`, a
/// bulk, a nested Tx. Its savepoint is opened before the first write inside, not before.
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
  Transaction* transaction = nullptr;
  Level* outer = nullptr;
  Scope scope{};  // of a nested one
  bool open = true;
  bool orphaned = false;  // the outer one runs its rollback hooks
  int running = 0;  // mutations
  core::HookList<Tx, void> commit_hooks{};
  core::HookList<Tx, void> rollback_hooks{};
  /// Hook lists of this transaction alone, by entity type: TypeState<E>::List.
  std::vector<std::pair<core::TypeId, std::shared_ptr<void>>> local_hooks{};
};

/// The mutations that run inside one another, for the depth limit.
struct RunningMutation {
  std::string_view type;
  grapnel::Op op;
  const RunningMutation* outer;
  bool counted;  // by the depth limit
};

/// The rows that deletions under way have taken on, for a row is deleted once.
class Deleting {
 public:
  using Ids = std::unordered_set<FieldValue, HashOfValue>;

  /// Those of the ids that are new.
  std::vector<FieldValue> Add(core::TypeId type, std::vector<FieldValue> ids) {
    auto& known = rows_[type];
    std::erase_if(ids, [&](const FieldValue& id) { return !known.insert(id).second; });
    return ids;
  }
  bool Holds(core::TypeId type, const FieldValue& id) const {
    const auto known = rows_.find(type);
    return known != rows_.end() && known->second.contains(id);
  }
  void Remove(core::TypeId type, const Ids& ids) noexcept {
    const auto known = rows_.find(type);
    if (known == rows_.end()) return;
    for (const FieldValue& id : ids) known->second.erase(id);
  }

 private:
  std::unordered_map<core::TypeId, Ids> rows_;
};

using TxHooks = core::HookList<Tx, void>::Snapshot;

}  // namespace grapnel::detail
