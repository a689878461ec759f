#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/stack.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/tx/callbacks.hpp>
#include <grapnel/store/tx/ending.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/level.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/running_mutations.hpp>
#include <grapnel/store/tx/scopes.hpp>
#include <grapnel/store/tx/tx_callbacks.hpp>

#include <atomic>
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

/// Rows that are walked over on a transaction's connection. Shared by it and who walks: either may
/// end first.
struct OpenCursor {
  const Level* level = nullptr;
  std::uint64_t writes = 0;                 // of the transaction, when it was opened
  std::size_t savepoints = 0;               // that it was opened in, of those that are still open
  std::unique_ptr<store::Cursor> cursor{};  // null: it has ended
  std::atomic<bool> left = false;           // by who walked, on another thread
};

/// A transaction on one connection, from BEGIN to its end, with the callbacks that wait for it.
/// Used by the thread that began it; only its end may come from another one.
class Session {
 public:
  using Kind = TxKind;

  Session(std::shared_ptr<Store> store, const core::Context& context, Kind kind)
      : store_(std::move(store)),
        context_(context),
        kind_(kind),
        statements_undo_(store_->driver->UndoesStatements()) {
    root_.transaction = this;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    End(TxOutcome::RolledBack);
    if (mark_ != nullptr) mark_->Release();
  }

  Kind GetKind() const noexcept { return kind_; }
  /// Threads: any.
  TxOutcome Outcome() const noexcept { return outcome_; }
  bool IsOfThisThread() const noexcept { return thread_ == std::this_thread::get_id(); }
  /// Whether an error ended it, as opposed to a call.
  bool HasDied() const noexcept { return died_; }
  /// Whether that was because of what another transaction did, so that it may be run again.
  const Hindrance& InTheWay() const noexcept { return in_the_way_; }
  /// Throws what it has ended by, where that was the loss of its connection, or another transaction
  /// that was in the way: somebody may have made nothing of it.
  void RethrowEnd() const {
    if (died_ && ended_by_) std::rethrow_exception(ended_by_);
  }
  /// Whether statements may be run in it: it is open, and no statement has failed in it that it has
  /// not gone back from.
  bool GoesOn() const noexcept { return outcome_ == TxOutcome::Open && !aborted_; }
  const std::shared_ptr<Store>& GetStore() const noexcept { return store_; }
  Level& Root() noexcept { return root_; }
  bool IsRunning() const noexcept { return running_.IsAny(); }
  detail::Ending& GetEnding() noexcept { return ending_; }
  const detail::Ending& GetEnding() const noexcept { return ending_; }
  /// Whether a tracer is being told of one of its statements, which is then still to be sent.
  bool IsTracing() const noexcept { return lease_ && lease_->IsTracing(); }
  /// Whether commit or rollback hooks run, of the whole or of what `level` is nested in.
  bool IsInHook(const Level& level) const noexcept {
    bool in_hook = ending_.IsCommitting() || ending_.TookRollbackHooks();
    for (const Level* each = &level; each != nullptr; each = each->outer) {
      in_hook = in_hook || each->orphaned;
    }
    return in_hook;
  }
  bool HasLocalHooks() const noexcept { return has_local_hooks_; }
  void SetHasLocalHooks() noexcept { has_local_hooks_ = true; }

  /// What the store knows of a type. Throws: SchemaError.
  GRAPNEL_DECLARE TypeEntry& TypeOf(const Table& table);

  /// Marks the thread, until the end: a transaction that the caller holds by `handle`. `abandon`
  /// ends it when the thread does not.
  GRAPNEL_DECLARE void MarkThread(const HandlePtr& handle, Mark::Abandon abandon, Inside inside);
  /// The mark to take off at the end of a mutation's own transaction.
  void SetRunningMark(Marks::Running* mark) noexcept { running_mark_ = mark; }

  /// Writes that wait, to be done together, until somebody uses the transaction.
  class Waiting {
   public:
    virtual void Flush() = 0;

