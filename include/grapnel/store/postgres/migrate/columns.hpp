#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/postgres/migrate/rows.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/names.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The columns of tables that are in the database.
/// Source: https://www.postgresql.org/docs/current/catalog-pg-attribute.html
namespace grapnel::postgres::detail {

using namespace store::sql;

/// Ends the comment of each column and index that Grapnel has made.
inline constexpr std::string_view kMark = "/*Grapnel*/";

/// The columns of tables, views and the like; `which`: a condition on pg_class AS c.
inline std::string ColumnsText(std::string_view which) {
  return core::Concat(
      {"SELECT c.oid::text, a.attnum::text, a.attname::text, format_type(a.atttypid, a.atttypmod), "
       "CASE WHEN a.attnotnull THEN '1' END, CASE WHEN a.atthasdef OR a.attidentity <> '' THEN '1' "
       "END, CASE WHEN EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conrelid = c.oid AND "
       "k.contype = 'p' AND a.attnum = ANY (k.conkey)) THEN '1' END, CASE WHEN a.attidentity = 'd' "
       "OR a.attgenerated = '' AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN '1' END, "
       "CASE WHEN c.relkind IN ('v', 'm') THEN '1' END, CASE WHEN a.attgenerated <> '' THEN '1' "
       "END, CASE WHEN right(col_description(c.oid, a.attnum), 11) = '",
       kMark,
       "' THEN '1' END FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND "
       "a.attnum "
       "> 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = "
       "a.attnum WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ",
       which, " ORDER BY c.oid, a.attnum"});
}
inline StoredColumn ColumnOf(const Cells& row) {
  const auto is = [&](std::size_t at) { return !row[at].empty(); };
  return {row[2], row[3], is(4), is(5), is(6), is(7), is(8), is(9)};
}

/// The columns of the table that a statement means by that name; none when there is none.
inline std::vector<StoredColumn> ColumnsInDatabase(NativeConnection& native,
                                                   std::string_view table) {
  static const std::string text = ColumnsText("c.oid = to_regclass($1)");
  std::vector<StoredColumn> columns;
  for (const Cells& row : RowsOf(native, text, {Quote(table)})) columns.push_back(ColumnOf(row));
  return columns;
}

}  // namespace grapnel::postgres::detail
