#pragma once

#include <grapnel/model/value.hpp>
#include <grapnel/store/sql/values.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>

/// Lists of values of any length, as one parameter: a table-valued function of Grapnel's own.
namespace grapnel::sqlite::detail {

/// `SELECT value, place FROM grapnel_values(?1)`: the values of the list that is bound to the
/// parameter, in their order, and their places in it, counted from 0. `grapnel_value(?1, 7)` is the
/// one at place 7, which SQLite does not take for a constant. No value is converted on its way.
/// Source: https://www.sqlite.org/vtab.html#tabfunc2
class ValuesFunction {
 public:
  static constexpr const char* kName = kValuesFunction.data();
  static constexpr const char* kOne = kValueFunction.data();

  /// Returns: SQLite's code.
  static int Register(sqlite3* database) noexcept {
    const int result = sqlite3_create_module(database, kName, &Module(), nullptr);
    if (result != SQLITE_OK) return result;
    return sqlite3_create_function_v2(database, kOne, 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                                      &One, nullptr, nullptr, nullptr);
  }
  /// Binds a list, which must outlive the statement's run. Returns: SQLite's code.
  static int Bind(sqlite3_stmt* statement, int at, const ValueList& list) noexcept {
    return sqlite3_bind_pointer(statement, at, const_cast<ValueList*>(&list), kName, nullptr);
  }

 private:
  enum Column { kValue, kPlace, kList };
  struct Cursor {
    sqlite3_vtab_cursor base;  // first: SQLite sees this one
    ValueList list;
    std::size_t at;
  };
  static Cursor& At(sqlite3_vtab_cursor* cursor) { return *reinterpret_cast<Cursor*>(cursor); }

  static int Connect(sqlite3* database, void*, int, const char* const*, sqlite3_vtab** made,
                     char**) {
    const int result =
        sqlite3_declare_vtab(database, "CREATE TABLE x(value, place INTEGER, list HIDDEN)");
    if (result != SQLITE_OK) return result;
    sqlite3_vtab_config(database, SQLITE_VTAB_DIRECTONLY);
    *made = new (std::nothrow) sqlite3_vtab{};
    return *made != nullptr ? SQLITE_OK : SQLITE_NOMEM;
  }
  static int Disconnect(sqlite3_vtab* table) {
    delete table;
    return SQLITE_OK;
  }
  static int Plan(sqlite3_vtab*, sqlite3_index_info* plan) {
    for (int i = 0; i < plan->nConstraint; ++i) {
      const auto& constraint = plan->aConstraint[i];
      if (constraint.iColumn != kList || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
      if (constraint.usable == 0) return SQLITE_CONSTRAINT;
      plan->aConstraintUsage[i].argvIndex = 1;
      plan->aConstraintUsage[i].omit = 1;
      plan->estimatedCost = 1e6;  // so that a join walks along it once, and looks the others up
      plan->estimatedRows = 1000;
      return SQLITE_OK;
    }
    return SQLITE_CONSTRAINT;
  }
  static int Open(sqlite3_vtab*, sqlite3_vtab_cursor** made) {
    auto* cursor = new (std::nothrow) Cursor{};
    if (cursor == nullptr) return SQLITE_NOMEM;
    *made = &cursor->base;
    return SQLITE_OK;
  }
  static int Close(sqlite3_vtab_cursor* cursor) {
    delete &At(cursor);
    return SQLITE_OK;
  }
  static int Filter(sqlite3_vtab_cursor* cursor, int, const char*, int count,
                    sqlite3_value** given) {
    const void* list = count == 1 ? sqlite3_value_pointer(given[0], kName) : nullptr;
    At(cursor).list = list != nullptr ? *static_cast<const ValueList*>(list) : ValueList();
    At(cursor).at = 0;
    return SQLITE_OK;
  }
  static int Next(sqlite3_vtab_cursor* cursor) {
    ++At(cursor).at;
    return SQLITE_OK;
  }
  static int Eof(sqlite3_vtab_cursor* cursor) {
    return At(cursor).at >= At(cursor).list.size() ? 1 : 0;
  }
  static int Read(sqlite3_vtab_cursor* cursor, sqlite3_context* result, int column) {
    const Cursor& at = At(cursor);
    if (column == kPlace) sqlite3_result_int64(result, static_cast<std::int64_t>(at.at));
    if (column == kValue) Give(at.list[at.at], result);
    return SQLITE_OK;
  }
  static int Rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* rowid) {
    *rowid = static_cast<std::int64_t>(At(cursor).at);
    return SQLITE_OK;
  }
  static void One(sqlite3_context* result, int, sqlite3_value** given) {
    const auto* list = static_cast<const ValueList*>(sqlite3_value_pointer(given[0], kName));
    const auto place = static_cast<std::size_t>(sqlite3_value_int64(given[1]));
    if (list != nullptr && place < list->size()) Give((*list)[place], result);
  }
  static void Give(const FieldValue& value, sqlite3_context* result) {
    if (const auto* number = value.As<std::int64_t>()) return sqlite3_result_int64(result, *number);
    if (const auto* flag = value.As<bool>()) return sqlite3_result_int(result, *flag ? 1 : 0);
    if (const auto* real = value.As<double>()) return sqlite3_result_double(result, *real);
    if (const auto* text = value.As<std::string>()) {
      return sqlite3_result_text64(result, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      if (bytes->empty()) {
        sqlite3_result_zeroblob(result, 0);
      } else {
        sqlite3_result_blob64(result, bytes->data(), bytes->size(), SQLITE_STATIC);
      }
    }
  }

  static const sqlite3_module& Module() noexcept {
    static const sqlite3_module module = [] {
      sqlite3_module m{};
      m.xConnect = &Connect;  // without xCreate: it is a function, and no table can be made of it
      m.xBestIndex = &Plan;
      m.xDisconnect = &Disconnect;
      m.xOpen = &Open;
      m.xClose = &Close;
      m.xFilter = &Filter;
      m.xNext = &Next;
      m.xEof = &Eof;
      m.xColumn = &Read;
      m.xRowid = &Rowid;
      return m;
    }();
    return module;
  }
};

}  // namespace grapnel::sqlite::detail
