#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/impl/rows.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/query/values.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

/// Values that are made of rows, compiled once for all types.
namespace grapnel::detail {

/// The statement that makes them.
class ValueStatement {
 public:
  ValueStatement(const Table& table, const store::Rows& rows, const ValueTable& made)
      : table_(table), made_(made), statement_{{&table}} {
    for (const ValueInfo& value : made.values) Add(value.field, value.measure);
    if (made.grouped) {
      AddMeasuresOf(made.having.Get());
      for (std::size_t at = 0; at < made.order.size(); ++at) CheckOrder(at);
    } else if (made.distinct) {
      for (const store::Ordering& ordering : rows.order) CheckDistinct(ordering);
    }
    statement_.where = rows.where.Get();
    statement_.order = rows.order;
    statement_.limit = rows.limit;
    statement_.offset = rows.offset;
    statement_.outputs = outputs_;
    statement_.grouped = made.grouped;
    statement_.distinct = made.distinct;
    statement_.having = made.having.Get();
    statement_.order_made = made.order;
    statement_.limit_made = made.limit;
    statement_.offset_made = made.offset;
  }

  const store::Tabulate& Get() const noexcept { return statement_; }
  const Column* ColumnAt(int at) const { return outputs_[static_cast<std::size_t>(at)].column; }

 private:
  void Add(FieldTag field, const store::Measure* measure) {
    const Column* const column = field != nullptr ? table_.FindTag(field) : nullptr;
    if (field != nullptr && column == nullptr) {
      throw SchemaError(table_.entity, "query",
                        "what is asked for names a member that is no field of this type");
    }
    outputs_.push_back({column, measure});
  }
  /// What conditions and orders ask of groups is computed behind what is read.
  void AddMeasure(FieldTag tag) {
    const store::Measure& measure = store::Measure::Of(tag);
    const auto same = [&](const store::Output& each) { return each.measure == &measure; };
    if (std::none_of(outputs_.begin(), outputs_.end(), same)) Add(measure.field, &measure);
  }
  void AddMeasuresOf(const store::PredicateNode* having) {
    std::vector<const store::PredicateNode*> open{having};
    while (!open.empty()) {
      const store::PredicateNode* const node = open.back();
      open.pop_back();
      if (node == nullptr) continue;
      if (node->field != nullptr) AddMeasure(node->field);
      open.push_back(node->right.Get());
      open.push_back(node->left.Get());
    }
  }
  bool IsByValue(const store::Ordering& ordering) const {
    return ordering.edge == nullptr &&
           std::any_of(outputs_.begin(), outputs_.end(), [&](const store::Output& each) {
             return each.measure == nullptr && each.column->tag == ordering.field;
           });
  }
  void CheckOrder(std::size_t at) {
    const store::Ordering& ordering = made_.order[at];
    if (made_.order_by[at] != nullptr) return AddMeasure(ordering.field);
    if (!IsByValue(ordering)) {
      Refuse(ordering,
             "groups are ordered by what they are grouped by, or by an aggregate: "
             "Order(Desc(grapnel::Max(F<...>)))");
    }
  }
  void CheckDistinct(const store::Ordering& ordering) const {
    if (!IsByValue(ordering)) {
      Refuse(ordering,
             "Distinct leaves one row of those that are alike, and the order is by what they "
             "differ in: select that too, or group them, GroupBy(F<...>).Order(Asc(Min(F<...>)))");
    }
  }
  [[noreturn]] void Refuse(const store::Ordering& ordering, std::string_view reason) const {
    const Column* const column = table_.FindTag(ordering.field);
    const EdgeEnd* const edge = table_.FindEdgeTag(ordering.edge);
    const std::string_view name = edge != nullptr     ? edge->name
                                  : column != nullptr ? column->name
                                                      : "";
    throw ValidationError(table_.entity, name, grapnel::Op{}, reason);
  }

