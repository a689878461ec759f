#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/wanted.hpp>
#include <grapnel/store/sqlite/native_connection.hpp>
#include <grapnel/store/sqlite/prepared.hpp>
#include <grapnel/store/sqlite/tables.hpp>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From the database as it is to the database as the schema wants it: a list of statements.
namespace grapnel::sqlite::detail {

/// What brings a database to the schema.
struct MigrationPlan {
  std::vector<std::string> statements{};
  /// Of statements that the rows may break: what to say then.
  std::map<std::string, std::string, std::less<>> refusals{};
};

/// Makes the plan of one database, and refuses what its statements could not do. What a Default's
/// function will give nobody knows before; to rehearse is to call it for every row, where it has to
/// be unique.
class Planner {
 public:
  Planner(NativeConnection& native, bool rehearse) : native_(native), rehearse_(rehearse) {}

  MigrationPlan Plan(std::span<const Table* const> tables) {
    const auto wanted = WantAll(tables);
    native_.OfferDefaults(tables);
    ReadObjects();
    for (const WantedTable& table : wanted) DropIndexes(table);
    for (const WantedTable& table : wanted) {
      const Object* there = Find(table.name);
      if (there == nullptr) {
        Add(CreateTableText(table));
      } else if (there->kind == Kind::Index) {
        throw MigrationError(
            core::Concat({"cannot make table ", Quote(table.name), " of ", table.entity, ": ",
                          Describe(*there), " has this name. Nothing was changed"}));
      } else {
        Grow(table, ColumnsInDatabase(native_, table.name));
      }
      CheckKeys(table);
    }
    PlanRewrites();
    for (const WantedTable& table : wanted) {
      for (const WantedIndex& index : table.indexes) PlanIndex(table, index);
    }
    return std::move(plan_);
  }

 private:
  enum class Kind { Table, View, Virtual, Index };
  /// What bears a name in the database.
  struct Object {
    Kind kind;
    std::string name;
    std::string table;  // of an index
    bool gone = false;  // the plan drops it
  };
  /// A column that the plan adds; required ones are filled with their Default.
  struct Added {
    const WantedTable* table;
    const WantedColumn* column;
  };

  [[noreturn]] static void Refuse(const WantedTable& table, const WantedColumn& column,
                                  std::string_view reason) {
    throw MigrationError(Refusal(table, FieldName(column), reason));
  }
  static std::string_view FieldName(const WantedColumn& column) {
    return column.column != nullptr ? column.column->name : std::string_view(column.name);
  }
  static std::string Refusal(const WantedTable& table, std::string_view fields,
                             std::string_view reason) {
    return core::Concat({"cannot bring table ", Quote(table.name), " to the schema of ",
                         table.entity, ": ", fields, ": ", reason, ". Nothing was changed"});
  }

  void Add(std::string statement) { plan_.statements.push_back(std::move(statement)); }

