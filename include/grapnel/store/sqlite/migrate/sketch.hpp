#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sqlite/migrate/steps.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

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
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): of a module that is not loaded, say
      }
    }
    sqlite3_db_config(native_.Handle(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    was_whole_ = !Broken();
  }

  NativeConnection& Native() noexcept { return native_; }

  /// Throws: MigrationError, where SQLite does not take the step.
  void Run(const store::Step& step) {
    static const Refusals none;
    if (step.kind != store::StepKind::CheckKeys) StepRunner(native_, none).Run(step);
  }
  /// An index, a view or a trigger that names the column: what changes when that is renamed.
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
    rename("grapnel_probe", column);
    for (std::size_t at = 0; at < before.size() && at < after.size(); ++at) {
      if (before[at] != after[at]) return before[at].first;
    }
    return std::nullopt;
  }
  /// Throws: MigrationError when a view or a trigger names what the steps have taken away.
  void CheckWhole() {
    if (!was_whole_) return;
    if (const auto broken = Broken()) {
      throw MigrationError(core::Concat({*broken, ". Nothing was changed"}));
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
  /// What SQLite says of the first view or trigger that names what is not there: to rename a table
  /// it looks at all of them.
  std::optional<std::string> Broken() {
    native_.Execute("CREATE TABLE grapnel_probe (x)");
    std::optional<std::string> broken;
    std::string name = "grapnel_probe";
    try {
      native_.Execute("ALTER TABLE grapnel_probe RENAME TO grapnel_probe_2");
      name = "grapnel_probe_2";
    } catch (const Error&) {
      broken = sqlite3_errmsg(native_.Handle());
    }
    native_.Execute(core::Concat({"DROP TABLE ", name}));
    return broken;
  }

  NativeConnection native_;
  bool was_whole_ = false;
};

}  // namespace grapnel::sqlite::detail
