#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>

#include <libpq-fe.h>

#include <string>
#include <string_view>
#include <vector>

/// From PostgreSQL's SQLSTATE to Grapnel's errors.
namespace grapnel::postgres::detail {

using grapnel::detail::Column;
using grapnel::detail::Table;

/// The SQLSTATE of a COMMIT that took place, perhaps not for good.
inline constexpr std::string_view kUnconfirmed = "40003";

/// What was being done when the server failed it, for the message.
struct Doing {
  std::string_view database;
  const Table* table = nullptr;
  grapnel::Op op{};
  const core::Context* context = nullptr;
  std::string_view sql{};     // that somebody wrote
  bool limits_locks = false;  // a lock_timeout that is not Grapnel's own, or a LockWait
};

/// What the server said of a failure.
struct Failure {
  std::string state{};  // its SQLSTATE; "" where the connection was lost
  std::string message{};
  std::string detail{};  // which may quote values
  std::string schema{}, table{}, column{}, constraint{};
  std::string function{};  // of the server's source, where it failed
  std::string hint{};

  static Failure Of(const PGresult* result) {
    const auto field = [&](int which) {
      const char* text = PQresultErrorField(result, which);
      return std::string(text != nullptr ? text : "");
    };
    return {field(PG_DIAG_SQLSTATE),        field(PG_DIAG_MESSAGE_PRIMARY),
            field(PG_DIAG_MESSAGE_DETAIL),  field(PG_DIAG_SCHEMA_NAME),
            field(PG_DIAG_TABLE_NAME),      field(PG_DIAG_COLUMN_NAME),
            field(PG_DIAG_CONSTRAINT_NAME), field(PG_DIAG_SOURCE_FUNCTION),
            field(PG_DIAG_MESSAGE_HINT)};
  }