  std::vector<std::vector<std::string>> Query(std::string_view sql,
                                              const std::vector<std::string>& values) {
    Prepared statement = native_.Prepare(sql, native_.Say());
    NativeConnection::Running running(native_, statement);
    Binding binding(statement.Get());
    int at = 0;
    for (const std::string& value : values) binding.Text(++at, value, false);
    std::vector<std::vector<std::string>> rows;
    ResultRow row(statement.Get());
    const int columns = sqlite3_column_count(statement.Get());
    while (running.Next(binding, native_.Say())) {
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

  void ReadObjects() {
    for (auto& row : Query("SELECT type, name, tbl_name, sql LIKE 'CREATE VIRTUAL TABLE%' OR NULL "
                           "FROM main.sqlite_schema WHERE type IN ('table', 'view', 'index')",
                           {})) {
      const Kind kind = row[0] == "view"    ? Kind::View
                        : row[0] == "index" ? Kind::Index
                        : row[3].empty()    ? Kind::Table
                                            : Kind::Virtual;
      objects_.push_back({kind, std::move(row[1]), std::move(row[2])});
    }
  }
  Object* Find(std::string_view name) {
    for (Object& each : objects_) {
      if (!each.gone && EqualNames(each.name, name)) return &each;
    }
    return nullptr;
  }
  static std::string Describe(const Object& object) {
    switch (object.kind) {
      case Kind::View:
        return "a view";
      case Kind::Virtual:
        return "a virtual table";
      case Kind::Index:
        return core::Concat({"an index of table ", Quote(object.table)});
      case Kind::Table:
        break;
    }
    return "a table";
  }

  /// Keys to what is no plain table would be accepted, and never hold.
  void CheckKeys(const WantedTable& table) {
    for (const WantedColumn& column : table.columns) {
      if (column.key.empty()) continue;
      const Object* to = Find(column.key.front().table);
      if (to == nullptr || to->kind == Kind::Table || to->kind == Kind::Index) continue;
      Refuse(table, column,
             core::Concat({Quote(to->name), " is ", Describe(*to),
                           ", to which SQLite has no foreign keys"}));
    }
  }

  void Grow(const WantedTable& table, const std::vector<StoredColumn>& stored) {
    for (const WantedColumn& column : table.columns) {
      const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredColumn& each) {
        return EqualNames(each.name, column.name);
      });
      if (found == stored.end()) {
        AddColumn(table, column);
      } else {
        Compare(table, column, *found);
      }
    }
    for (const StoredColumn& each : stored) {
      if (table.Named(each.name) != nullptr || !each.not_null || each.has_default || each.is_key ||
          each.generated) {
        continue;
      }
      throw MigrationError(
          core::Concat({"in table ", Quote(table.name), " column ", Quote(each.name),
                        " is NOT NULL and unknown to the schema of ", table.entity,
                        ": no row could be created. Nothing was changed"}));
    }
    PlanFill(table);
  }
  static std::string MissingReason(const WantedTable& table, const WantedColumn& column) {
    return core::Concat(
        {"in table ", Quote(table.name), " there is no column ", Quote(column.name)});
  }

  void AddColumn(const WantedTable& table, const WantedColumn& column) {
    const bool is_id = column.column != nullptr && &column == &table.columns.front();
    if (is_id || table.pairs || Find(table.name)->kind != Kind::Table) {
      Refuse(table, column, MissingReason(table, column));
    }
    if (column.not_null) CheckFill(table, column);
    added_.push_back({&table, &column});
    Add(core::Concat(
        {"ALTER TABLE ", Quote(table.name), " ADD COLUMN ",
         ColumnText(column, false, Placeholder(column)),
         column.key.empty() ? "" : core::Concat({" ", KeyText(table, column, false)})}));
  }
  /// SQLite adds a NOT NULL column only with a DEFAULT, which goes when the rows are filled.
  static std::string_view Placeholder(const WantedColumn& column) {
    if (!column.not_null) return "";
    if (column.type == "TEXT") return " DEFAULT ''";
    return column.type == "BLOB" ? " DEFAULT x''" : " DEFAULT 0";
  }
  void CheckFill(const WantedTable& table, const WantedColumn& column) {
    if (!column.key.empty()) {
      Refuse(
          table, column,
          "a required edge cannot be added to a table that exists; add it without Required() and "
          "with "
          "the OnDelete that it is to have (Restrict where it says nothing), give every row its "
          "neighbour, and require it then");
    }
    if (!AnyRow(table, "1")) return;
    if (!column.column->HasDefault()) {
      Refuse(table, column,
             "it is required and has no Default, and there are rows; give it a Default, or make it "
             "optional");
    }
    if (column.column->default_varies) return;
    try {
      static_cast<void>(column.column->DefaultValue());
    } catch (const grapnel::detail::BadValue& error) {
      Refuse(table, column, core::Concat({"its Default cannot be stored: ", error.what()}));
    }
  }

