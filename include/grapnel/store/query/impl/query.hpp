#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/eager.hpp>
#include <grapnel/store/query/query.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Queries, compiled once for all types.
namespace grapnel::detail {

GRAPNEL_DEFINE AnyQuery::AnyQuery(const Table& table) noexcept
    : table_(&table), is_neighbours_(true) {}
GRAPNEL_DEFINE AnyQuery::AnyQuery(const Table& table, HandlePtr handle, store::PredicatePtr where)
    : table_(&table), handle_(std::move(handle)) {
  rows_.where = std::move(where);
}
GRAPNEL_DEFINE AnyQuery::AnyQuery(const AnyQuery& from) = default;
GRAPNEL_DEFINE AnyQuery::AnyQuery(AnyQuery&& from) noexcept = default;
GRAPNEL_DEFINE AnyQuery& AnyQuery::operator=(const AnyQuery& from) = default;
GRAPNEL_DEFINE AnyQuery& AnyQuery::operator=(AnyQuery&& from) noexcept {
  if (this == &from) return *this;  // a vector moved to itself loses what it holds
  table_ = from.table_;
  handle_ = std::move(from.handle_);
  rows_ = std::move(from.rows_);
  eager_ = std::move(from.eager_);
  is_neighbours_ = from.is_neighbours_;
  return *this;
}
GRAPNEL_DEFINE AnyQuery::~AnyQuery() = default;

GRAPNEL_DEFINE void AnyQuery::CheckUsable() const {
  if (!is_neighbours_) Held();
}

GRAPNEL_DEFINE void AnyQuery::AddWhere(const store::PredicatePtr& where) {
  CheckUsable();
  rows_.where = store::Both(rows_.where, where);
}

GRAPNEL_DEFINE void AnyQuery::AddOrder(std::initializer_list<store::Ordering> orders) {
  CheckUsable();
  rows_.order.insert(rows_.order.end(), orders.begin(), orders.end());
}

GRAPNEL_DEFINE void AnyQuery::AddEdge(const EdgeEnd& edge) {
  CheckUsable();
  Want(eager_, {&edge});
}

GRAPNEL_DEFINE void AnyQuery::AddEdge(const EdgeEnd& edge, AnyQuery&& chosen) {
  CheckUsable();
  Want(eager_, {&edge, std::move(chosen.rows_), std::move(chosen.eager_)});
}

GRAPNEL_DEFINE void AnyQuery::SetLimit(std::int64_t rows) {
  if (rows < 0) throw Error("Limit takes a number of rows, not " + std::to_string(rows));
  CheckUsable();
  rows_.limit = rows;
}

GRAPNEL_DEFINE void AnyQuery::SetOffset(std::int64_t rows) {
  if (rows < 0) throw Error("Offset takes a number of rows, not " + std::to_string(rows));
  CheckUsable();
  rows_.offset = rows;
}

GRAPNEL_DEFINE store::Select AnyQuery::Describe(std::optional<std::int64_t> limit) const {
  store::Select statement{{table_}};
  statement.where = rows_.where.Get();
  statement.order = rows_.order;
  statement.limit = limit;
  statement.offset = rows_.offset;
  return statement;
}

GRAPNEL_DEFINE void AnyQuery::Read(void* rows, std::optional<std::int64_t> limit) const {
  const HandlePtr& held = Held();
  const HandlePtr handle =
      eager_.empty() || held->transaction ? held : BeginTransaction(held, Session::Kind::ReadOnly);
  const store::Select statement = Describe(limit);
  RunRead(handle, *table_, [&](store::Connection& connection) {
    connection.Run(statement,
                   [&](Row& row) { LoadRow(*table_, table_->ops.AppendRow(rows), row); });
    return 0;
  });
  if (eager_.empty()) return;
  std::vector<void*> entities;
  const std::size_t count = table_->ops.RowCount(rows);
  for (std::size_t i = 0; i < count; ++i) entities.push_back(table_->ops.RowAt(rows, i));
  LoadEager(handle, *table_, entities, eager_);
}

GRAPNEL_DEFINE void AnyQuery::ReadAll(void* rows) const { Read(rows, rows_.limit); }

GRAPNEL_DEFINE void AnyQuery::ReadOne(void* entity, std::int64_t most) const {
  EntityRows rows(table_->ops);
  Read(rows.Get(), rows_.limit && *rows_.limit < most ? rows_.limit : most);
  const std::size_t count = table_->ops.RowCount(rows.Get());
  if (count == 0) throw NotFoundError(table_->entity, "no row matches");
  if (count > 1) throw NotSingularError(table_->entity);
  table_->ops.MoveAssign(entity, table_->ops.RowAt(rows.Get(), 0));
}

GRAPNEL_DEFINE void AnyQuery::ReadFirst(void* entity) const { ReadOne(entity, 1); }
GRAPNEL_DEFINE void AnyQuery::ReadOnly(void* entity) const { ReadOne(entity, 2); }

GRAPNEL_DEFINE std::int64_t AnyQuery::ReadCount() const {
  store::Select statement = Describe(rows_.limit);
  statement.want = store::Select::Want::Count;
  return RunRead(Held(), *table_,
                 [&](store::Connection& connection) { return connection.Count(statement); });
}

GRAPNEL_DEFINE bool AnyQuery::HasAny() const {
  store::Select statement = Describe(rows_.limit);
  statement.want = store::Select::Want::Exist;
  return RunRead(Held(), *table_,
                 [&](store::Connection& connection) { return connection.Count(statement); }) != 0;
}

GRAPNEL_DEFINE void AnyQuery::ReadIds(core::FunctionRef<void*()> next) const {
  store::Select statement = Describe(rows_.limit);
  statement.want = store::Select::Want::Ids;
  RunRead(Held(), *table_, [&](store::Connection& connection) {
    connection.Run(statement, [&](Row& row) { LoadColumn(*table_, table_->Id(), next(), row, 0); });
    return 0;
  });
}

GRAPNEL_DEFINE store::PredicatePtr AnyQuery::Along(const EdgeEnd& edge) const {
  return store::NeighboursOf(edge.relation(), rows_);
}

}  // namespace grapnel::detail
