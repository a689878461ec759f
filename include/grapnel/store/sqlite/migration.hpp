#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/codec.hpp>
#include <grapnel/schema/graph.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/schema/value.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/sqlite/session.hpp>
#include <grapnel/store/sqlite/sql.hpp>
#include <grapnel/store/sqlite/statement.hpp>
#include <grapnel/store/sqlite/tables.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From the database as it is to the database as the schema wants it: a list of statements.
namespace grapnel::sqlite::detail {

using grapnel::detail::Graph;
using grapnel::detail::IndexInfo;

struct WantedKey {
  std::string table, column;  // referred to
  std::string_view action;
};

struct WantedColumn {
  std::string name;
  std::string_view type;
  bool not_null = false;
  const Column* column =
      nullptr;  // of the schema; null: of an edge that the table's entity does not know
  std::vector<WantedKey> key{};  // at most one
};

struct WantedIndex {
  std::string name;
  std::vector<std::string> columns;
  bool unique;
};

struct WantedTable {
  std::string name;
  std::string_view entity;  // or the edge, of a table of pairs
  std::vector<WantedColumn> columns{};
  std::vector<WantedIndex> indexes{};
  bool pairs = false;

  WantedColumn& Find(std::string_view column) {
    return *std::find_if(columns.begin(), columns.end(),
                         [&](const WantedColumn& each) { return each.name == column; });
  }
};

inline WantedTable WantTable(const Table& table) {
  WantedTable wanted{std::string(table.name), table.entity};
  for (const Column& column : table.columns) {
    wanted.columns.push_back(
        {std::string(column.storage), TypeName(column.Kind()), !column.nullable, &column});
    if (column.unique && column.target == nullptr) {
      wanted.indexes.push_back({core::Concat({table.name, "_", column.storage, "_key"}),
                                {std::string(column.storage)},
                                true});
    }
  }
  for (const IndexInfo& index : table.indexes) {
    std::string name(table.name);
    std::vector<std::string> columns;
    for (const auto tag : index.fields) {
      const Column* column = table.FindTag(tag);
      if (column == nullptr) {
        throw MigrationError(
            core::Concat({table.entity, ": an index names a member that is not in Fields()"}));
      }
      core::Append(name, {"_", column->storage});
      columns.emplace_back(column->storage);
    }
    if (!index.name.empty()) name = index.name;
    wanted.indexes.push_back({std::move(name), std::move(columns), index.unique});
  }
  return wanted;
}

inline void WantKey(WantedTable& holder, const Relation& key, const Graph& graph) {
  const auto index = [&] {
    return WantedIndex{core::Concat({holder.name, "_", key.column, key.unique ? "_key" : ""}),
                       {key.column},
                       key.unique};
  };
  if (key.kind == Relation::Kind::TheirKey) {
    holder.columns.push_back({key.column, TypeName(key.Referred().Id().Kind()), false});
  }
  // Not RESTRICT, which could not even wait for the other rows of one deletion.
  std::string_view action = key.on_delete == SetNull ? "SET NULL" : "NO ACTION";
  if (key.on_delete == Cascade && !graph.IsCyclic(key)) action = "CASCADE";
  holder.Find(key.column)
      .key.push_back(
          {std::string(key.Referred().name), std::string(key.Referred().Id().storage), action});
  holder.indexes.push_back(index());
}

inline WantedTable WantPairs(const Relation& join) {
  WantedTable wanted{join.table, join.edge->entity};
  wanted.pairs = true;
  const auto add = [&](const std::string& column, const Table& to) {
    wanted.columns.push_back({column, TypeName(to.Id().Kind()), true});
    wanted.columns.back().key.push_back(
        {std::string(to.name), std::string(to.Id().storage), "CASCADE"});
  };
  add(join.column, *join.source);
  add(join.other, *join.target);
  wanted.indexes.push_back({core::Concat({join.table, "_", join.other}), {join.other}, false});
  return wanted;
}

inline void CheckIndexName(const WantedIndex& index, const WantedTable& table,
                           std::vector<std::string>& seen) {
  for (const std::string& other : seen) {
    if (!EqualNames(index.name, other)) continue;
    throw MigrationError(core::Concat({table.entity, ": there are two indexes ", Quote(index.name),
                                       "; give one of them another name by StorageKey"}));
  }
  seen.push_back(index.name);
}

/// Throws: MigrationError for names that SQLite does not take, or that are given twice.
inline void CheckNames(const std::vector<WantedTable>& tables) {
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const WantedTable& table = tables[i];
    if (table.name.empty() || table.name.find('\0') != table.name.npos ||
        EqualNames(table.name.substr(0, 7), "sqlite_")) {
      throw MigrationError(core::Concat(
          {table.entity, ": ", Quote(table.name), " cannot be a table's name in SQLite"}));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!EqualNames(table.name, tables[j].name)) continue;
      throw MigrationError(core::Concat(
          {table.entity, " and ", tables[j].entity, " want the same table, ", Quote(table.name)}));
    }
    for (const WantedIndex& index : table.indexes) CheckIndexName(index, table, seen);
    for (std::size_t k = 0; k < table.columns.size(); ++k) {
      const WantedColumn& column = table.columns[k];
      const std::string_view field = column.column != nullptr ? column.column->name : "an edge";
      if (column.name.empty() || column.name.find('\0') != column.name.npos) {
        throw MigrationError(core::Concat({table.entity, ".", field, ": ", Quote(column.name),
                                           " cannot be a column's name in SQLite"}));
      }
      for (std::size_t other = 0; other < k; ++other) {
        if (!EqualNames(column.name, table.columns[other].name)) continue;
        throw MigrationError(core::Concat({table.entity, ".", field, ": there are two columns ",
                                           Quote(column.name), " in table ", Quote(table.name)}));
      }
    }
  }
}

