#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/comparison.hpp>
#include <grapnel/store/sql/dialect.hpp>
#include <grapnel/store/sql/names.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

/// PostgreSQL's language.
namespace grapnel::postgres::detail {

using namespace store::sql;
using store::PredicateKind;

/// Parameters have the types that the engine says when it prepares a text; so no cast is in it.
class PostgresDialect final : public Dialect {
 public:
  std::string_view Engine() const noexcept override { return "PostgreSQL"; }

  char Placeholder() const noexcept override { return '$'; }
  std::size_t MostParameters() const noexcept override { return 32'000; }  // of 65,535
  /// PostgreSQL copies the whole list for each place that is asked for.
  std::size_t MostFurther() const noexcept override { return 128; }
  std::size_t MostInList() const noexcept override { return 1; }
  bool HasTypedLists() const noexcept override { return true; }
  std::string_view True() const noexcept override { return "TRUE"; }
  std::string_view False() const noexcept override { return "FALSE"; }
  std::string Values(std::string_view list) const override {
    return core::Concat({"(SELECT value, number - 1 AS place FROM unnest(", list,
                         ") WITH ORDINALITY AS grapnel_list (value, number))"});
  }
  std::string ValueAt(std::string_view list, std::size_t place) const override {
    return core::Concat({"(", list, ")[", std::to_string(place + 1), "]"});
  }
  std::string InList(std::string_view column, std::string_view list) const override {
    return core::Concat({column, " = ANY (", list, ")"});
  }
  std::string Untyped(std::string_view value) const override { return std::string(value); }
  std::string_view AfterId(FieldKind) const noexcept override { return ""; }
  /// An EXISTS could become a join with all the rows, of which the planner takes it that there are
  /// few: a count is asked for each.
  std::string AnyRow(std::string_view from) const override {
    return core::Concat({"(SELECT count(*) > 0 FROM ", from, ")"});
  }

  /// Nothing is known of a temporary table: a range on both sides is taken for one row in 200, and
  /// rows by their ids are then looked up in an index, and not found by passing through all.
  std::string_view IsFew() const noexcept override {
    return " AND type BETWEEN -1 AND 9223372036854775807";
  }

  std::string_view TypeName(FieldKind kind) const noexcept override {
    static constexpr std::string_view names[] = {"BOOLEAN", "BIGINT", "DOUBLE PRECISION",
                                                 "TEXT COLLATE \"C\"", "BYTEA"};
    return names[static_cast<std::size_t>(kind)];
  }
  std::string NotNull(std::string_view column, FieldKind) const override {
    return core::Concat({column, " IS NOT NULL"});
  }

  /// A truth value is no number, and is compared with one as SQLite would: as 0 or 1.
  std::string Comparable(std::string column, FieldKind of, const FieldValue& with) const override {
    if (of != FieldKind::Bool || with.IsNull() || with.As<bool>() != nullptr) return column;
    return core::Concat({"(", column, ")::int"});
  }
  void AppendComparison(std::string& to, PredicateKind kind, std::string_view column, FieldKind of,
                        std::string_view operand) const override {
    if (AppendOperator(to, kind, column, operand)) return;
    const bool text = of == FieldKind::Text;
    switch (kind) {
      case PredicateKind::EqualFold:
        return core::Append(to, {Folded(column), " = ", Folded(operand)});
      case PredicateKind::ContainsFold:
        return core::Append(to, {"strpos(", Folded(column), ", ", Folded(operand), ") > 0"});
      case PredicateKind::Contains:
        return core::Append(to, {"position(", operand, " IN ", column, ") > 0"});
      case PredicateKind::HasPrefix:
        return core::Append(to, {text ? "left(" : "substr(", column, text ? ", " : ", 1, ",
                                 "length(", operand, ")) = ", operand});
      default:
        break;
    }
    // Of the end of a text that is shorter all is taken.
    if (text) return core::Append(to, {"right(", column, ", length(", operand, ")) = ", operand});
    core::Append(to, {"(length(", column, ") >= length(", operand, ") AND substr(", column,
                      ", length(", column, ") - length(", operand, ") + 1) = ", operand, ")"});
  }
  std::string ByBytes(std::string_view column, FieldKind of) const override {
    return core::Concat({column, of == FieldKind::Text ? " COLLATE \"C\"" : ""});
  }
  /// Texts are compared as bytes, and must be valid UTF-8, whose bytes stand in the order of its
  /// characters.
  FieldValue BeyondPrefix(const FieldValue& prefix) const override {
    if (const auto* bytes = prefix.As<FieldValue::Bytes>()) {
      FieldValue::Bytes beyond = BeyondBytes(*bytes);
      return beyond.empty() ? FieldValue() : FieldValue(std::move(beyond));
    }
    std::string beyond = *prefix.As<std::string>();
    while (!beyond.empty()) {
      const std::size_t start = StartOfLast(beyond);
      const std::string next = NextCharacter(std::string_view(beyond).substr(start));
      beyond.resize(start);
      if (!next.empty()) return beyond + next;
    }
    return {};
  }
  bool NullsAreLeast() const noexcept override { return false; }

  bool CountsPlaceholders() const noexcept override { return false; }
  bool OffsetNeedsLimit() const noexcept override { return false; }
  bool WritesAsItReads() const noexcept override { return true; }
  bool HasLateral() const noexcept override { return true; }
  std::string_view InsertOrIgnore() const noexcept override { return "INSERT INTO "; }
  std::string_view OnConflictIgnore() const noexcept override { return " ON CONFLICT DO NOTHING"; }
  std::string Returning(std::string_view id) const override {
    return core::Concat({" RETURNING ", Quote(id)});
  }

  /// What is summed and averaged is exact on the way. Truth values and bytes have no min and max.
  std::string Aggregate(store::AggregateKind kind, const Column& column,
                        const std::string& name) const override {
    const FieldKind of = column.Kind();
    switch (kind) {
      case store::AggregateKind::Count:
        return core::Concat({"count(DISTINCT ", name, ")"});
      case store::AggregateKind::Sum:
        if (of == FieldKind::Int) return core::Concat({"sum(", name, ")::bigint"});
        return core::Concat({"NULLIF(sum(", name, "), 'NaN')"});  // of both infinities
      case store::AggregateKind::Avg:
        return core::Concat({"NULLIF(avg(", name, ")::double precision, 'NaN')"});
      default:
        break;
    }
    const bool min = kind == store::AggregateKind::Min;
    if (of == FieldKind::Bool) return core::Concat({min ? "bool_and(" : "bool_or(", name, ")"});
    if (of == FieldKind::Blob) {
      return core::Concat({"(array_agg(", name, " ORDER BY ", name, min ? "" : " DESC",
                           ") FILTER (WHERE ", name, " IS NOT NULL))[1]"});
    }
    return core::Concat({min ? "min(" : "max(", name, ")"});
  }
  /// What leaves the range is PostgreSQL's "bigint out of range", as by itself what leaves 64 bits.
  /// The last term is no constant, or it would be computed first.
  std::string Sum(const Column& column, const std::string& name, const std::string& delta,
                  core::FunctionRef<std::string()> parameter) const override {
    const bool whole = column.Kind() == FieldKind::Int;
    const std::string sum = core::Concat({"(COALESCE(", name, ", 0) + ", delta, ")"});
    std::string in_range;
    if (whole) {
      in_range = core::Concat({sum, " BETWEEN ", parameter()});
      core::Append(in_range, {" AND ", parameter()});
    } else {
      in_range = core::Concat({sum, " <> 'NaN'"});
      if (column.least_real) core::Append(in_range, {" AND ", sum, " >= ", parameter()});
      if (column.most_real) core::Append(in_range, {" AND ", sum, " <= ", parameter()});
      if (column.above_zero) core::Append(in_range, {" AND ", sum, " > 0"});
    }
    return core::Concat({"CASE WHEN ", in_range, " THEN ", sum,
                         " ELSE 9223372036854775807 + CASE WHEN ", name,
                         " IS NULL THEN 1 ELSE 2 END END"});
  }
  /// One for each type of ids, with the ids of texts in the order of their bytes.
  std::string_view Lists(FieldKind id) const noexcept override {
    if (id == FieldKind::Text) return "pg_temp.grapnel_lists_text";
    return id == FieldKind::Blob ? "pg_temp.grapnel_lists_blob" : "pg_temp.grapnel_lists_int";
  }

 private:
  /// ASCII letters alone are folded.
  static std::string Folded(std::string_view text) {
    return core::Concat({"lower(", text, " COLLATE \"C\")"});
  }
  static bool Continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
  static std::size_t StartOfLast(std::string_view text) noexcept {
    std::size_t at = text.size() - 1;
    while (at > 0 && Continues(text[at])) --at;
    return at;
  }
  /// The character behind this one; "": it is the last of all. Of what is no character the database
  /// says so.
  static std::string NextCharacter(std::string_view character) {
    const auto first = static_cast<unsigned char>(character.front());
    char32_t code = first < 0x80   ? first
                    : first < 0xe0 ? first & 0x1f
                    : first < 0xf0 ? first & 0xf
                                   : first & 7;
    for (const char c : character.substr(1))
      code = (code << 6) | (static_cast<unsigned char>(c) & 0x3f);
    if (++code == 0xd800) code = 0xe000;  // between them are no characters
    if (code > 0x10ffff) return {};
    return Utf8(code);
  }
  static std::string Utf8(char32_t code) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xc0 | (code >> 6)), tail(0)};
    if (code < 0x10000) return {static_cast<char>(0xe0 | (code >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | (code >> 18)), tail(12), tail(6), tail(0)};
  }
};

inline constexpr PostgresDialect kDialect{};

}  // namespace grapnel::postgres::detail
