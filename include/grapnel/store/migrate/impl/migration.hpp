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
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::store {

inline TypeInfo DescribeType(const Table& table) {
  TypeInfo type{table.entity, table.name};
  for (const detail::Column& column : table.columns.first(table.fields)) {
    type.fields.push_back({column.name, column.storage, column.Kind(), column.nullable,
                           column.unique, column.immutable, column.sensitive, column.comment});
  }
  for (const detail::EdgeEnd& edge : table.edges) {
    const Relation& relation = edge.relation();
    type.edges.push_back({edge.name, edge.target().entity,
                          relation.inverse != nullptr ? relation.inverse->name : "", edge.many,
                          edge.required, edge.HoldsKey(), relation.on_delete});
  }
  return type;
}

GRAPNEL_DEFINE Migration::Migration(const detail::Graph& graph, Plan plan, bool is_dry_run)
    : plan_(std::move(plan)), is_dry_run_(is_dry_run) {
  for (const Table* table : graph.Tables()) types_.push_back(DescribeType(*table));
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
  for (const Leftover& leftover : migration.Leftovers()) {
    comment(core::Concat({PlaceOf(leftover.table, leftover.column),
                          " stays, though the schema does not have it",
                          leftover.droppable ? ": Allow::Drop drops it" : ""}));
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
    writes ? lease_->BeginWrite() : lease_->BeginRead();
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

GRAPNEL_DEFINE store::Migration RunMigration(const HandlePtr& handle, bool is_dry_run,
                                             Allow allowed) {
  Store& store = *handle->store;
  Marks::Guard(store);
  handle->context.ThrowIfCancelled();
  const Marks::Running mark(store, "migration", "");
  const auto& tables = store.graph->Tables();
  // Who has nothing to do waits for no writer, and keeps none waiting.
  std::optional<Migrating> with(std::in_place, store, handle->context, false);
  auto plan = with->Get().PlanMigration(tables, allowed);
  const bool writes = !is_dry_run && !plan.steps.empty();
  if (writes) {
    with.reset();
    with.emplace(store, handle->context, true);
    plan = with->Get().PlanMigration(tables, allowed);  // others may have been faster
  } else if (!plan.steps.empty()) {
    with->Get().Rehearse(tables, allowed);
  }
  store::Migration migration(*store.graph, std::move(plan), is_dry_run);
  bool done = false;
  auto apply = [&](store::Migration& planned) {
    if (writes) Apply(with->Get(), planned.Steps());
    done = true;
  };
  store.migrate_hooks.Load().Run(migration, core::detail::NextOf<store::Migration, void>(apply));
  if (!done) {
    throw MigrationError(
        "nothing was migrated: a migration hook did not call next, or kept to itself that it "
        "failed");
  }
  if (writes) {
    with->Get().Watch(nullptr);
    with->Get().Commit();
  }
  return migration;
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