  const Table& table_;
  const ValueTable& made_;
  std::vector<store::Output> outputs_;
  store::Tabulate statement_;
};

/// Puts a value into an object of the type that `value` tells of. Throws: SchemaError, which names
/// the field.
inline void LoadValue(const Table& table, const ValueInfo& value, const Column* column, void* to,
                      Row& row, int at) {
  if (row.LoadPlain(value.ops->plain, to, at)) return;
  try {
    const bool is_mean = value.measure != nullptr && value.ops->plain == Plain::Real;
    if (is_mean && row.IsNull(at)) {  // infinities cancel out
      *static_cast<double*>(to) = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    value.ops->load(to, row, at);
  } catch (const StorageError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    if (column == nullptr) throw;
    throw SchemaError(table.entity, column->name,
                      core::Concat({"a stored value cannot be read: ",
                                    column->IsSecret() ? "it is not valid" : error.what()}));
  }
}

/// Reads what is made of rows that nobody narrows any more.
inline void MakeValues(const HandlePtr& handle, const Table& table, const store::Rows& rows,
                       const ValueTable& made, void* const* to, core::FunctionRef<void()> add) {
  const ValueStatement statement(table, rows, made);
  RunRead(handle, table, [&](store::Connection& connection) {
    connection.Run(statement.Get(), [&](Row& row) {
      int at = 0;
      for (const ValueInfo& value : made.values) {
        LoadValue(table, value, statement.ColumnAt(at), to[at], row, at);
        ++at;
      }
      add();
    });
    return 0;
  });
}

/// Says of a value that an interceptor made what is wrong with it.
[[noreturn, gnu::cold]] inline void RefuseMade(const Table& table, const Column& column,
                                               std::string_view what, std::string_view reason) {
  throw ValidationError(table.entity, column.name, grapnel::Op{},
                        core::Concat({"an interceptor made of it what cannot be ", what, ": ",
                                      column.IsSecret() ? kHidden : reason}));
}

/// What became of a value in its stored form. Throws: ValidationError where it has none.
inline FieldValue StoredForm(const Table& table, const Column& column, const void* entity) {
  try {
    return column.ops->to_value(column.at_const(entity));
  } catch (const BadValue& error) {
    RefuseMade(table, column, "stored", error.what());
  }
}

/// Fields of whole rows, taken once the rows have passed the interceptors.
class Projection {
 public:
  Projection(const Table& table, const ValueTable& made) : table_(table), made_(made) {
    for (const ValueInfo& value : made.values) columns_.push_back(table.FindTag(value.field));
  }

  /// Which rows to read for it. Those that are alike are still to be left out, and only then
  /// counted.
  store::Rows Whole(const store::Rows& rows) {
    store::Rows whole = rows;
    if (made_.distinct) {
      limit_ = std::exchange(whole.limit, std::nullopt);
      offset_ = std::exchange(whole.offset, 0);
    }
    return whole;
  }
  void Take(const void* entity, void* const* to, core::FunctionRef<void()> add) {
    if (made_.distinct && !IsNew(entity)) return;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      columns_[at]->ops->copy(to[at], columns_[at]->at_const(entity));
    }
    add();
  }

 private:
  struct HashOfValues {
    std::size_t operator()(const std::vector<FieldValue>& values) const noexcept {
      std::size_t hash = 0;
      for (const FieldValue& value : values) hash = hash * 31 + HashOfValue()(value);
      return hash;
    }
  };

  bool IsNew(const void* entity) {
    std::vector<FieldValue> values;
    for (const Column* column : columns_) {
      values.push_back(StoredForm(table_, *column, entity));
    }
    if (!seen_.insert(std::move(values)).second) return false;
    const auto place = static_cast<std::int64_t>(seen_.size()) - 1 - offset_;
    return place >= 0 && (!limit_ || place < *limit_);
  }

  const Table& table_;
  const ValueTable& made_;
  std::vector<const Column*> columns_;
  std::optional<std::int64_t> limit_;
  std::int64_t offset_ = 0;
  std::unordered_set<std::vector<FieldValue>, HashOfValues> seen_;
};

/// Values of groups, kept until rows that show them have passed the interceptors: of each group one
/// for what it is grouped by, and those that hold its least and greatest values. Whole ones, for an
/// interceptor may look at all of a row.
class PassingGroups {
 public:
  PassingGroups(const Table& table, const ValueTable& made) : table_(table), made_(made) {
    for (const ValueInfo& value : made.values) {
      columns_.push_back(value.field != nullptr ? table.FindTag(value.field) : nullptr);
    }
  }

  void Clear() { kept_.clear(); }
  /// Keeps a group, whose values are in `from`.
  void Keep(void* const* from) {
    std::vector<FieldValue>& values = kept_.emplace_back();
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      values.push_back(Value(at, from[at]));
    }
  }
  /// Puts the rows that show the groups of rows that match behind `rows`.
  void Show(const HandlePtr& handle, const store::PredicatePtr& where, void* rows) {
    for (const std::vector<FieldValue>& values : kept_) {
      store::PredicatePtr group = where;
      bool has_keys = false;
      for (std::size_t at = 0; at < columns_.size(); ++at) {
        if (!IsKey(at)) continue;
        group = store::Both(group, Is(at, values[at]));
        has_keys = true;
      }
      if (has_keys)
        Show(
            handle, group, values, [&](std::size_t at) { return IsKey(at); }, rows);
      for (std::size_t one = 0; one < columns_.size(); ++one) {
        if (!Carries(one, values[one])) continue;
        Show(
            handle, store::Both(group, Is(one, values[one])), values,
            [&](std::size_t at) { return at == one; }, rows);
      }
    }
  }
  /// Hands out the groups with what became of their rows. Throws: Error where rows came or went.
  void Take(EntityRows& rows, void* const* to, core::FunctionRef<void()> add) {
    std::size_t next = 0;
    for (std::vector<FieldValue>& values : kept_) {
      const void* group = nullptr;
      for (std::size_t at = 0; at < columns_.size(); ++at) {
        if (!IsKey(at)) continue;
        if (group == nullptr) group = RowAt(rows, next++);
        columns_[at]->ops->copy(to[at], columns_[at]->at_const(group));
      }
      for (std::size_t at = 0; at < columns_.size(); ++at) {
        if (IsKey(at)) continue;
        if (Carries(at, values[at])) {
          values[at] = StoredForm(table_, *columns_[at], RowAt(rows, next++));
        }
        Put(at, to[at], values[at]);
      }
      add();
    }
    if (next != rows.Count()) Refuse();
  }

