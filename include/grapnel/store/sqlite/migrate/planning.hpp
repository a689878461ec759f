#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/planner.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/migrate/dialect.hpp>
#include <grapnel/store/sqlite/migrate/sketch.hpp>
#include <grapnel/store/sqlite/migrate/steps.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/migrate/tables.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

using store::StepKind;

/// What SQLite tells a planner of its database.
class SqlitePlanning : protected Planner {
 protected:
  SqlitePlanning(NativeConnection& native, bool rehearse, std::span<const Table* const> tables)
      : Planner(kMigrationDialect, rehearse), native_(native), shape_(&native), tables_(tables) {}

  /// Of what is in the database, as the steps so far make it.
  std::vector<std::vector<std::string>> Query(std::string_view sql,
                                              const std::vector<std::string>& values) {
    return Query(*shape_, sql, values);
  }
  static std::vector<std::vector<std::string>> Query(NativeConnection& native, std::string_view sql,
                                                     const std::vector<std::string>& values) {
    Prepared statement = native.Prepare(sql, native.Say());
    NativeConnection::Running running(native, statement);
    Binding binding(statement.Get());
    int at = 0;
    for (const std::string& value : values) binding.Text(++at, value, false);
    std::vector<std::vector<std::string>> rows;
    ResultRow row(statement.Get());
    const int columns = sqlite3_column_count(statement.Get());
    while (running.Next(binding, native.Say())) {
      auto& cells = rows.emplace_back();
      for (int i = 0; i < columns; ++i) cells.emplace_back(row.IsNull(i) ? "" : row.Text(i));
    }
    return rows;
  }
  bool AnyRow(const std::string& query) override { return !Query(native_, query, {}).empty(); }
  using Planner::AnyRow;

  std::vector<Object> Objects() override {
    std::vector<Object> objects;
    for (auto& row :
         Query("SELECT type, name, tbl_name, iif(sql LIKE 'CREATE VIRTUAL TABLE%', '1', ''), "
               "sql FROM main.sqlite_schema WHERE type IN ('table', 'view', 'index')",
               {})) {
      const ObjectKind kind = row[0] == "view"    ? ObjectKind::View
                              : row[0] == "index" ? ObjectKind::Index
                              : row[3].empty()    ? ObjectKind::Table
                                                  : ObjectKind::Other;
      objects.push_back({kind, std::move(row[1]), std::move(row[2]), std::move(row[4])});
    }
    return objects;
  }
  std::string Describe(const Object& object) override {
    switch (object.kind) {
      case ObjectKind::View:
        return "a view";
      case ObjectKind::Other:
        return "a virtual table";
      case ObjectKind::Index:
        return core::Concat({"an index of table ", Quote(object.table)});
      case ObjectKind::Table:
        break;
    }
    return "a table";
  }
  std::vector<StoredColumn> Columns(std::string_view table) override {
    return ColumnsInDatabase(*shape_, table);
  }
  StoredIndex Stored(const Object& index) override {
    StoredIndex stored;
    const auto about = Query(
        "SELECT iif(\"unique\", '1', ''), iif(origin = 'c', '1', ''), iif(partial, '1', '') FROM "
        "pragma_index_list(?1) WHERE name = ?2 COLLATE NOCASE",
        {index.table, index.name});
    stored.unique = !about.empty() && !about.front()[0].empty();
    stored.plain = !about.empty() && !about.front()[1].empty();
    stored.partial = !about.empty() && !about.front()[2].empty();
    stored.of_constraint = index.sql.empty();
    for (auto& row : Query("SELECT name, iif(\"desc\", '1', ''), coll FROM "
                           "pragma_index_xinfo(?1) WHERE \"key\"",
                           {index.name})) {
      const char* own = row[0].empty() ? nullptr : shape_->Collation(index.table, row[0]);
      const bool as_column = own != nullptr && EqualNames(row[2], own);
      if (!as_column || !row[1].empty()) stored.plain = false;
      stored.columns.push_back(std::move(row[0]));
    }
    // The text that Grapnel makes of such an index, as far as its condition.
    const std::string made =
        CreateIndexText({index.table, ""}, {index.name, stored.columns, stored.unique}, dialect_);
    const std::string up_to = core::Concat({made, " WHERE "});
    stored.made = stored.partial ? index.sql.starts_with(up_to) : index.sql == made;
    if (stored.made && stored.partial) stored.where = index.sql.substr(up_to.size());
    return stored;
  }
  std::vector<StoredKey> KeysOf(std::string_view table) override {
    return Keys("WHERE holder.type = 'table' AND holder.name = ?1 COLLATE NOCASE",
                {std::string(table)});
  }
  std::vector<StoredKey> AllKeys() override { return Keys("WHERE holder.type = 'table'", {}); }
  bool IsMade(const Object& table) override { return TableText(table.sql).IsMade(); }
  bool IsMade(const Object& table, std::string_view column) override {
    return TableText(table.sql).IsMade(column);
  }
  std::string TriggerOf(std::string_view table) override {
    const auto rows = Query(
        "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE "
        "NOCASE LIMIT 1",
        {std::string(table)});
    return rows.empty() ? "" : core::Concat({"trigger ", Quote(rows.front().front())});
  }
  std::optional<std::string> UserOf(std::string_view table, std::string_view column) override {
    return sketch_->UserOf(table, column);
  }
  std::string TextOf(const WantedTable& table) {
    const auto rows = Query(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
        {table.name});
    return rows.empty() ? "" : rows.front().front();
  }

  void Follow() override {
    if (sketch_ != nullptr) return;
    sketch_ = std::make_unique<Sketch>(native_, tables_);
    for (const store::Step& step : plan_.plan.steps) sketch_->Run(step);
    shape_ = &sketch_->Native();
  }
  void Try(const store::Step& step) override {
    if (sketch_ != nullptr) sketch_->Run(step);
  }

  NativeConnection& native_;
  NativeConnection* shape_;  // what the steps so far make of the database: itself, or the sketch
  std::span<const Table* const> tables_;
  std::unique_ptr<Sketch> sketch_{};

 private:
  std::vector<StoredKey> Keys(std::string_view which, const std::vector<std::string>& values) {
    std::vector<StoredKey> keys;
    for (auto& row :
         Query(core::Concat({"SELECT holder.name, key.\"from\", key.\"table\", key.\"to\", "
                             "key.on_delete, iif(key.seq = 0, '1', '') FROM main.sqlite_schema AS "
                             "holder, pragma_foreign_key_list(holder.name) AS key ",
                             which, " ORDER BY holder.name, key.id, key.seq"}),
               values)) {
      if (!row[5].empty() || keys.empty()) keys.push_back({row[0], {}, row[2], {}, row[4]});
      keys.back().columns.push_back(std::move(row[1]));
      keys.back().to.push_back(std::move(row[3]));
    }
    return keys;
  }
};

}  // namespace grapnel::sqlite::detail
