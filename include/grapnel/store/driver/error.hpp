#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

/// The row that was asked for, updated or deleted by its id is not there; see also StaleError.
class NotFoundError : public Error {
 public:
  GRAPNEL_DECLARE NotFoundError(std::string_view entity, std::string_view what);

  const std::string& Entity() const noexcept { return entity_; }

 protected:
  struct Whole {};
  NotFoundError(Whole, std::string_view entity, const std::string& text)
      : Error(text), entity_(entity) {}

 private:
  std::string entity_;
};

/// The row to be updated or deleted by its id is there, but does not match what the caller or a
/// hook asks of it by Where: an optimistic lock was lost, or the row is not the caller's.
class StaleError : public NotFoundError {
 public:
  /// `what`: which row ("id 7").
  GRAPNEL_DECLARE StaleError(std::string_view entity, std::string_view what);
};

/// Only() found more than one row.
class NotSingularError : public Error {
 public:
  GRAPNEL_DECLARE explicit NotSingularError(std::string_view entity);

  const std::string& Entity() const noexcept { return entity_; }

 private:
  std::string entity_;
};

/// What a row broke.
enum class ConstraintKind : std::uint8_t {
  Unique,
  NotNull,
  ForeignKey,
  Check,
  Other,
  Skipped,  // the database left the row out without an error: ON CONFLICT IGNORE, RAISE(IGNORE),
            // INSTEAD OF
};

/// "unique", "not null", "foreign key", "check", "other" or "skipped".
constexpr std::string_view Name(ConstraintKind kind) noexcept {
  constexpr std::string_view names[] = {"unique", "not null", "foreign key",
                                        "check",  "other",    "skipped"};
  return names[static_cast<std::size_t>(kind)];
}

/// The database refused a row because of a constraint. Nothing of the operation was written.
class ConstraintError : public Error {
 public:
  GRAPNEL_DECLARE ConstraintError(std::string_view entity, grapnel::Op op, ConstraintKind kind,
                                  std::vector<std::string> fields, std::string_view detail,
                                  std::optional<std::size_t> row = std::nullopt);

  /// "" where it was SQL of somebody's own: see Client::Sql.
  const std::string& Entity() const noexcept { return entity_; }
  /// Op{} of a constraint that is checked at COMMIT: it does not tell which mutation broke it; and
  /// of SQL of somebody's own.
  grapnel::Op Op() const noexcept { return op_; }
  ConstraintKind Kind() const noexcept { return kind_; }
  /// The names of the fields that the constraint is about, where it is known.
  const std::vector<std::string>& Fields() const noexcept { return fields_; }
  /// The engine's own words.
  const std::string& Detail() const noexcept { return detail_; }
  /// In a bulk: which row it was, counted from 0.
  const std::optional<std::size_t>& Row() const noexcept { return row_; }

  /// The same error, of one row of a bulk.
  GRAPNEL_DECLARE ConstraintError InRow(std::size_t row) const;

 private:
  std::string entity_;
  grapnel::Op op_;
  ConstraintKind kind_;
  std::vector<std::string> fields_;
  std::string detail_;
  std::optional<std::size_t> row_;
};

/// How a transaction stands or ended.
enum class TxOutcome : std::uint8_t {
  Open,
  Committed,
  RolledBack,
  Unknown,  // COMMIT failed with an I/O error, and the next opening of the file shows what it
            // holds; or the connection was lost in it
};

/// "open", "committed", "rolled back" or "unknown".
constexpr std::string_view Name(TxOutcome outcome) noexcept {
  constexpr std::string_view names[] = {"open", "committed", "rolled back", "unknown"};
  return names[static_cast<std::size_t>(outcome)];
}

/// A transaction was used in a way that it does not allow: after its end, from another thread, out
/// of turn, or around it by the base client; or its commit failed.
class TxError : public Error {
 public:
  explicit TxError(const std::string& what, TxOutcome outcome = TxOutcome::Open)
      : Error(what), outcome_(outcome) {}

  /// How the transaction stands after this error.
  TxOutcome Outcome() const noexcept { return outcome_; }

 private:
  TxOutcome outcome_;
};

/// Everything was committed, and something that ran after it failed: the after-part of a commit
/// hook, or an AfterCommit callback. Whoever retries must not retry this.
class CommittedError : public Error {
 public:
  GRAPNEL_DECLARE explicit CommittedError(std::vector<std::exception_ptr> causes);
  /// The same. Without memory its text does not name the causes. Requires: Prepare() was called.
  static GRAPNEL_DECLARE CommittedError Of(std::vector<std::exception_ptr> causes) noexcept;
  /// Before what may have to be told by one: makes what Of needs. Throws: std::bad_alloc.
  static GRAPNEL_DECLARE void Prepare();

