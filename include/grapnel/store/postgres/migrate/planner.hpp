#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/postgres/migrate/dialect.hpp>
#include <grapnel/store/postgres/migrate/planning.hpp>
#include <grapnel/store/postgres/migrate/rows.hpp>
#include <grapnel/store/postgres/migrate/steps.hpp>
#include <grapnel/store/postgres/migrate/users.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/literal.hpp>
#include <grapnel/store/sql/migrate/planner.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// Plans the migration of a database of PostgreSQL's.
class PostgresPlanner : protected PostgresPlanning {
 public:
  PostgresPlanner(NativeConnection& native, bool rehearse, std::span<const Table* const> tables)
      : PostgresPlanning(native, rehearse), tables_(tables) {}

  struct Result {
    MigrationPlan plan;
    Fills fills;
  };
  Result Plan(Allow allowed = Allow{}) {
    MigrationPlan plan = Planner::Plan(tables_, allowed);
    return {std::move(plan), std::move(fills_)};
  }

 protected:
  /// Foreign keys, which others may take the names of; of a table its key and the sequence of its
  /// ids as well.
  void RenameAlong(store::Step& step) override {
    const bool column = !step.name.empty();
    const std::string& table = column ? step.table : step.was;
    for (const auto& key : catalog_.Keys()) {
      if (key.stored.holder != table || key.stored.columns.size() != 1) continue;
      const std::string& of = key.stored.columns.front();
      if ((column && of != step.was) || key.name != KeyName(table, of)) continue;
      const std::string now = KeyName(step.table, column ? step.name : of);
      step.statements.push_back(
          core::Concat({"ALTER TABLE ", Quote(step.table), " RENAME CONSTRAINT ", Quote(key.name),
                        " TO ", Quote(now)}));
      catalog_.RenameKey(key.name, table, now);
    }
    if (!column) RenameWithTable(step);
  }
  store::Step MakeTable(const WantedTable& table) override {
    made_.push_back(table.name);
    WantedTable now = table;
    for (WantedColumn& column : now.columns) KeepKey(table, column);
    store::Step step{StepKind::CreateTable, table.name};
    step.statements.push_back(CreateTableText(now, dialect_));
    for (const WantedColumn& column : table.columns) Comment(step, column);
    return step;
  }
  store::Step MakeColumn(const WantedTable& table, const WantedColumn& column) override {
    WantedColumn now = column;
    KeepKey(table, now);
    store::Step step{StepKind::AddColumn, table.name, column.name};
    step.statements.push_back(core::Concat(
        {"ALTER TABLE ", Quote(table.name), " ADD COLUMN ",
         ColumnText(now, false, dialect_, Placeholder(table, column)), now.key.empty() ? "" : " ",
         now.key.empty() ? "" : store::sql::KeyText(table, now, false, dialect_)}));
    Comment(step, column);
    return step;
  }
  std::string DefaultText(const WantedTable& table, const WantedColumn& column) override {
    if (!column.column->default_varies) return ValueText(column, column.column->DefaultValue());
    return rehearse_ ? RehearsedText(table, column) : "";
  }
  bool KeysChangeIndex() const override { return false; }
  std::optional<std::string> HolderOf(const KeyGone& gone) override {
    for (const auto& key : catalog_.Keys()) {
      if (key.index == gone.name && key.stored.table == gone.table) return key.stored.holder;
    }
    return std::nullopt;
  }