/// Everything that the schema wants.
inline std::vector<WantedTable> WantAll(std::span<const Table* const> tables) {
  const Graph graph(tables);
  std::vector<WantedTable> wanted;
  for (const Table* table : tables) wanted.push_back(WantTable(*table));
  CheckNames(wanted);  // keys are put into tables by their names
  for (const Relation* key : graph.Keys()) {
    const auto holder = std::find_if(wanted.begin(), wanted.end(), [&](const WantedTable& each) {
      return each.name == key->Holder().name;
    });
    WantKey(*holder, *key, graph);
  }
  for (const Relation* join : graph.Joins()) wanted.push_back(WantPairs(*join));
  CheckNames(wanted);
  return wanted;
}

inline std::string KeyText(const WantedTable& table, const WantedColumn& column,
                           bool named_column) {
  const WantedKey& key = column.key.front();
  return core::Concat(
      {"CONSTRAINT ", Quote(core::Concat({table.name, "_", column.name, "_fkey"})),
       named_column ? core::Concat({" FOREIGN KEY (", Quote(column.name), ")"}) : "",
       " REFERENCES ", Quote(key.table), " (", Quote(key.column), ") ON DELETE ", key.action});
}

inline std::string CreateTableText(const WantedTable& table) {
  std::string text = core::Concat({"CREATE TABLE ", Quote(table.name), " ("});
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const WantedColumn& column = table.columns[i];
    const bool is_id = i == 0 && !table.pairs;
    core::Append(
        text, {i > 0 ? ", " : "", Quote(column.name), " ", column.type, is_id ? " PRIMARY KEY" : "",
               is_id && column.column->never_reuse ? " AUTOINCREMENT" : "",
               column.not_null ? " NOT NULL" : ""});
    if (column.column == nullptr || column.column->comment.empty()) continue;
    std::string comment(column.column->comment);
    for (auto end = comment.find("*/"); end != comment.npos; end = comment.find("*/")) {
      comment.replace(end, 2, "* ");
    }
    core::Append(text, {" /* ", comment, " */"});
  }
  if (table.pairs) {
    core::Append(text, {", PRIMARY KEY (", Quote(table.columns[0].name), ", ",
                        Quote(table.columns[1].name), ")"});
  }
  for (const WantedColumn& column : table.columns) {
    if (!column.key.empty()) core::Append(text, {", ", KeyText(table, column, true)});
  }
  text += ')';
  return text;
}

inline std::string CreateIndexText(const WantedTable& table, const WantedIndex& index) {
  std::string columns;
  for (const std::string& column : index.columns) {
    core::Append(columns, {columns.empty() ? "" : ", ", Quote(column)});
  }
  return core::Concat({"CREATE ", index.unique ? "UNIQUE " : "", "INDEX ", Quote(index.name),
                       " ON ", Quote(table.name), " (", columns, ")"});
}

/// Makes the plan of one database.
class Planner {
 public:
  explicit Planner(Session& session) : session_(session) {}

  std::vector<std::string> Plan(std::span<const Table* const> tables) {
    const auto wanted = WantAll(tables);
    for (const WantedTable& table : wanted) {
      const auto stored = ColumnsInDatabase(session_, table.name);
      if (stored.empty()) {
        statements_.push_back(CreateTableText(table));
      } else {
        Grow(table, stored);
      }
    }
    for (const WantedTable& table : wanted) {
      for (const WantedIndex& index : table.indexes) PlanIndex(table, index);
    }
    return std::move(statements_);
  }

