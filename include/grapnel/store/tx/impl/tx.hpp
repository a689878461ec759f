#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/lock_wait.hpp>
#include <grapnel/store/tx/decision.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cstddef>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace grapnel::store {

/// Commits and rolls back whole transactions, with their hooks: shared by Tx and by the mutations
/// that run in a transaction of their own.
struct Transaction::Access {
  /// Throws as Tx::Commit does.
  static void Commit(const detail::HandlePtr& handle) {
    detail::Session& transaction = *handle->transaction;
    handle->store->driver->CheckNotInherited();
    if (!transaction.GetEnding().StartCommit())
      throw TxError("Commit was called inside of its own commit hooks");
    std::vector<std::exception_ptr> causes;  // which need no memory after COMMIT
    const std::exception_ptr thrown = RunCommitHooks(handle, causes);
    if (transaction.Outcome() == TxOutcome::Committed) {
      const auto failed = [&](const std::exception_ptr& cause) { causes.push_back(cause); };
      if (thrown) failed(thrown);
      if (const auto orphaned =
              RunHooks(handle, transaction.TakeNestedHooks(), [](Transaction&) {})) {
        handle->store->Report(orphaned);
      }
      detail::AfterQueue::Run(transaction.TakeCallbacks(), failed);
      if (!causes.empty()) throw CommittedError::Of(std::move(causes));
      return;
    }
    const bool swallowed = transaction.Outcome() == TxOutcome::Open;
    if (const auto also = Rollback(handle)) handle->store->Report(also);
    if (thrown) std::rethrow_exception(thrown);
    throw TxError(swallowed
                      ? "nothing was committed: a commit hook neither threw nor called next, so "
                        "that the transaction was rolled back"
                      : "nothing was committed: a commit hook ended the transaction",
                  transaction.Outcome());
  }

  /// Runs the rollback hooks, once, and the callbacks; rolls back in any case. Returns what was
  /// thrown first; the rest goes to OnError. Needs no memory.
  static std::exception_ptr Rollback(const detail::HandlePtr& handle) {
    detail::Session& transaction = *handle->transaction;
    std::exception_ptr first;
    if (handle->store->IsInherited()) {  // its hooks and callbacks are the parent's
      transaction.Rollback();
      return first;
    }
    if (transaction.GetEnding().TakeRollbackHooks()) {
      const Snapshot hooks[] = {handle->store->rollback_hooks.Load(),
                                transaction.Root().rollback_hooks.Load()};
      const auto nested = transaction.TakeNestedHooks();
      first = RunHooks(handle, hooks, [&](Transaction& tx) {
        RunLists(nested, tx, [&](Transaction&) { transaction.Rollback(); });
      });
    }
    transaction.Rollback();
    transaction.LeaveThread();
    detail::AfterQueue::Run(transaction.TakeCallbacks(), [&](const std::exception_ptr& thrown) {
      first ? handle->store->Report(thrown) : void(first = thrown);
    });
    return first;
  }

  /// Runs the rollback hooks of a transaction that died while it was used, once nothing runs in it.
  static void FinishIfDead(const detail::HandlePtr& handle) noexcept {
    const detail::Session& transaction = *handle->transaction;
    if (!transaction.IsOfThisThread()) return;  // it was refused
    if (transaction.Outcome() == TxOutcome::Open || transaction.IsRunning() ||
        transaction.GetEnding().IsCommitting() ||
        transaction.GetKind() == detail::Session::Kind::ReadOnly) {
      return;
    }
    try {
      if (const auto thrown = Rollback(handle)) handle->store->Report(thrown);
    } catch (...) {
      handle->store->Report(std::current_exception());
    }
  }
  /// Ends a transaction whose thread ends, and tells of it: nobody else can.
  static void Abandon(const detail::HandlePtr& handle) noexcept {
    detail::Session& transaction = *handle->transaction;
    if (handle->store->IsInherited()) return transaction.Rollback();
    if (!transaction.GetEnding().Claim()) return;  // another thread is just destroying it
    if (transaction.GetKind() == detail::Session::Kind::ReadOnly) return transaction.Rollback();
    try {
      transaction.CloseInside(transaction.Root());
      handle->store->Report(std::make_exception_ptr(
          TxError("a transaction was still open when the thread that began it ended: it was rolled "
                  "back",
                  TxOutcome::RolledBack)));
      if (const auto thrown = Rollback(handle)) handle->store->Report(thrown);
    } catch (...) {
      handle->store->Report(std::current_exception());
    }
  }
  struct Finish {
    const detail::HandlePtr& handle;
    ~Finish() {
      if (handle->transaction->Outcome() != TxOutcome::Open) FinishIfDead(handle);
    }
  };

