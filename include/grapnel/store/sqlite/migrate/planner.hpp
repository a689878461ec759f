#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/planner.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/migrate/table_changes.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// Plans the migration of a database of SQLite's.
class SqlitePlanner : protected TableChanges {
 public:
  SqlitePlanner(NativeConnection& native, bool rehearse, std::span<const Table* const> tables)
      : TableChanges(native, rehearse, tables) {}

  MigrationPlan Plan(Allow allowed = Allow{}) {
    native_.OfferDefaults(tables_);
    return Planner::Plan(tables_, allowed);
  }

 protected:
  store::Step MakeTable(const WantedTable& table) override {
    return {StepKind::CreateTable, table.name, "", "", "", {CreateTableText(table, dialect_)}};
  }
  store::Step MakeColumn(const WantedTable& table, const WantedColumn& column) override {
    return {StepKind::AddColumn,
            table.name,
            column.name,
            "",
            "",
            {core::Concat({"ALTER TABLE ", Quote(table.name), " ADD COLUMN ",
                           ColumnText(column, false, dialect_, Placeholder(column)),
                           column.key.empty()
                               ? ""
                               : core::Concat({" ", KeyText(table, column, false, dialect_)})})}};
  }
  std::string DefaultText(const WantedTable& table, const WantedColumn& column) override {
    return core::Concat(
        {"grapnel_default(", QuoteText(table.name), ", ", QuoteText(column.name), ")"});
  }
  /// SQLite adds a NOT NULL column only with a DEFAULT, which goes when the rows are filled.
  static std::string_view Placeholder(const WantedColumn& column) {
    if (!column.not_null) return "";
    if (column.type == "TEXT") return " DEFAULT ''";
    return column.type == "BLOB" ? " DEFAULT x''" : " DEFAULT 0";
  }
  void PlanFill(const WantedTable& table) override {
    std::string sets;
    for (const Added& added : added_) {
      if (added.table != &table || !added.column->not_null) continue;
      core::Append(sets, {sets.empty() ? "" : ", ", Quote(added.column->name), " = ",
                          DefaultText(table, *added.column)});
    }
    if (sets.empty() || !AnyRow(table, "true")) return;
    Add({StepKind::FillColumns, table.name},
        core::Concat({"UPDATE ", Quote(table.name), " SET ", sets}));
  }
  /// The description of a new column becomes what it is in a table that was made with it.
  /// Source: https://www.sqlite.org/lang_altertable.html, section 7, on changes that do not affect
  /// content.
  void PlanFilled() override {
    store::Step step{StepKind::ChangeTable, ""};
    for (auto first = added_.begin(); first != added_.end();) {
      const WantedTable& table = *first->table;
      std::string text = "sql";
      for (; first != added_.end() && first->table == &table; ++first) {
        const std::string made = ColumnText(*first->column, false, dialect_);
        const std::string grown =
            ColumnText(*first->column, false, dialect_, Placeholder(*first->column));
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

  bool Widens(const StoredColumn& stored, const WantedColumn& column) const override {
    return Affinity(stored.type) == "INTEGER" && column.type == "REAL";
  }
  std::string TooWide(const StoredColumn& /*stored*/, const WantedColumn& /*column*/,
                      const std::string& name) const override {
    return core::Concat({"typeof(", name, ") = 'integer' AND ", name,
                         " NOT BETWEEN -9007199254740992 AND 9007199254740992"});
  }
  void CheckId(const WantedTable& table, const WantedColumn& column,
               const StoredColumn& stored) override {
    if (column.column->ops->kind == FieldKind::Int && !column.column->HasDefault() &&
        !stored.makes_ids) {
      Refuse(table, column, dialect_.MakesNoIds(table.name, column.name));
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

  std::string_view KeepsAction() const override { return ", which SQLite cannot change"; }
  std::string GetsNoKey(const WantedTable& /*table*/,
                        const WantedColumn& /*column*/) const override {
    return "the column has no foreign key, and SQLite cannot give it one";
  }
  void PlanTablesGone(const std::vector<std::string>& gone) override {
    for (const std::string& table : gone) {
      Add({StepKind::DropTable, table}, core::Concat({"DROP TABLE ", Quote(table)}));
    }
    const auto user = sketch_->Harmed();
    if (!user) return;
    const auto used = std::find_if(gone.begin(), gone.end(), [&](const std::string& table) {
      return user->reason.ends_with(table);  // no such table: main.t
    });
    throw MigrationError(core::Concat(
        {"cannot drop table ", Quote(used != gone.end() ? *used : gone.front()), ": ", user->what,
         " uses it. SQLite says: ", user->reason, ". Nothing was changed"}));
  }
};

}  // namespace grapnel::sqlite::detail
