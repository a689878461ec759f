#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/type.hpp>
#include <grapnel/store/detail/after.hpp>
#include <grapnel/store/detail/scope.hpp>
#include <grapnel/store/detail/store.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// A transaction on one connection, from BEGIN to its end, with the callbacks that wait for it. Used by
/// the thread that began it; only its end may come from another one.
class Transaction {
 public:
  enum class Kind : std::uint8_t { Implicit, Explicit, ReadOnly };
  static constexpr int kDepthLimit = 64;

  Transaction(std::shared_ptr<Store> store, const core::Context& context, Kind kind)
      : store_(std::move(store)), context_(context), kind_(kind) {
    root_.transaction = this;
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() { End(TxOutcome::RolledBack); }

  Kind GetKind() const noexcept { return kind_; }
  TxOutcome Outcome() const noexcept { return outcome_; }
  /// Whether an error ended it, as opposed to a call.
  bool HasDied() const noexcept { return died_; }
  const std::shared_ptr<Store>& GetStore() const noexcept { return store_; }
  Level& Root() noexcept { return root_; }
  bool IsRunning() const noexcept { return running_ != nullptr; }
  bool HasLocalHooks() const noexcept { return has_local_hooks_; }
  void SetHasLocalHooks() noexcept { has_local_hooks_ = true; }

  /// Marks the thread, until the end: a transaction that the caller holds.
  void MarkThread() { mark_ = Marks::Add(*store_); }
  /// The mark to take off at the end of a mutation's own transaction.
  void SetRunningMark(Marks::Running* mark) noexcept { running_mark_ = mark; }

  /// Throws: TxError unless `level` may be used now, by this thread.
  void Check(const Level& level) const {
    if (std::this_thread::get_id() != thread_) {
      throw TxError("a transaction was used by another thread than the one that began it", outcome_);
    }
    if (outcome_ != TxOutcome::Open) {
      throw TxError(core::Concat({"the transaction has ended: ", Name(outcome_),
                                  reason_.empty() ? "" : ", because of: ", reason_}),
                    outcome_);
    }
    if (!level.open) throw TxError("the nested transaction has ended");
    if (innermost_ != &level) {
      throw TxError("an outer transaction was used while one nested in it is open");
    }
  }

  /// BEGIN, where it was not sent yet.
  void Begin(const core::Context& context) {
    if (lease_) return;
    const bool reads = kind_ == Kind::ReadOnly;
    store::Lease lease = reads ? store_->driver->Reader(context) : store_->driver->Writer(context);
    lease->Watch(&context);
    reads ? lease->BeginRead() : lease->BeginWrite();
    lease->Watch(&context_);
    lease_ = std::move(lease);
  }

  /// Runs `statement(connection)` inside the transaction. An error that leaves the storage or the
  /// transaction in doubt ends the transaction whole.
  template <class F>
  auto Read(const Level& level, TypeEntry& type, const core::Context& context, F statement) {
    return Guarded(level, context, [&] {
      type.Verify(*lease_);
      return statement(*lease_);
    });
  }

  /// The same for a statement that writes: opens the savepoint that the scopes wait for.
  template <class F>
  auto Write(const Level& level, TypeEntry& type, const core::Context& context, F statement) {
    if (kind_ == Kind::ReadOnly) throw TxError("a ReadTx does not write");
    return Guarded(level, context, [&] {
      type.Verify(*lease_);
      if (top_ != nullptr && top_->savepoint == Scope::kNone && !UndoesItself(*top_)) OpenSavepoint();
      const auto result = statement(*lease_);
      ++writes_;
      return result;
    });
  }

  /// The scope that stands alone without a savepoint gets one after all, before its first write.
  void ExpectSeveralWrites() noexcept {
    if (top_ != nullptr) top_->single = false;
  }

  void Enter(Scope& scope) noexcept {
    scope.outer = top_;
    scope.writes = writes_;
    scope.after_commit = after_commit_.size();
    scope.after_rollback = after_rollback_.size();
    if (!clean_at_.empty() && clean_at_.back() == writes_) {
      scope.savepoint = static_cast<int>(clean_at_.size());
    }
    top_ = &scope;
  }

  /// Keeps what was written in the scope. Throws: StorageError, the transaction ended.
  void Succeed(Scope& scope) {
    if (scope.gone) return;
    CloseAbove(scope);
    top_ = scope.outer;
    if (!scope.owns) return;
    try {
      lease_->Release(scope.savepoint);
    } catch (const std::exception& error) {
      Die(error.what());
      throw;
    }
    clean_at_.resize(static_cast<std::size_t>(scope.savepoint) - 1);
  }

  /// Undoes what was written in the scope, and forgets the AfterCommit callbacks made in it.
  void Fail(Scope& scope) noexcept {
    if (scope.gone) return;
    CloseAbove(scope);
    top_ = scope.outer;
    after_commit_.resize(scope.after_commit);
    for (std::size_t i = scope.after_rollback; i < after_rollback_.size(); ++i) {
      rolled_back_.push_back(std::move(after_rollback_[i]));
    }
    after_rollback_.resize(scope.after_rollback);
    if (scope.savepoint == Scope::kNone) {
      if (writes_ != scope.writes) Die("a mutation failed after its write");
      return;
    }
    try {
      lease_->RollbackTo(scope.savepoint);
      clean_at_.resize(static_cast<std::size_t>(scope.savepoint));
      clean_at_.back() = writes_;
      if (scope.owns) {
        lease_->Release(scope.savepoint);
        clean_at_.pop_back();
      }
    } catch (const std::exception& error) {
      Die(error.what());
    }
  }

  /// Begins a transaction nested in `outer`.
  std::shared_ptr<Level> Nest(Level& outer) {
    Check(outer);
    auto level = std::make_shared<Level>();
    level->transaction = this;
    level->outer = &outer;
    Enter(level->scope);
    innermost_ = level.get();
    return level;
  }
  void CloseNested(Level& level, bool keep) {
    if (!level.open) return;
    level.open = false;
    innermost_ = level.outer;
    keep ? Succeed(level.scope) : Fail(level.scope);
  }

  void EnterMutation(Level& level, RunningMutation& running) {
    Check(level);
    running.outer = running_;
    int depth = 0;
    for (const RunningMutation* each = &running; each != nullptr; each = each->outer) {
      if (each->counted) ++depth;
    }
    if (depth > kDepthLimit) ThrowTooDeep(running);
    running_ = &running;
    ++level.running;
  }
  void LeaveMutation(Level& level, const RunningMutation& running) noexcept {
    running_ = running.outer;
    --level.running;
  }

  void AfterCommit(const Level& level, std::function<void()> callback) {
    Check(level);
    after_commit_.push_back(std::move(callback));
  }
  void AfterRollback(const Level& level, std::function<void()> callback) {
    Check(level);
    after_rollback_.push_back(std::move(callback));
  }

  // The numbers of lists of rows, from 1; see RowLists.
  std::int64_t LastList() const noexcept { return last_list_; }
  std::int64_t NextList() noexcept { return ++last_list_; }

  /// COMMIT. Throws: BusyError and ConstraintError, the transaction still open; TxError with outcome
  /// Unknown after an I/O error; StorageError, rolled back.
  void Commit() {
    Check(root_);
    if (!lease_) return End(TxOutcome::Committed);
    lease_->Watch(nullptr);
    try {
      lease_->Commit();
    } catch (const StorageError& error) {
      reason_ = error.what();
      if (error.Kind() != StorageKind::Io) {
        End(TxOutcome::RolledBack);
        throw;
      }
      End(TxOutcome::Unknown);
      throw TxError(
          core::Concat({"COMMIT failed with an I/O error, so that it is unknown whether it took place: ",
                        error.what()}),
          TxOutcome::Unknown);
    } catch (const Error& error) {
      if (!lease_->InTransaction()) Die(error.what());
      throw;
    }
    End(TxOutcome::Committed);
  }

  /// ROLLBACK, whatever is open. Does nothing after the end.
  void Rollback() noexcept { End(TxOutcome::RolledBack); }

  /// Takes the marks off: from now on the base client may be used again.
  void LeaveThread() noexcept {
    if (mark_) mark_->active = false;
    if (running_mark_ != nullptr) running_mark_->active = false;
  }

  /// Takes the callbacks that the outcome calls for; each is handed out once.
  Callbacks TakeCallbacks() {
    Callbacks due;
    if (outcome_ == TxOutcome::Committed) {
      due = std::move(after_commit_);
    } else {
      rolled_back_.insert(rolled_back_.end(), std::make_move_iterator(after_rollback_.begin()),
                          std::make_move_iterator(after_rollback_.end()));
    }
    due.insert(due.end(), std::make_move_iterator(rolled_back_.begin()),
               std::make_move_iterator(rolled_back_.end()));
    after_commit_.clear();
    after_rollback_.clear();
    rolled_back_.clear();
    return due;
  }

  /// The rollback hooks of nested transactions that went down with an outer one; each is handed out once.
  std::vector<TxHooks> TakeNestedHooks() {
    for (Level* level = innermost_; level != &root_; level = level->outer) Orphan(*level);
    return std::exchange(orphaned_, {});
  }

  /// True the first time: the rollback hooks run once, however the transaction ended.
  bool TakeRollbackHooks() noexcept { return !std::exchange(rollback_hooks_taken_, true); }
  /// Says that a commit is under way; false when one is already.
  bool StartCommit() noexcept { return !std::exchange(committing_, true); }
  bool IsCommitting() const noexcept { return committing_; }

 private:
  template <class F>
  auto Guarded(const Level& level, const core::Context& context, F statement) {
    Check(level);
    // The call's context may be gone before the next statement, which may be a RELEASE of our own.
    struct Unwatch {
      Transaction& self;
      ~Unwatch() {
        if (self.lease_) self.lease_->Watch(&self.context_);
      }
    } unwatch{*this};
    try {
      context.ThrowIfCancelled();
      Begin(context);
      lease_->Watch(&context);
      return statement();
    } catch (const CancelledError& error) {
      Die(error.what());
      throw;
    } catch (const StorageError& error) {
      Die(error.what());
      throw;
    } catch (const std::exception& error) {
      if (lease_ && !lease_->InTransaction()) Die(error.what());
      throw;
    }
  }

  /// Whether the scope holds one statement and stands alone without a savepoint: SQL statements undo
  /// themselves when they fail, so that none is needed.
  static bool UndoesItself(const Scope& scope) noexcept {
    return scope.single && (scope.outer == nullptr || scope.outer->savepoint != Scope::kNone);
  }

  /// Scopes without a savepoint stand on top, and nothing was written between them: one serves all.
  void OpenSavepoint() {
    const int depth = static_cast<int>(clean_at_.size()) + 1;
    clean_at_.reserve(clean_at_.size() + 1);
    lease_->Savepoint(depth);
    clean_at_.push_back(writes_);
    Scope* owner = nullptr;
    for (Scope* scope = top_; scope != nullptr && scope->savepoint == Scope::kNone;
         scope = scope->outer) {
      scope->savepoint = depth;
      owner = scope;
    }
    owner->owns = true;
  }

  /// Rolls back the transactions nested inside `scope` that were left open.
  void CloseAbove(const Scope& scope) noexcept {
    while (top_ != nullptr && top_ != &scope) {
      Scope& above = *top_;
      for (Level* level = innermost_; level != nullptr; level = level->outer) {
        if (&level->scope == &above) {
          Orphan(*level);
          level->open = false;
          innermost_ = level->outer;
        }
      }
      Fail(above);
      above.gone = true;
    }
  }

  void Die(std::string_view reason) noexcept {
    if (outcome_ != TxOutcome::Open) return;
    died_ = true;
    try {
      reason_ = reason;
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory it dies without a reason
    }
    End(TxOutcome::RolledBack);
  }

  /// Keeps the rollback hooks of a nested transaction that is ended from outside, to be run with those of
  /// the whole.
  void Orphan(Level& level) noexcept {
    if (level.outer == nullptr || !level.open || std::exchange(level.orphaned, true)) return;
    try {
      auto hooks = level.rollback_hooks.Load();
      if (!hooks.IsEmpty()) orphaned_.push_back(std::move(hooks));
    } catch (...) {
      store_->Report(std::current_exception());
    }
  }

  void End(TxOutcome outcome) noexcept {
    if (outcome_ != TxOutcome::Open) return;
    if (lease_ && outcome != TxOutcome::Committed) {
      lease_->Watch(nullptr);
      lease_->Rollback();
    }
    outcome_ = outcome;
    lease_.Return();
    for (Scope* scope = top_; scope != nullptr; scope = scope->outer) scope->gone = true;
    top_ = nullptr;
    clean_at_.clear();
    for (Level* level = innermost_; level != nullptr; level = level->outer) {
      Orphan(*level);
      level->open = false;
    }
    innermost_ = &root_;
    if (running_ == nullptr) LeaveThread();
  }

  [[noreturn]] static void ThrowTooDeep(const RunningMutation& innermost) {
    std::string chain;
    int shown = 0;
    for (const RunningMutation* each = &innermost; each != nullptr && shown < 8;
         each = each->outer, ++shown) {
      chain = core::Concat({each->type, " ", ToString(each->op), shown == 0 ? "" : " > ", chain});
    }
    throw RecursionError(core::Concat({"mutations run inside one another more than ",
                                       std::to_string(kDepthLimit),
                                       " deep; a hook mutates without end: ... > ", chain}));
  }

  std::shared_ptr<Store> store_;
  core::Context context_;
  Kind kind_;
  TxOutcome outcome_ = TxOutcome::Open;
  std::thread::id thread_ = std::this_thread::get_id();
  store::Lease lease_;
  Level root_;
  Level* innermost_ = &root_;
  Scope* top_ = nullptr;
  const RunningMutation* running_ = nullptr;
  std::uint64_t writes_ = 0;
  std::vector<std::uint64_t> clean_at_;  // for each open savepoint: writes_ when it was as opened
  Callbacks after_commit_, after_rollback_, rolled_back_;
  std::int64_t last_list_ = 0;
  std::shared_ptr<Mark> mark_;
  Marks::Running* running_mark_ = nullptr;
  std::vector<TxHooks> orphaned_;
  std::string reason_;
  bool died_ = false;
  bool has_local_hooks_ = false;
  bool rollback_hooks_taken_ = false;
  bool committing_ = false;
};

/// What a client is made of: a store, the transaction it is bound to, if any, and its context.
struct Handle {
  std::shared_ptr<Store> store;
  std::shared_ptr<Transaction> transaction;  // null: the base client
  std::shared_ptr<Level> nested;             // null: the transaction itself
  core::Context context;

  Level* GetLevel() const noexcept {
    if (nested) return nested.get();
    return transaction ? &transaction->Root() : nullptr;
  }
  /// Whether the caller began the transaction, as opposed to one of a mutation's own.
  bool InTx() const noexcept {
    return nested != nullptr ||
           (transaction && transaction->GetKind() == Transaction::Kind::Explicit);
  }
};
}  // namespace grapnel::detail
