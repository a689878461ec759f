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
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/eager.hpp>
#include <grapnel/store/query/impl/rows.hpp>
#include <grapnel/store/query/impl/walk.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/query.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/query/values.hpp>
#include <grapnel/store/query/walk.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

/// Queries, compiled once for all types.
namespace grapnel::detail {

GRAPNEL_DEFINE AnyQuery::AnyQuery(const Table& table) noexcept
    : table_(&table), is_neighbours_(true) {}
GRAPNEL_DEFINE AnyQuery::AnyQuery(const Table& table, HandlePtr handle, store::PredicatePtr where)
    : table_(&table), handle_(std::move(handle)), asked_(std::move(where)) {}
GRAPNEL_DEFINE AnyQuery::AnyQuery(const AnyQuery& from) = default;
GRAPNEL_DEFINE AnyQuery::AnyQuery(AnyQuery&& from) noexcept = default;
GRAPNEL_DEFINE AnyQuery& AnyQuery::operator=(const AnyQuery& from) = default;
GRAPNEL_DEFINE AnyQuery& AnyQuery::operator=(AnyQuery&& from) noexcept {
  if (this == &from) return *this;  // a vector moved to itself loses what it holds
  table_ = from.table_;
  handle_ = std::move(from.handle_);
  asked_ = std::move(from.asked_);
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
  asked_.AddWhere(where);
}

GRAPNEL_DEFINE void AnyQuery::AddOrder(std::initializer_list<store::Ordering> orders) {
  CheckUsable();
  asked_.AddOrder(orders);
}

GRAPNEL_DEFINE void AnyQuery::SetAfter(const void* entity) {
  const HandlePtr& handle = Held();
  EntityRows rows(table_->ops);
  if (FindAsStored(handle, *table_, entity, rows)) {
    asked_.SetAfter(*table_, entity, rows.At(0), rows.At(1));
  } else {
    asked_.SetAfter(*table_, entity);
  }
}

GRAPNEL_DEFINE void AnyQuery::AddEdge(const EdgeEnd& edge) {
  CheckUsable();
  Want(eager_, {&edge});
}

GRAPNEL_DEFINE void AnyQuery::AddEdge(const EdgeEnd& edge, AnyQuery&& chosen) {
  CheckUsable();
  Want(eager_, {&edge, std::move(chosen.asked_), std::move(chosen.eager_)});
}

GRAPNEL_DEFINE void AnyQuery::SetLimit(std::int64_t rows) {
  CheckRows("Limit", rows);
  CheckUsable();
  asked_.SetLimit(rows);
}

GRAPNEL_DEFINE void AnyQuery::SetOffset(std::int64_t rows) {
  CheckRows("Offset", rows);
  CheckUsable();
  asked_.SetOffset(rows);
}

GRAPNEL_DEFINE void AnyQuery::ReadRows(const store::Rows& rows, void* into) const {
  const HandlePtr& held = Held();
  const HandlePtr handle =
      eager_.empty() || held->transaction ? held : BeginTransaction(held, Session::Kind::ReadOnly);
  const store::Select statement = Describe(*table_, rows);
  RunRead(handle, *table_, [&](store::Connection& connection) {
    bool has_room = false;
    connection.Run(statement, [&](Row& row) {
      if (!std::exchange(has_room, true)) table_->ops.ReserveRows(into, row.Rows());
      LoadRow(*table_, table_->ops.AppendRow(into), row);
    });
    return 0;
  });
  if (eager_.empty()) return;
  std::vector<void*> entities;
  const std::size_t count = table_->ops.RowCount(into);
  for (std::size_t i = 0; i < count; ++i) entities.push_back(table_->ops.RowAt(into, i));
  LoadEager(handle, *table_, entities, eager_);
}

GRAPNEL_DEFINE void AnyQuery::Read(const Asked& asked, void* rows) const {
  ReadInto into;
  into.rows = rows;
  RunReading(Held(), *table_, ReadStep::Query, ReadKind::Rows, asked, into,
             [&](const store::Rows& narrowed, const ReadInto& to) { ReadRows(narrowed, to.rows); });
}

GRAPNEL_DEFINE void AnyQuery::ReadAll(void* rows) const { Read(asked_, rows); }

GRAPNEL_DEFINE void AnyQuery::ReadOne(void* entity, std::int64_t most) const {
  EntityRows rows(table_->ops);
  Read(asked_.AtMost(most), rows.Get());
  const std::size_t count = table_->ops.RowCount(rows.Get());
  if (count == 0) throw NotFoundError(table_->entity, "no row matches");
  if (count > 1 && most > 1) throw NotSingularError(table_->entity);
  table_->ops.MoveAssign(entity, table_->ops.RowAt(rows.Get(), 0));
}

GRAPNEL_DEFINE void AnyQuery::ReadFirst(void* entity) const { ReadOne(entity, 1); }
GRAPNEL_DEFINE void AnyQuery::ReadOnly(void* entity) const { ReadOne(entity, 2); }

GRAPNEL_DEFINE std::int64_t AnyQuery::ReadNumber(ReadKind kind) const {
  std::int64_t number = 0;
  ReadInto into;
  into.count = &number;
  RunReading(Held(), *table_, ReadStep::Query, kind, asked_, into,
             [&](const store::Rows& narrowed, const ReadInto& to) {
               store::Select statement = Describe(*table_, narrowed);
               statement.want = kind == ReadKind::Count ? store::Select::Want::Count
                                                        : store::Select::Want::Exist;
               *to.count = RunRead(Held(), *table_, [&](store::Connection& connection) {
                 return connection.Count(statement);
               });
             });
  return number;
}

GRAPNEL_DEFINE std::int64_t AnyQuery::ReadCount() const { return ReadNumber(ReadKind::Count); }
GRAPNEL_DEFINE bool AnyQuery::HasAny() const { return ReadNumber(ReadKind::Exist) != 0; }

GRAPNEL_DEFINE void AnyQuery::ReadIds(void* ids, void* (*add)(void* ids)) const {
  ReadInto into;
  into.ids = ids;
  into.add_id = add;
  RunReading(Held(), *table_, ReadStep::Query, ReadKind::Ids, asked_, into,
             [&](const store::Rows& narrowed, const ReadInto& to) {
               store::Select statement = Describe(*table_, narrowed);
               statement.want = store::Select::Want::Ids;
               RunRead(Held(), *table_, [&](store::Connection& connection) {
                 connection.Run(statement, [&](Row& row) {
                   LoadColumn(*table_, table_->Id(), to.add_id(to.ids), row, 0);
                 });
                 return 0;
               });
             });
}

GRAPNEL_DEFINE WalkPtr AnyQuery::Walk(bool fresh) const {
  return core::MakeShared<detail::Walk>(
      Held(), *table_, asked_, eager_, fresh,
      [&](const store::Rows& rows, void* into) { ReadRows(rows, into); });
}

GRAPNEL_DEFINE void AnyQuery::ReadMeasure(const ValueInfo& info, void* value) const {
  ValueTable made;
  made.values = {&info, 1};
  made.grouped = true;
  ReadValues(Held(), *table_, asked_, made, &value, [] {});
}

GRAPNEL_DEFINE AnyValues AnyQuery::Values() const { return {*table_, Held(), asked_}; }

GRAPNEL_DEFINE store::PredicatePtr AnyQuery::Along(const EdgeEnd& edge) const {
  return asked_.Along(edge);
}

}  // namespace grapnel::detail