 private:
  [[noreturn]] static void Refuse(const WantedTable& table, const WantedColumn& column,
                                  std::string_view reason) {
    throw MigrationError(
        core::Concat({"cannot bring table ", Quote(table.name), " to the schema of ", table.entity,
                      ": ", column.column != nullptr ? column.column->name : column.name, ": ",
                      reason, ". Nothing was changed"}));
  }

  std::vector<std::vector<std::string>> Query(std::string_view sql,
                                              std::vector<std::string> values) {
    Statement statement = session_.Prepare(sql, session_.Say());
    Session::Running running(session_, statement);
    Binding binding(statement.Get());
    int at = 0;
    for (const std::string& value : values) binding.Text(++at, value, false);
    std::vector<std::vector<std::string>> rows;
    ResultRow row(statement.Get());
    const int columns = sqlite3_column_count(statement.Get());
    while (running.Next(binding, session_.Say())) {
      auto& cells = rows.emplace_back();
      for (int i = 0; i < columns; ++i) cells.emplace_back(row.IsNull(i) ? "" : row.Text(i));
    }
    return rows;
  }
  /// Whether the table has a row for which this holds.
  bool AnyRow(const WantedTable& table, std::string_view condition) {
    return !Query(core::Concat(
                      {"SELECT '1' FROM ", Quote(table.name), " WHERE ", condition, " LIMIT 1"}),
                  {})
                .empty();
  }