 private:
  /// One row that matches; where none is found any more, one that holds these values alone.
  void Show(const HandlePtr& handle, const store::PredicatePtr& where,
            const std::vector<FieldValue>& values, core::FunctionRef<bool(std::size_t)> shows,
            void* rows) {
    store::Select select{{&table_}};
    select.where = where.Get();
    select.limit = 1;
    bool found = false;
    ReadRows(handle, select, [&] { return found = true, table_.ops.AppendRow(rows); });
    if (found) return;
    void* const row = table_.ops.AppendRow(rows);
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (shows(at)) columns_[at]->ops->from_value(columns_[at]->at(row), values[at]);
    }
  }
  store::PredicatePtr Is(std::size_t at, const FieldValue& value) const {
    const Column& column = *columns_[at];
    return value.IsNull() ? store::IsNull(column.tag)
                          : store::Compared(store::PredicateKind::Equal, column.tag, value);
  }
  bool IsKey(std::size_t at) const { return made_.values[at].measure == nullptr; }
  /// Whether the value is one of the field's own.
  bool Carries(std::size_t at, const FieldValue& value) const {
    if (IsKey(at) || value.IsNull()) return false;
    const store::AggregateKind kind = made_.values[at].measure->kind;
    return kind == store::AggregateKind::Min || kind == store::AggregateKind::Max;
  }
  /// A mean may be no number, which has no form to be stored in. Throws: ValidationError for what a
  /// Codec takes from a row, and not back.
  FieldValue Value(std::size_t at, const void* from) const {
    const TypeOps& ops = *made_.values[at].ops;
    if (ops.plain == Plain::Real) return *static_cast<const double*>(from);
    if (ops.plain == Plain::OptionalReal) {
      const auto& real = *static_cast<const std::optional<double>*>(from);
      return real ? FieldValue(*real) : FieldValue();
    }
    try {
      return ops.to_value(from);
    } catch (const BadValue& error) {
      if (columns_[at] == nullptr) throw;
      table_.RefuseValue(columns_[at]->name, grapnel::Op{}, error.what());
    }
  }
  void Put(std::size_t at, void* to, const FieldValue& from) const {
    const TypeOps& ops = *made_.values[at].ops;
    const double* const real = from.As<double>();
    if (real != nullptr && ops.plain == Plain::Real) {
      *static_cast<double*>(to) = *real;
    } else if (real != nullptr && ops.plain == Plain::OptionalReal) {
      *static_cast<std::optional<double>*>(to) = *real;
    } else {
      Restore(at, to, from);
    }
  }
  void Restore(std::size_t at, void* to, const FieldValue& from) const {
    try {
      made_.values[at].ops->from_value(to, from);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      if (columns_[at] == nullptr) throw;
      RefuseMade(table_, *columns_[at], "read back", error.what());
    }
  }
  const void* RowAt(EntityRows& rows, std::size_t place) const {
    if (place >= rows.Count()) Refuse();
    return rows.At(place);
  }
  [[noreturn]] void Refuse() const {
    throw Error(core::Concat({table_.entity,
                              ": an interceptor added rows to what was found of an Aggregate, or "
                              "took some away: it may change them alone"}));
  }

  const Table& table_;
  const ValueTable& made_;
  std::vector<const Column*> columns_;
  std::vector<std::vector<FieldValue>> kept_;
};

