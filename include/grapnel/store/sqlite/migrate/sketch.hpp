#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sqlite/migrate/steps.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// What is in a database, without its rows: planned steps are tried on it, so that SQLite itself
/// tells what comes of them, and what others have made that stands in their way.
class Sketch {
 public:
  Sketch(NativeConnection& of, std::span<const Table* const> tables)
      : native_({":memory:", ":memory:", true, false}) {
    native_.OfferDefaults(tables);
    // SQLite reads what is stored more leniently than what is new.
    sqlite3_db_config(native_.Handle(), SQLITE_DBCONFIG_DQS_DDL, 1, nullptr);
    sqlite3_db_config(native_.Handle(), SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
    for (const auto& [text, name] : RowsOf(of, kAll)) {
      try {
        native_.Execute(text);
      } catch (const Error&) {  // of a module or with a function that is not there, say
        unmade_.emplace_back(name, sqlite3_errmsg(native_.Handle()));
      }
    }
    sqlite3_db_config(native_.Handle(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    broken_ = Broken();
  }

  NativeConnection& Native() noexcept { return native_; }

  /// Throws: MigrationError, where SQLite does not take the step.
  void Run(const store::Step& step) {
    static const Refusals none;
    if (step.kind == store::StepKind::CheckKeys) return;
    for (const auto& [name, reason] : unmade_) {
      if (!EqualNames(name, step.table) && !EqualNames(name, step.was)) continue;
      throw MigrationError(core::Concat({"cannot change table ", Quote(name),
                                         ", whose description somebody has given what this program "
                                         "does not have. SQLite says: ",
                                         reason, ". Nothing was changed"}));
    }
    StepRunner(native_, none).Run(step);
  }
  /// What names the column, of other columns and the constraints of its table, of indexes, views
  /// and triggers: what changes when it is renamed.
  std::optional<std::string> UserOf(std::string_view table, std::string_view column) {
    const auto rename = [&](std::string_view from, std::string_view to) {
      native_.Execute(core::Concat(
          {"ALTER TABLE ", Quote(table), " RENAME COLUMN ", Quote(from), " TO ", Quote(to)}));
    };
    constexpr std::string_view kOthers =
        "SELECT type || ' ' || name, sql FROM main.sqlite_schema WHERE type <> 'table' AND sql IS "
        "NOT NULL ORDER BY rowid";
    const auto before = RowsOf(native_, kOthers);
    try {
      rename(column, "grapnel_probe");
    } catch (const Error&) {
      return std::nullopt;  // the step itself will tell
    }
    const auto after = RowsOf(native_, kOthers);
    auto of_table = TableText(TextOf(table)).UserOf("grapnel_probe");
    rename("grapnel_probe", column);
    if (of_table) return of_table;
    for (std::size_t at = 0; at < before.size() && at < after.size(); ++at) {
      if (before[at] != after[at]) return before[at].first;
    }
    return std::nullopt;
  }
  /// A view or a trigger that names what the steps have taken away.
  std::optional<Obstacle> Harmed() {
    for (Obstacle& each : Broken()) {
      const bool before = std::any_of(broken_.begin(), broken_.end(), [&](const Obstacle& other) {
        return other.name == each.name && other.type == each.type;
      });
      if (!before) return std::move(each);
    }
    return std::nullopt;
  }
  /// Throws: MigrationError when there is one.
  void CheckWhole() {
    if (const auto harmed = Harmed()) {
      throw MigrationError(core::Concat({"cannot bring the database to the schema: ", harmed->what,
                                         " would no more work; mend it or drop it. SQLite says: ",
                                         harmed->reason, ". Nothing was changed"}));
    }
  }

 private:
  static constexpr std::string_view kAll =
      "SELECT sql, name FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE "
      "'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'trigger', type = 'view', type = 'index', rowid";

  static std::vector<std::pair<std::string, std::string>> RowsOf(NativeConnection& of,
                                                                 std::string_view sql) {
    Prepared statement = of.Prepare(sql, of.Say());
    NativeConnection::Running running(of, statement);
    ResultRow row(statement.Get());
    std::vector<std::pair<std::string, std::string>> rows;
    while (running.Next(Binding(statement.Get()), of.Say())) {
      rows.emplace_back(row.Text(0), row.Text(1));
    }
    return rows;
  }
  std::string TextOf(std::string_view table) {
    Prepared statement = native_.Prepare(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
        native_.Say());
    NativeConnection::Running running(native_, statement);
    Binding binding(statement.Get());
    binding.Text(1, table, false);
    ResultRow row(statement.Get());
    return running.Next(binding, native_.Say()) ? std::string(row.Text(0)) : "";
  }
  /// The views and triggers that name what is not there: to rename a table SQLite looks at all of
  /// them, as far as the first.
  std::vector<Obstacle> Broken() {
    native_.Execute("SAVEPOINT grapnel_probe");
    native_.Execute("CREATE TABLE grapnel_probe (x)");
    std::vector<Obstacle> all;
    while (const auto next = FirstBroken()) {
      native_.Execute(core::Concat({"DROP ", next->type, " ", Quote(next->name)}));
      all.push_back(*next);
    }
    native_.Execute("ROLLBACK TO grapnel_probe");
    native_.Execute("RELEASE grapnel_probe");
    return all;
  }
  std::optional<Obstacle> FirstBroken() {
    try {
      native_.Execute("ALTER TABLE grapnel_probe RENAME TO grapnel_probe_2");
      return std::nullopt;
    } catch (const Error&) {
      auto obstacle = ObstacleIn(native_, std::string(sqlite3_errmsg(native_.Handle())));
      if (obstacle && obstacle->type != "view" && obstacle->type != "trigger") return std::nullopt;
      return obstacle;
    }
  }

  NativeConnection native_;
  std::vector<std::pair<std::string, std::string>> unmade_{};  // names, and why
  std::vector<Obstacle> broken_{};                             // before the first step
};

}  // namespace grapnel::sqlite::detail