  void PlanFill(const WantedTable& table) override {
    std::string sets;
    Fill fill;
    for (const Added& added : added_) {
      if (added.table != &table || !added.column->not_null) continue;
      if (!added.column->column->HasDefault() || !added.column->column->default_varies) continue;
      fill.columns.push_back(added.column->column);
      core::Append(sets, {sets.empty() ? "" : ", ", Quote(added.column->name), " = $",
                          std::to_string(fill.columns.size())});
    }
    if (fill.columns.empty() || !Planner::AnyRow(table, "true")) return;
    fill.table = table.name;
    fill.entity = table.entity;
    store::Step step{StepKind::FillColumns, table.name};
    step.reason = "each row gets Defaults of its own";
    const auto triggers = TriggersThatRun(table);
    const auto add = [&](std::string_view what, const Cells& trigger) {
      step.statements.push_back(
          core::Concat({"ALTER TABLE ", Quote(table.name), what, Quote(trigger[0])}));
    };
    for (const Cells& trigger : triggers) add(" DISABLE TRIGGER ", trigger);
    step.statements.push_back(core::Concat({"UPDATE ", Quote(table.name), " SET ", sets}));
    fills_.emplace(step.statements.back(), std::move(fill));
    for (const Cells& trigger : triggers) {
      add(trigger[1] == "A" ? " ENABLE ALWAYS TRIGGER " : " ENABLE TRIGGER ", trigger);
    }
    Add(std::move(step));
  }
  /// The DEFAULTs of new columns go: Grapnel gives Defaults itself. All tables are there by now, so
  /// that keys can refer to them.
  void PlanFilled() override {
    for (const Added& each : late_keys_) {
      Add({StepKind::ChangeTable, each.table->name},
          core::Concat({"ALTER TABLE ", Quote(each.table->name), " ADD ",
                        store::sql::KeyText(*each.table, *each.column, true, dialect_)}));
    }
    store::Step step{StepKind::ChangeTable, ""};
    for (const Added& added : added_) {
      if (Placeholder(*added.table, *added.column).empty()) continue;
      if (step.table.empty()) step.table = added.table->name;
      step.statements.push_back(
          core::Concat({"ALTER TABLE ", Quote(added.table->name), " ALTER COLUMN ",
                        Quote(added.column->name), " DROP DEFAULT"}));
    }
    if (!step.statements.empty()) Add(std::move(step));
  }

  bool Widens(const StoredColumn& stored, const WantedColumn& column) const override {
    const bool is_short = stored.type == "integer" || stored.type == "smallint";
    if (column.type == "BIGINT") return is_short;
    if (column.type == "TEXT") return stored.type.starts_with("character varying");
    if (column.type != "DOUBLE PRECISION") return false;
    return is_short || stored.type == "bigint" || stored.type == "real";
  }
  std::string TooWide(const StoredColumn& stored, const WantedColumn& column,
                      const std::string& name) const override {
    if (column.type != "DOUBLE PRECISION" || stored.type != "bigint") return "";
    return core::Concat({name, " NOT BETWEEN -9007199254740992 AND 9007199254740992"});
  }
  void CheckId(const WantedTable& table, const WantedColumn& column,
               const StoredColumn& stored) override {
    const bool makes = column.column->Kind() == FieldKind::Int && !column.column->HasDefault();
    if (makes && !stored.makes_ids) {
      Refuse(table, column, dialect_.MakesNoIds(table.name, column.name));
    }
  }
  std::string_view KeepsAction() const override { return ", which a migration does not change"; }
  std::string GetsNoKey(const WantedTable& table, const WantedColumn& column) const override {
    return core::Concat(
        {"the column has no foreign key, and a migration does not give it one: ", "ALTER TABLE ",
         Quote(table.name), " ADD ", store::sql::KeyText(table, column, true, dialect_), " does"});
  }

