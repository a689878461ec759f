#pragma once

#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/driver/observers.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/driver/process.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The seam between the store and a database engine. What an engine gets are descriptions of
/// statements; SQL text, placeholders, type mapping, error classification and savepoints are its
/// own.
namespace grapnel::store {

using detail::Column;
using detail::FieldSet;
using detail::Relation;
using detail::Table;

/// What all statements say: for which type, and for which Op an error is to be reported.
struct Statement {
  const Table* table;
  grapnel::Op op{};
};

/// Throws: ConstraintError of kind Skipped.
[[noreturn, gnu::cold]] inline void RefuseSkipped(const Statement& statement) {
  throw ConstraintError(
      statement.table->entity, statement.op, ConstraintKind::Skipped, {},
      "ON CONFLICT IGNORE, RAISE(IGNORE) or INSTEAD OF, in the table or a trigger that "
      "others made, left the row out");
}

/// Inserts the fields in `set`, the rest as NULL; the id only when `set` holds it.
struct Insert : Statement {
  const void* entity = nullptr;
  FieldSet set{};
};

/// Whether a row that would be inserted would match.
struct Matching : Statement {
  const void* entity = nullptr;
  FieldSet set{};
  const PredicateNode* where = nullptr;
};

/// Inserts several rows together, in their order; the database makes their ids.
struct InsertMany : Statement {
  core::FunctionRef<void*(std::size_t)> entity;  // of each row
  std::span<const FieldSet> sets;
  /// The last row of the same bulk, behind which nobody has written since: how ids are made is
  /// known then.
  std::optional<std::int64_t> behind{};
};

/// Updates the row with `entity`'s id, or, without `by_id`, all rows that match.
struct Update : Statement {
  const void* entity = nullptr;  // holds the id, the set values and the added deltas
  FieldSet set{};
  FieldSet added{};  // checked against the field's range in the same statement
  FieldSet cleared{};
  bool by_id = false;
  const PredicateNode* where = nullptr;
  /// A foreign key that is no column of the table's schema, set as well; NULL empties it. Not by
  /// id.
  const Relation* key = nullptr;
  const FieldValue* to = nullptr;
  /// By id: where the row is wanted as it is stored behind that.
  struct Reread {
    void* into;
    bool done = false;  // by an engine that reads it in the same trip
  };
  Reread* reread = nullptr;
};

struct Delete : Statement {
  const void* entity = nullptr;
  bool by_id = false;
  const PredicateNode* where = nullptr;
};

struct Select : Statement {
  enum class Want : std::uint8_t { Rows, Ids, Count, Exist };
  Want want = Want::Rows;
  const void* entity = nullptr;
  bool by_id = false;
  const PredicateNode* where = nullptr;
  std::span<const Ordering> order{};
  std::optional<std::int64_t> limit{};
  std::int64_t offset = 0;
  /// Only neighbours through this relation, of the rows with the ids `sources` (of OwnKey: the rows
  /// with these ids). One column more then tells of each row the place in `sources` of the one that
  /// it is for. The limit and the offset are of each source's neighbours, in their order.
  const Relation* through = nullptr;
  std::span<const FieldValue> sources{};
};

/// One value of each row of a table that Tabulate makes.
struct Output {
  const Column* column = nullptr;    // of the rows; null: of Count, the rows themselves
  const Measure* measure = nullptr;  // what is computed of the column; null: its value itself
};

/// Makes a table of values out of rows.
struct Tabulate : Statement {
  // Which rows.
  const PredicateNode* where = nullptr;
  std::span<const Ordering> order{};
  std::optional<std::int64_t> limit{};
  std::int64_t offset = 0;

  std::span<const Output> outputs{};
  /// What is alike in the outputs that are values becomes one row; without such outputs all rows
  /// become one. Else each row becomes one.
  bool grouped = false;

