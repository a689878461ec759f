#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/migrate/columns.hpp>
#include <grapnel/store/postgres/migrate/dialect.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/sql/migrate/misfit.hpp>

#include <libpq-fe.h>

#include <optional>
#include <string>
#include <string_view>

/// What the catalog tells of tables.
namespace grapnel::postgres::detail {

/// Throws: SchemaError unless the table is there and has every column, of a type that fits.
inline void VerifyTable(NativeConnection& native, const Table& table) {
  store::sql::VerifyTable(table, ColumnsInDatabase(native, table.name), kMigrationDialect);
}

/// The key that was broken last, by the names in the database.
inline std::optional<store::BrokenKey> FindKey(NativeConnection& native) {
  const Failure& broken = native.LastBroken();
  Parameters parameters;
  parameters.Reset(3, nullptr);
  parameters.Text(1, broken.schema, false);
  parameters.Text(2, broken.table, false);
  parameters.Text(3, broken.constraint, false);
  const Result found = native.Ask(
      "SELECT (SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(c.conkey) WITH "
      "ORDINALITY AS k (number, at) JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum "
      "= k.number), f.relname FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid "
      "JOIN pg_namespace AS n ON n.oid = t.relnamespace LEFT JOIN pg_class AS f ON f.oid = "
      "c.confrelid WHERE c.contype IN ('f', 'u', 'x') AND n.nspname = $1 AND t.relname = $2 AND "
      "c.conname = $3",
      parameters);
  ResultRow row(found.get());
  if (PQntuples(found.get()) == 0 || row.IsNull(0)) return std::nullopt;
  return store::BrokenKey{broken.table, std::string(row.Text(0)),
                          row.IsNull(1) ? std::string() : std::string(row.Text(1))};
}

}  // namespace grapnel::postgres::detail
