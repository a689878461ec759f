#pragma once

#include <grapnel/core/next.hpp>
#include <grapnel/core/separate.hpp>
#include <grapnel/schema/graph.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/detail/store.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/migration.hpp>

#include <string>
#include <utility>
#include <vector>

namespace grapnel::store {

inline TypeInfo DescribeType(const Table& table) {
  TypeInfo type{table.entity, table.name};
  for (const detail::Column& column : table.columns.first(table.fields)) {
    type.fields.push_back({column.name, column.storage, column.Kind(), column.nullable,
                           column.unique, column.immutable, column.sensitive, column.comment});
  }
  for (const detail::EdgeInfo& edge : table.edges) {
    const Relation& relation = edge.relation();
    type.edges.push_back({edge.name, edge.target().entity,
                          relation.inverse != nullptr ? relation.inverse->name : "", edge.many,
                          edge.required, edge.HoldsKey(), relation.on_delete});
  }
  return type;
}

GRAPNEL_DEFINE Migration::Migration(const detail::Graph& graph, std::vector<std::string> statements,
                                    bool is_dry_run)
    : statements_(std::move(statements)), is_dry_run_(is_dry_run) {
  for (const Table* table : graph.Tables()) types_.push_back(DescribeType(*table));
}

}  // namespace grapnel::store

namespace grapnel::detail {

GRAPNEL_DEFINE store::Migration RunMigration(const HandlePtr& handle, bool is_dry_run) {
  Store& store = *handle->store;
  Marks::Guard(store);
  handle->context.ThrowIfCancelled();
  const Marks::Running mark(store, "migration", "");
  const store::Lease lease =
      is_dry_run ? store.driver->Reader(handle->context) : store.driver->Writer(handle->context);
  lease->Watch(&handle->context);
  is_dry_run ? lease->BeginRead() : lease->BeginWrite();
  struct Undo {
    const store::Lease& lease;
    ~Undo() {
      lease->Watch(nullptr);
      lease->Rollback();  // after a commit it does nothing
    }
  } undo{lease};
  store::Migration migration(*store.graph, lease->PlanMigration(store.graph->Tables()), is_dry_run);
  bool done = false;
  auto apply = [&](store::Migration& planned) {
    if (!is_dry_run) {
      lease->Savepoint(1);
      try {
        for (const std::string& statement : planned.Statements()) lease->Apply(statement);
      } catch (...) {
        if (lease->InTransaction()) lease->RollbackTo(1);  // a hook may try again
        throw;
      }
    }
    done = true;
  };
  store.migrate_hooks.Load().Run(migration, core::detail::NextOf<store::Migration, void>(apply));
  if (!done) {
    throw MigrationError(
        "nothing was migrated: a migration hook did not call next, or kept to itself that it "
        "failed");
  }
  if (!is_dry_run) {
    lease->Watch(nullptr);
    lease->Commit();
  }
  return migration;
}

}  // namespace grapnel::detail
