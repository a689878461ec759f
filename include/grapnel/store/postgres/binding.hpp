#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/sql/condition.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

/// The values of conditions and bounds, bound.
namespace grapnel::postgres::detail {

using store::sql::Sql;

/// A list as observers are told of it: all of a short one, the size of a long one.
template <class List>
std::string ShowList(const List& list) {
  constexpr std::size_t kShort = 16;
  if (list.size() > kShort) {
    return core::Concat({"list(", std::to_string(list.size()), " values)"});
  }
  std::string shown;
  for (const auto& value : list) core::Append(shown, {shown.empty() ? "" : ", ", ToString(value)});
  return core::Concat({"list(", shown, ")"});
}

/// Binds what a text has been made with, behind parameter `at`. Throws: ValidationError for what
/// cannot be stored, and so is nowhere.
inline void BindAll(const store::Statement& of, const Sql::Parameters& parameters, Parameters& to,
                    int at) {
  for (const Sql::Bound& each : parameters) {
    ++at;
    try {
      if (each.list != nullptr) {
        to.List(at, *each.list, kInt8);
      } else {
        grapnel::detail::BindValue(*each.value, to, at);
      }
    } catch (const BadValue& error) {
      throw ValidationError(of.table->entity, each.of != nullptr ? each.of->name : "predicate",
                            of.op, error.what());
    }
    if (!each.shown || !to.Shows()) continue;
    to.Show(at, each.list != nullptr ? ShowList(*each.list) : ToString(*each.value));
  }
}

/// How many bounds a sum of the column has.
inline std::size_t BoundsOf(const store::Column& column) noexcept {
  if (column.Kind() == FieldKind::Int) return 2;
  return (column.least_real ? 1U : 0U) + (column.most_real ? 1U : 0U);
}
inline void BindBounds(const store::Column& column, Parameters& to, int& at) {
  if (column.Kind() == FieldKind::Int) {
    to.Int(++at, std::max(column.least.value_or(column.ops->least), column.ops->least));
    to.Int(++at, std::min(column.most.value_or(column.ops->most), column.ops->most));
    return;
  }
  if (column.least_real) to.Real(++at, *column.least_real);
  if (column.most_real) to.Real(++at, *column.most_real);
}

/// Throws: ValidationError of the fields that were added to.
[[noreturn, gnu::cold]] inline void RefuseSum(const store::Update& update) {
  std::string fields;
  for (std::size_t i = 0; i < update.table->columns.size(); ++i) {
    if (!update.added.test(i)) continue;
    core::Append(fields, {fields.empty() ? "" : ", ", update.table->columns[i].name});
  }
  throw ValidationError(update.table->entity, fields, update.op,
                        "what is added leaves the field's range");
}
/// The same of values that are made of rows.
[[noreturn, gnu::cold]] inline void RefuseSum(const store::Tabulate& values) {
  std::string fields;
  for (const store::Output& output : values.outputs) {
    if (output.measure == nullptr || output.measure->kind != store::AggregateKind::Sum) continue;
    core::Append(fields, {fields.empty() ? "" : ", ", output.column->name});
  }
  throw ValidationError(values.table->entity, fields, values.op,
                        "the sum is no number of 64 bits; Avg has no such limit");
}

}  // namespace grapnel::postgres::detail
