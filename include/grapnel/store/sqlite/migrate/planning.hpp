#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/renames.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/wanted.hpp>
#include <grapnel/store/sqlite/migrate/sketch.hpp>
#include <grapnel/store/sqlite/migrate/steps.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the parts of a planner share: what is in the database, and the plan so far.
namespace grapnel::sqlite::detail {

using store::StepKind;

/// What brings a database to the schema.
struct MigrationPlan {
  store::Plan plan{};
  Refusals refusals{};
};

class Planning {
 protected:
  Planning(NativeConnection& native, bool rehearse)
      : native_(native), shape_(&native), rehearse_(rehearse) {}

  enum class Kind { Table, View, Virtual, Index };
  /// What bears a name in the database.
  struct Object {
    Kind kind;
    std::string name;
    std::string table;  // of an index
    std::string sql;
    bool gone = false;  // the plan drops it
  };
  /// How a table, and columns of it, are called as yet.
  struct Former {
    std::string table;
    std::vector<Rename> columns{};
  };

  [[noreturn]] static void Refuse(const WantedTable& table, const WantedColumn& column,
                                  std::string_view reason) {
    throw MigrationError(Refusal(table, FieldName(column), reason));
  }
  static constexpr std::string_view kMend =
      "; a hook of OnMigrate can mend such rows first, by m.Sql(...)";
  /// Of rows as they are: a migration hook may mend them first.
  void RefuseRows(const WantedTable& table, const WantedColumn& column, std::string_view reason) {
    RefuseRows(Refusal(table, FieldName(column), reason));
  }
  void RefuseRows(std::string refusal) { plan_.plan.hindrances.push_back(std::move(refusal)); }
  static std::string_view FieldName(const WantedColumn& column) {
    return column.column != nullptr ? column.column->name : std::string_view(column.name);
  }
  static std::string Refusal(const WantedTable& table, std::string_view fields,
                             std::string_view reason) {
    return core::Concat({"cannot bring table ", Quote(table.name), " to the schema of ",
                         table.entity, ": ", fields, ": ", reason, ". Nothing was changed"});
  }

  void Add(store::Step step) {
    if (sketch_ != nullptr) sketch_->Run(step);
    plan_.plan.steps.push_back(std::move(step));
  }
  void Add(store::Step step, std::string statement) {
    step.statements.push_back(std::move(statement));
    Add(std::move(step));
  }
  /// From now on what is in the database is what the steps so far make of it.
  void NeedSketch() {
    if (sketch_ != nullptr) return;
    sketch_ = std::make_unique<Sketch>(native_, tables_);
    for (const store::Step& step : plan_.plan.steps) sketch_->Run(step);
    shape_ = &sketch_->Native();
  }

  // What a table and a column of the schema are called in the database before the first step.

  std::string_view NowCalled(const WantedTable& table) const {
    const auto former = formers_.find(table.name);
    return former != formers_.end() ? std::string_view(former->second.table) : table.name;
  }
  std::string_view NowCalled(const WantedTable& table, std::string_view column) const {
    const auto former = formers_.find(table.name);
    if (former == formers_.end()) return column;
    for (const Rename& rename : former->second.columns) {
      if (EqualNames(rename.to, column)) return rename.from;
    }
    return column;
  }

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
  /// Whether the table has a row for which this holds, now.
  bool AnyRow(const WantedTable& table, std::string_view condition) {
    return !Query(native_,
                  core::Concat({"SELECT '1' FROM ", Quote(NowCalled(table)), " WHERE ", condition,
                                " LIMIT 1"}),
                  {})
                .empty();
  }

  void ReadObjects() {
    objects_.clear();
    for (auto& row :
         Query("SELECT type, name, tbl_name, iif(sql LIKE 'CREATE VIRTUAL TABLE%', '1', ''), "
               "sql FROM main.sqlite_schema WHERE type IN ('table', 'view', 'index')",
               {})) {
      const Kind kind = row[0] == "view"    ? Kind::View
                        : row[0] == "index" ? Kind::Index
                        : row[3].empty()    ? Kind::Table
                                            : Kind::Virtual;
      objects_.push_back({kind, std::move(row[1]), std::move(row[2]), std::move(row[4])});
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

  NativeConnection& native_;
  NativeConnection* shape_;  // what the steps so far make of the database: itself, or the sketch
  bool rehearse_, may_drop_ = false;
  std::span<const Table* const> tables_{};
  std::unique_ptr<Sketch> sketch_{};
  std::map<std::string, Former, std::less<>> formers_{};  // by what the tables are to be called
  std::vector<Object> objects_;
  MigrationPlan plan_;
};

}  // namespace grapnel::sqlite::detail