  // Of the rows that are made: not grouped, each once; grouped, those that match, where a measure's
  // tag stands for it in place of a field's.
  bool distinct = false;
  const PredicateNode* having = nullptr;
  std::span<const Ordering> order_made{};
  std::optional<std::int64_t> limit_made{};
  std::int64_t offset_made = 0;
};

/// Reads the row with the id that `key` holds into `into`, which may be the same entity; where
/// there is a condition, only a row that also matches.
struct Find : Statement {
  const void* key = nullptr;
  void* into = nullptr;
  const PredicateNode* where = nullptr;
};

/// Adds neighbours to one row's edge, or takes them away; not of an OwnKey relation.
struct EdgeWrite : Statement {
  enum class Do : std::uint8_t { Add, Remove, RemoveAll };
  Do what{};
  const Relation* relation = nullptr;
  const FieldValue* source = nullptr;     // the row's id
  std::span<const FieldValue> targets{};  // the neighbours' ids; one, to Add to a Join
};

/// Puts the ids of rows into a list, each once, which the engine keeps for the transaction.
struct Keep : Statement {
  std::int64_t list = 0;
  std::int64_t type = 0;         // a number of the rows' type
  const void* entity = nullptr;  // the one row with its id, where it matches; null: all that match
  const PredicateNode* where = nullptr;
};

/// Some ids of a list, in their order: those after `after`, or the first when that is NULL.
struct Page : Statement {
  std::int64_t list = 0;
  const FieldValue* after = nullptr;
  std::int64_t limit = 0;
};

/// One statement of SQL that somebody wrote, with a value for each of its parameters.
struct RawSql {
  std::string_view text;
  std::span<const FieldValue> values{};
};

/// What such a statement does.
struct RawEffect {
  bool writes = false;
  bool changes_schema = false;
};

/// What it gave.
struct RawResult {
  std::vector<std::string> columns{};
  std::vector<std::vector<FieldValue>> rows{};
  std::int64_t changes = 0;      // rows that it inserted, updated or deleted itself
  bool was_run = true;           // false: a dry run left it out, and nobody knows its columns
  std::vector<bool> numerics{};  // of each column, whether its texts are numbers; none: no column
};

/// A foreign key that refers to a row that is not there, by the names in the database; or, without
/// `referred`, columns that no two rows share, and two do.
struct BrokenKey {
  std::string table, column, referred;
};

/// Rows of a table that a transaction is to write, by numbers that tell them from one another, in
/// rising order.
struct Turn {
  const Table* table = nullptr;
  std::vector<std::int64_t> rows{};
};

/// Rows that are read one by one. Ends with this object, wherever it stands.
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  virtual ~Cursor() = default;

  /// Reads the next row into `entity`, whatever that holds. False behind the last one: then it is
  /// not asked again. Throws: as Connection does.
  virtual bool Next(void* entity) = 0;
};

/// One session with the database, used by one thread at a time.
///
/// Throws, from every call: StorageError, BusyError, CancelledError, ConstraintError, SchemaError,
/// ValidationError. What fails leaves its own statement undone; whether the transaction is still
/// there says InTransaction(), and whether it goes on, IsAborted().
class Connection {
 public:
  using RowSink = core::FunctionRef<void(detail::Row&)>;

  virtual ~Connection() = default;

  /// The context of the calls that follow: its deadline and stop token interrupt them, its tracer
  /// sees them. Null ends that. Requires: it lives until the next Watch.
  virtual void Watch(const core::Context* context) noexcept = 0;

  /// Whether the tracer is being called.
  virtual bool IsTracing() const noexcept { return false; }

