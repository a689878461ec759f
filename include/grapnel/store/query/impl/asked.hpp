#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

GRAPNEL_DEFINE void CheckRows(std::string_view what, std::int64_t rows) {
  if (rows >= 0) return;
  throw Error(core::Concat({what, " takes a number of rows, not ", std::to_string(rows)}));
}

GRAPNEL_DEFINE void Asked::AddWhere(const store::PredicatePtr& where) {
  if (!after_) {
    rows_.where = store::Both(rows_.where, where);
    return;
  }
  all_where_ = store::Both(all_where_, where);
  rows_.where = store::Both(all_where_, after_);
}

GRAPNEL_DEFINE void Asked::AddOrder(std::initializer_list<store::Ordering> orders) {
  for (const store::Ordering& each : orders) {
    const bool is_known =
        std::any_of(rows_.order.begin(), rows_.order.end(), [&](const store::Ordering& before) {
          return before.field == each.field && before.edge == each.edge;
        });
    if (is_known) continue;
    if (after_) {
      throw Error("Order comes before After, which continues along it: Order(...).After(last)");
    }
    rows_.order.push_back(each);
  }
}

/// What an entity has in a column. Throws: ValidationError when it cannot be stored.
inline FieldValue ValueAt(const Table& table, const Column& column, const void* entity) {
  try {
    return column.ops->to_value(column.at_const(entity));
  } catch (const BadValue& error) {
    table.RefuseValue(column.name, Op{}, error.what());
  }
}

/// Where the row stood when it was read its own fields say, but for those that an interceptor
/// changes: rows are ordered by what is stored, whatever their reader was shown. Behind the id
/// there are no equals.
GRAPNEL_DEFINE void Asked::SetAfter(const Table& table, const void* entity, const void* shown,
                                    const void* stored) {
  if (rows_.order.empty()) {
    throw Error(
        "After continues along an order, and needs one before it: "
        "Order(grapnel::Asc(F<&User::id>)).After(last)");
  }
  const Column& id = table.Id();
  if (id.ops->is_zero != nullptr && id.ops->is_zero(id.at_const(entity))) {
    throw ValidationError(table.entity, id.name, Op{},
                          "After takes a row that was read, and this one has no id");
  }
  std::vector<store::Ordering> order;
  std::vector<FieldValue> values;
  const auto add = [&](const store::Ordering& each) {
    if (each.edge != nullptr) {
      throw Error(
          "After continues along fields of the row itself, which it holds, and not along those of "
          "neighbours: order by fields of its own, or use Offset");
    }
    const Column* column = table.FindTag(each.field);
    if (column == nullptr) {
      throw SchemaError(table.entity, "order", "it names a member that is no field of this type");
    }
    if (!order.empty() && order.back().field == id.tag) return;
    order.push_back(each);
    const bool changed =
        shown != nullptr && ValueAt(table, *column, shown) != ValueAt(table, *column, stored);
    values.push_back(ValueAt(table, *column, changed ? stored : entity));
  };
  for (const store::Ordering& each : rows_.order) add(each);
  add({id.tag, rows_.order.back().descending});
  if (!after_) all_where_ = rows_.where;
  after_ = store::Behind(std::move(order), std::move(values));
  rows_.where = store::Both(all_where_, after_);
}

/// Behind the last row that they leave; nothing: all are left.
inline std::optional<std::int64_t> EndOf(const store::Rows& rows) {
  std::int64_t end = 0;
  if (!rows.limit || __builtin_add_overflow(rows.offset, *rows.limit, &end)) return std::nullopt;
  return end;
}

GRAPNEL_DEFINE void Asked::Join(const Asked& other) {
  AddWhere(other.rows_.where);
  for (const store::Ordering& each : other.rows_.order) AddOrder({each});
  const auto one = EndOf(rows_), another = EndOf(other.rows_);
  rows_.offset = std::max(rows_.offset, other.rows_.offset);
  rows_.limit.reset();
  if (!one && !another) return;
  const std::int64_t end = one && another ? std::min(*one, *another) : (one ? *one : *another);
  rows_.limit = std::max<std::int64_t>(end - rows_.offset, 0);
}

GRAPNEL_DEFINE store::PredicatePtr Asked::Along(const EdgeEnd& edge) const {
  return store::NeighboursOf(edge.relation(), rows_);
}

}  // namespace grapnel::detail