  /// Whether a lock was waited for until lock_timeout had passed, and not asked for with NOWAIT.
  bool IsLockTimeout() const noexcept {
    return state == "55P03" && function == "ProcessInterrupts";
  }
  bool IsOf(std::string_view kind) const noexcept { return state.starts_with(kind); }
  /// What a trigger of others raises is one too, as in SQLite.
  bool IsConstraint() const noexcept { return IsOf("23") || state == "P0001"; }
  /// Whether the session is gone.
  bool IsLoss() const noexcept {
    return state.empty() || IsOf("08") || state == "57P01" || state == "57P02" ||
           state == "57P03" || state == "57P05" || state == "25P03";
  }
  /// Whether the statement was prepared of tables that others have changed since, or the server has
  /// forgotten it. Its words for that are those of its own language.
  bool IsOutdated() const noexcept {
    return state == "26000" || (state == "0A000" && function == "RevalidateCachedQuery");
  }
  /// Whether a column, or what else is made of it, does not take a value for its size.
  bool IsOfSize() const noexcept { return state == "22001" || state == "22003"; }
  /// What observers are told: names at most, and none of the values that other messages may quote.
  std::string ForObservers() const {
    if (IsOf("23") || IsOf("25") || IsOf("40") || IsOf("53") || IsOf("55") || IsOf("57") ||
        IsOutdated() || state == "42P01" || state == "42703") {
      return message;
    }
    if (state.empty()) return "the connection was lost";
    return core::Concat({"error ", state});
  }
};

inline ConstraintKind KindOf(std::string_view state) noexcept {
  if (state == "23505") return ConstraintKind::Unique;
  if (state == "23502") return ConstraintKind::NotNull;
  if (state == "23503" || state == "23001") return ConstraintKind::ForeignKey;
  if (state == "23514") return ConstraintKind::Check;
  return ConstraintKind::Other;
}

/// The columns that a detail names before their values, as "Key (name, age)=(Ada, 3) already
/// exists.", in whatever language; with ", " before and behind each.
inline std::string ColumnsInDetail(std::string_view detail) {
  const auto open = detail.find('(');
  const auto close = detail.find(")=(");
  if (open == detail.npos || close == detail.npos || close < open) return "";
  return core::Concat({", ", detail.substr(open + 1, close - open - 1), ", "});
}
inline bool IsNamed(std::string_view in, std::string_view column) {
  return in.find(core::Concat({", ", column, ", "})) != in.npos ||
         in.find(core::Concat({", \"", column, "\", "})) != in.npos;
}

/// The columns that a constraint of the table is on, by the name that Grapnel gives it.
inline std::string ColumnsOfConstraint(const Table& table, std::string_view constraint) {
  for (const auto& index : table.Indexes()) {
    std::string name(table.name), columns = ", ";
    for (const auto& tag : index.fields) {
      const Column* column = table.FindTag(tag);
      if (column == nullptr) continue;
      core::Append(name, {"_", column->storage});
      core::Append(columns, {column->storage, ", "});
    }
    if (constraint == (index.name.empty() ? std::string_view(name) : index.name)) return columns;
  }
  if (constraint == core::Concat({table.name, "_pkey"})) {
    return core::Concat({", ", table.Id().storage, ", "});
  }
  for (const Column& column : table.columns) {
    for (const std::string_view end : {"_key", "_fkey", "_check"}) {
      if (constraint == core::Concat({table.name, "_", column.storage, end})) {
        return core::Concat({", ", column.storage, ", "});
      }
    }
  }
  return "";
}

/// The table's fields that the failure is about.
inline std::vector<std::string> FieldsOf(const Table& table, const Failure& failure) {
  std::vector<std::string> fields;
  if (failure.table != table.name) return fields;
  std::string named = ColumnsInDetail(failure.detail);
  if (!failure.column.empty()) named = core::Concat({", ", failure.column, ", "});
  if (named.empty()) named = ColumnsOfConstraint(table, failure.constraint);
  for (const Column& column : table.columns) {
    if (IsNamed(named, column.storage)) fields.emplace_back(column.name);
  }
  return fields;
}

/// The same, as the database names them: "User.name", "User.age".
inline std::vector<std::string> ColumnsOf(const Failure& failure) {
  std::vector<std::string> columns;
  std::string named = failure.column;
  if (named.empty() && KindOf(failure.state) == ConstraintKind::Unique) {
    const std::string list = ColumnsInDetail(failure.detail);
    if (list.size() > 4) named = list.substr(2, list.size() - 4);
  }
  for (std::string_view rest = named; !rest.empty();) {
    const auto comma = rest.find(", ");
    std::string_view column = rest.substr(0, comma);
    if (column.starts_with('"') && column.ends_with('"') && column.size() > 2) {
      column = column.substr(1, column.size() - 2);
    }
    columns.push_back(core::Concat({failure.table, ".", column}));
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 2);
  }
  return columns;
}

/// The server's message, and, of a column that the schema does not have, where it comes from.
inline std::string ExplainNull(const Doing& doing, const Failure& failure) {
  if (failure.state != "23502" || doing.table == nullptr || failure.table != doing.table->name ||
      !FieldsOf(*doing.table, failure).empty()) {
    return failure.message;
  }
  return core::Concat({failure.message, ", a column that the schema of ", doing.table->entity,
                       " does not have: a newer program, or somebody else, has made it"});
}

/// What is wrong with the storage, where it is that.
inline bool IsStorage(const Failure& failure, StorageKind& kind) noexcept {
  kind = StorageKind::Other;
  if (failure.IsLoss()) {
    kind = StorageKind::Connection;
  } else if (failure.state == "53100" || failure.state == "2200H") {
    kind = StorageKind::Full;  // of the disk, or of ids
  } else if (failure.state == "25006") {
    kind = StorageKind::ReadOnly;
  } else if (failure.IsOf("58")) {
    kind = StorageKind::Io;
  } else if (failure.IsOf("XX00") && failure.state != "XX000") {
    kind = StorageKind::Corrupt;
  } else if (!failure.IsOf("53") && !failure.IsOf("XX") && failure.state != "25P02") {
    return false;
  }
  return true;
}