  /// The rows that are there get the Defaults of the new required columns, each row its own.
  void PlanFill(const WantedTable& table) {
    std::string sets;
    for (const Added& added : added_) {
      if (added.table != &table || !added.column->not_null) continue;
      core::Append(sets, {sets.empty() ? "" : ", ", Quote(added.column->name), " = ",
                          DefaultText(table, *added.column)});
    }
    if (sets.empty() || !AnyRow(table, "1")) return;
    Add(core::Concat({"UPDATE ", Quote(table.name), " SET ", sets}));
  }
  static std::string DefaultText(const WantedTable& table, const WantedColumn& column) {
    return core::Concat(
        {"grapnel_default(", QuoteText(table.name), ", ", QuoteText(column.name), ")"});
  }
  /// The description of a new column becomes what it is in a table that was made with it.
  /// Source: https://www.sqlite.org/lang_altertable.html, section 7, on changes that do not affect
  /// content.
  void PlanRewrites() {
    const auto statements = plan_.statements.size();
    for (auto first = added_.begin(); first != added_.end();) {
      const WantedTable& table = *first->table;
      std::string text = "sql";
      for (; first != added_.end() && first->table == &table; ++first) {
        const std::string made = ColumnText(*first->column, false);
        const std::string grown = ColumnText(*first->column, false, Placeholder(*first->column));
        if (made == grown) continue;
        text = core::Concat({"replace(", text, ", ", QuoteText(grown), ", ", QuoteText(made), ")"});
      }
      if (text == "sql") continue;
      if (plan_.statements.size() == statements) Add("PRAGMA writable_schema = ON");
      Add(core::Concat({"UPDATE sqlite_schema SET sql = ", text,
                        " WHERE type = 'table' AND name = ", QuoteText(table.name),
                        " COLLATE NOCASE"}));
    }
    if (plan_.statements.size() > statements) Add("PRAGMA writable_schema = RESET");
  }

