#pragma once

#include <grapnel/core/op.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What is open in a transaction.
namespace grapnel::detail {

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

/// The mutations that run inside one another, for the depth limit.
struct RunningMutation {
  std::string_view type;
  grapnel::Op op;
  const RunningMutation* outer;
  bool counted;   // by the depth limit
  int depth = 0;  // of those that are counted, this one included
};

}  // namespace grapnel::detail
