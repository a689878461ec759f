#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/misfit.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/migrate/dialect.hpp>
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

/// Throws: SchemaError unless the table is there and has every column, of a type that fits.
inline void VerifyTable(NativeConnection& native, const Table& table) {
  store::sql::VerifyTable(table, ColumnsInDatabase(native, table.name), kMigrationDialect);
}

}  // namespace grapnel::sqlite::detail
