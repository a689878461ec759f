#include "support/engine/catalog.hpp"

#include <string>
#include <utility>

namespace engine {
namespace {

std::string InQuotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}
/// The OID of a table, by its very name.
std::string TableOid(const std::string& table) {
  return "(SELECT oid FROM pg_class WHERE relname = " + InQuotes(table) +
         " AND relnamespace = quote_ident(current_schema())::regnamespace)";
}

}  // namespace

Lines Version(const std::string& where) {
  return RawRows(
      where,
      Forms{"PRAGMA schema_version",
            "SELECT md5(string_agg(of, ',' ORDER BY of)) FROM (SELECT oid || ' ' || xmin::text AS "
            "of FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace "
            "UNION ALL SELECT "
            "a.attrelid || ' ' || a.attnum || ' ' || a.xmin::text FROM pg_attribute AS a JOIN "
            "pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = "
            "quote_ident(current_schema())::regnamespace) AS them"});
}

Lines Described(const std::string& where) {
  Lines state;
  const auto add = [&](const RawSql& sql) {
    for (auto& row : RawRows(where, sql)) state.push_back(std::move(row));
  };
  add(Forms{"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name",
            "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND relnamespace = "
            "quote_ident(current_schema())::regnamespace ORDER BY relname"});
  if (Current() == Kind::Postgres) {
    for (const auto& table : Tables(where)) {
      state.push_back(table);
      for (auto& row : Columns(where, table)) state.push_back(std::move(row));
      for (auto& row : Indexes(where, table)) state.push_back(std::move(row));
      for (auto& row : Keys(where, table)) state.push_back(std::move(row));
    }
  }
  return state;
}

Lines State(const std::string& where, const std::string& rows) {
  auto state = Version(where);
  for (auto& line : Described(where)) state.push_back(std::move(line));
  for (const auto& table : Tables(where)) {
    if (table != rows) continue;
    const Forms all{"SELECT * FROM " + rows, "SELECT * FROM \"" + rows + "\""};
    for (auto& row : RawRows(where, all)) state.push_back(std::move(row));
  }
  return state;
}

Lines Columns(const std::string& where, const std::string& table) {
  return RawRows(
      where,
      Forms{"SELECT name, type, \"notnull\" FROM pragma_table_info(" + InQuotes(table) + ")",
            "SELECT attname::text, CASE format_type(atttypid, NULL) WHEN 'bigint' THEN 'INTEGER' "
            "WHEN 'boolean' THEN 'INTEGER' WHEN 'double precision' THEN 'REAL' WHEN 'text' THEN "
            "'TEXT' WHEN 'bytea' THEN 'BLOB' ELSE format_type(atttypid, NULL) END, attnotnull FROM "
            "pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = " +
                TableOid(table) + " ORDER BY attnum"});
}

Lines Indexes(const std::string& where, const std::string& table) {
  return RawRows(
      where,
      Forms{"SELECT name, \"unique\", columns FROM (SELECT il.name, il.\"unique\", "
            "group_concat(ifnull(ii.name, '?')) AS columns FROM pragma_index_list(" +
                InQuotes(table) +
                ") AS il, pragma_index_info(il.name) AS ii WHERE il.origin <> 'pk' GROUP BY 1) "
                "ORDER BY 1",
            "SELECT c.relname::text COLLATE \"C\", i.indisunique, (SELECT "
            "string_agg(COALESCE(a.attname::text, '?'), ',' ORDER BY n.at) FROM generate_series(1, "
            "i.indnkeyatts) AS n (at) LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND "
            "a.attnum = i.indkey[n.at - 1] AND a.attnum > 0) FROM pg_index AS i JOIN pg_class AS c "
            "ON c.oid = i.indexrelid WHERE NOT i.indisprimary AND i.indrelid = " +
                TableOid(table) + " ORDER BY 1"});
}

Lines Defaulted(const std::string& where, const std::string& table) {
  return RawRows(where, Forms{"SELECT name FROM pragma_table_info(" + InQuotes(table) +
                                  ") WHERE dflt_value IS NOT NULL",
                              "SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT "
                              "attisdropped AND atthasdef AND attgenerated = '' AND attrelid = " +
                                  TableOid(table) + " ORDER BY attnum"});
}

Lines Firsts(const Lines& rows) {
  Lines firsts;
  for (const auto& row : rows) firsts.push_back(row.substr(0, row.find('|')));
  return firsts;
}

Lines Keys(const std::string& where, const std::string& table) {
  return RawRows(
      where,
      Forms{"SELECT \"table\", \"from\", \"to\", on_delete FROM pragma_foreign_key_list(" +
                InQuotes(table) + ") ORDER BY 2",
            "SELECT t.relname::text, a.attname::text COLLATE \"C\", b.attname::text, CASE "
            "k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'r' THEN "
            "'RESTRICT' ELSE 'NO ACTION' END FROM pg_constraint AS k JOIN pg_class AS t ON t.oid = "
            "k.confrelid JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = "
            "k.conkey[1] JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = "
            "k.confkey[1] WHERE k.contype = 'f' AND k.conrelid = " +
                TableOid(table) + " ORDER BY 2"});
}

Lines Broken(const std::string& where) {
  auto broken = RawRows(where, Forms{"PRAGMA foreign_key_check",
                                     "SELECT conname::text FROM pg_constraint WHERE NOT "
                                     "convalidated AND connamespace = "
                                     "quote_ident(current_schema())::regnamespace"});
  const auto whole = RawRows(where, Forms{"PRAGMA integrity_check", "SELECT 'ok'"});
  if (whole != Lines{"ok"}) broken.insert(broken.end(), whole.begin(), whole.end());
  return broken;
}

Lines Others(const std::string& where) {
  return RawRows(
      where,
      Forms{"SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', "
            "'view') ORDER BY 1, 2",
            "SELECT * FROM (SELECT 'trigger', tgname::text COLLATE \"C\" FROM "
            "pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT "
            "t.tgisinternal AND c.relnamespace = quote_ident(current_schema())::regnamespace "
            "UNION ALL SELECT 'view', relname FROM pg_class WHERE relkind = 'v' "
            "AND relnamespace = quote_ident(current_schema())::regnamespace) AS them ORDER BY "
            "1, 2"});
}

}  // namespace engine