   protected:
    ~Waiting() = default;
  };
  /// Returns what waited before, to be put back.
  Waiting* SetWaiting(Waiting* waiting) noexcept { return std::exchange(waiting_, waiting); }

  /// Throws: TxError unless `level` may be used now, by this thread; what a write that waited
  /// throws.
  void Check(const Level& level) {
    CheckThread(level);
    if (waiting_ != nullptr) waiting_->Flush();
  }
  /// The same, for what does not look at the database.
  void CheckThread(const Level& level) const {
    if (!IsOfThisThread()) Refuse(level);
    CheckOpen(level);
  }
  /// The same, for what runs in it already.
  void CheckOpen(const Level& level) const {
    if (innermost_ != &level || !level.open || outcome_ != TxOutcome::Open ||
        Telling::IsOf(*store_)) {
      Refuse(level);
    }
  }

  /// Which rows it will write, where others may write the same; before anything runs in it. Lives
  /// as long as it does.
  void ExpectTurn(const store::Turn* turn) noexcept { turn_ = turn; }

  /// BEGIN, where it was not sent yet.
  GRAPNEL_DECLARE void Begin(const core::Context& context);

  /// What runs on the transaction's connection.
  using Statement = core::FunctionRef<std::int64_t(store::Connection&)>;

  /// Who meets the error of a statement first.
  enum class Failing : bool {
    EndsScope,  // who fails the innermost scope with it, or the whole where there is none
    GoesOn,     // somebody who may go on in it
  };

  /// Runs `statement(connection)` inside the transaction, and returns what it returns. An error
  /// that leaves the storage or the transaction in doubt ends the transaction whole; any other
  /// undoes the statement alone, where that is asked for, or where an engine does so by itself.
  GRAPNEL_DECLARE std::int64_t Read(const Level& level, TypeEntry& type,
                                    const core::Context& context, Statement statement,
                                    Failing failing = Failing::GoesOn);
  /// The same for a statement that writes: opens the savepoint that the scopes wait for.
  GRAPNEL_DECLARE std::int64_t Write(const Level& level, TypeEntry& type,
                                     const core::Context& context, Statement statement,
                                     Failing failing = Failing::EndsScope);

  /// Runs SQL of somebody's own, by a ReadTx, perhaps of a transaction that writes. What it wrote
  /// is undone whole when it fails.
  GRAPNEL_DECLARE store::RawResult Run(const Level& level, const core::Context& context,
                                       const store::RawSql& sql, bool only_reads);

  /// Opens a cursor, until it is closed or what it reads from is ended or undone. While one is open
  /// nothing is written in the transaction: which rows it finds then no engine says.
  GRAPNEL_DECLARE std::shared_ptr<OpenCursor> Open(const Level& level, TypeEntry& type,
                                                   const core::Context& context,
                                                   const store::Select& select);
  /// Throws: TxError when the cursor has ended.
  GRAPNEL_DECLARE void CheckWalk(const OpenCursor& open);
  /// Reads the next row into `entity`; false behind the last one. Throws: TxError when the cursor
  /// has ended.
  GRAPNEL_DECLARE bool Advance(OpenCursor& open, const core::Context& context, void* entity);
  /// Threads: any.
  GRAPNEL_DECLARE void Close(OpenCursor& open) noexcept;

  /// After something met a row that the transaction does not find. Throws: BusyError, the
  /// transaction ended, where another transaction may have written it that this one does not see.
  /// `refused`: what to tell where it is met time and again, and never found.
  GRAPNEL_DECLARE void RefuseIfUnseen(std::string_view reason, std::exception_ptr refused);

  /// How many statements have changed rows.
  std::uint64_t Writes() const noexcept { return writes_; }

  /// The scope that stands alone without a savepoint gets one after all, before its first write.
  void ExpectSeveralWrites() noexcept {
    if (top_ != nullptr) top_->single = false;
  }

  /// Whether what is written next would have no savepoint: then nothing may fail behind it.
  bool StandsAlone() const noexcept {
    return top_ != nullptr && top_->savepoint == Scope::kNone && UndoesItself(*top_);
  }