[[noreturn, gnu::cold]] inline void ThrowBusy(const Failure& failure, const Doing& doing) {
  if (doing.context != nullptr) doing.context->ThrowIfCancelled();
  std::string text(doing.table != nullptr ? doing.table->entity : doing.database);
  if (doing.table != nullptr && doing.op != grapnel::Op{}) {
    core::Append(text, {": ", ToString(doing.op)});
  }
  if (failure.IsLockTimeout()) {
    core::Append(text,
                 {": a lock of another transaction was waited for too long",
                  doing.limits_locks
                      ? ", for as long as the server's lock_timeout or the call's LockWait allows"
                      : ""});
    throw BusyError(text, !doing.limits_locks);
  }
  core::Append(text, {failure.IsOutdated()
                          ? ": others have changed a table since the statement was prepared ("
                          : ": another transaction was in the way (",
                      failure.message, ")"});
  throw BusyError(text, true);
}

[[noreturn, gnu::cold]] inline void ThrowConstraint(const Failure& failure, const Doing& doing) {
  const ConstraintKind kind = KindOf(failure.state);
  if (!doing.sql.empty()) {
    throw ConstraintError("", doing.op, kind, ColumnsOf(failure), failure.message);
  }
  throw ConstraintError(
      doing.table != nullptr ? doing.table->entity : doing.database, doing.op, kind,
      doing.table != nullptr ? FieldsOf(*doing.table, failure) : std::vector<std::string>(),
      ExplainNull(doing, failure));
}

/// The server's message of a value that it does not take. Where that quotes something, it may be
/// the value.
inline std::string WithoutValue(const Failure& failure) {
  return failure.message.find('"') == failure.message.npos ? failure.message
                                                           : failure.ForObservers();
}

/// The server's message of SQL that somebody wrote, and what helps.
inline std::string WithHint(const Failure& failure) {
  const bool unknown = failure.state == "42P01" || failure.state == "42703";
  return core::Concat({failure.message, failure.hint.empty() ? "" : ". ", failure.hint,
                       unknown ? "; names are case-sensitive, and in lower case where they stand "
                                 "without double quotes"
                               : ""});
}

[[noreturn, gnu::cold]] inline void Throw(const Failure& failure, const Doing& doing) {
  const std::string_view entity = doing.table != nullptr ? doing.table->entity : doing.database;
  if (failure.IsConstraint()) ThrowConstraint(failure, doing);
  if (failure.state == kUnconfirmed) {
    throw StorageError(StorageKind::Connection, doing.database, failure.message);
  }
  if (failure.IsOf("40") || failure.state == "55P03" || failure.IsOutdated()) {
    ThrowBusy(failure, doing);
  }
  if (failure.state == "57014") {
    if (doing.context != nullptr) doing.context->ThrowIfCancelled();
    throw CancelledError(
        core::Concat({"the server cancelled the statement: ",
                      failure.message.find("statement timeout") != failure.message.npos
                          ? "its statement_timeout has passed"
                          : failure.message}));
  }
  if (StorageKind kind{}; IsStorage(failure, kind)) {
    throw StorageError(kind, doing.database, failure.message);
  }
  if (!doing.sql.empty()) throw SqlError(doing.sql, WithHint(failure));
  if (doing.table == nullptr) {
    throw StorageError(StorageKind::Other, doing.database, failure.message);
  }
  if (failure.IsOfSize() && doing.op != grapnel::Op{}) {
    throw ValidationError(
        entity, "", doing.op,
        core::Concat({failure.state == "22001" ? "a text is too long for its column: "
                                               : "a number leaves its range: ",
                      WithoutValue(failure)}));
  }
  if (failure.IsOf("54")) {
    throw ValidationError(entity, "", doing.op,
                          core::Concat({"PostgreSQL does not take the statement: ", failure.message,
                                        "; split the predicate, or use In(...) for many values"}));
  }
  if (failure.state == "22021") {
    throw ValidationError(entity, "", doing.op, "a text is not valid UTF-8");
  }
  if (failure.state == "42P01" || failure.state == "42703" || failure.state == "3F000") {
    throw SchemaError(entity, "",
                      core::Concat({"the database does not fit the schema: ", failure.message}));
  }
  // The server is well: it is this statement that does not go with what others made.
  throw SchemaError(
      entity, "",
      core::Concat({"the database refused ",
                    doing.op == grapnel::Op{} ? "to read it" : ToString(doing.op), ": ",
                    failure.IsOf("22") ? WithoutValue(failure) : failure.message}));
}

}  // namespace grapnel::postgres::detail
