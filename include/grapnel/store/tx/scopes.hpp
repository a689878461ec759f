#pragma once

#include <cstddef>
#include <cstdint>

/// What is open in a transaction.
namespace grapnel::detail {

/// The callbacks that wait for the end of a transaction, as they were at some time.
struct CallbackPoint {
  std::size_t after_commit = 0;
  std::size_t after_rollback = 0;
};

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
  CallbackPoint callbacks{};
};

}  // namespace grapnel::detail
