#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/store/tx/callbacks.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/scopes.hpp>

#include <cstddef>
#include <memory>

namespace grapnel::detail {

/// The callbacks that wait for the end of a transaction. What its end needs of memory is there
/// before it.
class TxCallbacks {
 public:
  /// `store`: told of what they throw where nobody else can be. Lives as long.
  explicit TxCallbacks(const std::shared_ptr<Store>& store) noexcept : store_(store) {}

  [[gnu::always_inline]] CallbackPoint Now() const noexcept {
    return {after_commit_.size(), after_rollback_.size()};
  }
  GRAPNEL_DECLARE void AddAfterCommit(core::Callable<void()> callback);
  GRAPNEL_DECLARE void AddAfterRollback(core::Callable<void()> callback);

  /// Since `point` all is undone: forgets what waits for the commit since then; what waits for a
  /// rollback has had it.
  GRAPNEL_DECLARE void RollBackTo(CallbackPoint point) noexcept;

  /// How many may be due after a commit.
  std::size_t Count() const noexcept { return after_commit_.size() + rolled_back_.size(); }
  /// Before COMMIT: makes place for what follows it.
  GRAPNEL_DECLARE void ExpectCommit();

  /// Takes those that are due after the end, or null; each is handed out once. Needs no memory.
  GRAPNEL_DECLARE std::unique_ptr<CallbackBatch> Take(bool committed) noexcept;

 private:
  GRAPNEL_DECLARE void Expect();

  const std::shared_ptr<Store>& store_;
  Callbacks after_commit_, after_rollback_;
  Callbacks rolled_back_;               // has place for all after_rollback_
  std::unique_ptr<CallbackBatch> due_;  // there as soon as there is a callback
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/tx_callbacks.hpp>  // IWYU pragma: keep
#endif
