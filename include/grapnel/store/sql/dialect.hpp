#pragma once

#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// What the languages of the engines differ in.
namespace grapnel::store::sql {

using grapnel::detail::Column;

/// How one engine writes what the text of statements is made of. There is one object of each, for
/// as long as the program runs.
class Dialect {
 public:
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;

  /// The engine's name, for messages.
  virtual std::string_view Engine() const noexcept = 0;

  // Parameters and values.

  /// What stands before the number of a parameter.
  virtual char Placeholder() const noexcept = 0;
  /// How many parameters a text has before the values of further ones become lists.
  virtual std::size_t MostParameters() const noexcept = 0;
  /// How many values one of these lists has at most.
  virtual std::size_t MostFurther() const noexcept = 0;
  /// How many values a list has before it becomes one parameter.
  virtual std::size_t MostInList() const noexcept = 0;
  /// Whether all values of one list are of one kind.
  virtual bool HasTypedLists() const noexcept = 0;
  virtual std::string_view True() const noexcept = 0;
  virtual std::string_view False() const noexcept = 0;
  /// The values of a list as rows of (value, place), counted from 0; behind FROM, under a name.
  virtual std::string Values(std::string_view list) const = 0;
  /// The value of a list at that place, which is no constant to the database.
  virtual std::string ValueAt(std::string_view list, std::size_t place) const = 0;
  /// Whether the column is equal to any value of a list.
  virtual std::string InList(std::string_view column, std::string_view list) const = 0;
  /// What is compared without the type that it has as a column.
  virtual std::string Untyped(std::string_view value) const = 0;
  /// The parameter behind the others of a row that an index is searched by, where it is the id.
  virtual std::string_view AfterId(FieldKind id) const noexcept = 0;

  /// Whether there are rows in the text behind FROM: found by an index for each row that asks,
  /// though nothing is known of how many there are.
  virtual std::string AnyRow(std::string_view from) const = 0;
  /// What stands behind `list = ...`, holds of every row of the lists' table, and tells that one
  /// list is few rows of many, where the database has no better way to know.
  virtual std::string_view IsFew() const noexcept = 0;

  // Types.

  virtual std::string_view TypeName(FieldKind kind) const noexcept = 0;
  /// Holds of every value of the column that is not NULL, and is looked up in an index.
  virtual std::string NotNull(std::string_view column, FieldKind of) const = 0;

  // Comparisons.

  /// The column as it can be compared with a value of that kind.
  virtual std::string Comparable(std::string column, FieldKind of,
                                 const FieldValue& with) const = 0;
  /// Appends a comparison of the column with a parameter or the like.
  virtual void AppendComparison(std::string& to, PredicateKind kind, std::string_view column,
                                FieldKind of, std::string_view operand) const = 0;
  /// The column as it is compared byte by byte, whatever others made of it.
  virtual std::string ByBytes(std::string_view column, FieldKind of) const = 0;
  /// What stands behind all that begins so; NULL: there is nothing.
  virtual FieldValue BeyondPrefix(const FieldValue& prefix) const = 0;
  /// Whether NULL stands before every value.
  virtual bool NullsAreLeast() const noexcept = 0;

  // Statements.

  /// Whether a parameter that stands next, in a text without conditions, needs no number.
  virtual bool CountsPlaceholders() const noexcept = 0;
  virtual bool OffsetNeedsLimit() const noexcept = 0;
  /// Whether a statement that writes sees the rows as they were before it.
  virtual bool WritesAsItReads() const noexcept = 0;
  /// Whether a SELECT behind FROM may look at the rows that stand before it.
  virtual bool HasLateral() const noexcept = 0;
  /// What begins and what ends an INSERT that leaves out rows that are there already.
  virtual std::string_view InsertOrIgnore() const noexcept = 0;
  virtual std::string_view OnConflictIgnore() const noexcept = 0;
  /// What ends an INSERT whose ids the database makes, so that it tells them.
  virtual std::string Returning(std::string_view id) const = 0;
  /// A measure of a column.
  virtual std::string Aggregate(AggregateKind kind, const Column& column,
                                const std::string& name) const = 0;
  /// What a column becomes when something is added: an error where that leaves its range, which
  /// `parameter()` gives the bounds of.
  virtual std::string Sum(const Column& column, const std::string& name, const std::string& delta,
                          core::FunctionRef<std::string()> parameter) const = 0;
  /// The connection's own table of lists of rows with ids of that kind.
  virtual std::string_view Lists(FieldKind id) const noexcept = 0;

 protected:
  constexpr Dialect() noexcept = default;
  ~Dialect() = default;
};

}  // namespace grapnel::store::sql
