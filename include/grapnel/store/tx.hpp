#pragma once

#include <grapnel/core/chain.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/error.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {

class Client;
class Transaction;
namespace store {
template <class E>
class TxEntities;
}

/// What a commit or rollback goes through: `void(Tx&)`.
using Committer = core::Mutator<Tx, void>;
using Rollbacker = core::Mutator<Tx, void>;
using TxHook = core::Hook<Tx, void>;

/// A transaction, or one nested in another. Leaving its scope without Commit rolls it back.
///
/// Throws, from every call: TxError after the end, while one nested in it is open, and on another
/// thread than the one that began it. Any storage error and any cancellation ends it whole.
/// Its name in programs is `grapnel::Tx`.
/// Source: ent's Tx.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(owner_, other.owner_);
    return *this;
  }
  /// Rolls back what is open. Never throws: what rollback hooks throw goes to OnError.
  ~Transaction();

  /// The entities of type E, inside this transaction. `.Use(hook)` lasts as long as it.
  template <class E>
  store::TxEntities<E> Of() const;
  /// A client that works inside this transaction.
  grapnel::Client Client() const;

  /// Runs the commit hooks around COMMIT: before-parts, COMMIT, after-parts from the inside out, then the
  /// AfterCommit callbacks in their order. Of a nested one: keeps its work for the outer one, to which its
  /// hooks and callbacks move.
  /// Throws: what a hook threw before COMMIT, unchanged, rolled back; TxError when a hook neither threw
  /// nor called next, rolled back; CommittedError when something failed after COMMIT; BusyError,
  /// ConstraintError, StorageError, rolled back; TxError with outcome Unknown after an I/O error.
  void Commit();
  /// Runs the rollback hooks around ROLLBACK, then the AfterRollback callbacks.
  /// Throws: what they threw first, after the rollback.
  void Rollback();

  /// Adds hooks `[](Tx&, auto next) { next(tx); }`, or ent's form, around the commit of this transaction.
  /// First added, outermost; those of the client are outside of them.
  template <class... Hs>
  core::HookHandle OnCommit(Hs... hooks) {
    return Add(&detail::Level::commit_hooks, std::move(hooks)...);
  }
  template <class... Hs>
  core::HookHandle OnRollback(Hs... hooks) {
    return Add(&detail::Level::rollback_hooks, std::move(hooks)...);
  }

  /// Runs `callback()` once the outermost transaction is committed and durable; never when the work that
  /// it was added in is rolled back. It cannot change the outcome: what it throws is reported as a
  /// CommittedError once all callbacks ran.
  void AfterCommit(std::function<void()> callback) {
    Use().AfterCommit(*handle_->GetLevel(), std::move(callback));
  }
  /// Runs `callback()` once the outermost transaction has ended, when the work that it was added in was
  /// rolled back, in whatever way.
  void AfterRollback(std::function<void()> callback) {
    Use().AfterRollback(*handle_->GetLevel(), std::move(callback));
  }

  /// A transaction nested in this one, as a savepoint. Until it ends this one cannot be used.
  Transaction Tx() const {
    Use();
    return Nested(handle_);
  }
  /// Runs `body(tx)` in a nested transaction; see Client::WithTx.
  template <class F>
  decltype(auto) WithTx(F&& body) const {
    return Within(Tx(), std::forward<F>(body));
  }

  /// The object of type T that was given to Provide. Throws: DependencyError.
  template <class T>
  T& Dep() const {
    return Held()->store->dependencies.Get<T>();
  }
  const core::Context& Context() const { return Held()->context; }
  /// Open, Committed, RolledBack or Unknown: also for hooks, at any time.
  TxOutcome Outcome() const { return Held()->transaction->Outcome(); }

  // What follows is for the other parts of the store.
  struct Access;

 private:
  friend Access;
  friend grapnel::Client;

  Transaction(detail::HandlePtr handle, bool owner) noexcept
      : handle_(std::move(handle)), owner_(owner) {}

  detail::Transaction& Use() const {
    Held()->transaction->Check(*handle_->GetLevel());
    return *handle_->transaction;
  }
  const detail::HandlePtr& Held() const {
    if (!handle_) throw TxError("a transaction was used after it was moved from");
    return handle_;
  }

  static Transaction Nested(const detail::HandlePtr& outer) {
    auto level = outer->transaction->Nest(*outer->GetLevel());
    return {std::make_shared<const detail::Handle>(detail::Handle{
                outer->store, outer->transaction, std::move(level), outer->context}),
            true};
  }

  template <class F>
  static decltype(auto) Within(Transaction tx, F&& body) {
    if constexpr (std::is_void_v<std::invoke_result_t<F, Transaction&>>) {
      std::forward<F>(body)(tx);
      tx.CommitUnlessEnded();
    } else {
      auto result = std::forward<F>(body)(tx);
      try {
        tx.CommitUnlessEnded();
      } catch (CommittedError& error) {
        if constexpr (std::copy_constructible<decltype(result)>) error.SetValue(result);
        throw;
      }
      return result;
    }
  }
  /// The body may have ended the transaction itself; when an error did, its success would be a lie.
  void CommitUnlessEnded() {
    const detail::Transaction& transaction = *handle_->transaction;
    const bool open = transaction.Outcome() == TxOutcome::Open && handle_->GetLevel()->open;
    if (open || transaction.HasDied()) Commit();
  }

  template <class... Hs>
  core::HookHandle Add(core::HookList<Transaction, void> detail::Level::*list, Hs... hooks) {
    Use();
    std::vector<TxHook> added;
    (added.emplace_back(std::move(hooks)), ...);
    auto& target = handle_->GetLevel()->*list;
    const auto id = target.Add(std::move(added));
    return core::HookHandle([handle = std::weak_ptr(handle_), list, id] {
      if (const auto alive = handle.lock()) (alive->GetLevel()->*list).Remove(id);
    });
  }

  void CommitNested();
  std::exception_ptr RollbackNested();

  detail::HandlePtr handle_;
  bool owner_;
};

