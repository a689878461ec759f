#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/type_ops.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

/// Values that are made of rows: of their fields, and computed of groups of them.
namespace grapnel::detail {

/// One value of each row that is made.
struct ValueInfo {
  FieldTag field;                 // null: of Count, the rows themselves
  const store::Measure* measure;  // null: the field's own value
  const TypeOps* ops;             // of the object that it is put into
};

/// What is made of rows.
struct ValueTable {
  Listed<ValueInfo> values{};
  bool grouped = false;  // by the values that are a field's own; without such, all rows together
  // Not grouped: each row that is made once. Grouped: of the groups, those that match, in which
  // order, and how many.
  bool distinct = false;
  store::Branch having{};
  std::vector<store::Ordering> order{};
  std::vector<const store::Measure*> order_by{};  // each of them; null: by a value
  std::optional<std::int64_t> limit{};
  std::int64_t offset = 0;
};

/// Makes values of the rows that are asked for, and puts those of each row that is made into the
/// objects at `to`, before it calls `add()`. Every read of values passes here, and the
/// interceptors. Throws: ValidationError for an order that says nothing of what is made, and for a
/// sum that leaves 64 bits; SchemaError for a stored value that does not fit.
GRAPNEL_DECLARE void ReadValues(const HandlePtr& handle, const Table& table, const Asked& asked,
                                const ValueTable& made, void* const* to,
                                core::FunctionRef<void()> add);

/// What is made of the rows of a query, with the types forgotten. Compiled once for all types.
class AnyValues {
 public:
  GRAPNEL_DECLARE AnyValues(const AnyValues& from);
  GRAPNEL_DECLARE AnyValues(AnyValues&& from) noexcept;
  GRAPNEL_DECLARE AnyValues& operator=(const AnyValues& from);
  GRAPNEL_DECLARE AnyValues& operator=(AnyValues&& from) noexcept;
  GRAPNEL_DECLARE ~AnyValues();

  GRAPNEL_DECLARE AnyValues(const Table& table, HandlePtr handle, Asked asked);
  /// With other values: of the same rows.
  GRAPNEL_DECLARE AnyValues(AnyValues&& from, Listed<ValueInfo> values, bool grouped);

  // What is asked for. Throws: Error after it was moved from; StorageError in a child of fork().
  GRAPNEL_DECLARE void AddHaving(const store::PredicatePtr& having);
  GRAPNEL_DECLARE void AddOrder(const store::Ordering& ordering,
                                const store::Measure* measure = nullptr);
  GRAPNEL_DECLARE void SetLimit(std::int64_t rows);
  GRAPNEL_DECLARE void SetOffset(std::int64_t rows);
  // Of rows that are not grouped: which of them.
  GRAPNEL_DECLARE void OrderRows(std::initializer_list<store::Ordering> orders);
  GRAPNEL_DECLARE void LimitRows(std::int64_t rows);
  GRAPNEL_DECLARE void OffsetRows(std::int64_t rows);
  GRAPNEL_DECLARE void SetDistinct();

  GRAPNEL_DECLARE void ReadAll(void* const* to, core::FunctionRef<void()> add) const;
  /// The first one alone. Throws: NotFoundError when there is none.
  GRAPNEL_DECLARE void ReadFirst(void* const* to) const;

 private:
  GRAPNEL_DECLARE const HandlePtr& Held() const;

  const Table* table_;
  HandlePtr handle_;
  Asked asked_;
  ValueTable made_;
};

template <class... Each>
inline constexpr ValueInfo kValueInfos[] = {Each::Info...};

/// What one row of values is read into: a std::tuple, or the value itself where there is one.
template <class... Each>
struct ValueRow {
  using Type = std::tuple<typename Each::Type...>;

  template <std::size_t... I>
  static void Find(Type& row, void** to, std::index_sequence<I...>) {
    ((to[I] = __builtin_addressof(std::get<I>(row))), ...);
  }
  static void Find(Type& row, void** to) { Find(row, to, std::index_sequence_for<Each...>()); }
};
template <class One>
struct ValueRow<One> {
  using Type = typename One::Type;
  static void Find(Type& row, void** to) { *to = __builtin_addressof(row); }
};

/// Does not compile: what is said of rows once values are made of them.
template <class... Ts>
constexpr auto RefuseMadeRows() {
  static_assert(
      sizeof...(Ts) > sizeof...(Ts),
      "which rows is said before values are made of them: query.Where(F<&Ticket::minutes> "
      "> 3).GroupBy(...) or .Select(...); a condition on groups is "
      "Having(grapnel::Count() > 3)");
}
/// Does not compile: what is done with each row of values before they are read.
template <class... Ts>
constexpr auto RefuseLoop() {
  static_assert(sizeof...(Ts) > sizeof...(Ts),
                "values are read by All() or First(): for (const auto& row : "
                "query.Select(F<&User::name>).All()), and .All().size() of them there are. Whole "
                "rows are gone over one by one, for (const User& u : query)");
}

/// What queries of values do not have: these do not compile.
struct MadeOfRows {
  template <class... Ts>
  auto Where(const Ts&...) const {
    return RefuseMadeRows<Ts...>();
  }
  template <class... Ts>
  auto Count(const Ts&...) const {
    return RefuseLoop<Ts...>();
  }
  template <class... Ts>
  auto Only(const Ts&...) const {
    return RefuseLoop<Ts...>();
  }
  template <class... Ts>
  auto ForEach(const Ts&...) const {
    return RefuseLoop<Ts...>();
  }
  template <class... Ts>
  auto begin(const Ts&...) const {
    return RefuseLoop<Ts...>();
  }
  template <class... Ts>
  auto end(const Ts&...) const {
    return RefuseLoop<Ts...>();
  }
};

/// Reads rows of values: what queries of values have in common.
template <class... Each>
class ValueReader : public MadeOfRows {
  using Made = ValueRow<Each...>;

 public:
  /// What a row is: a std::tuple of the values, or the value itself where it is one field's.
  using Row = typename Made::Type;

  /// All rows.
  std::vector<Row> All() const {
    std::vector<Row> rows;
    Row row{};
    void* to[sizeof...(Each)];
    Made::Find(row, to);
    values_.ReadAll(to, [&] { rows.push_back(std::move(row)); });
    return rows;
  }
  /// The first row. Throws: NotFoundError when there is none.
  Row First() const {
    Row row{};
    void* to[sizeof...(Each)];
    Made::Find(row, to);
    values_.ReadFirst(to);
    return row;
  }

 protected:
  explicit ValueReader(AnyValues&& from, bool grouped)
      : values_(std::move(from), kValueInfos<Each...>, grouped) {}

  AnyValues values_;
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/values.hpp>  // IWYU pragma: keep
#endif
