#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

/// How the steps of a migration are carried out.
namespace grapnel::sqlite::detail {

/// Of statements that the rows may break: what to say then.
using Refusals = std::map<std::string, std::string, std::less<>>;

class StepRunner {
 public:
  StepRunner(NativeConnection& native, const Refusals& refusals)
      : native_(native), refusals_(refusals) {}

  /// Throws: MigrationError, with some of its statements run.
  void Run(const store::Step& step) {
    const NativeConnection::Migrating migrating(native_, MovesRows(step.kind));
    for (const std::string& statement : step.statements) {
      if (step.kind == store::StepKind::CheckKeys) {
        CheckKeys(statement);
      } else {
        Run(statement, Marked(step.kind, statement));
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

  void Run(const std::string& statement, const std::string& marked) {
    try {
      native_.Execute(marked);
    } catch (const ConstraintError& error) {
      const auto known = refusals_.find(statement);
      if (known != refusals_.end()) throw MigrationError(known->second);
      throw MigrationError(core::Concat({"the rows that are there break what the schema asks for: ",
                                         error.Detail(), ". Nothing was changed"}));
    } catch (const SchemaError&) {
      Refuse(statement);
    } catch (const StorageError& error) {
      if (error.Code() != SQLITE_ERROR) throw;
      Refuse(statement);
    }
  }
  /// What others have in the database stands in the way, and planning did not see it.
  [[noreturn]] void Refuse(std::string_view statement) const {
    const std::string reason = sqlite3_errmsg(native_.Handle());
    throw MigrationError(
        core::Concat({"cannot run ", statement, ": ", reason, ". Nothing was changed"}));
  }

 public:
  /// Throws: MigrationError when a PRAGMA foreign_key_check finds a key that refers to no row.
  void CheckKeys(const std::string& pragma) {
    Prepared statement = native_.Prepare(pragma, native_.Say());
    NativeConnection::Running running(native_, statement);
    if (!running.Next(Binding(statement.Get()), native_.Say())) return;
    ResultRow row(statement.Get());
    const std::string id = row.IsNull(1) ? "" : core::Concat({" ", std::to_string(row.Int(1))});
    throw MigrationError(core::Concat({"in table ", Quote(row.Text(0)), " the row", id,
                                       " refers by a foreign key to a row of ", Quote(row.Text(2)),
                                       " that is not there. Nothing was changed"}));
  }

 private:
  NativeConnection& native_;
  const Refusals& refusals_;
};

}  // namespace grapnel::sqlite::detail