/// Commits and rolls back whole transactions, with their hooks: shared by Tx and by the mutations that
/// run in a transaction of their own.
struct Transaction::Access {
  static Transaction Of(detail::HandlePtr handle, bool owner) { return {std::move(handle), owner}; }

  /// Throws as Tx::Commit does.
  static void Commit(const detail::HandlePtr& handle) {
    detail::Transaction& transaction = *handle->transaction;
    if (!transaction.StartCommit()) throw TxError("Commit was called inside of its own commit hooks");
    const std::exception_ptr thrown = RunCommitHooks(handle);
    if (transaction.Outcome() == TxOutcome::Committed) {
      std::vector<std::exception_ptr> causes;
      if (thrown) causes.push_back(thrown);
      if (const auto orphaned = RunHooks(handle, transaction.TakeNestedHooks(), [](Transaction&) {})) {
        handle->store->Report(orphaned);
      }
      for (auto& each : RunCallbacks(transaction)) causes.push_back(std::move(each));
      if (!causes.empty()) throw CommittedError(std::move(causes));
      return;
    }
    const bool swallowed = transaction.Outcome() == TxOutcome::Open;
    if (const auto also = Rollback(handle)) handle->store->Report(also);
    if (thrown) std::rethrow_exception(thrown);
    throw TxError(swallowed ? "nothing was committed: a commit hook neither threw nor called next, so "
                              "that the transaction was rolled back"
                            : "nothing was committed: a commit hook ended the transaction",
                  transaction.Outcome());
  }

  /// Runs the rollback hooks, once, and the callbacks; rolls back in any case. Returns what was thrown
  /// first; the rest goes to OnError.
  static std::exception_ptr Rollback(const detail::HandlePtr& handle) {
    detail::Transaction& transaction = *handle->transaction;
    std::exception_ptr first;
    if (transaction.TakeRollbackHooks()) {
      std::vector<Snapshot> hooks{handle->store->rollback_hooks.Load(),
                                  transaction.Root().rollback_hooks.Load()};
      for (auto& nested : transaction.TakeNestedHooks()) hooks.push_back(std::move(nested));
      first = RunHooks(handle, hooks, [&](Transaction&) { transaction.Rollback(); });
    }
    transaction.Rollback();
    transaction.LeaveThread();
    for (auto& each : RunCallbacks(transaction)) {
      first ? handle->store->Report(each) : void(first = std::move(each));
    }
    return first;
  }

