#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/renames.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/migrate/planning.hpp>
#include <grapnel/store/sqlite/migrate/steps.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/migrate/tables.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// Plans what changes in the description of tables that are there.
class TableChanges : protected SqlitePlanning {
 protected:
  using SqlitePlanning::SqlitePlanning;

  void PlanChange(const WantedTable& table, const Change& change) override {
    Follow();
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
    for (const std::string& column : change.freed) {
      core::Append(reason, {reason.empty() ? "" : ", ", Quote(column), " may be NULL"});
      text.AllowNull(column);
    }
    for (const WantedColumn* column : change.retyped) {
      say(*column, core::Concat({" becomes ", column->type}));
      text.SetType(column->name, column->type);
    }
    for (const KeyRename& key : change.keys) text.RenameKey(key.column, key.from, key.to);
    for (const std::string& column : change.dropped) text.DropKey(column);
    if (text.Text() == before) return;
    if (change.retyped.empty()) {
      ChangeText(table, text.Text(), std::move(reason));
    } else {
      for (const std::string& check : text.Checks()) TryCheck(table, change, check);
      Rebuild(table, std::move(text), std::move(reason));
    }
    Recheck(table, change);
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
  void ChangeText(const WantedTable& table, const std::string& text, std::string reason) {
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
  /// Refuses rows that a CHECK of somebody else's would refuse once their integers are reals.
  void TryCheck(const WantedTable& table, const Change& change, std::string_view check) {
    std::string values, fields;
    for (const WantedColumn* column : change.retyped) {
      core::Append(fields, {fields.empty() ? "" : ", ", FieldName(*column)});
    }
    for (const StoredColumn& each : ColumnsInDatabase(*shape_, table.name)) {
      const std::string now = Quote(NowCalled(table, each.name));
      const bool retyped =
          std::any_of(change.retyped.begin(), change.retyped.end(),
                      [&](const WantedColumn* to) { return EqualNames(to->name, each.name); });
      core::Append(values, {values.empty() ? "" : ", "});
      if (retyped) {
        core::Append(values, {"iif(typeof(", now, ") = 'integer', CAST(", now, " AS REAL), ", now,
                              ") AS ", Quote(each.name)});
      } else {
        core::Append(values, {now, " AS ", Quote(each.name)});
      }
    }
    const std::string query =
        core::Concat({"SELECT '1' FROM (SELECT ", values, " FROM ", Quote(NowCalled(table)),
                      ") AS ", Quote(table.name), " WHERE NOT (", check, ") LIMIT 1"});
    try {
      if (Query(native_, query, {}).empty()) return;
    } catch (const Error&) {  // it names a column that is new, or the rows' own numbers
      return;
    }
    RefuseRows(Refusal(table, fields,
                       core::Concat({"there are rows for which CHECK (", check,
                                     "), which somebody has given the table, would not hold with "
                                     "reals"})));
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
                                      [](const StoredColumn& each) { return each.makes_ids; });
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
    const bool waits = std::any_of(keys_gone_.begin(), keys_gone_.end(),
                                   [&](const KeyGone& gone) { return HolderOf(gone).has_value(); });
    if (!waits) return Add(std::move(step));
    checks_.push_back(std::move(step));
  }
  /// Keys that may refer to what an index of another name is to keep unique are checked then.
  void PlanChecks() override {
    for (store::Step& step : checks_) Add(std::move(step));
    if (sketch_ != nullptr) sketch_->CheckWhole();
  }

  std::vector<store::Step> checks_{};
};

}  // namespace grapnel::sqlite::detail
