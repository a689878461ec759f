#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sqlite/native/file.hpp>

#include <sqlite3.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From SQLite's result codes to Grapnel's errors.
namespace grapnel::sqlite::detail {

using grapnel::detail::Column;
using grapnel::detail::Table;

/// What was being done when SQLite failed, for the message.
struct Doing {
  std::string_view database;
  const Table* table = nullptr;
  grapnel::Op op{};
  const core::Context* context = nullptr;
  std::string_view sql{};  // that somebody wrote
};

inline ConstraintKind KindOf(int extended) noexcept {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return ConstraintKind::Unique;
    case SQLITE_CONSTRAINT_NOTNULL:
      return ConstraintKind::NotNull;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return ConstraintKind::ForeignKey;
    case SQLITE_CONSTRAINT_CHECK:
      return ConstraintKind::Check;
    default:
      return ConstraintKind::Other;
  }
}

/// The fields that SQLite names in "UNIQUE constraint failed: User.name, User.age".
inline std::vector<std::string> FieldsNamed(const Table& table, std::string_view message) {
  std::vector<std::string> fields;
  const auto colon = message.find(": ");
  if (colon == message.npos) return fields;
  const std::string list = core::Concat({", ", message.substr(colon + 2), ", "});
  for (const Column& column : table.columns) {
    const std::string named = core::Concat({", ", table.name, ".", column.storage, ", "});
    if (list.find(named) != list.npos) fields.emplace_back(column.name);
  }
  return fields;
}

/// The same, as SQLite names them: "User.name", "User.age".
inline std::vector<std::string> ColumnsNamed(std::string_view message) {
  std::vector<std::string> columns;
  if (!message.starts_with("UNIQUE") && !message.starts_with("NOT NULL")) return columns;
  const auto colon = message.find(": ");
  while (colon != message.npos) {
    message.remove_prefix(columns.empty() ? colon + 2 : 0);
    const auto comma = message.find(", ");
    columns.emplace_back(message.substr(0, comma));
    if (comma == message.npos) break;
    message.remove_prefix(comma + 2);
  }
  return columns;
}

inline ConstraintKind KindOfConstraint(int extended, std::string_view message) noexcept {
  // Of RESTRICT, which counts as a trigger.
  return message.starts_with("FOREIGN KEY") ? ConstraintKind::ForeignKey : KindOf(extended);
}

/// SQLite's message, and, of a column that the schema does not have, where it comes from.
inline std::string ExplainNull(const Doing& doing, const std::string& message) {
  if (doing.table == nullptr || !FieldsNamed(*doing.table, message).empty()) return message;
  const std::string column = core::Concat({"NOT NULL constraint failed: ", doing.table->name, "."});
  if (!message.starts_with(column)) return message;
  return core::Concat({message, ", a column that the schema of ", doing.table->entity,
                       " does not have: a newer program, or somebody else, has made it"});
}

/// SQLite's message, and what stands in the way, where it can be told.
inline std::string Explain(int extended, const std::string& message, std::string_view url) {
  std::string why;
  if (extended == SQLITE_IOERR_GETTEMPPATH) {
    why = "there is no folder for temporary files that may be written: set SQLITE_TMPDIR or TMPDIR";
  } else if ((extended & 0xff) == SQLITE_READONLY || (extended & 0xff) == SQLITE_PERM) {
    why = Diagnose(url, extended == SQLITE_READONLY);
  } else if ((extended & 0xff) == SQLITE_CANTOPEN) {
    why = Diagnose(url, false);
    if (why.empty()) {
      why =
          "a file beside it, or in the folder for temporary files, could not be opened: "
          "SQLITE_TMPDIR or "
          "TMPDIR names that folder";
    }
  }
  return why.empty() ? message : core::Concat({message, ": ", why});
}

/// The names in 'foreign key mismatch - "Card" referencing "User"', a message of SQLite's.
inline std::optional<std::pair<std::string, std::string>> NamesOfMismatch(
    std::string_view message) {
  if (!message.starts_with("foreign key mismatch - \"")) return std::nullopt;
  constexpr std::string_view between = "\" referencing \"";
  const auto from = message.find('"') + 1;
  const auto middle = message.find(between);
  const auto to = message.rfind('"');
  if (middle == message.npos || to <= middle + between.size()) return std::nullopt;
  return std::pair(
      std::string(message.substr(from, middle - from)),
      std::string(message.substr(middle + between.size(), to - middle - between.size())));
}

[[noreturn]] inline void Throw(int extended, const std::string& message, const Doing& doing) {
  const std::string_view entity = doing.table != nullptr ? doing.table->entity : doing.database;
  const auto storage = [&](StorageKind kind) {
    return StorageError(kind, doing.database, Explain(extended, message, doing.database), extended);
  };
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
      if (!doing.sql.empty()) {
        throw ConstraintError("", doing.op, KindOfConstraint(extended, message),
                              ColumnsNamed(message), message);
      }
      throw ConstraintError(
          entity, doing.op, KindOfConstraint(extended, message),
          doing.table != nullptr ? FieldsNamed(*doing.table, message) : std::vector<std::string>(),
          ExplainNull(doing, message));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      if (doing.context != nullptr) doing.context->ThrowIfCancelled();
      throw BusyError(core::Concat(
          {doing.database, ": another program or connection holds the lock (", message, ")"}));
    case SQLITE_INTERRUPT:
      if (doing.context != nullptr) doing.context->ThrowIfCancelled();
      throw CancelledError("the operation was cancelled: " + message);
    case SQLITE_FULL:
      throw storage(StorageKind::Full);
    case SQLITE_IOERR:
      throw storage(StorageKind::Io);
    case SQLITE_CORRUPT:
      throw storage(StorageKind::Corrupt);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      throw storage(StorageKind::ReadOnly);
    case SQLITE_NOTADB:
      throw storage(StorageKind::NotADatabase);
    case SQLITE_CANTOPEN:
      throw storage(StorageKind::Open);
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
      if (!doing.sql.empty()) throw SqlError(doing.sql, message);
      if (message.starts_with("no such ") || message.find("has no column") != message.npos) {
        throw SchemaError(entity, "id",
                          core::Concat({"the database does not fit the schema: ", message}));
      }
      if (doing.table == nullptr) throw storage(StorageKind::Other);
      if (message.find("because it is a view") != message.npos) {
        throw SchemaError(entity, "id",
                          core::Concat({message,
                                        ": give it INSTEAD OF triggers, or write to the "
                                        "tables that it shows"}));
      }
      // The storage is well: it is this statement that does not go with what others made.
      throw SchemaError(entity, "id",
                        core::Concat({"the database refused ",
                                      doing.op == grapnel::Op{} ? "to read it" : ToString(doing.op),
                                      ": ", message}));
    case SQLITE_TOOBIG:
      if (!doing.sql.empty()) throw SqlError(doing.sql, message);
      if (doing.table != nullptr)
        throw ValidationError(entity, "", doing.op, "a value is too large");
      [[fallthrough]];
    default:
      throw storage(StorageKind::Other);
  }
}

}  // namespace grapnel::sqlite::detail