  /// Runs the rollback hooks of a transaction that died while it was used, once nothing runs in it.
  static void FinishIfDead(const detail::HandlePtr& handle) noexcept {
    const detail::Transaction& transaction = *handle->transaction;
    if (transaction.Outcome() == TxOutcome::Open || transaction.IsRunning() ||
        transaction.IsCommitting() || transaction.GetKind() == detail::Transaction::Kind::ReadOnly) {
      return;
    }
    try {
      if (const auto thrown = Rollback(handle)) handle->store->Report(thrown);
    } catch (...) {
      handle->store->Report(std::current_exception());
    }
  }
  struct Finish {
    const detail::HandlePtr& handle;
    ~Finish() { FinishIfDead(handle); }
  };

 private:
  friend Transaction;
  using Snapshot = detail::TxHooks;

  static std::exception_ptr RunCommitHooks(const detail::HandlePtr& handle) {
    detail::Transaction& transaction = *handle->transaction;
    return RunHooks(handle,
                    {handle->store->commit_hooks.Load(), transaction.Root().commit_hooks.Load()},
                    [&](Transaction&) { transaction.Commit(); });
  }

  /// Runs the lists inside one another, the first outermost, around `terminal`. Returns what they threw.
  static std::exception_ptr RunHooks(const detail::HandlePtr& handle,
                                     const std::vector<Snapshot>& lists,
                                     const std::function<void(Transaction&)>& terminal) {
    Transaction tx(handle, false);
    try {
      RunFrom(0, tx, lists, terminal);
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }
  static void RunFrom(std::size_t at, Transaction& tx, const std::vector<Snapshot>& lists,
                      const std::function<void(Transaction&)>& terminal) {
    if (at == lists.size()) return terminal(tx);
    auto next = [&](Transaction& t) { RunFrom(at + 1, t, lists, terminal); };
    lists[at].Run(tx, core::detail::NextOf<Transaction, void>(next));
  }

  static std::vector<std::exception_ptr> RunCallbacks(detail::Transaction& transaction) {
    return detail::AfterQueue::Run(
        transaction.TakeCallbacks(),
        [store = transaction.GetStore()](const std::exception_ptr& error) { store->Report(error); });
  }
};

inline Transaction::~Transaction() {
  if (!owner_ || !handle_) return;
  detail::Transaction& transaction = *handle_->transaction;
  std::exception_ptr thrown;
  try {
    if (handle_->nested) {
      if (handle_->nested->open) thrown = RollbackNested();
    } else if (!transaction.IsCommitting() || transaction.Outcome() == TxOutcome::Open) {
      thrown = Access::Rollback(handle_);
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) handle_->store->Report(thrown);
}

inline void Transaction::Commit() {
  Use();
  if (handle_->GetLevel()->running > 0) {
    throw TxError("Commit was called inside a mutation that is running in the same transaction");
  }
  handle_->nested ? CommitNested() : Access::Commit(handle_);
}

inline void Transaction::Rollback() {
  Use();
  const std::exception_ptr thrown = handle_->nested ? RollbackNested() : Access::Rollback(handle_);
  if (thrown) std::rethrow_exception(thrown);
}

inline void Transaction::CommitNested() {
  detail::Level& level = *handle_->nested;
  handle_->transaction->CloseNested(level, true);
  level.outer->commit_hooks.Extend(level.commit_hooks.Load());
  level.outer->rollback_hooks.Extend(level.rollback_hooks.Load());
}

inline std::exception_ptr Transaction::RollbackNested() {
  detail::Level& level = *handle_->nested;
  level.orphaned = true;  // they run here
  const auto thrown =
      Access::RunHooks(handle_, {level.rollback_hooks.Load()}, [&](Transaction&) {
        handle_->transaction->CloseNested(level, false);
      });
  handle_->transaction->CloseNested(level, false);
  return thrown;
}

}  // namespace grapnel
