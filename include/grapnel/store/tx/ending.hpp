#pragma once

#include <atomic>
#include <utility>

namespace grapnel::detail {

/// What happens once at the end of a transaction, and who does it.
class Ending {
 public:
  /// True for the first who ends it in place of a call: the end of its thread, or another thread's
  /// destructor. Threads: any.
  bool Claim() noexcept { return !claimed_.exchange(true); }

  /// Says that a commit is under way; false when one is already.
  bool StartCommit() noexcept { return !std::exchange(committing_, true); }
  bool IsCommitting() const noexcept { return committing_; }

  /// True the first time: the rollback hooks run once, however the transaction ended.
  bool TakeRollbackHooks() noexcept { return !std::exchange(rollback_hooks_taken_, true); }
  bool TookRollbackHooks() const noexcept { return rollback_hooks_taken_; }

 private:
  std::atomic<bool> claimed_{false};
  bool committing_ = false;
  bool rollback_hooks_taken_ = false;
};

}  // namespace grapnel::detail
