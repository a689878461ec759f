#pragma once

#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/draft.hpp>

#include <memory>
#include <vector>

namespace grapnel::detail {

/// What a caller gave to a mutation that has not run yet, for it to be run again from that: hooks
/// have changed it then.
class AsGiven {
 public:
  explicit AsGiven(const AnyMutation& m) : draft_(m.Core()), entity_(draft_.table->ops) {
    draft_.table->ops.AppendCopy(entity_.Get(), m.Entity());
    if (draft_.conflict) conflict_ = *draft_.conflict;
  }

  /// Requires: the mutation is of the same type, and does not run.
  void PutBack(AnyMutation& m) {
    draft_.table->ops.Assign(m.Entity(), entity_.At(0));
    m.StartOver(draft_);
    if (draft_.conflict) *draft_.conflict = conflict_;
  }

 private:
  Draft draft_;
  EntityRows entity_;
  store::Conflict conflict_;
};

/// The same of mutations that run one after the other.
struct AllAsGiven {
  std::vector<std::unique_ptr<AsGiven>> rows{};
};

}  // namespace grapnel::detail
