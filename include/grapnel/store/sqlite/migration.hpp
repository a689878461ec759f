#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/renames.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/wanted.hpp>
#include <grapnel/store/sqlite/native_connection.hpp>
#include <grapnel/store/sqlite/prepared.hpp>
#include <grapnel/store/sqlite/sketch.hpp>
#include <grapnel/store/sqlite/steps.hpp>
#include <grapnel/store/sqlite/table_text.hpp>
#include <grapnel/store/sqlite/tables.hpp>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From the database as it is to the database as the schema wants it: a list of steps.
namespace grapnel::sqlite::detail {

using store::StepKind;

/// What brings a database to the schema.
struct MigrationPlan {
  store::Plan plan{};
  Refusals refusals{};
};

/// Makes the plan of one database, and refuses what its statements could not do. What a Default's
/// function will give nobody knows before; to rehearse is to call it for every row, where it has to
/// be unique.
class Planner {
 public:
  Planner(NativeConnection& native, bool rehearse)
      : native_(native), shape_(&native), rehearse_(rehearse) {}

  MigrationPlan Plan(std::span<const Table* const> tables, Allow allowed = Allow{}) {
    tables_ = tables;
    may_drop_ = allowed == Allow::Drop;
    const auto wanted = WantAll(tables);
    native_.OfferDefaults(tables);
    ReadObjects();
    PlanRenames(wanted);
    for (const WantedTable& table : wanted) DropIndexes(table);
    for (const WantedTable& table : wanted) {
      const Object* there = Find(table.name);
      if (there == nullptr) {
        Add({StepKind::CreateTable, table.name}, CreateTableText(table));
      } else if (there->kind == Kind::Index) {
        throw MigrationError(
            core::Concat({"cannot make table ", Quote(table.name), " of ", table.entity, ": ",
                          Describe(*there), " has this name. Nothing was changed"}));
      } else {
        Grow(table, ColumnsInDatabase(*shape_, table.name));
      }
      CheckKeys(table);
    }
    PlanRewrites();
    for (const WantedTable& table : wanted) PlanChange(table);
    PlanDrops(wanted);
    for (const WantedTable& table : wanted) {
      for (const WantedIndex& index : table.indexes) PlanIndex(table, index);
    }
    if (sketch_ != nullptr) sketch_->CheckWhole();
    return std::move(plan_);
  }

