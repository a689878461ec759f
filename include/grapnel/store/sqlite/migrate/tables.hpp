#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The tables that are in the database.
namespace grapnel::sqlite::detail {

/// The affinity that SQLite derives from a declared type.
/// Source: https://www.sqlite.org/datatype3.html, section 3.1.
inline std::string_view Affinity(std::string declared) {
  for (char& c : declared) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto has = [&](std::string_view part) { return declared.find(part) != declared.npos; };
  if (has("INT")) return "INTEGER";
  if (has("CHAR") || has("CLOB") || has("TEXT")) return "TEXT";
  if (has("BLOB") || declared.empty()) return "BLOB";
  if (has("REAL") || has("FLOA") || has("DOUB")) return "REAL";
  return "NUMERIC";
}

/// Whether a column that is declared so keeps values of a field exactly. What other tools call
/// BOOLEAN, DATETIME or DECIMAL has the affinity NUMERIC, which keeps numbers, and changes texts
/// that look like one.
inline bool Fits(const std::string& declared, std::string_view wanted) {
  const std::string_view affinity = Affinity(declared);
  if (affinity == wanted) return true;
  return affinity == "NUMERIC" && (wanted == "INTEGER" || wanted == "REAL");
}

/// A column of a table that is in the database.
struct StoredColumn {
  std::string name, type;
  bool not_null;
  bool has_default;
  bool is_key;    // the primary key, alone or with others
  bool is_rowid;  // INTEGER PRIMARY KEY: SQLite makes the values
  bool in_view;   // which has no key
  bool generated;
};

/// The columns of the table in the database; none when it is not there.
inline std::vector<StoredColumn> ColumnsInDatabase(NativeConnection& native,
                                                   std::string_view table) {
  Prepared statement = native.Prepare(
      "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk > 0, pk > 0 AND type = 'INTEGER' "
      "COLLATE NOCASE AND NOT EXISTS "
      "(SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk'), EXISTS (SELECT 1 FROM "
      "sqlite_schema AS s "
      "WHERE s.name = ?1 COLLATE NOCASE AND s.type = 'view'), hidden > 1 FROM "
      "pragma_table_xinfo(?1) WHERE hidden <> 1",
      native.Say());
  NativeConnection::Running running(native, statement);
  Binding binding(statement.Get());
  binding.Text(1, table, false);
  std::vector<StoredColumn> columns;
  ResultRow row(statement.Get());
  while (running.Next(binding, native.Say())) {
    columns.push_back({std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2) != 0,
                       row.Int(3) != 0, row.Int(4) != 0, row.Int(5) != 0, row.Int(6) != 0,
                       row.Int(7) != 0});
  }
  return columns;
}

inline std::string KeyReason(std::string_view table, std::string_view id) {
  return core::Concat(
      {"in table ", Quote(table), " the primary key is not column ", Quote(id), " alone"});
}
inline std::string RowidReason(std::string_view table, std::string_view id) {
  return core::Concat({"in table ", Quote(table), " column ", Quote(id),
                       " is not INTEGER PRIMARY KEY of a "
                       "table with rowids, so that SQLite makes no ids"});
}
inline std::string GeneratedReason(std::string_view table, std::string_view column) {
  return core::Concat({"in table ", Quote(table), " column ", Quote(column),
                       " is generated, so that nothing can be written to it"});
}
inline std::string TypeReason(std::string_view table, std::string_view column,
                              std::string_view stored, std::string_view wanted) {
  return core::Concat({"in table ", Quote(table), " column ", Quote(column), " is of type \"",
                       stored, "\", not ", wanted});
}

/// The first field that the table has no fitting column for, and why.
inline std::optional<std::pair<std::string_view, std::string>> Misfit(
    const Table& table, const std::vector<StoredColumn>& stored) {
  for (const Column& column : table.columns) {
    const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredColumn& each) {
      return EqualNames(each.name, column.storage);
    });
    if (found == stored.end()) {
      return std::pair(column.name, core::Concat({"in table ", Quote(table.name),
                                                  " there is no column ", Quote(column.storage)}));
    }
    if (found->generated) {
      return std::pair(column.name, GeneratedReason(table.name, column.storage));
    }
    if (!found->in_view && found->is_key != (&column == &table.Id())) {
      return std::pair(table.Id().name, KeyReason(table.name, table.Id().storage));
    }
    if (&column == &table.Id() && table.generates_ids && !found->in_view && !found->is_rowid &&
        column.Kind() == FieldKind::Int && Fits(found->type, "INTEGER")) {
      return std::pair(column.name, RowidReason(table.name, column.storage));
    }
    if (!Fits(found->type, kDialect.TypeName(column.Kind()))) {
      return std::pair(column.name, TypeReason(table.name, column.storage, found->type,
                                               kDialect.TypeName(column.Kind())));
    }
  }
  return std::nullopt;
}

/// Throws: SchemaError unless the table is there and has every column, of a type that fits.
inline void VerifyTable(NativeConnection& native, const Table& table) {
  const auto stored = ColumnsInDatabase(native, table.name);
  if (stored.empty()) {
    throw SchemaError(
        table.entity, "id",
        core::Concat({"the database has no table ", Quote(table.name), "; call Migrate()"}));
  }
  if (const auto reason = Misfit(table, stored)) {
    throw SchemaError(table.entity, reason->first, reason->second);
  }
}

}  // namespace grapnel::sqlite::detail