  /// Before BeginWrite, where transactions write beside each other: waits until no other one that
  /// said so is writing any of these rows. Lasts until the transaction has ended.
  virtual void TakeTurn(const Turn& /*turn*/) {}
  virtual void BeginWrite() = 0;
  /// Begins a snapshot, fixed at once.
  virtual void BeginRead() = 0;
  /// After a Commit that a constraint refused: its key, or nothing where it cannot be found.
  virtual std::optional<BrokenKey> FindBrokenKey() = 0;
  /// As BeginWrite, for a migration: no two run at once, and what it sees is what the one before it
  /// has left.
  virtual void BeginMigration() { BeginWrite(); }
  /// Right before Commit. Throws: StorageError of kind Connection, where that was lost before: what
  /// the transaction has done is undone.
  virtual void ExpectCommit() {}
  /// Never cancelled. BusyError and ConstraintError may leave the transaction open, to be tried
  /// again: InTransaction() says. Throws: StorageError of kind Io, or Connection where that was
  /// lost in it, when it is unknown whether it took place; of another kind when it did not.
  virtual void Commit() = 0;
  /// As Commit, of a transaction with that context, or null. Where a COMMIT waits for others, a
  /// standby or a check that takes its time, the deadline and the stop token end that. Requires:
  /// nothing is watched. Throws: CancelledError, when it did not take place.
  virtual void CommitWithin(const core::Context* /*end*/) { Commit(); }
  /// Writes down that a transaction of this id, which is used once, is about to commit: the last
  /// statement before Commit. Notes that nobody can ask for any more may be deleted meanwhile.
  virtual void NoteCommit(std::string_view /*id*/) {}
  /// Whether the transaction of that note has been committed. Waits for the end of one that is
  /// about to be; where it was not committed it cannot be any more, whatever is still on its way
  /// to the database. Outside of a transaction.
  virtual bool FindCommit(std::string_view /*id*/) { return false; }
  /// Never throws; also succeeds when the engine has already rolled back. Whether it could be done
  /// says InTransaction().
  virtual void Rollback() noexcept = 0;
  virtual bool InTransaction() const noexcept = 0;
  /// Whether the transaction is there, but a statement has failed in it, so that it takes no other
  /// before it goes back to a savepoint. False where statements undo themselves: see DriverTraits.
  virtual bool IsAborted() const noexcept { return false; }

  /// Savepoints are numbered from 1 by their depth.
  virtual void Savepoint(int depth) = 0;
  virtual void Release(int depth) = 0;
  /// Undoes what was done since. No tracer keeps it from that, and it needs no memory.
  virtual void RollbackTo(int depth) = 0;
  /// The same, and takes the savepoint away.
  virtual void Discard(int depth) = 0;

  /// Throws SchemaError unless the table has every column, of a type that fits.
  virtual void Verify(const Table& table) = 0;
  /// Whether a statement that writes the table changes what it says and nothing else, all of it or
  /// nothing: others have no triggers on it, nor columns that follow from other columns. Inside a
  /// transaction that writes.
  virtual bool WritesPlainly(const Table& table) = 0;
  /// The same of a table of pairs, by its name in the database.
  virtual bool WritesPairsPlainly(std::string_view /*pairs*/) { return true; }
  /// A number that grows whenever a row was changed.
  virtual std::int64_t Changes() const noexcept = 0;

  /// Returns the id that was made, or 0 when it was given. Throws: ConstraintError of kind Skipped,
  /// here and below, when the database left out a row without saying so.
  virtual std::int64_t Run(const Insert& statement) = 0;
  /// Puts the ids of the rows, in their order, into `ids`, which is empty. Returns false, and
  /// nothing is inserted, where the engine could not tell the ids, or does not take so many rows.
  virtual bool Run(const InsertMany& statement, std::vector<std::int64_t>& ids) = 0;
  /// Returns how many rows matched.
  virtual std::int64_t Run(const Update& statement) = 0;
  virtual std::int64_t Run(const Delete& statement) = 0;
  /// Returns how many keys or pairs changed; Add of a key leaves alone those that refer to another
  /// row.
  virtual std::int64_t Run(const EdgeWrite& statement) = 0;
  /// Hands the rows to `sink`: of Want::Rows all columns in the table's order, of Want::Ids the id.
  virtual void Run(const Select& statement, RowSink sink) = 0;
  /// Returns whether there is such a row. What Run(Select) does, for engines that know no shorter
  /// way.
  virtual bool Run(const Find& statement) {
    Select select{statement};
    select.entity = statement.key;
    select.by_id = true;
    select.where = statement.where;
    bool found = false;
    Run(select, [&](detail::Row& row) {
      detail::LoadRow(*statement.table, statement.into, row);
      found = true;
    });
    return found;
  }
  /// The same rows, of Want::Rows, one by one. Other statements may run in between, and none that
  /// writes. Requires: what the statement refers to, and this connection, live as long as the
  /// cursor.
  virtual std::unique_ptr<Cursor> Open(const Select& statement) = 0;
  /// Hands the rows that are made to `sink`. Throws: ValidationError when the sum of whole numbers
  /// leaves 64 bits.
  virtual void Run(const Tabulate& statement, RowSink sink) = 0;
  /// Want::Count: how many; Want::Exist: 0 or 1.
  virtual std::int64_t Count(const Select& statement) = 0;

