#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/migrate/migration.hpp>
#include <grapnel/store/query/impl/sql.hpp>
#include <grapnel/store/query/sql.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {

GRAPNEL_DEFINE Migration::Migration(const detail::Graph& graph, Plan plan, bool is_dry_run)
    : is_dry_run_(is_dry_run) {
  types_ = detail::DescribeTypes(graph).types;
  SetPlan(std::move(plan));
}

GRAPNEL_DEFINE void Migration::SetPlan(Plan plan) {
  plan_ = std::move(plan);
  statements_.clear();
  for (const Step& step : plan_.steps) {
    statements_.insert(statements_.end(), step.statements.begin(), step.statements.end());
  }
}

/// "person"."age", or "person" alone.
inline std::string PlaceOf(std::string_view table, std::string_view column) {
  std::string place = core::Concat({"\"", table, "\""});
  if (!column.empty()) core::Append(place, {".\"", column, "\""});
  return place;
}

GRAPNEL_DEFINE std::string ToString(const Migration& migration) {
  std::string text;
  const auto comment = [&](std::string line) {  // of one line, whatever names hold
    std::replace(line.begin(), line.end(), '\n', ' ');
    core::Append(text, {"-- ", line, "\n"});
  };
  for (const Step& step : migration.Steps()) {
    if (!step.reason.empty()) {
      comment(
          core::Concat({Name(step.kind), " ", PlaceOf(step.table, step.name), ": ", step.reason}));
    }
    for (const std::string& statement : step.statements) core::Append(text, {statement, ";\n"});
  }
  for (const std::string& hindrance : migration.Hindrances()) {
    comment(core::Concat({"refused, unless a hook mends it: ", hindrance}));
  }
  for (const Leftover& leftover : migration.Leftovers()) {
    comment(core::Concat({PlaceOf(leftover.table, leftover.column),
                          " stays, though the schema does not have it",
                          leftover.droppable ? ": it may be a newer program's; where no program "
                                               "needs it, Allow::Drop drops it, with what is in it"
                                             : ""}));
  }
  return text;
}

}  // namespace grapnel::store

namespace grapnel::detail {

/// A connection in a transaction of its own, which is rolled back in the end unless it was
/// committed.
class Migrating {
 public:
  Migrating(Store& store, const core::Context& context, bool writes)
      : lease_(writes ? store.driver->Writer(context) : store.driver->Reader(context)) {
    lease_->Watch(&context);
    writes ? lease_->BeginMigration() : lease_->BeginRead();
  }
  Migrating(const Migrating&) = delete;
  Migrating& operator=(const Migrating&) = delete;
  ~Migrating() {
    if (!lease_) return;
    lease_->Watch(nullptr);
    lease_->Rollback();
  }
  store::Connection& Get() const { return *lease_; }

 private:
  store::Lease lease_;
};

/// Runs all of them or none: a hook may try again.
inline void Apply(store::Connection& connection, const std::vector<store::Step>& steps) {
  connection.Savepoint(1);
  try {
    for (const store::Step& step : steps) connection.Apply(step);
  } catch (...) {
    if (connection.InTransaction()) connection.RollbackTo(1);
    throw;
  }
}

/// A migration from its plan to its end, and what its hooks do meanwhile.
class RunningMigration {
 public:
  RunningMigration(const HandlePtr& handle, bool is_dry_run, Allow allowed)
      : store_(*handle->store),
        context_(handle->context),
        is_dry_run_(is_dry_run),
        allowed_(allowed) {}
  RunningMigration(const RunningMigration&) = delete;
  RunningMigration& operator=(const RunningMigration&) = delete;

  store::Migration Run() {
    // Who has nothing to do waits for no writer, and keeps none waiting.
    with_.emplace(store_, context_, false);
    auto plan = LookFirst();
    if (!is_dry_run_ && !plan.steps.empty() && !writes_) {
      BeginToWrite();
      plan = MakePlan();  // others may have been faster
    } else if (is_dry_run_ && !plan.steps.empty()) {
      plan.hindrances = with_->Get().Rehearse(store_.graph->Tables(), allowed_);
    }
    stale_ = false;
    store::Migration migration(*store_.graph, std::move(plan), is_dry_run_);
    migration.running_.to = this;
    auto apply = [&](store::Migration& planned) { Carry(planned); };
    store_.migrate_hooks.Load().Run(migration, core::detail::NextOf<store::Migration, void>(apply));
    if (!done_) {
      RefuseHindered(migration);
      throw MigrationError(
          "nothing was migrated: a migration hook did not call next, or kept to itself that it "
          "failed");
    }
    if (writes_) Commit();
    migration.running_.to = nullptr;
    return migration;
  }

  /// A statement of a hook.
  store::SqlRows Run(const store::RawSql& sql) {
    if (is_dry_run_) return Look(sql);
    CheckInTransaction();
    if (!writes_ && Writes(sql)) BeginToWrite();
    store::SqlRows rows(Try([&](store::Connection& connection) { return connection.Run(sql); }));
    CheckInTransaction();
    stale_ = stale_ || writes_;
    return rows;
  }

