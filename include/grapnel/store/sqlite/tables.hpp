#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/sqlite/session.hpp>
#include <grapnel/store/sqlite/sql.hpp>
#include <grapnel/store/sqlite/statement.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The tables that are in the database, and those that the schema wants.
namespace grapnel::sqlite::detail {

inline std::string CreateTableText(const Table& table) {
  std::string text = core::Concat({"CREATE TABLE ", Quote(table.name), " ("});
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    core::Append(text, {i > 0 ? ", " : "", Quote(column.storage), " ", TypeName(column.ops->kind),
                        i == 0 ? " PRIMARY KEY" : "",
                        i == 0 && column.never_reuse ? " AUTOINCREMENT" : "",
                        column.nullable ? "" : " NOT NULL"});
    if (column.comment.empty()) continue;
    std::string comment(column.comment);
    for (auto end = comment.find("*/"); end != comment.npos; end = comment.find("*/")) {
      comment.replace(end, 2, "* ");
    }
    core::Append(text, {" /* ", comment, " */"});
  }
  text += ')';
  return text;
}

inline std::vector<std::string> CreateIndexTexts(const Table& table) {
  std::vector<std::string> texts;
  const auto add = [&](std::string_view name, bool unique, const std::string& columns) {
    texts.push_back(core::Concat({"CREATE ", unique ? "UNIQUE " : "", "INDEX IF NOT EXISTS ",
                                  Quote(name), " ON ", Quote(table.name), " (", columns, ")"}));
  };
  for (const Column& column : table.columns) {
    if (!column.unique) continue;
    add(core::Concat({table.name, "_", column.storage, "_key"}), true, Quote(column.storage));
  }
  for (const grapnel::detail::IndexInfo& index : table.indexes) {
    std::string name(table.name), columns;
    for (const auto tag : index.fields) {
      const Column* column = table.FindTag(tag);
      if (column == nullptr) {
        throw MigrationError(
            core::Concat({table.entity, ": an index names a member that is not in Fields()"}));
      }
      core::Append(name, {"_", column->storage});
      core::Append(columns, {columns.empty() ? "" : ", ", Quote(column->storage)});
    }
    add(index.name.empty() ? name : std::string(index.name), index.unique, columns);
  }
  return texts;
}

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

/// A column of a table that is in the database.
struct StoredColumn {
  std::string name, type;
  bool is_key;  // the primary key, alone or with others
  bool in_view;  // which has no key
};

/// The columns of the table in the database; none when it is not there.
inline std::vector<StoredColumn> ColumnsInDatabase(Session& session, const Table& table) {
  Statement statement = session.Prepare(
      "SELECT name, type, pk > 0, EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE s.name = ?1 COLLATE "
      "NOCASE AND s.type = 'view') FROM pragma_table_info(?1)",
      session.Say());
  Session::Running running(session, statement);
  Binding binding(statement.Get());
  binding.Text(1, table.name, false);
  std::vector<StoredColumn> columns;
  ResultRow row(statement.Get());
  while (running.Next(binding, session.Say())) {
    columns.push_back({std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2) != 0,
                       row.Int(3) != 0});
  }
  return columns;
}

/// SQLite's names ignore ASCII case.
inline bool EqualNames(const std::string& left, std::string_view right) {
  return left.size() == right.size() &&
         sqlite3_strnicmp(left.data(), right.data(), static_cast<int>(left.size())) == 0;
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
    if (!found->in_view && found->is_key != (&column == &table.Id())) {
      return std::pair(table.Id().name,
                       core::Concat({"in table ", Quote(table.name), " the primary key is not column ",
                                     Quote(table.Id().storage), " alone"}));
    }
    if (Affinity(found->type) != TypeName(column.ops->kind)) {
      return std::pair(column.name,
                       core::Concat({"in table ", Quote(table.name), " column ",
                                     Quote(column.storage), " is of type \"", found->type,
                                     "\", not ", TypeName(column.ops->kind)}));
    }
  }
  return std::nullopt;
}
/// Throws: MigrationError for a name that SQLite does not take.
inline void CheckNames(const Table& table) {
  const auto bad = [](std::string_view name) {
    return name.empty() || name.find('\0') != name.npos || name.starts_with("sqlite_");
  };
  if (bad(table.name)) {
    throw MigrationError(core::Concat(
        {table.entity, ": ", Quote(table.name), " cannot be a table's name in SQLite"}));
  }
  for (const Column& column : table.columns) {
    if (column.storage.empty() || column.storage.find('\0') != column.storage.npos) {
      throw MigrationError(core::Concat({table.entity, ".", column.name, ": ",
                                         Quote(column.storage),
                                         " cannot be a column's name in SQLite"}));
    }
  }
}

/// Throws: SchemaError unless the table is there and has every column, of a type that fits.
inline void VerifyTable(Session& session, const Table& table) {
  const auto stored = ColumnsInDatabase(session, table);
  if (stored.empty()) {
    throw SchemaError(table.entity, "id",
                      core::Concat({"the database has no table ", Quote(table.name),
                                    "; call Migrate()"}));
  }
  if (const auto reason = Misfit(table, stored)) {
    throw SchemaError(table.entity, reason->first, reason->second);
  }
}

/// Creates what is missing, inside a transaction that has begun. Throws: MigrationError.
inline void CreateMissing(Session& session, std::span<const Table* const> tables) {
  for (const Table* table : tables) {
    CheckNames(*table);
    const auto stored = ColumnsInDatabase(session, *table);
    if (stored.empty()) {
      session.Execute(CreateTableText(*table));
    } else if (const auto reason = Misfit(*table, stored)) {
      throw MigrationError(core::Concat({"cannot bring table ", Quote(table->name),
                                         " to the schema of ", table->entity, ": ", reason->first,
                                         ": ", reason->second, ". Nothing was changed"}));
    }
    for (const std::string& text : CreateIndexTexts(*table)) session.Execute(text);
  }
}

}  // namespace grapnel::sqlite::detail