 private:
  enum class Kind { Table, View, Virtual, Index };
  /// What bears a name in the database.
  struct Object {
    Kind kind;
    std::string name;
    std::string table;  // of an index
    std::string sql;
    bool gone = false;  // the plan drops it
  };
  /// What changes in the description of a table that is there.
  struct Change {
    std::vector<const WantedColumn*> nullable{}, retyped{};
    std::vector<Rename> constraints{};
    std::vector<std::string> dropped{};  // columns
  };
  /// How a table, and columns of it, are called as yet.
  struct Former {
    std::string table;
    std::vector<Rename> columns{};
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
    for (auto& row : Query("SELECT type, name, tbl_name, sql LIKE 'CREATE VIRTUAL TABLE%' OR NULL, "
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

  // What is called anew.

  void PlanRenames(const std::vector<WantedTable>& wanted) {
    std::vector<std::string> tables;
    for (const Object& each : objects_) {
      if (each.kind == Kind::Table) tables.push_back(each.name);
    }
    for (const Rename& rename : FindRenames(NamingsOf(wanted), tables, "in the database")) {
      if (const Object* there = Find(rename.to)) {
        throw MigrationError(
            core::Concat({"cannot rename table ", Quote(rename.from), " to ", Quote(rename.to),
                          ": ", Describe(*there), " has this name. Nothing was changed"}));
      }
      formers_[rename.to].table = rename.from;
      NeedSketch();
      Add({StepKind::RenameTable, rename.to, "", rename.from},
          core::Concat({"ALTER TABLE ", Quote(rename.from), " RENAME TO ", Quote(rename.to)}));
    }
    for (const WantedTable& table : wanted) PlanColumnRenames(table);
    if (!formers_.empty()) ReadObjects();
  }
  void PlanColumnRenames(const WantedTable& table) {
    const auto namings = NamingsOf(table);
    const bool any = std::any_of(namings.begin(), namings.end(),
                                 [](const Naming& naming) { return !naming.was.empty(); });
    const bool moved = formers_.find(table.name) != formers_.end();
    if (!any && !moved) return;
    std::vector<std::string> columns;
    for (const StoredColumn& each : ColumnsInDatabase(*shape_, table.name)) {
      if (!each.in_view) columns.push_back(each.name);
    }
    const std::string before(NowCalled(table));
    for (const Rename& rename :
         FindRenames(namings, columns, core::Concat({"in table ", Quote(table.name)}))) {
      Former& former = formers_[table.name];
      former.table = before;
      former.columns.push_back(rename);
      NeedSketch();
      Add({StepKind::RenameColumn, table.name, rename.to, rename.from},
          core::Concat({"ALTER TABLE ", Quote(table.name), " RENAME COLUMN ", Quote(rename.from),
                        " TO ", Quote(rename.to)}));
    }
    for (const WantedColumn& column : table.columns) {
      const std::string_view now = NowCalled(table, column.name);
      if (column.key.empty() || (before == table.name && now == column.name)) continue;
      changes_[table.name].constraints.push_back(
          {core::Concat({before, "_", now, "_fkey"}),
           core::Concat({table.name, "_", column.name, "_fkey"})});
    }
  }

  // What the schema does not have.

  void LookAtLeftover(const WantedTable& table, const StoredColumn& stored) {
    const Object& object = *Find(table.name);
    const bool made =
        object.kind == Kind::Table && !stored.is_key && TableText(object.sql).IsMade(stored.name);
    if (made && may_drop_) {
      changes_[table.name].dropped.push_back(stored.name);
      return;
    }
    if (stored.not_null && !stored.has_default && !stored.is_key && !stored.generated) {
      throw MigrationError(core::Concat(
          {"in table ", Quote(table.name), " column ", Quote(stored.name),
           " is NOT NULL and unknown to the schema of ", table.entity, ": no row could be created",
           made ? "; Migrate(Allow::Drop) drops it" : "", ". Nothing was changed"}));
    }
    plan_.plan.leftovers.push_back({table.name, stored.name, made});
  }
  bool IsDropped(const WantedTable& table, std::string_view column) const {
    const auto change = changes_.find(table.name);
    return change != changes_.end() && HoldsName(change->second.dropped, column);
  }

  void PlanDrops(const std::vector<WantedTable>& wanted) {
    for (const WantedTable& table : wanted) {
      const auto change = changes_.find(table.name);
      if (change == changes_.end()) continue;
      for (const std::string& column : change->second.dropped) DropColumn(table, column);
    }
    std::vector<std::string> gone;
    for (const Object& each : objects_) {
      if (!IsUnasked(each, wanted)) continue;
      if (may_drop_) {
        gone.push_back(each.name);
      } else {
        plan_.plan.leftovers.push_back({each.name, "", true});
      }
    }
    if (!gone.empty()) DropTables(gone);
  }
  /// Whether it is a table that Grapnel has made, for a schema that had it.
  static bool IsUnasked(const Object& object, const std::vector<WantedTable>& wanted) {
    constexpr std::string_view kOwn = "grapnel_";
    if (object.kind != Kind::Table) return false;
    if (EqualNames(std::string_view(object.name).substr(0, kOwn.size()), kOwn)) return false;
    const bool asked = std::any_of(wanted.begin(), wanted.end(), [&](const WantedTable& table) {
      return EqualNames(object.name, table.name);
    });
    return !asked && TableText(object.sql).IsMade();
  }
  void DropColumn(const WantedTable& table, const std::string& column) {
    NeedSketch();
    for (Object& object : objects_) {
      const bool of_table = object.kind == Kind::Index && EqualNames(object.table, table.name);
      if (!of_table || object.gone || !HoldsName(Stored(object).columns, column)) continue;
      if (IsOwnIndex(table, object)) Drop(object);
    }
    if (const auto user = sketch_->UserOf(table.name, column)) {
      throw MigrationError(core::Concat({"cannot drop column ", Quote(table.name, column), ": ",
                                         *user, " uses it. Nothing was changed"}));
    }
    Add({StepKind::DropColumn, table.name, column},
        core::Concat({"ALTER TABLE ", Quote(table.name), " DROP COLUMN ", Quote(column)}));
  }
  void DropTables(const std::vector<std::string>& gone) {
    NeedSketch();
    for (const auto& key :
         Query("SELECT holder.name, key.\"table\" FROM main.sqlite_schema AS holder, "
               "pragma_foreign_key_list(holder.name) AS key WHERE holder.type = 'table'",
               {})) {
      if (HoldsName(gone, key[0]) || !HoldsName(gone, key[1])) continue;
      throw MigrationError(core::Concat({"cannot drop table ", Quote(key[1]), ": table ",
                                         Quote(key[0]), " refers to it. Nothing was changed"}));
    }
    for (const std::string& table : gone) {
      Add({StepKind::DropTable, table}, core::Concat({"DROP TABLE ", Quote(table)}));
    }
  }

  // What changes in a table's description.

  /// Integers may become reals, where each is one exactly.
  void Widen(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    const bool widens = Affinity(stored.type) == "INTEGER" && column.type == "REAL" &&
                        column.key.empty() && !stored.in_view && !stored.is_key &&
                        Find(table.name)->kind == Kind::Table;
    if (!widens) {
      Refuse(table, column, TypeReason(table.name, column.name, stored.type, column.type));
    }
    const std::string name = Quote(NowCalled(table, column.name));
    if (AnyRow(table, core::Concat({"typeof(", name, ") = 'integer' AND ", name,
                                    " NOT BETWEEN -9007199254740992 AND 9007199254740992"}))) {
      RefuseRows(table, column, "there are rows in which the integer is too large to be a real");
    }
    changes_[table.name].retyped.push_back(&column);
  }

  void PlanChange(const WantedTable& table) {
    const auto found = changes_.find(table.name);
    if (found == changes_.end()) return;
    const Change& change = found->second;
    NeedSketch();
    const std::string before = TextOf(table);
    TableText text(before);
    std::string reason;
    const auto say = [&](const WantedColumn& column, std::string_view what) {
      if (!text.HasColumn(column.name)) Refuse(table, column, "its description cannot be read");
      core::Append(reason, {reason.empty() ? "" : ", ", Quote(column.name), what});
    };
    for (const WantedColumn* column : change.nullable) {
      say(*column, " may be NULL");
      text.AllowNull(column->name);
    }
    for (const WantedColumn* column : change.retyped) {
      say(*column, core::Concat({" becomes ", column->type}));
      text.SetType(column->name, column->type);
    }
    for (const Rename& rename : change.constraints) text.RenameConstraint(rename.from, rename.to);
    for (const std::string& column : change.dropped) text.DropKey(column);
    if (text.Text() == before) return;
    if (change.retyped.empty()) {
      Describe(table, text.Text(), std::move(reason));
    } else {
      Rebuild(table, std::move(text), std::move(reason));
    }
    Recheck(table, change);
  }
  std::string TextOf(const WantedTable& table) {
    const auto rows = Query(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
        {table.name});
    return rows.empty() ? "" : rows.front().front();
  }
  /// Throws: MigrationError unless it has become what it was to become.
  void Recheck(const WantedTable& table, const Change& change) {
    const auto stored = ColumnsInDatabase(*shape_, table.name);
    const auto check = [&](const WantedColumn& column, auto test) {
      for (const StoredColumn& each : stored) {
        if (EqualNames(each.name, column.name) && test(each)) return;
      }
      Refuse(table, column, "its description cannot be changed");
    };
    for (const WantedColumn* column : change.nullable) {
      check(*column, [](const StoredColumn& each) { return !each.not_null; });
    }
    for (const WantedColumn* column : change.retyped) {
      check(*column, [&](const StoredColumn& each) { return Fits(each.type, column->type); });
    }
  }
  /// Source: https://www.sqlite.org/lang_altertable.html, section 7, on changes that do not affect
  /// content.
  void Describe(const WantedTable& table, const std::string& text, std::string reason) {
    store::Step step{StepKind::ChangeTable, table.name, "", "", std::move(reason)};
    step.statements = {"PRAGMA writable_schema = ON",
                       core::Concat({"UPDATE sqlite_schema SET sql = ", QuoteText(text),
                                     " WHERE type = 'table' AND name = ", QuoteText(table.name),
                                     " COLLATE NOCASE"}),
                       core::Concat({"PRAGMA schema_version = ",  // other connections read it anew
                                     std::to_string(native_.Ask("PRAGMA schema_version", "") + 1)}),
                       "PRAGMA writable_schema = RESET"};
    Add(std::move(step));
  }
  /// Source: the same, on changes of any kind. Foreign keys do not hold meanwhile: see StepRunner.
  void Rebuild(const WantedTable& table, TableText text, std::string reason) {
    constexpr std::string_view kNew = "grapnel_rebuilt";
    if (Find(kNew) != nullptr) Refuse(table, table.columns.front(), "\"grapnel_rebuilt\" is there");
    const std::string name = Quote(table.name);
    const auto others = Query(
        "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND type IN "
        "('index', 'trigger') AND sql IS NOT NULL ORDER BY type = 'trigger', rowid",
        {table.name});
    const std::string columns = CopiedColumns(table);
    text.SetName(kNew);
    store::Step step{StepKind::RebuildTable, table.name, "", "", std::move(reason)};
    const auto add = [&](std::initializer_list<std::string_view> parts) {
      step.statements.push_back(core::Concat(parts));
    };
    add({text.Text()});
    add({"INSERT INTO ", kNew, " (", columns, ") SELECT ", columns, " FROM ", name});
    if (CountsIds(table)) {
      add({"DELETE FROM sqlite_sequence WHERE name = '", kNew, "'"});
      add({"INSERT INTO sqlite_sequence (name, seq) SELECT '", kNew,
           "', seq FROM sqlite_sequence WHERE name = ", QuoteText(table.name), " COLLATE NOCASE"});
    }
    add({"PRAGMA legacy_alter_table = ON"});  // what names the table goes on naming it
    add({"DROP TABLE ", name});
    add({"ALTER TABLE ", kNew, " RENAME TO ", name});
    add({"PRAGMA legacy_alter_table = OFF"});
    for (const auto& other : others) add({other.front()});
    Add(std::move(step));
    CheckKeysOf(table);
  }
  /// All columns that can be written, and the rows' own numbers, where they are no column.
  std::string CopiedColumns(const WantedTable& table) {
    const auto stored = ColumnsInDatabase(*shape_, table.name);
    std::string columns;
    const auto is = [&](std::string_view name) {
      return std::any_of(stored.begin(), stored.end(),
                         [&](const StoredColumn& each) { return EqualNames(each.name, name); });
    };
    const bool numbered = std::any_of(stored.begin(), stored.end(),
                                      [](const StoredColumn& each) { return each.is_rowid; });
    for (const std::string_view name : {"rowid", "_rowid_", "oid"}) {
      if (numbered || !columns.empty() || is(name)) continue;
      try {
        shape_->Ask(core::Concat({"SELECT count(", name, ") FROM ", Quote(table.name)}), "");
        columns = name;
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a table WITHOUT ROWID
      }
    }
    for (const StoredColumn& each : stored) {
      if (!each.generated) core::Append(columns, {columns.empty() ? "" : ", ", Quote(each.name)});
    }
    return columns;
  }
  bool CountsIds(const WantedTable& table) {
    return !Query(
                "SELECT '1' FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND sql LIKE "
                "'%AUTOINCREMENT%' AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = "
                "'sqlite_sequence')",
                {table.name})
                .empty();
  }
  /// What the keys of the table and to it break afterwards they break now.
  void CheckKeysOf(const WantedTable& table) {
    store::Step step{StepKind::CheckKeys, table.name};
    const auto check = [&](std::string_view name, std::string_view now) {
      const auto pragma = [](std::string_view of) {
        return core::Concat({"PRAGMA foreign_key_check(", Quote(of), ")"});
      };
      try {
        StepRunner(native_, plan_.refusals).CheckKeys(pragma(now));
      } catch (const MigrationError& error) {
        RefuseRows(error.what());
      }
      step.statements.push_back(pragma(name));
    };
    check(table.name, NowCalled(table));
    for (const auto& row :
         Query("SELECT DISTINCT holder.name FROM main.sqlite_schema AS holder, "
               "pragma_foreign_key_list(holder.name) AS key WHERE holder.type = 'table' AND "
               "key.\"table\" = ?1 COLLATE NOCASE AND holder.name <> ?1 COLLATE NOCASE",
               {table.name})) {
      if (Find(row.front()) == nullptr) continue;  // it is only being made
      const auto former = formers_.find(row.front());
      check(row.front(), former != formers_.end() ? former->second.table : row.front());
    }
    Add(std::move(step));
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
      if (table.Named(each.name) == nullptr) LookAtLeftover(table, each);
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
    Add({StepKind::AddColumn, table.name, column.name},
        core::Concat(
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
      return RefuseRows(
          table, column,
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
    Add({StepKind::FillColumns, table.name},
        core::Concat({"UPDATE ", Quote(table.name), " SET ", sets}));
  }
  static std::string DefaultText(const WantedTable& table, const WantedColumn& column) {
    return core::Concat(
        {"grapnel_default(", QuoteText(table.name), ", ", QuoteText(column.name), ")"});
  }
  /// The description of a new column becomes what it is in a table that was made with it.
  /// Source: https://www.sqlite.org/lang_altertable.html, section 7, on changes that do not affect
  /// content.
  void PlanRewrites() {
    store::Step step{StepKind::ChangeTable, ""};
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
      if (step.statements.empty()) {
        step.table = table.name;
        step.statements.emplace_back("PRAGMA writable_schema = ON");
      }
      step.statements.push_back(core::Concat(
          {"UPDATE sqlite_schema SET sql = ", text,
           " WHERE type = 'table' AND name = ", QuoteText(table.name), " COLLATE NOCASE"}));
    }
    if (step.statements.empty()) return;
    step.statements.emplace_back("PRAGMA writable_schema = RESET");
    Add(std::move(step));
  }

  void Compare(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    const bool is_id = !table.pairs && &column == &table.columns.front();
    if (stored.generated) Refuse(table, column, GeneratedReason(table.name, column.name));
    if (!Fits(stored.type, column.type)) Widen(table, column, stored);
    if (stored.in_view) return;
    if (stored.is_key != (is_id || table.pairs)) {
      Refuse(table, column, KeyReason(table.name, table.columns.front().name));
    }
    if (is_id) return CompareId(table, column, stored);
    if (stored.not_null && !column.not_null) changes_[table.name].nullable.push_back(&column);
    if (column.not_null && !stored.not_null &&
        AnyRow(table, core::Concat({Quote(NowCalled(table, column.name)), " IS NULL"}))) {
      RefuseRows(table, column, "it is required, but there are rows in which the column is NULL");
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
    Add({StepKind::DropIndex, index.table, index.name},
        core::Concat({"DROP INDEX ", Quote(index.name)}));
    index.gone = true;
  }
  /// Whether it bears the name that Grapnel gives to an index on its columns, which the schema
  /// knows.
  bool IsOwnIndex(const WantedTable& table, const Object& object) {
    const auto stored = Stored(object);
    if (!stored.plain || stored.columns.empty() || !IsAsMade(object, stored)) return false;
    std::string name(NowCalled(table));
    for (const std::string& column : stored.columns) {
      if (table.Named(column) == nullptr && !IsDropped(table, column)) return false;
      core::Append(name, {"_", NowCalled(table, column)});
    }
    const bool is_key = stored.unique && stored.columns.size() == 1;
    return EqualNames(object.name, name) ||
           (is_key && EqualNames(object.name, core::Concat({name, "_key"})));
  }

  struct StoredIndex {
    bool plain = true;  // whole columns, in their order, as CREATE INDEX makes it
    bool unique = false;
    bool partial = false;
    std::vector<std::string> columns{};
  };
  StoredIndex Stored(const Object& index) {
    StoredIndex stored;
    const auto about = Query(
        "SELECT iif(\"unique\", '1', ''), iif(origin = 'c', '1', ''), iif(partial, '1', '') FROM "
        "pragma_index_list(?1) WHERE name = ?2 COLLATE NOCASE",
        {index.table, index.name});
    stored.unique = !about.empty() && !about.front()[0].empty();
    stored.plain = !about.empty() && !about.front()[1].empty();
    stored.partial = !about.empty() && !about.front()[2].empty();
    for (auto& row : Query("SELECT name, iif(\"desc\", '1', ''), coll FROM "
                           "pragma_index_xinfo(?1) WHERE \"key\"",
                           {index.name})) {
      const char* own = row[0].empty() ? nullptr : shape_->Collation(index.table, row[0]);
      const bool as_column = own != nullptr && EqualNames(row[2], own);
      if (!as_column || !row[1].empty()) stored.plain = false;
      stored.columns.push_back(std::move(row[0]));
    }
    return stored;
  }

  /// The text that Grapnel makes of such an index, as far as its condition.
  static std::string MadeText(const Object& object, const StoredIndex& stored) {
    const WantedTable of{object.table, ""};
    return CreateIndexText(of, {object.name, stored.columns, stored.unique});
  }
  /// Of partial ones Grapnel knows those of its own making by their text.
  static bool IsAsMade(const Object& object, const StoredIndex& stored) {
    return !stored.partial ||
           object.sql.starts_with(core::Concat({MadeText(object, stored), " WHERE "}));
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
      if (!same || !IsAsMade(*there, stored)) refuse("there is another one of this name");
      const std::string text = MadeText(*there, stored);
      const std::string where =
          stored.partial ? there->sql.substr(text.size() + std::string_view(" WHERE ").size()) : "";
      if (stored.unique == index.unique && where == index.where) return;
      Drop(*there);
    }
    const Object* on = Find(table.name);
    if (on != nullptr && on->kind != Kind::Table) {
      refuse(core::Concat({Quote(table.name), " is ", Describe(*on), ", which has no indexes"}));
    }
    std::string text = CreateIndexText(table, index);
    if (index.unique && on != nullptr) CheckUnique(table, index, text);
    Add({StepKind::CreateIndex, table.name, index.name}, std::move(text));
  }

  bool IsNew(const WantedTable& table, const WantedColumn& column) const {
    return std::any_of(added_.begin(), added_.end(), [&](const Added& added) {
      return added.table == &table && added.column == &column;
    });
  }
  /// What a column will hold, where it stands in a query about the rows as they are now.
  std::string ValueText(const WantedTable& table, const WantedColumn& column) const {
    if (!IsNew(table, column)) return Quote(NowCalled(table, column.name));
    const bool filled = column.not_null && column.column != nullptr && column.column->HasDefault();
    return filled ? DefaultText(table, column) : "NULL";
  }

  /// Refuses an index that rows break as they are, or as they will be filled.
  void CheckUnique(const WantedTable& table, const WantedIndex& index, const std::string& text) {
    std::string values, given, names, fields;
    bool varies = false;
    int at = 0;
    for (const std::string& name : index.columns) {
      const WantedColumn& column = *table.Named(name);
      const bool is_new = IsNew(table, column);
      if (is_new && !column.not_null) return;              // NULL in every row
      if (is_new && !column.column->HasDefault()) return;  // there are no rows
      varies = varies || (is_new && column.column->default_varies);
      const std::string alias = core::Concat({"grapnel_", std::to_string(++at)});
      const std::string_view comma = at > 1 ? ", " : "";
      // Rows of a condition have the names already.
      core::Append(values, {comma, index.where.empty() ? ValueText(table, column) : Quote(name),
                            " AS ", alias});
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
    std::string rows = Quote(NowCalled(table));
    if (!index.where.empty()) {  // which speaks of columns by the names that they will have
      std::string all;
      for (const WantedColumn& column : table.columns) {
        core::Append(
            all, {all.empty() ? "" : ", ", ValueText(table, column), " AS ", Quote(column.name)});
        varies = varies || (IsNew(table, column) && column.not_null &&
                            column.column->HasDefault() && column.column->default_varies);
      }
      rows = core::Concat({"(SELECT * FROM (SELECT ", all, " FROM ", rows, ") AS ",
                           Quote(table.name), " WHERE ", index.where, ")"});
    }
    if (!varies || rehearse_) {
      const std::string query =
          core::Concat({"WITH grapnel_rows AS MATERIALIZED (SELECT ", values, " FROM ", rows,
                        ") SELECT '1' FROM grapnel_rows WHERE ", given, " GROUP BY ", names,
                        " HAVING count(*) > 1 LIMIT 1"});
      if (!Query(native_, query, {}).empty()) RefuseRows(refusal);
    }
    plan_.refusals.emplace(text, std::move(refusal));
  }

  NativeConnection& native_;
  NativeConnection* shape_;  // what the steps so far make of the database: itself, or the sketch
  bool rehearse_, may_drop_ = false;
  std::span<const Table* const> tables_{};
  std::unique_ptr<Sketch> sketch_{};
  std::map<std::string, Former, std::less<>> formers_{};  // by what the tables are to be called
  std::map<std::string, Change, std::less<>> changes_{};
  std::vector<Object> objects_;
  std::vector<Added> added_;
  MigrationPlan plan_;
};

}  // namespace grapnel::sqlite::detail