  void PlanChange(const WantedTable& table, const Change& change) override {
    store::Step step{change.retyped.empty() ? StepKind::ChangeTable : StepKind::RebuildTable,
                     table.name};
    const auto say = [&](std::string_view column, std::string_view what) {
      core::Append(step.reason, {step.reason.empty() ? "" : ", ", Quote(column), what});
    };
    const auto alter = [&](std::initializer_list<std::string_view> parts) {
      step.statements.push_back(
          core::Concat({"ALTER TABLE ", Quote(table.name), core::Concat(parts)}));
    };
    const auto free = [&](std::string_view column) {
      say(column, " may be NULL");
      alter({" ALTER COLUMN ", Quote(column), " DROP NOT NULL"});
    };
    for (const WantedColumn* column : change.nullable) free(column->name);
    for (const std::string& column : change.freed) free(column);
    for (const WantedColumn* column : change.retyped) {
      CheckRetyped(table, *column);
      say(column->name, core::Concat({" becomes ", column->type}));
      alter({" ALTER COLUMN ", Quote(column->name), " TYPE ", column->type,
             dialect_.CollationText(column->type)});
    }
    if (!step.statements.empty()) Add(std::move(step));
    TryChecks(table, change);
  }
  /// Keys between tables that go go first: the tables could not one by one.
  void PlanTablesGone(const std::vector<std::string>& gone) override {
    for (const std::string& table : gone) {
      for (const User& user : UsersOf(native_, catalog_.Find(table)->oid, "0")) {
        const bool goes = user.kind == "column" || user.kind == "index" ||
                          user.kind == "constraint" || user.kind == "policy" ||
                          user.kind == "trigger" ||
                          (user.kind == "table" && Holds(gone, user.name));
        if (goes) continue;
        throw MigrationError(core::Concat({"cannot drop table ", Quote(table), ": ", user.Text(),
                                           " uses it. Nothing was changed"}));
      }
    }
    for (const std::string& table : gone) {
      store::Step step{StepKind::DropTable, table};
      for (const auto& key : catalog_.Keys()) {
        if (key.stored.table != table || key.stored.holder == table) continue;
        step.statements.push_back(core::Concat(
            {"ALTER TABLE ", Quote(key.stored.holder), " DROP CONSTRAINT ", Quote(key.name)}));
      }
      step.statements.push_back(core::Concat({"DROP TABLE ", Quote(table)}));
      Add(std::move(step));
    }
  }