  /// As the connection's. Inside a statement, or behind one.
  [[gnu::always_inline]] bool WritesPlainly(const Table& table) {
    if (plain_ != &table) plain_ = lease_->WritesPlainly(table) ? &table : nullptr;
    return plain_ != nullptr;
  }
  /// The same, of the table that holds the relation's keys or pairs.
  bool WritesPlainly(const Relation& relation) {
    return relation.kind == Relation::Kind::Join ? lease_->WritesPairsPlainly(relation.table)
                                                 : WritesPlainly(relation.Holder());
  }

  /// Whether one statement that writes the table, and undoes itself when it fails, would get no
  /// savepoint here, be it in a scope of its own or in none.
  bool NeedsNoScope(const Table& table) const noexcept {
    return plain_ == &table && statements_undo_ &&
           (top_ == nullptr || top_->savepoint != Scope::kNone);
  }

  [[gnu::always_inline]] void Enter(Scope& scope) noexcept {
    scope.outer = top_;
    scope.writes = writes_;
    scope.callbacks = callbacks_.Now();
    if (IsClean()) scope.savepoint = static_cast<int>(clean_at_.size());
    top_ = &scope;
  }

  /// Keeps what was written in the scope. Throws: StorageError, the transaction ended.
  [[gnu::always_inline]] void Succeed(Scope& scope) {
    if (top_ != &scope || scope.owns || scope.gone) return Finish(scope);
    top_ = scope.outer;
  }
  GRAPNEL_DECLARE void Finish(Scope& scope);

  /// Undoes what was written in the scope, and forgets the AfterCommit callbacks made in it.
  GRAPNEL_DECLARE void Fail(Scope& scope) noexcept;

  /// Begins a transaction nested in `outer`. Requires: the level lives until it is closed, or all
  /// of it has ended.
  GRAPNEL_DECLARE std::shared_ptr<Level> Nest(Level& outer, std::shared_ptr<Level> outer_owner);
  GRAPNEL_DECLARE void CloseNested(Level& level, bool keep);
  /// Rolls back the transactions nested in `level` that were left open.
  GRAPNEL_DECLARE void CloseInside(const Level& level) noexcept;

  [[gnu::always_inline]] void EnterMutation(Level& level, RunningMutation& running) {
    CheckOpen(level);
    if (!cursors_.empty()) [[unlikely]]
      RefuseIfWalked();
    running_.Enter(running);
    ++level.running;
  }
  void LeaveMutation(Level& level, const RunningMutation& running) noexcept {
    running_.Leave(running);
    --level.running;
  }

  GRAPNEL_DECLARE void AfterCommit(const Level& level, core::Callable<void()> callback);
  GRAPNEL_DECLARE void AfterRollback(const Level& level, core::Callable<void()> callback);

  /// Whether the engine does not check foreign keys until a cascade is done, so that whoever writes
  /// one meanwhile has to look himself.
  bool DefersKeys() const noexcept { return defers_keys_; }
  void SetDefersKeys(bool defers) noexcept { defers_keys_ = defers; }

  // The numbers of lists of rows, from 1; see RowLists.
  std::int64_t LastList() const noexcept { return last_list_; }
  std::int64_t NextList() noexcept { return ++last_list_; }

  /// COMMIT. Throws: BusyError and ConstraintError, the transaction still open where the engine
  /// has left it so; TxError with outcome Unknown after an I/O error, or when the connection was
  /// lost and nobody tells what came of it; StorageError, rolled back.
  GRAPNEL_DECLARE void Commit();

  /// ROLLBACK, whatever is open. Does nothing after the end.
  void Rollback() noexcept { End(TxOutcome::RolledBack); }

  /// Takes the marks off: from now on the base client may be used again.
  void LeaveThread() noexcept {
    if (mark_ != nullptr) Marks::TakeOff(*mark_);
    if (running_mark_ != nullptr) running_mark_->active = false;
  }

