#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/comparison.hpp>
#include <grapnel/store/sql/dialect.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// SQLite's language.
namespace grapnel::sqlite::detail {

using namespace store::sql;
using store::PredicateKind;

/// The function that sums whole numbers.
inline constexpr std::string_view kSumFunction = "grapnel_sum";
/// `SELECT value, place FROM grapnel_values(?1)`: the values of the list that is bound to the
/// parameter, in their order, and their places in it, counted from 0.
inline constexpr std::string_view kValuesFunction = "grapnel_values";
/// `grapnel_value(?1, 7)` is the one at place 7.
inline constexpr std::string_view kValueFunction = "grapnel_value";
/// Lists of rows: a table of the connection's own, on disk where it is long.
inline constexpr std::string_view kLists = "temp.grapnel_lists";

class SqliteDialect final : public Dialect {
 public:
  std::string_view Engine() const noexcept override { return "SQLite"; }

  char Placeholder() const noexcept override { return '?'; }
  std::size_t MostParameters() const noexcept override { return 1024; }
  std::size_t MostFurther() const noexcept override { return SIZE_MAX; }
  std::size_t MostInList() const noexcept override { return 1024; }
  bool HasTypedLists() const noexcept override { return false; }
  std::string_view True() const noexcept override { return "1"; }
  std::string_view False() const noexcept override { return "0"; }
  std::string Values(std::string_view list) const override {
    return core::Concat({kValuesFunction, "(", list, ")"});
  }
  std::string ValueAt(std::string_view list, std::size_t place) const override {
    return core::Concat({kValueFunction, "(", list, ", ", std::to_string(place), ")"});
  }
  std::string InList(std::string_view column, std::string_view list) const override {
    return core::Concat({column, " IN (SELECT +value FROM ", Values(list), ")"});
  }
  /// Without its affinity.
  std::string Untyped(std::string_view value) const override { return core::Concat({"+", value}); }
  /// SQLite takes a rowid as the last of several when the collation is said.
  std::string AnyRow(std::string_view from) const override {
    return core::Concat({"EXISTS (SELECT 1 FROM ", from, ")"});
  }
  std::string_view IsFew() const noexcept override { return ""; }
  std::string_view AfterId(FieldKind id) const noexcept override {
    return id == FieldKind::Int ? " COLLATE BINARY" : "";
  }

  std::string_view TypeName(FieldKind kind) const noexcept override {
    static constexpr std::string_view names[] = {"INTEGER", "INTEGER", "REAL", "TEXT", "BLOB"};
    return names[static_cast<std::size_t>(kind)];
  }
  /// IS NOT NULL is not looked up in an index.
  std::string NotNull(std::string_view column, FieldKind of) const override {
    static constexpr std::string_view least[] = {"-9e999", "-9e999", "-9e999", "''", "x''"};
    return core::Concat({column, " >= ", least[static_cast<std::size_t>(of)]});
  }

  std::string Comparable(std::string column, FieldKind, const FieldValue&) const override {
    return column;
  }
  void AppendComparison(std::string& to, PredicateKind kind, std::string_view column, FieldKind,
                        std::string_view operand) const override {
    if (AppendOperator(to, kind, column, operand)) return;
    if (kind == PredicateKind::EqualFold) {
      return core::Append(to, {"lower(", column, ") = lower(", operand, ")"});
    }
    if (kind == PredicateKind::ContainsFold) {
      return core::Append(
          to, {"instr(CAST(lower(", column, ") AS BLOB), CAST(lower(", operand, ") AS BLOB)) > 0"});
    }
    // Byte-exact: as blobs, for text functions stop at NUL and ignore case.
    const std::string bytes = core::Concat({"CAST(", column, " AS BLOB)"});
    const std::string part = core::Concat({"CAST(", operand, " AS BLOB)"});
    if (kind == PredicateKind::Contains) {
      return core::Append(to, {"instr(", bytes, ", ", part, ") > 0"});
    }
    const std::string place = kind == PredicateKind::HasPrefix
                                  ? core::Concat({"1, length(", part, ")"})
                                  : core::Concat({"length(", bytes, ") - length(", part, ") + 1"});
    // substr of an empty blob is NULL.
    core::Append(to, {"(length(", bytes, ") >= length(", part, ") AND (length(", part,
                      ") = 0 OR substr(", bytes, ", ", place, ") = ", part, "))"});
  }
  std::string ByBytes(std::string_view column, FieldKind) const override {
    return core::Concat({column, " COLLATE BINARY"});
  }
  /// Every text stands before the empty blob; behind all blobs there is nothing.
  FieldValue BeyondPrefix(const FieldValue& prefix) const override {
    if (const auto* bytes = prefix.As<FieldValue::Bytes>()) {
      FieldValue::Bytes beyond = BeyondBytes(*bytes);
      return beyond.empty() ? FieldValue() : FieldValue(std::move(beyond));
    }
    std::string beyond = BeyondBytes(*prefix.As<std::string>());
    return beyond.empty() ? FieldValue(FieldValue::Bytes()) : FieldValue(std::move(beyond));
  }
  bool NullsAreLeast() const noexcept override { return true; }

  bool CountsPlaceholders() const noexcept override { return true; }
  bool OffsetNeedsLimit() const noexcept override { return true; }
  bool WritesAsItReads() const noexcept override { return false; }
  bool HasLateral() const noexcept override { return false; }
  std::string_view InsertOrIgnore() const noexcept override { return "INSERT OR IGNORE INTO "; }
  std::string_view OnConflictIgnore() const noexcept override { return ""; }
  std::string Returning(std::string_view) const override { return {}; }

  std::string Aggregate(store::AggregateKind kind, const Column& column,
                        const std::string& name) const override {
    static constexpr std::string_view functions[] = {"count(DISTINCT ", "sum(", "avg(", "min(",
                                                     "max("};
    if (kind == store::AggregateKind::Sum && column.Kind() == FieldKind::Int) {
      return core::Concat({kSumFunction, "(", name, ")"});
    }
    return core::Concat({functions[static_cast<std::size_t>(kind)], name, ")"});
  }
  /// SQLite's "integer overflow" undoes the statement. The last term is no constant, or SQLite
  /// would compute it first.
  std::string Sum(const Column& column, const std::string& name, const std::string& delta,
                  core::FunctionRef<std::string()> parameter) const override {
    const std::string sum = core::Concat({"(COALESCE(", name, ", 0) + ", delta, ")"});
    std::string in_range;
    if (column.Kind() == FieldKind::Int) {
      in_range = core::Concat({"typeof(", name, ") IN ('integer', 'null') AND typeof(", sum,
                               ") = 'integer' AND ", sum, " BETWEEN ", parameter()});
      core::Append(in_range, {" AND ", parameter()});
    } else {
      in_range = core::Concat(
          {"typeof(", name, ") IN ('real', 'integer', 'null') AND ", sum, " IS NOT NULL"});
      if (column.least_real) core::Append(in_range, {" AND ", sum, " >= ", parameter()});
      if (column.most_real) core::Append(in_range, {" AND ", sum, " <= ", parameter()});
      if (column.above_zero) core::Append(in_range, {" AND ", sum, " > 0"});
    }
    return core::Concat({"CASE WHEN ", in_range, " THEN ", sum,
                         " ELSE abs(-9223372036854775807 - (", name, " IS NOT NULL OR ", name,
                         " IS NULL)) END"});
  }
  /// One table for ids of all kinds.
  std::string_view Lists(FieldKind) const noexcept override { return kLists; }
};

inline constexpr SqliteDialect kDialect{};

}  // namespace grapnel::sqlite::detail
