#pragma once

#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <libpq-fe.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Values of entities, bound and read in place: the hot paths.
namespace grapnel::postgres::detail {

using grapnel::detail::Column;
using grapnel::detail::Plain;
using store::Table;

/// Where the columns of a table lie in its entities.
class Members {
 public:
  explicit Members(const Table& table) noexcept : table_(table) {}

  bool IsOf(const Table& table) const noexcept { return &table == &table_; }
  const Table& Of() const noexcept { return table_; }

  /// Binds one column's value. Throws: ValidationError for a value that cannot be stored.
  void Bind(const store::Statement& statement, std::size_t place, const void* entity,
            Parameters& to, int at) {
    if (members_.empty()) Find(entity);
    BindMember(statement, place, entity, to, at);
    if (to.Shows()) [[unlikely]]
      Show(table_.columns[place], entity, to, at);
  }
  /// Binds the columns from `first` on, behind parameter `at`: those in `set`, and NULL for the
  /// others. Returns the last parameter.
  template <class To>
  int BindRow(const store::Statement& statement, const store::FieldSet& set, std::size_t first,
              const void* entity, To& to, int at) {
    if (members_.empty()) Find(entity);
    for (std::size_t place = first; place < table_.columns.size(); ++place) {
      ++at;
      if (set.test(place)) {
        BindMember(statement, place, entity, to, at);
      } else {
        to.Null(at, members_[place].type);
      }
      if (to.Shows()) [[unlikely]]
        ShowPlace(set, place, entity, to, at);
    }
    return at;
  }
  /// The type as which a column's value passes.
  Oid TypeOf(std::size_t place, const void* entity) {
    if (members_.empty()) Find(entity);
    return members_[place].type;
  }
  /// The value of a member for a list. Throws: ValidationError for one that cannot be stored.
  FieldValue ValueOf(const store::Statement& statement, std::size_t place,
                     const void* entity) const {
    const Column& column = table_.columns[place];
    try {
      return column.ops->to_value(column.at_const(entity));
    } catch (const BadValue& error) {
      table_.RefuseValue(column.name, statement.op, error.what());
    }
  }

  /// Throws: SchemaError for a stored value that does not fit.
  void Load(void* entity, ResultRow& row) {
    if (members_.empty()) Find(entity);
    int at = 0;
    for (const Member& member : members_) {
      void* value = static_cast<std::byte*>(entity) + member.offset;
      if (!LoadPlain(member.plain, row, at, value)) {
        const Column& column = table_.columns[static_cast<std::size_t>(at)];
        grapnel::detail::LoadColumn(table_, column, value, row, at);
      }
      ++at;
    }
  }

  /// False where the type is not plain, or the value is of another type.
  static bool LoadPlain(Plain plain, const ResultRow& row, int at, void* to) {
    if (plain == Plain::None) return false;
    const PGresult* result = row.Get();
    const bool is_null = PQgetisnull(result, row.At(), at) != 0;
    if (is_null) return Reset(plain, to);
    const Oid type = PQftype(result, at);
    const char* bytes = PQgetvalue(result, row.At(), at);
    const auto size = [&] { return static_cast<std::size_t>(PQgetlength(result, row.At(), at)); };
    switch (plain) {
      case Plain::Int:
        if (type != kInt8) return false;
        *static_cast<std::int64_t*>(to) = ReadNumber<std::int64_t>(bytes);
        return true;
      case Plain::Real:
        if (type != kFloat8) return false;
        *static_cast<double*>(to) = ReadReal(bytes);
        return true;
      case Plain::Text:
        if (!IsTextual(type)) return false;
        static_cast<std::string*>(to)->assign(bytes, size());
        return true;
      case Plain::OptionalText: {
        if (!IsTextual(type)) return false;
        auto& text = *static_cast<std::optional<std::string>*>(to);
        (text ? *text : text.emplace()).assign(bytes, size());
        return true;
      }
      case Plain::OptionalInt:
        if (type != kInt8) return false;
        *static_cast<std::optional<std::int64_t>*>(to) = ReadNumber<std::int64_t>(bytes);
        return true;
      case Plain::OptionalReal:
        if (type != kFloat8) return false;
        *static_cast<std::optional<double>*>(to) = ReadReal(bytes);
        return true;
      case Plain::None:
        break;
    }
    return false;
  }

 private:
  struct Member {
    std::ptrdiff_t offset;
    Plain plain;
    Oid type;
  };

  /// False where the value of another member would have to be NULL.
  static bool Reset(Plain plain, void* to) {
    switch (plain) {
      case Plain::OptionalText:
        return static_cast<std::optional<std::string>*>(to)->reset(), true;
      case Plain::OptionalInt:
        return static_cast<std::optional<std::int64_t>*>(to)->reset(), true;
      case Plain::OptionalReal:
        return static_cast<std::optional<double>*>(to)->reset(), true;
      default:
        return false;
    }
  }

  /// Shows observers a value that is bound, unless it is sensitive.
  template <class To>
  [[gnu::cold]] static void Show(const Column& column, const void* entity, To& to, int at) {
    if (column.IsSecret()) return;
    to.Show(at, ToString(column.ops->to_value(column.at_const(entity))));
  }
  template <class To>
  [[gnu::cold]] void ShowPlace(const store::FieldSet& set, std::size_t place, const void* entity,
                               To& to, int at) const {
    const Column& column = table_.columns[place];
    if (set.test(place)) {
      Show(column, entity, to, at);
    } else if (!column.IsSecret()) {
      to.Show(at, "NULL");
    }
  }

  template <class To>
  void BindMember(const store::Statement& statement, std::size_t place, const void* entity, To& to,
                  int at) const {
    const Member& member = members_[place];
    const void* value = static_cast<const std::byte*>(entity) + member.offset;
    if (member.plain == Plain::Int) return to.Int(at, As<std::int64_t>(value));
    if (member.plain == Plain::Real && !std::isnan(As<double>(value))) {
      return to.Real(at, As<double>(value) + 0.0);  // as what is read back: without -0.0
    }
    const Column& column = table_.columns[place];
    try {
      if (member.plain == Plain::Text) return to.Text(at, As<std::string>(value), false);
      to.Expect(at, member.type);
      column.ops->bind(value, to, at);
    } catch (const BadValue& error) {
      table_.RefuseValue(column.name, statement.op, error.what());
    }
  }

  /// `entity`: any of the type; they lie alike in all.
  void Find(const void* entity) {
    members_.reserve(table_.columns.size());
    for (const Column& column : table_.columns) {
      const auto offset = static_cast<const std::byte*>(column.at_const(entity)) -
                          static_cast<const std::byte*>(entity);
      members_.push_back({offset, column.ops->plain, OidOf(column.Kind())});
    }
  }

  template <class T>
  static const T& As(const void* value) {
    return *static_cast<const T*>(value);
  }

  const Table& table_;
  std::vector<Member> members_;
};

/// Reads the rows of a result whose columns are those of an entity.
class EntityRow final : public ResultRow {
 public:
  EntityRow(const PGresult* result, Members& members) noexcept
      : ResultRow(result), members_(members) {}

  bool LoadEntity(const Table&, void* entity) override {
    members_.Load(entity, *this);
    return true;
  }
  bool LoadPlain(Plain plain, void* value, int at) override {
    return Members::LoadPlain(plain, *this, at, value);
  }

 private:
  Members& members_;
};

}  // namespace grapnel::postgres::detail
