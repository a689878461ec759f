#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/renames.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/wanted.hpp>
#include <grapnel/store/sqlite/migrate/drop_planning.hpp>
#include <grapnel/store/sqlite/migrate/planning.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/migrate/tables.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From the database as it is to the database as the schema wants it: a list of steps.
namespace grapnel::sqlite::detail {

/// Makes the plan of one database, and refuses what its statements could not do. What a Default's
/// function will give nobody knows before; to rehearse is to call it for every row, where it has to
/// be unique.
class Planner : protected DropPlanning {
 public:
  Planner(NativeConnection& native, bool rehearse) : DropPlanning(native, rehearse) {}

  MigrationPlan Plan(std::span<const Table* const> tables, Allow allowed = Allow{}) {
    tables_ = tables;
    may_drop_ = allowed == Allow::Drop;
    const auto wanted = WantAll(kDialect, tables);
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
    CheckReferred(wanted);
    PlanChecks();
    if (sketch_ != nullptr) sketch_->CheckWhole();
    return std::move(plan_);
  }

 private:
  // What is called anew.

  void PlanRenames(const std::vector<WantedTable>& wanted) {
    std::vector<std::string> tables, made;
    for (const Object& each : objects_) {
      if (each.kind != Kind::Table) continue;
      tables.push_back(each.name);
      if (TableText(each.sql).IsMade()) made.push_back(each.name);
    }
    for (const Rename& rename : FindRenames(NamingsOf(wanted), tables, "in the database", made)) {
      if (const Object* there = Find(rename.to)) {
        throw MigrationError(
            core::Concat({"cannot rename table ", Quote(rename.from), " to ", Quote(rename.to),
                          ": ", Describe(*there), " has this name. Nothing was changed"}));
      }
      for (Object& each : objects_) {
        if (each.kind == Kind::Table && EqualNames(each.name, rename.from)) each.name = rename.to;
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
    std::vector<std::string> columns, made;
    const TableText text(TextOf(table));
    for (const StoredColumn& each : ColumnsInDatabase(*shape_, table.name)) {
      if (each.in_view) continue;
      columns.push_back(each.name);
      if (text.IsMade(each.name)) made.push_back(each.name);
    }
    const std::string before(NowCalled(table));
    for (const Rename& rename :
         FindRenames(namings, columns, core::Concat({"in table ", Quote(table.name)}), made)) {
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
      changes_[table.name].keys.push_back({column.name, core::Concat({before, "_", now, "_fkey"}),
                                           core::Concat({table.name, "_", column.name, "_fkey"})});
    }
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
      Refuse(table, column,
             core::Concat({"its Default cannot be stored: ",
                           column.column->IsSecret() ? grapnel::detail::kHidden : error.what()}));
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
        // As SQLite puts it behind the other columns: the text of another one may end alike.
        text = core::Concat({"replace(", text, ", ", QuoteText(core::Concat({", ", grown})), ", ",
                             QuoteText(core::Concat({", ", made})), ")"});
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
      RefuseRows(
          table, column,
          core::Concat({"it is required, but there are rows in which the column is NULL", kMend}));
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
                             Quote(wanted.table, wanted.column),
                             "; give the edge another StorageKey, and the column stays"}));
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
};

}  // namespace grapnel::sqlite::detail