 private:
  /// Runs what a hook may go on without: where a statement that fails aborts the transaction, this
  /// goes back to before it.
  template <class F>
  std::invoke_result_t<F&, store::Connection&> Try(F run) {
    store::Connection& connection = with_->Get();
    if (store_.driver->UndoesStatements()) return run(connection);
    const int depth = applied_ ? 2 : 1;
    connection.Savepoint(depth);
    try {
      auto result = run(connection);
      if (connection.InTransaction()) connection.Release(depth);
      return result;
    } catch (...) {
      if (connection.InTransaction()) connection.Discard(depth);
      throw;
    }
  }
  bool Writes(const store::RawSql& sql) {
    return Try([&](store::Connection& connection) { return connection.Prepare(sql).writes; });
  }
  store::Plan MakePlan() {
    return Try([&](store::Connection& connection) {
      return connection.PlanMigration(store_.graph->Tables(), allowed_);
    });
  }
  /// The plan, found while others may migrate.
  store::Plan LookFirst() {
    try {
      return MakePlan();
    } catch (const StorageError&) {
      if (is_dry_run_) throw;
    }
    BeginToWrite();  // a table may have gone while it was looked at
    return MakePlan();
  }
  void BeginToWrite() {
    with_.reset();
    with_.emplace(store_, context_, true);
    writes_ = stale_ = true;
  }
  /// Where `next` leads to.
  void Carry(store::Migration& planned) {
    CheckInTransaction();
    if (stale_) planned.SetPlan(MakePlan());
    RefuseHindered(planned);
    applied_ = writes_;
    if (writes_) Apply(with_->Get(), planned.Steps());
    done_ = true;
  }
  void RefuseHindered(const store::Migration& planned) const {
    if (planned.Hindrances().empty() || would_write_) return;
    throw MigrationError(planned.Hindrances().front());
  }
  /// The rows of what reads, unless it needs what a dry run has not made.
  store::SqlRows Look(const store::RawSql& sql) {
    try {
      if (!Writes(sql)) {
        return store::SqlRows(
            Try([&](store::Connection& connection) { return connection.Run(sql); }));
      }
      would_write_ = true;
    } catch (const SqlError&) {  // NOLINT(bugprone-empty-catch): there are no rows
    }
    store::RawResult nothing;
    nothing.was_run = false;
    return store::SqlRows(std::move(nothing));
  }
  /// SQL may say that it rolls everything back.
  void CheckInTransaction() {
    if (with_->Get().InTransaction()) return;
    throw MigrationError(
        "the migration's transaction was rolled back, by SQL of a migration hook. Nothing was "
        "changed");
  }
  void Commit() {
    CheckInTransaction();
    with_->Get().Watch(nullptr);
    try {
      with_->Get().CommitWithin(&context_);
    } catch (const ConstraintError& error) {
      throw MigrationError(
          core::Concat({"a foreign key refers to a row that is not there, in the end of the "
                        "migration: ",
                        error.Detail(), ". Nothing was changed"}));
    }
  }

  Store& store_;
  const core::Context& context_;
  const bool is_dry_run_;
  const Allow allowed_;
  std::optional<Migrating> with_;
  bool writes_ = false;   // in a transaction that writes
  bool stale_ = false;    // the plan was made of a database that has changed since
  bool applied_ = false;  // its steps, perhaps undone: to a savepoint that is still there
  bool done_ = false;
  bool would_write_ = false;  // a hook of a dry run: what it would mend nobody knows
};

GRAPNEL_DEFINE store::Migration RunMigration(const HandlePtr& handle, bool is_dry_run,
                                             Allow allowed) {
  Marks::Guard(*handle->store);
  handle->context.ThrowIfCancelled();
  const Marks::Running mark(*handle->store, "migration", "");
  return RunningMigration(handle, is_dry_run, allowed).Run();
}

GRAPNEL_DEFINE core::HookHandle AddMigrateHooks(const HandlePtr& handle,
                                                std::initializer_list<MigrateHook> hooks) {
  auto addition = handle->store->migrate_hooks.Prepare(hooks);
  core::HookHandle remove([store = std::weak_ptr(handle->store), id = addition.Id()] {
    const auto alive = store.lock();
    if (alive && !alive->IsInherited()) alive->migrate_hooks.Remove(id);
  });
  handle->store->migrate_hooks.Add(std::move(addition));
  return remove;
}

}  // namespace grapnel::detail

namespace grapnel::store {

GRAPNEL_DEFINE bool Migration::HasStep(StepKind kind, std::string_view table,
                                       std::string_view name) const noexcept {
  return std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& step) {
    return step.kind == kind && step.table == table && (name.empty() || step.name == name);
  });
}

GRAPNEL_DEFINE SqlRows Migration::RunSql(std::string_view text,
                                         std::initializer_list<detail::SqlValue> given) {
  if (running_.to == nullptr) {
    throw TxError("SQL is run by a migration that is under way, in its hooks: this one is not");
  }
  const std::vector<FieldValue> values = detail::MakeValues(given);
  return running_.to->Run({text, values});
}

}  // namespace grapnel::store
