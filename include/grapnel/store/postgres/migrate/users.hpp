#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/postgres/migrate/rows.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/names.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What others have made of columns and tables.
namespace grapnel::postgres::detail {

using namespace store::sql;

/// What uses a column, or a whole table.
struct User {
  std::string kind, name;

  /// view "v"
  std::string Text() const {
    return core::Concat({kind, " ", kind == "index" ? name : Quote(name)});
  }
};
/// What in the database depends on a column, or on a table where `number` is "0". What goes along
/// by itself and harms nobody, as a sequence of its own or a foreign key of its own, is not among
/// it. Source: https://www.postgresql.org/docs/current/catalog-pg-depend.html
inline std::vector<User> UsersOf(NativeConnection& native, std::string_view oid,
                                 std::string_view number) {
  static const std::string text =
      "SELECT DISTINCT u.rank::text, u.kind, u.name::text FROM pg_depend AS d CROSS JOIN LATERAL "
      "(SELECT 1 AS rank, 'column' AS kind, a.attname AS name FROM pg_attrdef AS e JOIN "
      "pg_attribute AS a ON a.attrelid = e.adrelid AND a.attnum = e.adnum WHERE d.classid = "
      "'pg_attrdef'::regclass AND e.oid = d.objid AND (e.adrelid <> d.refobjid OR e.adnum <> "
      "d.refobjsubid) UNION ALL SELECT 1, 'column', a.attname FROM pg_attribute AS a JOIN pg_class "
      "AS c ON c.oid = a.attrelid WHERE d.classid = 'pg_class'::regclass AND a.attrelid = d.objid "
      "AND a.attnum = d.objsubid AND d.objsubid <> 0 AND c.relkind <> 'S' AND (a.attrelid <> "
      "d.refobjid OR a.attnum <> d.refobjsubid) UNION ALL SELECT 2, 'constraint', k.conname FROM "
      "pg_constraint AS k WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND "
      "k.contype <> 'n' AND (k.contype <> 'f' OR k.conrelid = d.refobjid AND cardinality(k.conkey) "
      "> 1) UNION ALL SELECT 3, CASE WHEN c.relkind IN ('i', 'I') THEN 'index' ELSE 'table' END, "
      "c.relname FROM pg_class AS c WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND "
      "c.oid = d.objid AND c.relkind NOT IN ('S', 't') UNION ALL SELECT 4, CASE c.relkind WHEN 'v' "
      "THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'rule' END, CASE WHEN c.relkind IN ('v', "
      "'m') THEN c.relname ELSE r.rulename END FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = "
      "r.ev_class WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid UNION ALL SELECT 5, "
      "'trigger', t.tgname FROM pg_trigger AS t WHERE d.classid = 'pg_trigger'::regclass AND t.oid "
      "= d.objid AND NOT t.tgisinternal UNION ALL SELECT 6, 'policy', p.polname FROM pg_policy AS "
      "p "
      "WHERE d.classid = 'pg_policy'::regclass AND p.oid = d.objid) AS u WHERE d.refclassid = "
      "'pg_class'::regclass AND d.refobjid = $1::oid AND ($2 = '0' OR d.refobjsubid::text = $2) "
      "AND "
      "d.deptype IN ('n', 'a') ORDER BY 1, 2, 3";
  std::vector<User> users;
  for (Cells& row : RowsOf(native, text, {oid, number})) {
    users.push_back({std::move(row[1]), std::move(row[2])});
  }
  return users;
}

}  // namespace grapnel::postgres::detail