 private:
  friend Transaction;
  using Snapshot = detail::TxHooks;

  /// Runs the commit hooks around COMMIT, and makes place for all `causes` that may fail behind it.
  /// Returns what was thrown.
  static std::exception_ptr RunCommitHooks(const detail::HandlePtr& handle,
                                           std::vector<std::exception_ptr>& causes) {
    detail::Session& transaction = *handle->transaction;
    const detail::Committing now(*handle->store);
    const Snapshot hooks[] = {handle->store->commit_hooks.Load(),
                              transaction.Root().commit_hooks.Load()};
    const bool hooked = !hooks[0].IsEmpty() || !hooks[1].IsEmpty();
    return RunHooks(handle, hooks, [&](Transaction&) {
      if (hooked || transaction.CountCallbacks() > 0) {
        causes.reserve(transaction.CountCallbacks() + 1);
        CommittedError::Prepare();
      }
      transaction.Commit();
    });
  }

  /// Runs the hooks of all lists, those of the first outermost, around `terminal`. Returns what
  /// they threw. Needs no memory, but where the caller has decided something for the transaction.
  static std::exception_ptr RunHooks(const detail::HandlePtr& handle,
                                     std::span<const Snapshot> lists,
                                     core::FunctionRef<void(Transaction&)> terminal) {
    const detail::Generation deeper(detail::Generation::Next());
    try {
      const detail::Decided decided(handle);
      Transaction tx(decided.Inside(), false);
      RunLists(lists, tx, terminal);
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }
  static void RunLists(std::span<const Snapshot> lists, Transaction& tx,
                       core::FunctionRef<void(Transaction&)> terminal) {
    while (!lists.empty() && lists.front().IsEmpty()) lists = lists.subspan(1);
    if (lists.empty()) return terminal(tx);
    const auto rest = [&](Transaction& t) { RunLists(lists.subspan(1), t, terminal); };
    lists.front().Run(tx, core::detail::NextOf<Transaction, void>(rest));
  }
};

GRAPNEL_DEFINE Transaction::~Transaction() {
  if (!owner_ || !handle_) return;
  if (handle_->store->IsInherited()) {
    handle_->transaction->Rollback();  // sends nothing, and runs nothing
    return;
  }
  detail::Session& transaction = *handle_->transaction;
  if (!transaction.IsOfThisThread() && !transaction.GetEnding().Claim()) return;
  std::exception_ptr thrown;
  try {
    transaction.CloseInside(*handle_->GetLevel());  // what was to end before
    if (handle_->nested) {
      if (handle_->nested->open) thrown = RollbackNested(handle_);
    } else if (!transaction.GetEnding().IsCommitting() ||
               transaction.Outcome() == TxOutcome::Open) {
      thrown = Access::Rollback(handle_);
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) handle_->store->Report(thrown);
}

GRAPNEL_DEFINE void Transaction::Commit() {
  Use();
  if (handle_->GetLevel()->running > 0) {
    throw TxError("Commit was called inside a mutation that is running in the same transaction");
  }
  const bool rolled_back = handle_->nested ? handle_->nested->orphaned
                                           : handle_->transaction->GetEnding().TookRollbackHooks();
  if (rolled_back) {
    throw TxError("Commit was called inside of the rollback hooks: nothing keeps it any more");
  }
  const detail::HandlePtr handle = handle_;  // hooks may destroy this object
  handle->nested ? CommitNested(*handle) : Access::Commit(handle);
}

GRAPNEL_DEFINE void Transaction::Rollback() {
  Use();
  const detail::HandlePtr handle = handle_;
  const std::exception_ptr thrown =
      handle->nested ? RollbackNested(handle) : Access::Rollback(handle);
  if (thrown) std::rethrow_exception(thrown);
}

GRAPNEL_DEFINE void Transaction::CommitNested(const detail::Handle& handle) {
  detail::Level& level = *handle.nested;
  detail::Level& outer = *level.outer;
  const auto commit = level.commit_hooks.Load(), rollback = level.rollback_hooks.Load();
  core::HookStack::Addition commit_hooks, rollback_hooks;
  if (!commit.IsEmpty()) commit_hooks = outer.commit_hooks.Prepare(commit);
  if (!rollback.IsEmpty()) rollback_hooks = outer.rollback_hooks.Prepare(rollback);
  handle.transaction->CloseNested(level, true);
  if (!commit.IsEmpty()) outer.commit_hooks.Add(std::move(commit_hooks));
  if (!rollback.IsEmpty()) outer.rollback_hooks.Add(std::move(rollback_hooks));
}

GRAPNEL_DEFINE std::exception_ptr Transaction::RollbackNested(const detail::HandlePtr& handle) {
  detail::Level& level = *handle->nested;
  level.orphaned = true;  // they run here
  const detail::TxHooks hooks[] = {level.rollback_hooks.Load()};
  auto thrown = Access::RunHooks(
      handle, hooks, [&](Transaction&) { handle->transaction->CloseNested(level, false); });
  handle->transaction->CloseNested(level, false);
  return thrown;
}

GRAPNEL_DEFINE detail::Session& Transaction::Use() const {
  detail::Session& transaction = *Held()->transaction;
  transaction.Check(*handle_->GetLevel());
  if (transaction.IsTracing()) {
    throw TxError("a transaction was used by the tracer of one of its own statements");
  }
  return transaction;
}

GRAPNEL_DEFINE Transaction Transaction::Tx() const {
  Use();
  return Nested(handle_);
}

GRAPNEL_DEFINE Transaction Transaction::Begin(const detail::HandlePtr& outer) {
  if (outer->transaction) return Nested(outer);
  return {detail::BeginTransaction(outer, detail::TxKind::Explicit), true};
}

GRAPNEL_DEFINE Transaction Transaction::Nested(const detail::HandlePtr& outer) {
  const auto level = outer->transaction->Nest(*outer->GetLevel(), outer->nested);
  try {
    return {detail::MakeHandle({outer->store, outer->transaction, level, outer->context}), true};
  } catch (...) {  // without memory there is nobody to close it later
    outer->transaction->CloseNested(*level, false);
    throw;
  }
}

/// The body may have ended the transaction itself; when an error did, its success would be a lie.
GRAPNEL_DEFINE void Transaction::CommitUnlessEnded() {
  const detail::Session& transaction = *handle_->transaction;
  transaction.RethrowEnd();
  const bool open = transaction.Outcome() == TxOutcome::Open && handle_->GetLevel()->open;
  if (open || transaction.HasDied()) Commit();
}

GRAPNEL_DEFINE core::HookHandle Transaction::Add(End of, std::initializer_list<TxHook> hooks) {
  detail::Session& transaction = Use();
  detail::Level& level = *handle_->GetLevel();
  if (of == End::Commit) {
    if (transaction.GetEnding().IsCommitting()) {
      throw TxError(
          "a commit hook was added while the commit hooks of the transaction run: add it before "
          "Commit");
    }
  } else if (level.orphaned || transaction.GetEnding().TookRollbackHooks()) {
    throw TxError(
        "a rollback hook was added while the rollback hooks of the transaction run: add it "
        "before Rollback");
  }
  const auto list =
      of == End::Commit ? &detail::Level::commit_hooks : &detail::Level::rollback_hooks;
  auto addition = (level.*list).Prepare(hooks);
  core::HookHandle remove([handle = core::Weak(handle_), list, id = addition.Id()] {
    const auto alive = handle.Lock();
    if (alive && !alive->store->IsInherited()) (alive->GetLevel()->*list).Remove(id);
  });
  if (of == End::Rollback) transaction.ExpectNestedHooks();
  (level.*list).Add(std::move(addition));
  return remove;
}

GRAPNEL_DEFINE void Transaction::AddCallback(End of, core::Callable<void()> callback) {
  detail::Session& transaction = Use();
  const detail::Level& level = *handle_->GetLevel();
  of == End::Commit ? transaction.AfterCommit(level, std::move(callback))
                    : transaction.AfterRollback(level, std::move(callback));
}

GRAPNEL_DEFINE TxOutcome Transaction::Outcome() const { return Held()->transaction->Outcome(); }

GRAPNEL_DEFINE bool Transaction::IsSameAs(const Transaction& other) const noexcept {
  return handle_ && other.handle_ && handle_->transaction == other.handle_->transaction;
}

GRAPNEL_DEFINE const detail::HandlePtr& Transaction::Held() const {
  if (!handle_) throw TxError("a transaction was used after it was moved from");
  return detail::CheckHeld(handle_, {}, "a transaction");
}

}  // namespace grapnel::store

namespace grapnel::detail {

inline core::HookHandle AddTo(core::HookList<Tx, void> Store::*list, const HandlePtr& handle,
                              std::initializer_list<TxHook> hooks) {
  auto addition = (handle->store.get()->*list).Prepare(hooks);
  core::HookHandle remove([store = std::weak_ptr(handle->store), list, id = addition.Id()] {
    const auto alive = store.lock();
    if (alive && !alive->IsInherited()) (alive.get()->*list).Remove(id);
  });
  (handle->store.get()->*list).Add(std::move(addition));
  return remove;
}

GRAPNEL_DEFINE core::HookHandle AddCommitHooks(const HandlePtr& handle,
                                               std::initializer_list<TxHook> hooks) {
  Committing::Guard(*handle->store);
  return AddTo(&Store::commit_hooks, handle, hooks);
}

GRAPNEL_DEFINE core::HookHandle AddRollbackHooks(const HandlePtr& handle,
                                                 std::initializer_list<TxHook> hooks) {
  return AddTo(&Store::rollback_hooks, handle, hooks);
}

inline HandlePtr Begin(const HandlePtr& handle, TxKind kind, std::optional<Inside> inside) {
  auto transaction = std::make_shared<Session>(handle->store, handle->context, kind);
  handle->context.ThrowIfCancelled();
  transaction->Begin(handle->context);
  auto begun = MakeHandle({handle->store, transaction, nullptr, handle->context});
  if (inside) transaction->MarkThread(begun, &Tx::Access::Abandon, *inside);
  return begun;
}

GRAPNEL_DEFINE HandlePtr BeginTransaction(const HandlePtr& handle, TxKind kind) {
  Marks::Guard(*handle->store);
  if (kind == TxKind::Explicit) Generation::Check();
  return Begin(handle, kind, kind == TxKind::ReadOnly ? Inside::ReadTx : Inside::Tx);
}

GRAPNEL_DEFINE Hindrance HindranceOf(const HandlePtr& handle, const core::Context& context) {
  if (handle && handle->transaction->InTheWay().is_there) return handle->transaction->InTheWay();
  try {
    throw;
  } catch (const BusyError& error) {
    return {.is_there = error.Retryable() || context.Get<LockWait>() != nullptr};
  } catch (...) {
    return {};
  }
}

GRAPNEL_DEFINE HandlePtr BeginWalk(const HandlePtr& handle) {
  Marks::Guard(*handle->store);
  std::optional<Inside> inside;
  if (handle->store->driver->HasOneConnection()) inside = Inside::Walk;
  return Begin(handle, TxKind::ReadOnly, inside);
}

GRAPNEL_DEFINE void EndSnapshot(const Handle& handle) noexcept {
  Session& transaction = *handle.transaction;
  if (handle.store->IsInherited()) return;
  if (transaction.IsOfThisThread() || transaction.GetEnding().Claim()) transaction.Rollback();
}

}  // namespace grapnel::detail