  /// How many callbacks wait for its commit.
  std::size_t CountAfterCommits() const noexcept { return callbacks_.Now().after_commit; }
  /// How many callbacks may be due when it is committed.
  std::size_t CountCallbacks() const noexcept { return callbacks_.Count(); }
  /// Takes the callbacks that the outcome calls for, or null; each is handed out once. Needs no
  /// memory.
  std::unique_ptr<CallbackBatch> TakeCallbacks() noexcept {
    return callbacks_.Take(outcome_ == TxOutcome::Committed);
  }

  /// The rollback hooks of nested transactions that went down with an outer one; each is handed out
  /// once. Needs no memory.
  GRAPNEL_DECLARE std::vector<TxHooks> TakeNestedHooks() noexcept;
  /// Before rollback hooks are added to a level that is open, or to one around it: makes place to
  /// keep those of all that are open.
  GRAPNEL_DECLARE void ExpectNestedHooks();

 private:
  /// Runs `body(connection)` inside the transaction.
  template <class Body>
  auto Guarded(const Level& level, const core::Context& context, Body body);
  store::RawResult RunGuarded(const Level& level, const core::Context& context,
                              const store::RawSql& sql, bool only_reads);
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE static void RefuseToWrite();
  /// What is known of the database's schema is asked for anew: SQL of somebody's own has changed
  /// it, or that was undone.
  GRAPNEL_DECLARE void ForgetSchema() noexcept;

  /// Throws: TxError while rows are walked over.
  [[gnu::cold]] GRAPNEL_DECLARE void RefuseIfWalked();
  /// Ends the cursors that `ends(cursor)` says.
  template <class F>
  void EndCursors(F ends) noexcept;

  /// In a handler: ends the transaction when it, or the storage, is in doubt after what was thrown.
  /// `context`: of the call. What its deadline and stop token cancel ends the transaction; what the
  /// server cancels by itself is a statement that has failed.
  GRAPNEL_DECLARE void EndIfInDoubt(const core::Context* context) noexcept;
  void EndIfGone(std::string_view reason) noexcept;
  void NoteEnd(const std::exception_ptr& error) noexcept {
    if (outcome_ == TxOutcome::Open) ended_by_ = error;
  }
  void NoteIfInTheWay(const BusyError& error) noexcept;

  /// The context where somebody looks on, else null.
  static const core::Context* Observed(const core::Context& context) noexcept {
    return context.IsObserved() ? &context : nullptr;
  }
  void Watch(const core::Context* observed) noexcept {
    if (observed == watched_) return;
    watched_ = observed;
    if (lease_) lease_->Watch(observed);
  }

  /// Whether the scope holds one statement and stands alone without a savepoint: where statements
  /// undo themselves when they fail, none is needed.
  bool UndoesItself(const Scope& scope) const noexcept {
    return scope.single && statements_undo_ &&
           (scope.outer == nullptr || scope.outer->savepoint != Scope::kNone);
  }

  /// Whether nothing was written since the last savepoint.
  bool IsClean() const noexcept { return !clean_at_.empty() && clean_at_.back() == writes_; }

  /// In clean_at_: nobody is to go back to it but who has opened it.
  static constexpr std::uint64_t kNeverClean = UINT64_MAX;

  // Where a statement that fails aborts the transaction.

  /// Before a statement: opens the savepoint that its failure goes back to.
  GRAPNEL_DECLARE void ExpectFailure(Failing failing);
  /// Goes back to where the statement began that has failed, or leaves that to the scope which
  /// fails of it.
  GRAPNEL_DECLARE void GoBack(std::string_view reason) noexcept;
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseAborted(const Level& level);

  int PushSavepoint();
  /// All savepoints but the first ones have been released.
  void KeepSavepoints(std::size_t first) noexcept;
  /// Scopes without a savepoint stand on top, and nothing was written between them: one serves all.
  GRAPNEL_DECLARE void OpenSavepoint();

  /// Rolls back the transactions nested inside `scope` that were left open.
  GRAPNEL_DECLARE void CloseAbove(const Scope& scope) noexcept;