  /// Of a predicate over the row's own fields.
  virtual bool Run(const Matching& statement) {
    static_cast<void>(statement);
    return true;
  }

  /// Returns how many rows came into the list.
  virtual std::int64_t Run(const Keep& statement) = 0;
  virtual void Run(const Page& statement, RowSink sink) = 0;
  /// Takes rows out of the lists from `first` on that stand in a later list as well.
  virtual void KeepLast(std::int64_t first) = 0;
  /// Drops the lists from `first` on.
  virtual void Forget(std::int64_t first) = 0;

  /// What SQL that somebody wrote will do; runs nothing. Throws: SqlError when the engine does not
  /// take it, or when it is no such statement as Sql() may run.
  virtual RawEffect Prepare(const RawSql& sql) {
    throw SqlError(sql.text, "this engine takes no SQL");
  }
  /// Runs it. A writing one inside a transaction; what one that changes the schema makes untrue is
  /// asked for anew. Throws: as Prepare; SqlError for what is wrong with its values too;
  /// ConstraintError without an entity.
  virtual RawResult Run(const RawSql& sql) { throw SqlError(sql.text, "this engine takes no SQL"); }

  /// Tells observers of SQL that was not run, and why.
  virtual void TellRefused(const RawSql&, std::string_view) const noexcept {}

  /// What brings the database to the schema; inside a transaction. Throws: MigrationError when that
  /// cannot be done safely.
  virtual Plan PlanMigration(std::span<const Table* const> tables, Allow allowed) = 0;
  /// The hindrances of that plan, with those that only functions of the schema can tell, which
  /// planning does not call: Defaults. Throws what these throw. Changes nothing.
  virtual std::vector<std::string> Rehearse(std::span<const Table* const> tables, Allow allowed) {
    return PlanMigration(tables, allowed).hindrances;
  }
  /// Carries out one of its steps, inside a transaction. Throws: MigrationError.
  virtual void Apply(const Step& step) = 0;
  /// Until it is turned off again nobody checks that what foreign keys refer to is still there:
  /// what is deleted meanwhile the caller has to check. Turned off, it is checked by engines that
  /// say so: see DriverTraits. What goes back to a savepoint from before turns it back as well.
  virtual void DeferForeignKeys(bool on) = 0;
};

class Driver;

/// A connection on loan; goes back when this is destroyed.
class Lease {
 public:
  Lease() = default;
  Lease(Driver& driver, Connection& connection) noexcept
      : driver_(&driver), connection_(&connection) {}
  Lease(Lease&& other) noexcept
      : driver_(other.driver_), connection_(std::exchange(other.connection_, nullptr)) {}
  Lease& operator=(Lease&& other) noexcept {
    std::swap(driver_, other.driver_);
    std::swap(connection_, other.connection_);
    return *this;
  }
  ~Lease() { Return(); }

  /// None either in a child of fork(), which must not touch the parent's connections.
  inline explicit operator bool() const noexcept;
  Connection* operator->() const { return &**this; }
  /// Throws: StorageError in a child of fork().
  inline Connection& operator*() const;
  inline void Return() noexcept;

 private:
  Driver* driver_ = nullptr;
  Connection* connection_ = nullptr;
};

