#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {
namespace store {

struct RawResult;

/// What one statement of SQL gave: its rows, and how many it changed. All of them were read when it
/// ran; it depends on no transaction any more.
class SqlRows {
 public:
  using Row = std::vector<FieldValue>;

  /// The columns' names, as SQLite gives them: say AS for what is computed. None of a statement
  /// that has no rows.
  const std::vector<std::string>& Columns() const& noexcept { return columns_; }
  std::vector<std::string> Columns() && { return std::move(columns_); }

  /// The rows in their order, of each a value for each column. SQLite has no bool: it is an
  /// integer.
  const std::vector<Row>& Rows() const& noexcept { return rows_; }
  std::vector<Row> Rows() && { return std::move(rows_); }
  /// Rows are read by Rows() and As(): this does not compile.
  template <class... Ts>
  auto All(const Ts&...) const {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "SQL has run, and its rows are here: .As<std::int64_t, std::string>() are they "
                  "as tuples, .Rows() as FieldValues");
  }
  auto begin() const noexcept { return rows_.begin(); }
  auto end() const noexcept { return rows_.end(); }

  /// How many rows the statement itself inserted, updated or deleted: not what triggers and the
  /// actions of foreign keys did.
  std::int64_t Changes() const noexcept { return changes_; }

  /// The rows as values of one type, `.As<std::int64_t>()`, or of several, `.As<std::int64_t,
  /// std::optional<std::string>>()`, as tuples: of every type that a field can have, read as that
  /// field is read, and FieldValue for what may be anything. NULL takes a std::optional. A numeric
  /// of PostgreSQL's, as sum() of a bigint is, is an integer where it is one, and the real next to
  /// it; as a FieldValue, or a std::string, it is its text.
  /// Throws: TypeMismatchError, which names the column, when there are more columns or fewer, or a
  /// value does not fit.
  template <class T, class... More>
  [[nodiscard]] auto As() const {
    CheckColumns(1 + sizeof...(More));
    if constexpr (sizeof...(More) == 0) {
      std::vector<T> all;
      all.reserve(rows_.size());
      for (std::size_t row = 0; row < rows_.size(); ++row) all.push_back(Read<T>(row, 0));
      return all;
    } else {
      std::vector<std::tuple<T, More...>> all;
      all.reserve(rows_.size());
      for (std::size_t row = 0; row < rows_.size(); ++row) {
        all.push_back(ReadRow<T, More...>(row, std::make_index_sequence<1 + sizeof...(More)>()));
      }
      return all;
    }
  }

  // What follows is for the other parts of the store.
  GRAPNEL_DECLARE explicit SqlRows(RawResult&& result) noexcept;

 private:
  template <class... Ts, std::size_t... I>
  std::tuple<Ts...> ReadRow(std::size_t row, std::index_sequence<I...>) const {
    return std::tuple<Ts...>{Read<Ts>(row, I)...};  // in braces, from left to right
  }
  template <class T>
  T Read(std::size_t row, std::size_t column) const {
    if constexpr (std::same_as<T, FieldValue>) {
      return rows_[row][column];
    } else {
      T value{};
      Load(row, column, &value, [](void* into, detail::Row& from) {
        detail::Mapping<T>::Load(*static_cast<T*>(into), from, 0);
      });
      return value;
    }
  }
  GRAPNEL_DECLARE void CheckColumns(std::size_t wanted) const;
  GRAPNEL_DECLARE void Load(std::size_t row, std::size_t column, void* into,
                            void (*load)(void* into, detail::Row& from)) const;

  std::vector<std::string> columns_;
  std::vector<Row> rows_;
  std::vector<bool> numerics_;
  std::int64_t changes_;
  bool was_run_;
};

}  // namespace store

namespace detail {

/// A value for a parameter, in whatever type, and how it becomes what is stored.
struct SqlValue {
  const void* value;
  FieldValue (*make)(const void* value);

  template <class T>
  static SqlValue Of(const T& value) {
    return {&value, [](const void* at) { return Make(*static_cast<const T*>(at)); }};
  }

 private:
  template <class T>
  static FieldValue Make(const T& value) {
    if constexpr (std::same_as<T, FieldValue>) {
      return value;
    } else if constexpr (HasCodec<T> || std::is_enum_v<T> || kIsOptional<T> || TimePoint<T> ||
                         ByteVector<T> || std::integral<T> || std::same_as<T, double> ||
                         std::same_as<T, std::string>) {
      return Mapping<T>::ToValue(value);
    } else {
      constexpr bool can_be_stored = std::is_convertible_v<const T&, FieldValue>;
      static_assert(can_be_stored,
                    "a parameter of SQL takes what a field can be, one value for each: bool, an "
                    "integer, double, a text, std::vector<std::byte>, an enum, a "
                    "std::chrono::system_clock time point, a type with a grapnel::Codec, "
                    "std::optional of one of these, std::nullopt for NULL, or a FieldValue");
      if constexpr (can_be_stored) return value;
    }
  }
};

/// Runs one statement of SQL, inside the handle's transaction; where there is none, on a connection
/// of its own, and then it only reads.
GRAPNEL_DECLARE store::SqlRows RunSql(const HandlePtr& handle, std::string_view text,
                                      std::initializer_list<SqlValue> values,
                                      bool only_reads = false);

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/sql.hpp>  // IWYU pragma: keep
#endif