  void Grow(const WantedTable& table, const std::vector<StoredColumn>& stored) {
    for (const WantedColumn& column : table.columns) {
      const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredColumn& each) {
        return EqualNames(each.name, column.name);
      });
      if (found == stored.end()) {
        if (stored.front().in_view) Refuse(table, column, MissingReason(table, column));
        AddColumn(table, column);
      } else {
        Compare(table, column, *found);
      }
    }
    for (const StoredColumn& each : stored) {
      const bool known = std::any_of(
          table.columns.begin(), table.columns.end(),
          [&](const WantedColumn& column) { return EqualNames(each.name, column.name); });
      if (known || !each.not_null || each.has_default || each.is_key) continue;
      throw MigrationError(
          core::Concat({"in table ", Quote(table.name), " column ", Quote(each.name),
                        " is NOT NULL and unknown to the schema of ", table.entity,
                        ": no row could be created. Nothing was changed"}));
    }
  }
  static std::string MissingReason(const WantedTable& table, const WantedColumn& column) {
    return core::Concat(
        {"in table ", Quote(table.name), " there is no column ", Quote(column.name)});
  }

  void AddColumn(const WantedTable& table, const WantedColumn& column) {
    const bool is_id = column.column != nullptr && &column == &table.columns.front();
    if (is_id || table.pairs) Refuse(table, column, MissingReason(table, column));
    std::string text = core::Concat(
        {"ALTER TABLE ", Quote(table.name), " ADD COLUMN ", Quote(column.name), " ", column.type});
    if (column.not_null) {
      if (!column.key.empty()) {
        Refuse(
            table, column,
            "a required edge cannot be added to a table that exists; add it without Required() and "
            "with "
            "the OnDelete that it is to have (Restrict where it says nothing), give every row its "
            "neighbour, and require it then");
      }
      core::Append(text, {" NOT NULL DEFAULT ", Literal(table, column)});
    }
    if (!column.key.empty()) core::Append(text, {" ", KeyText(table, column, false)});
    statements_.push_back(std::move(text));
  }

  /// What the rows that are there get in a new column.
  std::string Literal(const WantedTable& table, const WantedColumn& column) {
    if (column.column->default_value != nullptr) {
      try {
        return LiteralOf(table, column, column.column->default_value());
      } catch (const grapnel::detail::BadValue& error) {
        Refuse(table, column, core::Concat({"its Default cannot be stored: ", error.what()}));
      }
    }
    if (AnyRow(table, "1")) {
      Refuse(table, column,
             "it is required and has no Default, and there are rows; give it a Default, or make it "
             "optional");
    }
    if (column.type == "TEXT") return "''";
    return column.type == "BLOB" ? "x''" : "0";
  }
  /// Digits that SQLite reads as this very value.
  std::string RealLiteral(const WantedTable& table, const WantedColumn& column, double real) {
    char digits[40];
    const auto end =
        std::to_chars(digits, digits + sizeof digits, real, std::chars_format::scientific);
    const std::string literal(digits, end.ptr);
    Statement statement = session_.Prepare(core::Concat({"SELECT ", literal}), session_.Say());
    Session::Running running(session_, statement);
    Binding binding(statement.Get());
    ResultRow row(statement.Get());
    if (running.Next(binding, session_.Say()) && row.Real(0) == real) return literal;
    Refuse(table, column, "its Default has no digits that SQLite reads exactly");
  }
  std::string LiteralOf(const WantedTable& table, const WantedColumn& column,
                        const FieldValue& value) {
    if (const auto* flag = value.As<bool>()) return *flag ? "1" : "0";
    if (const auto* number = value.As<std::int64_t>()) return std::to_string(*number);
    if (const auto* real = value.As<double>()) {
      if (*real - *real != 0) return *real > 0 ? "9e999" : "-9e999";
      return RealLiteral(table, column, *real);
    }
    if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      std::string hex = "x'";
      for (const std::byte each : *bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(each));
        hex += digits;
      }
      return hex + '\'';
    }
    const auto* text = value.As<std::string>();
    if (text == nullptr || text->find('\0') != text->npos) {
      Refuse(table, column, "its Default cannot be given to the rows that are there");
    }
    std::string quoted = "'";
    for (const char c : *text) {
      if (c == '\'') quoted += '\'';
      quoted += c;
    }
    return quoted + '\'';
  }

  void Compare(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    const bool is_id = !table.pairs && &column == &table.columns.front();
    if (Affinity(stored.type) != column.type) {
      Refuse(table, column, TypeReason(table.name, column.name, stored.type, column.type));
    }
    if (stored.in_view) return;
    if (stored.is_key != (is_id || table.pairs)) {
      Refuse(table, column, KeyReason(table.name, table.columns.front().name));
    }
    if (is_id) return CompareId(table, column, stored);
    if (stored.not_null && !column.not_null) {
      Refuse(table, column,
             "it is optional, but the column is NOT NULL, which SQLite cannot change");
    }
    if (column.not_null && !stored.not_null &&
        AnyRow(table, core::Concat({Quote(column.name), " IS NULL"}))) {
      Refuse(table, column, "it is required, but there are rows in which the column is NULL");
    }
    if (!column.key.empty()) CompareKey(table, column);
  }

  void CompareId(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    if (column.column->ops->kind == FieldKind::Int && column.column->set_default == nullptr &&
        !stored.is_rowid) {
      Refuse(table, column, RowidReason(table.name, column.name));
    }
    if (column.column->never_reuse && Query("SELECT '1' FROM sqlite_schema WHERE name = ?1 COLLATE "
                                            "NOCASE AND sql LIKE '%AUTOINCREMENT%'",
                                            {table.name})
                                          .empty()) {
      Refuse(table, column,
             "it says NeverReuse, but the table is without AUTOINCREMENT, which SQLite "
             "cannot add");
    }
  }

  void CompareKey(const WantedTable& table, const WantedColumn& column) {
    const WantedKey& wanted = column.key.front();
    for (const auto& key :
         Query("SELECT \"from\", \"table\", on_delete, \"to\" FROM pragma_foreign_key_list(?1)",
               {table.name})) {
      if (!EqualNames(key[0], column.name)) continue;
      const bool to_id = key[3].empty() || EqualNames(key[3], wanted.column);
      if (!EqualNames(key[1], wanted.table) || !to_id) {
        Refuse(table, column,
               core::Concat({"its foreign key refers to ", Quote(key[1], key[3]), ", not to ",
                             Quote(wanted.table, wanted.column)}));
      }
      const bool same =
          key[2] == wanted.action || (key[2] == "RESTRICT" && wanted.action == "NO ACTION");
      if (!same) {
        Refuse(table, column,
               core::Concat({"its foreign key is ON DELETE ", key[2], ", not ", wanted.action,
                             ", which SQLite cannot change"}));
      }
      return;
    }
    Refuse(table, column, "the column has no foreign key, and SQLite cannot give it one");
  }

  void PlanIndex(const WantedTable& table, const WantedIndex& index) {
    const auto stored = Query(
        "SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?1 "
        "COLLATE NOCASE",
        {index.name});
    if (stored.empty()) return statements_.push_back(CreateIndexText(table, index));
    const auto unique = Query(
        "SELECT CAST(\"unique\" AS TEXT) FROM pragma_index_list(?1) WHERE name = ?2 "
        "COLLATE NOCASE AND partial = 0",
        {table.name, index.name});
    const auto columns = Query("SELECT name FROM pragma_index_info(?1)", {index.name});
    const bool same = !unique.empty() && (unique.front().front() == "1") == index.unique &&
                      std::equal(columns.begin(), columns.end(), index.columns.begin(),
                                 index.columns.end(), [](const auto& row, const std::string& name) {
                                   return EqualNames(row.front(), name);
                                 });
    if (same) return;
    throw MigrationError(
        core::Concat({"cannot make index ", Quote(index.name), " of ", table.entity,
                      ": there is another one of this name. Nothing was changed"}));
  }

  Session& session_;
  std::vector<std::string> statements_;
};

inline std::vector<std::string> PlanMigration(Session& session,
                                              std::span<const Table* const> tables) {
  return Planner(session).Plan(tables);
}

}  // namespace grapnel::sqlite::detail