  /// Says more of a key that refused the COMMIT; nothing where no more is known.
  GRAPNEL_DECLARE std::optional<ConstraintError> ExplainBroken(
      const ConstraintError& error) noexcept;

  /// Whether its COMMIT is to be found when the connection is lost in it.
  bool IsToBeFound() const;
  /// Ends it by what became of that COMMIT. Returns false where that is not to be found.
  GRAPNEL_DECLARE bool Find(const std::string& id) noexcept;
  /// Whether it is unknown what came of its COMMIT, which has failed by that error.
  bool LeavesOpen(const StorageError& error) const noexcept;
  /// Throws: TxError.
  [[noreturn]] void EndUnknown(const StorageError& error);

  GRAPNEL_DECLARE void Die(std::string_view reason) noexcept;
  /// Keeps why it ended; without memory it ends without a reason.
  GRAPNEL_DECLARE void Note(std::string_view reason) noexcept;

  /// Keeps the rollback hooks of a nested transaction that is ended from outside, to be run with
  /// those of the whole.
  GRAPNEL_DECLARE void Orphan(Level& level) noexcept;

  GRAPNEL_DECLARE void End(TxOutcome outcome) noexcept;

  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void Refuse(const Level& level) const;

  std::shared_ptr<Store> store_;
  core::Context context_;
  Kind kind_;
  const bool statements_undo_;  // themselves, when they fail: as the driver says
  bool aborted_ = false;        // by a statement, and has not gone back yet
  std::atomic<TxOutcome> outcome_{TxOutcome::Open};  // which any thread may ask for
  const std::thread::id thread_ = std::this_thread::get_id();
  const store::Turn* turn_ = nullptr;
  store::Lease lease_;
  const core::Context* own_watch_ = Observed(context_);
  const core::Context* watched_ = nullptr;  // by the leased connection
  Level root_;
  Level* innermost_ = &root_;
  Scope* top_ = nullptr;
  RunningMutations running_;
  TypeEntry* last_type_ = nullptr;
  const Table* plain_ = nullptr;  // the last one asked for that others do not interfere with
  Waiting* waiting_ = nullptr;
  std::vector<std::shared_ptr<OpenCursor>> cursors_;
  std::uint64_t writes_ = 0;  // statements that changed rows
  /// What its statements may have written.
  enum class Written : std::uint8_t {
    Nothing,
    ByFunctions,  // that SQL of somebody's own called which only reads
    Perhaps,      // by statements that write, or by triggers of theirs
  };
  Written written_ = Written::Nothing;
  std::exception_ptr ended_by_;          // see RethrowEnd
  std::vector<std::uint64_t> clean_at_;  // for each open savepoint: writes_ when it was as opened
  TxCallbacks callbacks_{store_};
  Ending ending_;
  std::int64_t last_list_ = 0;
  Mark* mark_ = nullptr;
  Marks::Running* running_mark_ = nullptr;
  std::vector<TxHooks> orphaned_;
  std::string reason_;
  bool died_ = false;
  Hindrance in_the_way_;  // it died of that
  bool has_local_hooks_ = false;
  bool defers_keys_ = false;
  bool schema_changed_ = false;  // by SQL of somebody's own
};

struct Handle {
  std::shared_ptr<Store> store;
  std::shared_ptr<Session> transaction;  // null: the base client
  std::shared_ptr<Level> nested;         // null: the transaction itself
  core::Context context;

  Level* GetLevel() const noexcept {
    if (nested) return nested.get();
    return transaction ? &transaction->Root() : nullptr;
  }
};

inline HandlePtr MakeHandle(Handle handle) {
  return core::MakeShared<const Handle>(std::move(handle));
}

/// What the store knows of a type. Throws: SchemaError.
inline TypeEntry& TypeOf(const Handle& handle, const Table& table) {
  if (!handle.transaction) return handle.store->TypeOf(table);
  handle.transaction->Check(*handle.GetLevel());  // only its own thread may ask it
  return handle.transaction->TypeOf(table);
}

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/session.hpp>  // IWYU pragma: keep
#endif
