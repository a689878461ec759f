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
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/lost_commit.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/scopes.hpp>
#include <grapnel/store/tx/session.hpp>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// How transactions, savepoints and what waits for their end work.
namespace grapnel::detail {

[[gnu::hot]] GRAPNEL_DEFINE TypeEntry& Session::TypeOf(const Table& table) {
  if (last_type_ == nullptr || last_type_->table != &table) last_type_ = &store_->TypeOf(table);
  return *last_type_;
}

GRAPNEL_DEFINE void Session::MarkThread(const HandlePtr& handle, Mark::Abandon abandon,
                                        Inside inside) {
  mark_ = Marks::Add(handle, *store_, abandon, inside);
}

GRAPNEL_DEFINE void Session::Begin(const core::Context& context) {
  if (lease_) return;
  store_->driver->CheckNotInherited();
  const bool reads = kind_ == Kind::ReadOnly;
  store::Lease lease = reads ? store_->driver->Reader(context) : store_->driver->Writer(context);
  lease->Watch(&context);
  if (turn_ != nullptr) lease->TakeTurn(*turn_);
  reads ? lease->BeginRead() : lease->BeginWrite();
  lease_ = std::move(lease);
  watched_ = &context;
  Watch(own_watch_);
}

template <class Body>
[[gnu::always_inline]] inline auto Session::Guarded(const Level& level,
                                                    const core::Context& context, Body body) {
  CheckOpen(level);
  if (aborted_) [[unlikely]]
    RefuseAborted(level);
  // The call's context may be gone before the next statement, which may be a RELEASE of our own.
  struct Unwatch {
    Session& self;
    ~Unwatch() { self.Watch(self.own_watch_); }
  } unwatch{*this};
  try {
    const core::Context* observed = Observed(context);
    if (observed != nullptr) [[unlikely]]
      observed->ThrowIfCancelled();
    if (!lease_) [[unlikely]]
      Begin(context);
    Watch(observed);
    return body(*lease_);
  } catch (...) {
    EndIfInDoubt(&context);
    throw;
  }
}

[[gnu::hot]] GRAPNEL_DEFINE std::int64_t Session::Read(const Level& level, TypeEntry& type,
                                                       const core::Context& context,
                                                       Statement statement, Failing failing) {
  return Guarded(level, context, [&](store::Connection& connection) {
    if (!statements_undo_) [[unlikely]]
      ExpectFailure(failing);
    type.Verify(connection);
    return statement(connection);
  });
}

[[gnu::hot]] GRAPNEL_DEFINE std::int64_t Session::Write(const Level& level, TypeEntry& type,
                                                        const core::Context& context,
                                                        Statement statement, Failing failing) {
  if (kind_ == Kind::ReadOnly) RefuseToWrite();
  if (!cursors_.empty()) [[unlikely]]
    RefuseIfWalked();
  return Guarded(level, context, [&](store::Connection& connection) {
    if (!statements_undo_) [[unlikely]]
      ExpectFailure(failing);
    type.Verify(connection);
    if (top_ != nullptr && top_->savepoint == Scope::kNone &&
        !(UndoesItself(*top_) &&
          (!store_->driver->UndoesStatements() || WritesPlainly(*type.table)))) {
      OpenSavepoint();
    }
    const std::int64_t before = connection.Changes();
    written_ = Written::Perhaps;  // triggers run even where it changes no row
    const std::int64_t result = statement(connection);
    if (connection.Changes() != before) ++writes_;
    return result;
  });
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Session::RefuseToWrite() {
  throw TxError(
      "a ReadTx does not write: it reads, rtx.Of<...>().Query(), rtx.Of<...>().Get(id), or "
      "rtx.Sql(\"SELECT ...\")");
}

GRAPNEL_DEFINE store::RawResult Session::Run(const Level& level, const core::Context& context,
                                             const store::RawSql& sql, bool only_reads) {
  Check(level);
  Scope scope{};
  Enter(scope);
  try {
    store::RawResult result = RunGuarded(level, context, sql, only_reads);
    Succeed(scope);
    return result;
  } catch (...) {
    Fail(scope);
    throw;
  }
}

inline store::RawResult Session::RunGuarded(const Level& level, const core::Context& context,
                                            const store::RawSql& sql, bool only_reads) {
  return Guarded(level, context, [&](store::Connection& connection) {
    if (!statements_undo_) ExpectFailure(Failing::GoesOn);
    const store::RawEffect effect = connection.Prepare(sql);
    if (written_ == Written::Nothing) written_ = Written::ByFunctions;
    if (!effect.writes) return connection.Run(sql);
    try {
      if (only_reads) RefuseToWrite();
      if (!cursors_.empty()) RefuseIfWalked();
    } catch (const TxError& error) {
      connection.TellRefused(sql, error.what());
      throw;
    }
    if (top_->savepoint == Scope::kNone) OpenSavepoint();
    if (effect.changes_schema) ForgetSchema();
    written_ = Written::Perhaps;
    store::RawResult result = connection.Run(sql);
    ++writes_;
    return result;
  });
}

GRAPNEL_DEFINE std::shared_ptr<OpenCursor> Session::Open(const Level& level, TypeEntry& type,
                                                         const core::Context& context,
                                                         const store::Select& select) {
  auto open = std::make_shared<OpenCursor>();
  open->level = &level;
  MakePlace(cursors_, cursors_.size() + 1);
  Read(level, type, context, [&](store::Connection& connection) {
    open->cursor = connection.Open(select);
    return 0;
  });
  open->writes = writes_;
  open->savepoints = clean_at_.size();
  cursors_.push_back(open);
  // To go back to a savepoint from before would end it.
  if (!statements_undo_) std::fill(clean_at_.begin(), clean_at_.end(), kNeverClean);
  return open;
}

[[gnu::hot]] GRAPNEL_DEFINE void Session::CheckWalk(const OpenCursor& open) {
  Check(*open.level);
  if (!open.cursor) {
    throw TxError("rows were walked over that were undone meanwhile: begin anew");
  }
}

[[gnu::hot]] GRAPNEL_DEFINE bool Session::Advance(OpenCursor& open, const core::Context& context,
                                                  void* entity) {
  CheckWalk(open);
  return Guarded(*open.level, context, [&](store::Connection&) {
    if (!statements_undo_) [[unlikely]]
      ExpectFailure(Failing::GoesOn);
    return open.cursor->Next(entity);
  });
}

GRAPNEL_DEFINE void Session::Close(OpenCursor& open) noexcept {
  open.left = true;
  if (IsOfThisThread()) EndCursors([](const OpenCursor& each) { return each.left.load(); });
}

template <class F>
void Session::EndCursors(F ends) noexcept {
  std::erase_if(cursors_, [&](const std::shared_ptr<OpenCursor>& each) {
    if (!ends(*each)) return false;
    if (store_->IsInherited()) {
      static_cast<void>(each->cursor.release());  // the parent's: to end it would touch its files
    } else {
      each->cursor.reset();
    }
    return true;
  });
}

[[gnu::cold]] GRAPNEL_DEFINE void Session::RefuseIfWalked() {
  EndCursors([](const OpenCursor& each) { return each.left || !each.level->open; });
  if (cursors_.empty()) return;
  throw TxError(
      "something was to be written in a transaction while rows are walked over in it, and which "
      "rows come then no engine says: collect them first, query.All(), or take them page by page, "
      "Order(...).After(row).Limit(50)");
}

GRAPNEL_DEFINE void Session::ForgetSchema() noexcept {
  schema_changed_ = true;
  plain_ = nullptr;
  for (const auto& [id, type] : store_->types) type->Forget();
}

[[gnu::hot]] GRAPNEL_DEFINE void Session::Finish(Scope& scope) {
  if (scope.gone) {
    if (died_) return;  // which its Commit tells
    throw TxError("nothing of this was kept: a hook ended the transaction around it", outcome_);
  }
  CloseAbove(scope);
  if (scope.gone) CheckOpen(*innermost_);  // undoing what was left open ended it
  if (aborted_) RefuseAborted(*innermost_);
  if (scope.owns) {
    try {
      lease_->Release(scope.savepoint);
    } catch (...) {  // it stays on top: it fails, or it is gone
      EndIfInDoubt(own_watch_);
      throw;
    }
    KeepSavepoints(static_cast<std::size_t>(scope.savepoint) - 1);
  }
  top_ = scope.outer;
}

GRAPNEL_DEFINE void Session::Fail(Scope& scope) noexcept {
  if (scope.gone) return;
  CloseAbove(scope);
  if (scope.gone) return;
  top_ = scope.outer;
  callbacks_.RollBackTo(scope.callbacks);
  if (scope.savepoint == Scope::kNone) {
    if (writes_ != scope.writes) Die("a mutation failed after its write");
    return;
  }
  if (schema_changed_) ForgetSchema();
  const auto savepoint = static_cast<std::size_t>(scope.savepoint);
  EndCursors([&](const OpenCursor& each) {
    return each.writes > scope.writes || (!statements_undo_ && each.savepoints >= savepoint);
  });
  try {
    scope.owns ? lease_->Discard(scope.savepoint) : lease_->RollbackTo(scope.savepoint);
    aborted_ = false;
    clean_at_.resize(savepoint);
    clean_at_.back() = writes_;
    if (scope.owns) clean_at_.pop_back();
  } catch (const std::exception& error) {
    Die(error.what());
  }
}

GRAPNEL_DEFINE std::shared_ptr<Level> Session::Nest(Level& outer,
                                                    std::shared_ptr<Level> outer_owner) {
  Check(outer);
  auto level = std::make_shared<Level>();
  level->transaction = this;
  level->outer = &outer;
  level->outer_owner = std::move(outer_owner);
  Enter(level->scope);
  innermost_ = level.get();
  return level;
}

GRAPNEL_DEFINE void Session::CloseNested(Level& level, bool keep) {
  if (!level.open) return;
  CloseInside(level);
  if (!level.open) return;  // the transaction died of that
  const auto close = [&] {
    level.open = false;
    innermost_ = level.outer;
  };
  if (!keep) {
    close();
    return Fail(level.scope);
  }
  try {
    Succeed(level.scope);
    close();
  } catch (...) {  // what cannot be kept is undone, unless all of it has ended with that
    if (level.open) {
      Orphan(level);
      close();
      Fail(level.scope);
    }
    throw;
  }
}

GRAPNEL_DEFINE void Session::CloseInside(const Level& level) noexcept {
  while (level.open && innermost_ != &level) {  // what is open stands inside one another
    Level& inner = *innermost_;
    Orphan(inner);
    inner.open = false;
    innermost_ = inner.outer;
    Fail(inner.scope);
  }
}

GRAPNEL_DEFINE void Session::ExpectNestedHooks() {
  std::size_t open = 0;
  for (const Level* level = innermost_; level != &root_; level = level->outer) ++open;
  MakePlace(orphaned_, orphaned_.size() + open);
}

GRAPNEL_DEFINE void Session::AfterCommit(const Level& level, core::Callable<void()> callback) {
  CheckThread(level);
  if (!callback) throw Error("AfterCommit was given an empty function");
  callbacks_.AddAfterCommit(std::move(callback));
}

GRAPNEL_DEFINE void Session::AfterRollback(const Level& level, core::Callable<void()> callback) {
  CheckThread(level);
  if (!callback) throw Error("AfterRollback was given an empty function");
  callbacks_.AddAfterRollback(std::move(callback));
}

GRAPNEL_DEFINE void Session::Commit() {
  Check(root_);
  if (aborted_) RefuseAborted(root_);
  store_->driver->CheckNotInherited();
  callbacks_.ExpectCommit();
  if (!lease_) return End(TxOutcome::Committed);
  std::string id;  // by which it is found when the connection is lost
  bool sent = false;
  try {
    if (IsToBeFound()) {
      Watch(own_watch_);
      id = MakeCommitId();
      lease_->NoteCommit(id);
    }
    lease_->ExpectCommit();
    Watch(nullptr);
    sent = true;
    lease_->CommitWithin(own_watch_);
  } catch (const StorageError& error) {
    Note(error.what());
    const bool unknown = error.Kind() == StorageKind::Io || LeavesOpen(error);
    if (!sent || !unknown) {
      End(TxOutcome::RolledBack);
      throw;
    }
    if (id.empty() || !Find(id)) EndUnknown(error);
    if (outcome_ != TxOutcome::Committed) {
      throw BusyError(core::Concat({"nothing was committed: ", error.what()}),
                      in_the_way_.is_there);
    }
    return;
  } catch (const ConstraintError& error) {
    const auto explained = sent ? ExplainBroken(error) : std::nullopt;
    if (!sent || !lease_->InTransaction()) Die(error.what());
    if (explained) throw *explained;
    throw;
  } catch (const BusyError& error) {
    NoteIfInTheWay(error);
    if (in_the_way_.is_there || !sent || !lease_->InTransaction()) Die(error.what());
    throw;
  } catch (const Error& error) {
    if (!sent || !lease_->InTransaction()) Die(error.what());
    throw;
  }
  End(TxOutcome::Committed);
}

[[gnu::cold]] inline bool Session::LeavesOpen(const StorageError& error) const noexcept {
  return error.Kind() == StorageKind::Connection && written_ != Written::Nothing;
}

[[gnu::cold]] inline void Session::EndUnknown(const StorageError& error) {
  End(TxOutcome::Unknown);
  throw TxError(core::Concat({error.Kind() == StorageKind::Io
                                  ? "COMMIT failed with an I/O error, so that it is unknown "
                                    "whether it took place: "
                                  : "it is unknown what came of COMMIT: ",
                              error.what()}),
                TxOutcome::Unknown);
}

inline bool Session::IsToBeFound() const {
  const store::DriverTraits& traits = store_->driver->Traits();
  return traits.notes_commits && written_ == Written::Perhaps &&
         (traits.finds_lost_commits || context_.Get<FindLostCommits>() != nullptr);
}

[[gnu::cold]] GRAPNEL_DEFINE bool Session::Find(const std::string& id) noexcept {
  const int seconds = context_.Deadline() ? INT_MAX : 10;
  EndCursors([](const OpenCursor&) { return true; });
  lease_->Rollback();
  lease_.Return();
  try {
    Tries tries(context_, INT_MAX, seconds);
    do {
      try {
        const store::Lease lease = store_->driver->Writer(context_);
        lease->Watch(&context_);
        const bool is_there = lease->FindCommit(id);
        if (!is_there) in_the_way_.is_there = died_ = true;
        End(is_there ? TxOutcome::Committed : TxOutcome::RolledBack);
        return true;
      } catch (const CancelledError&) {
        throw;
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the server may be back soon
      }
    } while (tries.WaitForNext());
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no more time
  }
  return false;
}

/// The fields that are these columns, "a, b", of a table that a type uses; of another, the columns.
inline std::vector<std::string> FieldsOfKey(const Table* table, std::string_view columns) {
  std::vector<std::string> fields;
  while (!columns.empty()) {
    const auto comma = columns.find(", ");
    const std::string_view name = columns.substr(0, comma);
    columns = comma == columns.npos ? std::string_view() : columns.substr(comma + 2);
    fields.emplace_back(name);
    if (table == nullptr) continue;
    for (const Column& column : table->columns) {
      if (column.storage == name) fields.back() = column.name;
    }
  }
  return fields;
}

GRAPNEL_DEFINE std::optional<ConstraintError> Session::ExplainBroken(
    const ConstraintError& error) noexcept {
  try {
    const auto key = lease_->FindBrokenKey();
    if (!key) return std::nullopt;
    const auto find = [&](const std::string& name) -> const Table* {
      for (const auto& [id, type] : store_->types) {
        if (type->table->name == name) return type->table;
      }
      return nullptr;
    };
    const Table* holder = find(key->table);
    const Table* referred = find(key->referred);
    const Table* of = holder != nullptr ? holder : referred;
    std::string detail = error.Detail();
    if (!key->referred.empty()) {
      core::Append(detail,
                   {": ", key->table, ".", key->column, " refers to a ",
                    referred != nullptr ? referred->entity : std::string_view(key->referred),
                    " that is not there"});
    }
    return ConstraintError(of != nullptr ? of->entity : std::string_view(key->table), error.Op(),
                           error.Kind(), FieldsOfKey(holder, key->column), detail);
  } catch (const std::exception&) {
    return std::nullopt;  // it is only to say more
  }
}

GRAPNEL_DEFINE std::vector<TxHooks> Session::TakeNestedHooks() noexcept {
  for (Level* level = innermost_; level != &root_; level = level->outer) Orphan(*level);
  return std::exchange(orphaned_, {});
}

GRAPNEL_DEFINE void Session::EndIfInDoubt(const core::Context* context) noexcept {
  try {
    throw;
  } catch (const CancelledError& error) {
    const bool by_server = lease_ && lease_->IsAborted() && context != nullptr &&
                           !context->IsCancelled() && !context_.IsCancelled();
    by_server ? EndIfGone(error.what()) : Die(error.what());
  } catch (const StorageError& error) {
    if (error.Kind() == StorageKind::Connection) NoteEnd(std::current_exception());
    Die(error.what());
  } catch (const BusyError& error) {
    NoteIfInTheWay(error);
    if (!in_the_way_.is_there) return EndIfGone(error.what());
    NoteEnd(std::current_exception());
    Die(error.what());
  } catch (const std::exception& error) {
    EndIfGone(error.what());
  } catch (...) {
    EndIfGone("the database ended it");
  }
}

inline void Session::EndIfGone(std::string_view reason) noexcept {
  if (!lease_) return;
  if (!lease_->InTransaction()) return Die(reason);
  if (!statements_undo_ && lease_->IsAborted()) GoBack(reason);
}

[[gnu::cold]] inline void Session::NoteIfInTheWay(const BusyError& error) noexcept {
  if (error.Retryable() && !store_->driver->SerialisesWriters()) {
    in_the_way_.is_there = true;
  }
}

[[gnu::cold]] GRAPNEL_DEFINE void Session::RefuseIfUnseen(std::string_view reason,
                                                          std::exception_ptr refused) {
  if (store_->driver->SerialisesWriters()) return;
  in_the_way_ = {true, std::move(refused)};
  const auto error = std::make_exception_ptr(BusyError(std::string(reason), true));
  NoteEnd(error);
  Die(reason);
  std::rethrow_exception(error);
}

[[gnu::cold]] GRAPNEL_DEFINE void Session::ExpectFailure(Failing failing) {
  if (top_ != nullptr && top_->savepoint == Scope::kNone) return OpenSavepoint();
  if (failing == Failing::EndsScope || IsClean()) return;
  // Those that no scope goes back to any more come off first, so that they do not pile up.
  const auto held = static_cast<std::size_t>(top_ != nullptr ? top_->savepoint : 0);
  if (clean_at_.size() > held) {
    lease_->Release(static_cast<int>(held) + 1);
    KeepSavepoints(held);
  }
  PushSavepoint();
}

[[gnu::cold]] GRAPNEL_DEFINE void Session::GoBack(std::string_view reason) noexcept {
  Note(reason);
  aborted_ = true;
  if (!IsClean()) return;
  try {
    lease_->RollbackTo(static_cast<int>(clean_at_.size()));
    aborted_ = false;
  } catch (const std::exception& error) {
    Die(error.what());
  }
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Session::RefuseAborted(const Level& level) {
  if (top_ == nullptr) {
    died_ = true;
    End(TxOutcome::RolledBack);
    Refuse(level);
  }
  throw TxError(
      core::Concat({"a statement was run after one that has failed, before what that was part of "
                    "was undone: ",
                    reason_}));
}

inline void Session::KeepSavepoints(std::size_t first) noexcept {
  clean_at_.resize(first);
  for (const auto& each : cursors_) each->savepoints = std::min(each->savepoints, first);
}

[[gnu::always_inline]] inline int Session::PushSavepoint() {
  const int depth = static_cast<int>(clean_at_.size()) + 1;
  clean_at_.reserve(clean_at_.size() + 1);
  lease_->Savepoint(depth);
  clean_at_.push_back(writes_);
  return depth;
}

[[gnu::hot]] GRAPNEL_DEFINE void Session::OpenSavepoint() {
  const int depth = PushSavepoint();
  Scope* owner = nullptr;
  for (Scope* scope = top_; scope != nullptr && scope->savepoint == Scope::kNone;
       scope = scope->outer) {
    scope->savepoint = depth;
    owner = scope;
  }
  owner->owns = true;
}

GRAPNEL_DEFINE void Session::CloseAbove(const Scope& scope) noexcept {
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

GRAPNEL_DEFINE void Session::Die(std::string_view reason) noexcept {
  if (outcome_ != TxOutcome::Open) return;
  died_ = true;
  Note(reason);
  End(TxOutcome::RolledBack);
}

GRAPNEL_DEFINE void Session::Note(std::string_view reason) noexcept {
  try {
    reason_ = reason;
  } catch (...) {  // NOLINT(bugprone-empty-catch): said where it is declared
  }
}

GRAPNEL_DEFINE void Session::Orphan(Level& level) noexcept {
  if (level.outer == nullptr || !level.open || std::exchange(level.orphaned, true)) return;
  try {
    auto hooks = level.rollback_hooks.Load();
    if (!hooks.IsEmpty()) orphaned_.push_back(std::move(hooks));
  } catch (...) {
    store_->Report(std::current_exception());
  }
}

GRAPNEL_DEFINE void Session::End(TxOutcome outcome) noexcept {
  if (outcome_ != TxOutcome::Open) return;
  Watch(nullptr);
  EndCursors([](const OpenCursor&) { return true; });
  if (lease_ && outcome != TxOutcome::Committed) lease_->Rollback();
  outcome_ = outcome;
  if (schema_changed_) ForgetSchema();
  lease_.Return();
  for (Scope* scope = top_; scope != nullptr; scope = scope->outer) scope->gone = true;
  top_ = nullptr;
  clean_at_.clear();
  aborted_ = false;
  for (Level* level = innermost_; level != nullptr; level = level->outer) {
    Orphan(*level);
    level->open = false;
  }
  innermost_ = &root_;
  if (!IsRunning()) LeaveThread();
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Session::Refuse(const Level& level) const {
  if (!IsOfThisThread()) {
    throw TxError("a transaction was used by another thread than the one that began it", outcome_);
  }
  if (outcome_ != TxOutcome::Open) {
    throw TxError(core::Concat({"the transaction has ended: ", Name(outcome_),
                                reason_.empty() ? "" : ", because of: ", reason_}),
                  outcome_);
  }
  if (Telling::IsOf(*store_)) {
    throw TxError(
        "a transaction was used inside an OnStatement callback of the same thread, which is told "
        "of statements, and sends none");
  }
  throw TxError(level.open ? "an outer transaction was used while one nested in it is open"
                           : "the nested transaction has ended");
}

}  // namespace grapnel::detail