/// What is so of all connections of an engine, and not of every engine.
struct DriverTraits {
  /// Whether a statement that fails, one that reads too, undoes itself alone, so that its
  /// transaction goes on. False: the transaction is aborted until it goes back to a savepoint.
  bool undoes_statements = true;
  /// Whether one transaction writes at a time. False: they run beside each other, and one that
  /// another was in the way of ends by a BusyError that is Retryable(), to be run again.
  bool serialises_writers = true;
  /// Whether foreign keys that were deferred are checked when that ends, which throws then; false:
  /// at COMMIT.
  bool checks_deferred = false;
  /// Whether NoteCommit and FindCommit tell what became of a COMMIT in which the connection was
  /// lost.
  bool notes_commits = false;
  /// Whether all transactions do so, and not only those whose caller asks for it.
  bool finds_lost_commits = false;
  /// Of how many rows on a bulk is faster by InsertMany than row by row.
  std::size_t bulk_least = 16;
  /// How many rows InsertMany takes well.
  std::size_t bulk_most = 128;
};

/// An open database: lends connections.
class Driver {
 public:
  explicit Driver(const DriverTraits& traits = {}) : traits_(traits) { detail::Process::Watch(); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  /// Destroys a driver, but one that is inherited: to close its connections would touch the
  /// parent's files.
  struct Close {
    void operator()(Driver* driver) const noexcept {
      if (!driver->IsInherited()) {
        delete driver;
      } else {
        driver->leaked_before_ = std::exchange(leaked, driver);
      }
    }
  };

  /// Whether this process is a child, by fork(), of the one that opened it.
  bool IsInherited() const noexcept { return process_ != detail::Process::Current(); }
  /// Throws: StorageError of kind Open when it is.
  void CheckNotInherited() const {
    if (IsInherited()) [[unlikely]]
      RefuseInherited();
  }

  /// A connection that writes; where writers are serialised, lent to one at a time, first come,
  /// first served. Waits until the context's deadline or stop, then throws CancelledError; without
  /// them 5 seconds, then BusyError. Threads: any.
  virtual Lease Writer(const core::Context& context) = 0;
  /// A connection that only reads; does not wait for a writer where the engine allows it. Threads:
  /// any.
  virtual Lease Reader(const core::Context& context) = 0;
  /// Whether readers and the writer are lent one and the same connection, so that one waits for
  /// another.
  virtual bool HasOneConnection() const noexcept { return false; }
  const DriverTraits& Traits() const noexcept { return traits_; }
  /// Whether a statement that fails undoes itself alone: see DriverTraits.
  bool UndoesStatements() const noexcept { return traits_.undoes_statements; }
  /// Whether one transaction writes at a time.
  bool SerialisesWriters() const noexcept { return traits_.serialises_writers; }
  /// A type was asked for that is none of its store's. Throws: SchemaError, or what an engine says.
  [[noreturn]] virtual void RefuseType(const Table& type) {
    throw SchemaError(type.entity, "id",
                      "this type was not named when the database was opened: add it to "
                      "grapnel::Open<...>");
  }
  /// What was opened, for messages.
  virtual std::string_view Url() const noexcept = 0;
  /// Who is to be told of the statements of all its connections.
  Observers& GetObservers() noexcept { return observers_; }

 private:
  friend Lease;

  [[noreturn, gnu::cold, gnu::noinline]] void RefuseInherited() const {
    throw StorageError(
        StorageKind::Open, Url(),
        "it was opened before fork() and belongs to the parent: a child process opens the "
        "database itself, after exec");
  }

  /// Takes a connection back, which may still be in a transaction: it is lent again once it is in
  /// none. Threads: any.
  virtual void Return(Connection& connection) noexcept = 0;

  static inline constinit Driver* leaked = nullptr;

  const DriverTraits traits_;
  const unsigned process_ = detail::Process::Current();
  Driver* leaked_before_ = nullptr;
  Observers observers_;
};

Lease::operator bool() const noexcept { return connection_ != nullptr && !driver_->IsInherited(); }

Connection& Lease::operator*() const {
  driver_->CheckNotInherited();
  return *connection_;
}

void Lease::Return() noexcept {
  Connection* connection = std::exchange(connection_, nullptr);
  if (connection != nullptr && !driver_->IsInherited()) driver_->Return(*connection);
}

}  // namespace grapnel::store
