#pragma once

#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/sql/condition.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Values of entities, bound and read in place: the hot paths.
namespace grapnel::sqlite::detail {

using grapnel::detail::Column;
using grapnel::detail::Plain;
using store::Table;

/// Where the columns of a table lie in its entities.
class Members {
 public:
  explicit Members(const Table& table) noexcept : table_(table) {}

  bool IsOf(const Table& table) const noexcept { return &table == &table_; }

  /// Binds one column's value. Throws: ValidationError for a value that cannot be stored.
  void Bind(const store::Statement& statement, std::size_t place, const void* entity,
            Binding& binding, int at) {
    if (members_.empty()) Find(entity);
    BindMember(statement, members_[place], place, entity, binding, at);
    if (binding.Shows()) [[unlikely]]
      Show(table_.columns[place], entity, binding, at);
  }
  /// Shows observers a value that is bound, unless it is sensitive.
  [[gnu::cold]] static void Show(const Column& column, const void* entity, Binding& binding,
                                 int at) {
    if (column.IsSecret()) return;
    binding.Show(at, ToString(column.ops->to_value(column.at_const(entity))));
  }
  /// Binds the columns from `first` on, behind parameter `at`: those in `set`, and NULL for the
  /// others. Returns the last parameter.
  [[gnu::hot]] int BindRow(const store::Statement& statement, const store::FieldSet& set,
                           std::size_t first, const void* entity, Binding& binding, int at) {
    if (members_.empty()) Find(entity);
    const Member* member = members_.data() + first;
    for (std::size_t place = first; place < table_.columns.size(); ++place, ++member) {
      ++at;
      if (set.test(place)) {
        BindMember(statement, *member, place, entity, binding, at);
      } else {
        binding.Null(at);
      }
    }
    if (binding.Shows()) [[unlikely]]
      ShowRow(set, first, entity, binding, at);
    return at;
  }

  /// Throws: SchemaError for a stored value that does not fit.
  [[gnu::hot]] void Load(sqlite3_stmt* statement, void* entity, grapnel::detail::Row& row) {
    if (members_.empty()) Find(entity);
    int at = 0;
    for (const Member& member : members_) {
      void* value = static_cast<std::byte*>(entity) + member.offset;
      if (!LoadPlain(member.plain, sqlite3_column_value(statement, at), value)) {
        const Column& column = table_.columns[static_cast<std::size_t>(at)];
        grapnel::detail::LoadColumn(table_, column, value, row, at);
      }
      ++at;
    }
  }

  /// False where the type is not plain, or the value is of another type or could not be read.
  static bool LoadPlain(Plain plain, sqlite3_value* from, void* to) {
    const int type = sqlite3_value_type(from);
    switch (plain) {
      case Plain::Int:
        if (type != SQLITE_INTEGER) return false;
        *static_cast<std::int64_t*>(to) = sqlite3_value_int64(from);
        return true;
      case Plain::Real:
        if (type != SQLITE_FLOAT) return false;
        *static_cast<double*>(to) = sqlite3_value_double(from);
        return true;
      case Plain::Text:
        if (type != SQLITE_TEXT) return false;
        return Assign(*static_cast<std::string*>(to), from);
      case Plain::OptionalText: {
        auto& text = *static_cast<std::optional<std::string>*>(to);
        if (type == SQLITE_NULL) return text.reset(), true;
        if (type != SQLITE_TEXT) return false;
        return Assign(text ? *text : text.emplace(), from);
      }
      case Plain::OptionalInt: {
        auto& number = *static_cast<std::optional<std::int64_t>*>(to);
        if (type == SQLITE_NULL) return number.reset(), true;
        if (type != SQLITE_INTEGER) return false;
        number = sqlite3_value_int64(from);
        return true;
      }
      case Plain::OptionalReal: {
        auto& number = *static_cast<std::optional<double>*>(to);
        if (type == SQLITE_NULL) return number.reset(), true;
        if (type != SQLITE_FLOAT) return false;
        number = sqlite3_value_double(from);
        return true;
      }
      case Plain::None:
        break;
    }
    return false;
  }

 private:
  /// `last`: the parameter of the last column.
  [[gnu::cold]] void ShowRow(const store::FieldSet& set, std::size_t first, const void* entity,
                             Binding& binding, int last) const {
    int at = last - static_cast<int>(table_.columns.size() - first);
    for (std::size_t place = first; place < table_.columns.size(); ++place) {
      ++at;
      const Column& column = table_.columns[place];
      if (set.test(place)) {
        Show(column, entity, binding, at);
      } else if (!column.IsSecret()) {
        binding.Show(at, "NULL");
      }
    }
  }

  struct Member {
    std::ptrdiff_t offset;
    Plain plain;
  };

  [[gnu::always_inline]] void BindMember(const store::Statement& statement, const Member& member,
                                         std::size_t place, const void* entity, Binding& binding,
                                         int at) const {
    const void* value = static_cast<const std::byte*>(entity) + member.offset;
    if (member.plain == Plain::Text) return binding.Text(at, As<std::string>(value), false);
    if (member.plain == Plain::Int) return binding.Int(at, As<std::int64_t>(value));
    if (member.plain == Plain::OptionalText) {
      const auto& text = As<std::optional<std::string>>(value);
      return text ? binding.Text(at, *text, false) : binding.Null(at);
    }
    if (member.plain == Plain::Real && !std::isnan(As<double>(value))) {
      return binding.Real(at, As<double>(value) + 0.0);  // SQLite has no -0.0
    }
    BindOther(statement, place, value, binding, at);
  }
  [[gnu::noinline]] void BindOther(const store::Statement& statement, std::size_t place,
                                   const void* value, Binding& binding, int at) const {
    try {
      table_.columns[place].ops->bind(value, binding, at);
    } catch (const BadValue& error) {
      table_.RefuseValue(table_.columns[place].name, statement.op, error.what());
    }
  }

  /// `entity`: any of the type; they lie alike in all.
  void Find(const void* entity) {
    members_.reserve(table_.columns.size());
    for (const Column& column : table_.columns) {
      const auto offset = static_cast<const std::byte*>(column.at_const(entity)) -
                          static_cast<const std::byte*>(entity);
      members_.push_back({offset, column.ops->plain});
    }
  }

  template <class T>
  static const T& As(const void* value) {
    return *static_cast<const T*>(value);
  }

  /// False where SQLite had no memory for it: LoadColumn says so.
  static bool Assign(std::string& text, sqlite3_value* from) {
    const auto* first = reinterpret_cast<const char*>(sqlite3_value_text(from));
    if (first == nullptr) return false;
    text.assign(first, static_cast<std::size_t>(sqlite3_value_bytes(from)));
    return true;
  }

  const Table& table_;
  std::vector<Member> members_;
};

/// Reads the current row of a statement whose columns are those of an entity.
class EntityRow final : public ResultRow {
 public:
  EntityRow(sqlite3_stmt* statement, Members& members) noexcept
      : ResultRow(statement), members_(members) {}

  bool LoadEntity(const Table&, void* entity) override {
    members_.Load(Get(), entity, *this);
    return true;
  }
  bool LoadPlain(Plain plain, void* value, int at) override {
    return Members::LoadPlain(plain, sqlite3_column_value(Get(), at), value);
  }

 private:
  Members& members_;
};

}  // namespace grapnel::sqlite::detail