 private:
  void RenameWithTable(store::Step& step) {
    const auto* table = catalog_.Find(step.was);
    std::vector<std::string> ends{"_pkey"};
    if (!table->columns.empty()) {
      ends.push_back(core::Concat({"_", table->columns.front().stored.name, "_seq"}));
    }
    for (const std::string& end : ends) {
      const std::string was = step.was + end, now = step.table + end;
      const auto* there = catalog_.Find(was);
      if (there == nullptr || catalog_.Find(now) != nullptr ||
          dialect_.ObjectNameFault(now).has_value()) {
        continue;
      }
      const bool index = there->object.kind == ObjectKind::Index;
      if (index ? there->object.table != step.was : there->what != "a sequence") continue;
      step.statements.push_back(core::Concat(
          {index ? "ALTER INDEX " : "ALTER SEQUENCE ", Quote(was), " RENAME TO ", Quote(now)}));
      catalog_.Rename(was, now);
    }
  }
  /// Takes the key from a column of the table, to be made later, where the table that it refers to
  /// is not there yet.
  void KeepKey(const WantedTable& table, WantedColumn& column) {
    if (column.key.empty()) return;
    const std::string& to = column.key.front().table;
    if (catalog_.Find(to) != nullptr || Holds(made_, to)) return;
    late_keys_.push_back({&table, table.Named(column.name)});
    column.key.clear();
  }
  void Comment(store::Step& step, const WantedColumn& column) const {
    if (column.column == nullptr || column.column->comment.empty()) return;
    step.statements.push_back(core::Concat({"COMMENT ON COLUMN ", Quote(step.table, column.name),
                                            " IS ", QuoteText(column.column->comment)}));
  }
  std::string ValueText(const WantedColumn& column, const FieldValue& value) const {
    return core::Concat({"CAST(", LiteralText(dialect_, value), " AS ", column.type, ")"});
  }
  /// As many values of a Default as there are rows, one for each.
  std::string RehearsedText(const WantedTable& table, const WantedColumn& column) {
    const auto count =
        RowsOf(native_, core::Concat({"SELECT count(*)::text FROM ", Quote(NowCalled(table))}));
    std::string values;
    for (auto left = std::stoll(count.front()[0]); left > 0; --left) {
      core::Append(values,
                   {values.empty() ? "" : ", ",
                    store::sql::LiteralText(dialect_, DefaultOf(*column.column, table.entity))});
    }
    return core::Concat(
        {"(CAST(ARRAY[", values, "] AS ", column.type, "[]))[row_number() OVER ()]"});
  }
  /// The DEFAULT that a new required column has until the rows that are there have got it.
  std::string Placeholder(const WantedTable& table, const WantedColumn& column) {
    if (!column.not_null || column.column == nullptr || !column.column->HasDefault()) return "";
    if (!column.column->default_varies) {
      try {
        return " DEFAULT " + ValueText(column, DefaultOf(*column.column, table.entity));
      } catch (const MigrationError&) {
        if (Planner::AnyRow(table, "true")) throw;
        return "";
      }
    }
    if (column.type == "TEXT" || column.type == "BYTEA") return " DEFAULT ''";
    return column.type == "BOOLEAN" ? " DEFAULT FALSE" : " DEFAULT 0";
  }
  std::vector<Cells> TriggersThatRun(const WantedTable& table) {
    return RowsOf(
        native_,
        "SELECT tgname::text, tgenabled::text FROM pg_trigger WHERE tgrelid = $1::oid AND "
        "NOT tgisinternal AND tgenabled IN ('O', 'A') ORDER BY 1",
        {catalog_.Find(table.name)->oid});
  }
  /// Throws: MigrationError for what PostgreSQL does not change along with a type.
  void CheckRetyped(const WantedTable& table, const WantedColumn& column) {
    for (const User& user : Users(table.name, column.name)) {
      if (user.kind == "index" || user.kind == "constraint") continue;
      Refuse(table, column,
             core::Concat({user.Text(),
                           " uses it, so that PostgreSQL does not change its type; "
                           "drop it first, and make it anew"}));
    }
  }
  /// Refuses rows that a CHECK of somebody else's would refuse once their integers are reals.
  void TryChecks(const WantedTable& table, const Change& change) {
    if (change.retyped.empty()) return;
    std::string values, fields;
    for (const WantedColumn* column : change.retyped) {
      core::Append(fields, {fields.empty() ? "" : ", ", FieldName(*column)});
    }
    for (const StoredColumn& each : Columns(table.name)) {
      const auto to = std::find_if(change.retyped.begin(), change.retyped.end(),
                                   [&](const WantedColumn* of) { return of->name == each.name; });
      const std::string now = Quote(NowCalled(table, each.name));
      // By the names that the CHECKs know.
      core::Append(values, {values.empty() ? "" : ", "});
      if (to != change.retyped.end()) {
        core::Append(values, {"CAST(", now, " AS ", (*to)->type, ") AS ", now});
      } else {
        core::Append(values, {now});
      }
    }
    for (const Cells& check :
         RowsOf(native_,
                "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE contype = 'c' AND "
                "conrelid = $1::oid ORDER BY conname",
                {catalog_.Find(table.name)->oid})) {
      const std::string query =
          core::Concat({"SELECT '1' FROM (SELECT ", values, " FROM ", Quote(NowCalled(table)),
                        ") AS ", Quote(NowCalled(table)), " WHERE NOT (", check[0], ") LIMIT 1"});
      if (!Fails(query)) continue;
      RefuseRows(Refusal(table, fields,
                         core::Concat({"there are rows for which CHECK ", check[0],
                                       ", which somebody has given the table, would not hold with "
                                       "reals"})));
    }
  }
  /// Whether it gives a row. What PostgreSQL does not take says nothing: the step itself will.
  bool Fails(const std::string& query) {
    native_.Execute("SAVEPOINT grapnel_probe");
    bool any = false;
    try {
      any = AnyRow(query);
    } catch (const Error&) {
      if (!native_.InTransaction()) throw;
      native_.Execute("ROLLBACK TO SAVEPOINT grapnel_probe", Patience::Undoing);
    }
    native_.Execute("RELEASE SAVEPOINT grapnel_probe", Patience::Undoing);
    return any;
  }

  std::span<const Table* const> tables_;
  std::vector<std::string> made_{};  // tables, by the steps so far
  std::vector<Added> late_keys_{};
  Fills fills_{};
};

}  // namespace grapnel::postgres::detail
