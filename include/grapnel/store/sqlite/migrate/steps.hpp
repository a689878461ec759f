#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/steps.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// How the steps of a migration are carried out.
namespace grapnel::sqlite::detail {

/// A view, a trigger or the like, made by others, that does not go with what is to be done.
struct Obstacle {
  std::string what;    // view "theirs"
  std::string reason;  // what SQLite says of it
  std::string type, name;
};
/// What SQLite's "error in view theirs after rename: no such column: x" is about.
inline std::optional<Obstacle> ObstacleIn(NativeConnection& native, std::string_view reason) {
  Prepared statement = native.Prepare(
      "SELECT type, name FROM main.sqlite_schema WHERE substr(?1, 1, length(type) + length(name) + "
      "10) = 'error in ' || type || ' ' || name ORDER BY length(name) DESC LIMIT 1",
      native.Say());
  NativeConnection::Running running(native, statement);
  Binding binding(statement.Get());
  binding.Text(1, reason, false);
  if (!running.Next(binding, native.Say())) return std::nullopt;
  ResultRow row(statement.Get());
  Obstacle obstacle{"", std::string(reason), std::string(row.Text(0)), std::string(row.Text(1))};
  obstacle.what = core::Concat({obstacle.type, " ", Quote(obstacle.name)});
  return obstacle;
}

class StepRunner {
 public:
  StepRunner(NativeConnection& native, const store::sql::Refusals& refusals)
      : native_(native), refusals_(refusals) {}

  /// Throws: MigrationError, with some of its statements run.
  void Run(const store::Step& step) {
    const NativeConnection::Migrating migrating(native_, MovesRows(step.kind));
    for (const std::string& statement : step.statements) {
      if (step.kind == store::StepKind::CheckKeys) {
        CheckKeys(statement);
      } else {
        Run(step, statement);
      }
    }
  }

 private:
  /// A table that is dropped takes, where foreign keys hold, the rows with it that refer to its
  /// rows: they do not hold for as long, and are checked in the end.
  static bool MovesRows(store::StepKind kind) noexcept {
    return kind == store::StepKind::RebuildTable || kind == store::StepKind::DropTable;
  }
  static std::string Marked(store::StepKind kind, const std::string& statement) {
    if (kind == store::StepKind::AddColumn) return core::Concat({statement, " ", kMark});
    if (kind != store::StepKind::CreateTable) return statement;
    TableText text(statement);
    text.Mark();
    return text.Text();
  }

  void Run(const store::Step& step, const std::string& statement) {
    try {
      native_.Execute(Marked(step.kind, statement));
    } catch (const ConstraintError& error) {
      const auto known = refusals_.find(statement);
      if (known != refusals_.end()) throw MigrationError(known->second);
      throw MigrationError(core::Concat(
          {"cannot ", store::sql::Doing(step),
           ": the rows that are there break what the schema asks for: ", error.Detail(),
           ". Nothing was changed"}));
    } catch (const SchemaError&) {
      Refuse(step, statement);
    } catch (const StorageError& error) {
      if (error.Code() != SQLITE_ERROR) throw;
      Refuse(step, statement);
    }
  }
  /// What others have in the database stands in the way.
  [[noreturn]] void Refuse(const store::Step& step, std::string_view statement) const {
    const std::string reason = sqlite3_errmsg(native_.Handle());
    const auto obstacle = ObstacleIn(native_, reason);
    throw MigrationError(
        core::Concat({"cannot ", store::sql::Doing(step), ": ",
                      obstacle ? core::Concat({obstacle->what,
                                               " stands in the way; mend it or drop it. SQLite "
                                               "says"})
                               : core::Concat({"SQLite says of ", statement}),
                      ": ", reason, ". Nothing was changed"}));
  }

 public:
  /// Throws: MigrationError when a PRAGMA foreign_key_check finds a key that refers to no row.
  void CheckKeys(const std::string& pragma) {
    Prepared statement = PrepareCheck(pragma);
    NativeConnection::Running running(native_, statement);
    if (!running.Next(Binding(statement.Get()), native_.Say())) return;
    ResultRow row(statement.Get());
    const std::string id = row.IsNull(1) ? "" : core::Concat({" ", std::to_string(row.Int(1))});
    throw MigrationError(core::Concat({"in table ", Quote(row.Text(0)), " the row", id,
                                       " refers by a foreign key to a row of ", Quote(row.Text(2)),
                                       " that is not there. Nothing was changed"}));
  }

 private:
  /// Keys may be such that SQLite can check none of them.
  Prepared PrepareCheck(const std::string& pragma) {
    try {
      return native_.Prepare(pragma, native_.Say());
    } catch (const StorageError& error) {
      if (error.Code() != SQLITE_ERROR) throw;
      throw MigrationError(
          core::Concat({"a foreign key refers to columns that no unique index "
                        "holds; make one, or drop the key. SQLite says: ",
                        sqlite3_errmsg(native_.Handle()), ". Nothing was changed"}));
    }
  }

  NativeConnection& native_;
  const store::sql::Refusals& refusals_;
};

}  // namespace grapnel::sqlite::detail