GRAPNEL_DEFINE void ReadValues(const HandlePtr& handle, const Table& table, const Asked& asked,
                               const ValueTable& made, void* const* to,
                               core::FunctionRef<void()> add) {
  EntityRows found(table.ops);
  Projection projection(table, made);
  PassingGroups groups(table, made);
  ReadInto into;
  into.rows = found.Get();
  bool passes = true;  // what was found
  bool nothing = false;
  into.nothing = &nothing;
  const auto read = [&](const store::Rows& rows, const ReadInto& passing) {
    passes = passing.rows != into.rows;
    if (!passes) return MakeValues(handle, table, rows, made, to, add);
    if (made.grouped) {
      groups.Clear();
      const HandlePtr one = handle->transaction  // snapshot
                                ? handle
                                : BeginTransaction(handle, Session::Kind::ReadOnly);
      MakeValues(one, table, rows, made, to, [&] { groups.Keep(to); });
      groups.Show(one, rows.where, passing.rows);
    } else {
      const store::Rows whole = projection.Whole(rows);
      ReadRows(handle, Describe(table, whole), [&] { return table.ops.AppendRow(passing.rows); });
    }
  };
  RunReading(handle, table, ReadStep::Query, made.grouped ? ReadKind::Aggregate : ReadKind::Rows,
             asked, into, read);
  if (!passes) return;
  if (nothing) {  // nor what was read on the way
    for (std::size_t at = 0; at < made.values.size(); ++at) made.values[at].ops->reset(to[at]);
    return;
  }
  if (made.grouped) return groups.Take(found, to, add);
  for (std::size_t at = 0; at < found.Count(); ++at) projection.Take(found.At(at), to, add);
}

GRAPNEL_DEFINE AnyValues::AnyValues(const AnyValues& from) = default;
GRAPNEL_DEFINE AnyValues::AnyValues(AnyValues&& from) noexcept = default;
GRAPNEL_DEFINE AnyValues& AnyValues::operator=(const AnyValues& from) = default;
GRAPNEL_DEFINE AnyValues& AnyValues::operator=(AnyValues&& from) noexcept {
  if (this == &from) return *this;  // a vector moved to itself loses what it holds
  table_ = from.table_;
  handle_ = std::move(from.handle_);
  asked_ = std::move(from.asked_);
  made_ = std::move(from.made_);
  return *this;
}
GRAPNEL_DEFINE AnyValues::~AnyValues() = default;

GRAPNEL_DEFINE AnyValues::AnyValues(const Table& table, HandlePtr handle, Asked asked)
    : table_(&table), handle_(std::move(handle)), asked_(std::move(asked)) {}
GRAPNEL_DEFINE AnyValues::AnyValues(AnyValues&& from, Listed<ValueInfo> values, bool grouped)
    : AnyValues(std::move(from)) {
  made_.values = values;
  made_.grouped = grouped;
}

GRAPNEL_DEFINE const HandlePtr& AnyValues::Held() const {
  return CheckHeld(handle_, table_->entity, "this query");
}

GRAPNEL_DEFINE void AnyValues::AddHaving(const store::PredicatePtr& having) {
  Held();
  made_.having = store::Both(made_.having, having);
}
GRAPNEL_DEFINE void AnyValues::AddOrder(const store::Ordering& ordering,
                                        const store::Measure* measure) {
  Held();
  made_.order.push_back(ordering);
  made_.order_by.push_back(measure);
}
GRAPNEL_DEFINE void AnyValues::SetLimit(std::int64_t rows) {
  CheckRows("Limit", rows);
  Held();
  made_.limit = rows;
}
GRAPNEL_DEFINE void AnyValues::SetOffset(std::int64_t rows) {
  CheckRows("Offset", rows);
  Held();
  made_.offset = rows;
}
GRAPNEL_DEFINE void AnyValues::OrderRows(std::initializer_list<store::Ordering> orders) {
  Held();
  asked_.AddOrder(orders);
}
GRAPNEL_DEFINE void AnyValues::LimitRows(std::int64_t rows) {
  CheckRows("Limit", rows);
  Held();
  asked_.SetLimit(rows);
}
GRAPNEL_DEFINE void AnyValues::OffsetRows(std::int64_t rows) {
  CheckRows("Offset", rows);
  Held();
  asked_.SetOffset(rows);
}
GRAPNEL_DEFINE void AnyValues::SetDistinct() {
  Held();
  made_.distinct = true;
}

GRAPNEL_DEFINE void AnyValues::ReadAll(void* const* to, core::FunctionRef<void()> add) const {
  ReadValues(Held(), *table_, asked_, made_, to, add);
}
GRAPNEL_DEFINE void AnyValues::ReadFirst(void* const* to) const {
  Held();
  AnyValues first(*this);
  if (made_.grouped) {
    first.made_.limit = std::min<std::int64_t>(made_.limit.value_or(1), 1);
  } else {
    first.asked_ = asked_.AtMost(1);
  }
  bool found = false;
  first.ReadAll(to, [&] { found = true; });
  if (!found) throw NotFoundError(table_->entity, "no row matches");
}

}  // namespace grapnel::detail
