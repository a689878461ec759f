#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/sql/names.hpp>

#include <libpq-fe.h>

#include <optional>
#include <string>
#include <string_view>

/// What the catalog tells of tables.
namespace grapnel::postgres::detail {

/// Whether values of that kind can be written to a column of the type and read from it.
constexpr bool Holds(Oid type, FieldKind kind) noexcept {
  switch (kind) {
    case FieldKind::Bool:
      return type == kBool || type == kInt8 || type == kInt4 || type == kInt2;
    case FieldKind::Int:
      return type == kInt8 || type == kInt4 || type == kInt2 || type == kNumeric;
    case FieldKind::Real:
      return type == kFloat8 || type == kFloat4 || type == kNumeric;
    case FieldKind::Text:
      return IsTextual(type);
    case FieldKind::Blob:
      break;
  }
  return type == kBytea;
}

/// Throws: SchemaError unless the table is there and has every column, of a type that fits.
inline void VerifyTable(NativeConnection& native, const Table& table) {
  const Result columns = native.Ask(
      "SELECT a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, "
      "format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = "
      "a.atttypid WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped",
      store::sql::Quote(table.name));
  if (PQntuples(columns.get()) == 0) {
    throw SchemaError(table.entity, "id",
                      core::Concat({"the database has no table ", store::sql::Quote(table.name),
                                    "; call Migrate()"}));
  }
  ResultRow row(columns.get());
  for (const Column& column : table.columns) {
    int at = 0;
    for (; at < PQntuples(columns.get()); ++at) {
      row.MoveTo(at);
      if (row.Text(0) == column.storage) break;
    }
    if (at == PQntuples(columns.get())) {
      throw SchemaError(
          table.entity, column.name,
          core::Concat({"the database has no column ",
                        store::sql::Quote(table.name, column.storage), "; call Migrate()"}));
    }
    if (Holds(static_cast<Oid>(row.Int(1)), column.Kind())) continue;
    throw SchemaError(table.entity, column.name,
                      core::Concat({"the column ", store::sql::Quote(table.name, column.storage),
                                    " is of type ", row.Text(2),
                                    ", which does not hold a value of "
                                    "kind ",
                                    Name(column.Kind())}));
  }
}

/// The foreign key that was broken last, by the names in the database.
inline std::optional<store::BrokenKey> FindKey(NativeConnection& native) {
  const Failure& broken = native.LastBroken();
  if (KindOf(broken.state) != ConstraintKind::ForeignKey) return std::nullopt;
  Parameters parameters;
  parameters.Reset(3, nullptr);
  parameters.Text(1, broken.schema, false);
  parameters.Text(2, broken.table, false);
  parameters.Text(3, broken.constraint, false);
  const Result found = native.Ask(
      "SELECT (SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(c.conkey) WITH "
      "ORDINALITY AS k (number, at) JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum "
      "= k.number), f.relname FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid "
      "JOIN "
      "pg_namespace AS n ON n.oid = t.relnamespace JOIN pg_class AS f ON f.oid = c.confrelid WHERE "
      "c.contype = 'f' AND n.nspname = $1 AND t.relname = $2 AND c.conname = $3",
      parameters);
  if (PQntuples(found.get()) == 0) return std::nullopt;
  ResultRow row(found.get());
  return store::BrokenKey{broken.table, std::string(row.Text(0)), std::string(row.Text(1))};
}

}  // namespace grapnel::postgres::detail