  void Compare(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    const bool is_id = !table.pairs && &column == &table.columns.front();
    if (stored.generated) Refuse(table, column, GeneratedReason(table.name, column.name));
    if (!Fits(stored.type, column.type)) {
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
    if (column.column->ops->kind == FieldKind::Int && !column.column->HasDefault() &&
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

  /// The indexes that Grapnel made for a schema that asks for them no more.
  void DropIndexes(const WantedTable& table) {
    for (Object& object : objects_) {
      if (object.kind != Kind::Index || !EqualNames(object.table, table.name)) continue;
      const bool asked = std::any_of(
          table.indexes.begin(), table.indexes.end(),
          [&](const WantedIndex& index) { return EqualNames(object.name, index.name); });
      if (!asked && IsOwnIndex(table, object)) Drop(object);
    }
  }
  void Drop(Object& index) {
    Add(core::Concat({"DROP INDEX ", Quote(index.name)}));
    index.gone = true;
  }
  /// Whether it bears the name that Grapnel gives to an index on its columns, which the schema
  /// knows.
  bool IsOwnIndex(const WantedTable& table, const Object& object) {
    const auto stored = Stored(object);
    if (!stored.plain || stored.columns.empty()) return false;
    std::string name = table.name;
    for (const std::string& column : stored.columns) {
      if (table.Named(column) == nullptr) return false;
      core::Append(name, {"_", column});
    }
    const bool is_key = stored.unique && stored.columns.size() == 1;
    return EqualNames(object.name, name) ||
           (is_key && EqualNames(object.name, core::Concat({name, "_key"})));
  }

  struct StoredIndex {
    bool plain = true;  // all rows, whole columns, in their order, as CREATE INDEX makes it
    bool unique = false;
    std::vector<std::string> columns{};
  };
  StoredIndex Stored(const Object& index) {
    StoredIndex stored;
    const auto about = Query(
        "SELECT iif(\"unique\", '1', ''), iif(origin = 'c' AND NOT partial, '1', '') FROM "
        "pragma_index_list(?1) WHERE name = ?2 COLLATE NOCASE",
        {index.table, index.name});
    stored.unique = !about.empty() && !about.front()[0].empty();
    stored.plain = !about.empty() && !about.front()[1].empty();
    for (auto& row : Query("SELECT name, iif(\"desc\" OR coll <> 'BINARY', '1', '') FROM "
                           "pragma_index_xinfo(?1) WHERE \"key\"",
                           {index.name})) {
      if (row[0].empty() || !row[1].empty()) stored.plain = false;
      stored.columns.push_back(std::move(row[0]));
    }
    return stored;
  }

  void PlanIndex(const WantedTable& table, const WantedIndex& index) {
    const auto refuse = [&](std::string_view reason) {
      throw MigrationError(core::Concat({"cannot make index ", Quote(index.name), " of ",
                                         table.entity, ": ", reason, ". Nothing was changed"}));
    };
    if (Object* there = Find(index.name)) {
      if (there->kind != Kind::Index) refuse(core::Concat({Describe(*there), " has this name"}));
      const auto stored = Stored(*there);
      const bool same = EqualNames(there->table, table.name) && stored.plain &&
                        std::equal(stored.columns.begin(), stored.columns.end(),
                                   index.columns.begin(), index.columns.end(), EqualNames);
      if (!same) refuse("there is another one of this name");
      if (stored.unique == index.unique) return;
      Drop(*there);
    }
    const Object* on = Find(table.name);
    if (on != nullptr && on->kind != Kind::Table) {
      refuse(core::Concat({Quote(table.name), " is ", Describe(*on), ", which has no indexes"}));
    }
    std::string text = CreateIndexText(table, index);
    if (index.unique && on != nullptr) CheckUnique(table, index, text);
    Add(std::move(text));
  }

  /// Refuses an index that rows break as they are, or as they will be filled.
  void CheckUnique(const WantedTable& table, const WantedIndex& index, const std::string& text) {
    std::string values, given, names, fields;
    bool varies = false;
    int at = 0;
    for (const std::string& name : index.columns) {
      const WantedColumn& column = *table.Named(name);
      const bool is_new = std::any_of(added_.begin(), added_.end(), [&](const Added& added) {
        return added.table == &table && added.column == &column;
      });
      if (is_new && !column.not_null) return;              // NULL in every row
      if (is_new && !column.column->HasDefault()) return;  // there are no rows
      varies = varies || (is_new && column.column->default_varies);
      const std::string alias = core::Concat({"grapnel_", std::to_string(++at)});
      const std::string_view comma = at > 1 ? ", " : "";
      core::Append(values,
                   {comma, is_new ? DefaultText(table, column) : Quote(name), " AS ", alias});
      core::Append(given, {at > 1 ? " AND " : "", alias, " IS NOT NULL"});
      core::Append(names, {comma, alias});
      core::Append(fields, {comma, FieldName(column)});
    }
    std::string in;
    for (const std::string& name : index.columns) {
      core::Append(in, {in.empty() ? "" : ", ", table.name, ".", name});
    }
    std::string refusal =
        Refusal(table, fields,
                core::Concat({"it is to be unique, but there are rows that are alike in ", in}));
    if (!varies || rehearse_) {
      const std::string query =
          core::Concat({"WITH grapnel_rows AS MATERIALIZED (SELECT ", values, " FROM ",
                        Quote(table.name), ") SELECT '1' FROM grapnel_rows WHERE ", given,
                        " GROUP BY ", names, " HAVING count(*) > 1 LIMIT 1"});
      if (!Query(query, {}).empty()) throw MigrationError(refusal);
    }
    plan_.refusals.emplace(text, std::move(refusal));
  }

  NativeConnection& native_;
  bool rehearse_;
  std::vector<Object> objects_;
  std::vector<Added> added_;
  MigrationPlan plan_;
};

}  // namespace grapnel::sqlite::detail