  /// What was thrown, in order.
  const std::vector<std::exception_ptr>& Causes() const noexcept { return causes_; }

  /// The mutation's result as a T (Value<User>), or null: of another type, or there was no
  /// mutation, or it could not be kept, for lack of memory for example.
  template <class T>
  const T* Value() const noexcept {
    return type_ == core::TypeIdOf<T>() ? static_cast<const T*>(value_.Address()) : nullptr;
  }
  template <class T>
  void SetValue(T value) {
    SetValue(core::MakeShared<const T>(std::move(value)));
  }
  template <class T>
  void SetValue(core::Shared<const T> value) {
    SetValue(std::move(value), core::TypeIdOf<T>());
  }

 private:
  GRAPNEL_DECLARE void SetValue(core::SharedAny value, core::TypeId type) noexcept;

  CommittedError(const Error& text, std::vector<std::exception_ptr>&& causes) noexcept
      : Error(text), causes_(std::move(causes)) {}

  std::vector<std::exception_ptr> causes_;
  core::SharedAny value_;
  core::TypeId type_ = nullptr;
};

/// Others were in the way: a lock was not to be had within 5 seconds, or, where writers run beside
/// each other, what another transaction did ended this one. Nothing was written; it may be tried
/// again.
class BusyError : public Error {
 public:
  explicit BusyError(const std::string& what, bool retryable = false)
      : Error(what), retryable_(retryable) {}

  /// Whether the same transaction, run again from its start, may well succeed: a serialization
  /// failure, a deadlock, a lock that another transaction held. False where it has waited already
  /// for as long as it may: for a connection; for its turn to write, so that it is always false on
  /// SQLite, also where PostgreSQL, whose writers wait for single rows, says true; and on
  /// PostgreSQL for a lock, where a lock_timeout of the database, the role or the connection string
  /// says how long.
  bool Retryable() const noexcept { return retryable_; }

 private:
  bool retryable_;
};

/// Migrate cannot bring the database to the schema safely. Nothing was changed.
class MigrationError : public Error {
 public:
  using Error::Error;
};

/// SQL that was handed to Sql() cannot be run as it stands: it is not one statement, its parameters
/// and the values do not go together, it does what Grapnel keeps to itself (BEGIN, PRAGMA, ATTACH,
/// its own tables), or the database does not take it. It has changed nothing.
class SqlError : public Error {
 public:
  GRAPNEL_DECLARE SqlError(std::string_view sql, std::string_view reason);

  /// The text that was handed over, without the values for its parameters.
  const std::string& Sql() const noexcept { return sql_; }
  /// Why, without the text: the engine's own words where it was the engine that refused. They, and
  /// what() with them, may quote a value that was given or is stored, as of json_extract() a path
  /// that is none: what is secret does not go from here to a log.
  const std::string& Reason() const noexcept { return reason_; }

 private:
  std::string sql_;
  std::string reason_;
};

/// What kind of trouble the storage is in.
enum class StorageKind : std::uint8_t {
  Full,
  Io,
  Corrupt,
  ReadOnly,
  NotADatabase,
  Open,
  Moved,       // the file was deleted, renamed or replaced after it was opened
  Connection,  // to a server: it was lost, and what it had not committed is undone
  Other,
};

/// "full", "io", "corrupt", "read-only", "not a database", "open", "moved", "connection" or
/// "other".
constexpr std::string_view Name(StorageKind kind) noexcept {
  constexpr std::string_view names[] = {"full",           "io",   "corrupt", "read-only",
                                        "not a database", "open", "moved",   "connection",
                                        "other"};
  return names[static_cast<std::size_t>(kind)];
}

/// The storage failed. A transaction in which this happens has been rolled back whole; what was
/// committed before is intact.
class StorageError : public Error {
 public:
  GRAPNEL_DECLARE StorageError(StorageKind kind, std::string_view database, std::string_view detail,
                               int code = 0);

  StorageKind Kind() const noexcept { return kind_; }
  /// The URL or path that was opened.
  const std::string& Database() const noexcept { return database_; }
  /// The engine's own error code.
  int Code() const noexcept { return code_; }

 private:
  StorageKind kind_;
  std::string database_;
  int code_;
};

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/driver/impl/error.hpp>  // IWYU pragma: keep
#endif
