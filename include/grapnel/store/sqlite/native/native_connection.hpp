#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/observers.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/native/default_function.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/error.hpp>
#include <grapnel/store/sqlite/native/file.hpp>
#include <grapnel/store/sqlite/native/observation.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>
#include <grapnel/store/sqlite/native/sum_function.hpp>
#include <grapnel/store/sqlite/native/values.hpp>
#include <grapnel/store/sqlite/native/waiting.hpp>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace grapnel::sqlite::detail {

/// An open handle of SQLite: its settings, its statements, its waiting, its errors.
class NativeConnection {
 public:
  /// Throws: StorageError of kind Open, NotADatabase, ReadOnly, Io; BusyError.
  explicit NativeConnection(const Options& options)
      : url_(options.url), observers_(options.observers), db_(OpenDatabase(options)) {
    waiting_.Attach(Handle());
    sqlite3_extended_result_codes(Handle(), 1);
    Watch(options.context);  // until the first call watches
    for (const int option : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL}) {
      sqlite3_db_config(Handle(), option, 0, nullptr);
    }
    if (options.place != nullptr && options.reader) options.place->Check(Handle());
    AddFunctions();
    Execute("PRAGMA foreign_keys = ON");
    if (!options.memory) {
      RefuseUtf16();
      if (!options.reader && sqlite3_db_readonly(Handle(), "main") == 0) UseWal();
      Execute("PRAGMA synchronous = FULL");
    }
    if (options.reader) Execute("PRAGMA query_only = ON");
    Execute("SELECT count(*) FROM sqlite_schema");  // a file that is no database fails here
  }

  NativeConnection(const NativeConnection&) = delete;
  NativeConnection& operator=(const NativeConnection&) = delete;

  void Watch(const core::Context* context) noexcept { waiting_.Watch(context); }
  void NoteWaited(core::Elapsed waited) noexcept { waiting_.NoteWaited(waited); }

  sqlite3* Handle() const noexcept { return db_.getHandle(); }
  bool InTransaction() const noexcept { return sqlite3_get_autocommit(Handle()) == 0; }
  bool IsTracing() const noexcept { return tracing_; }

  /// The collation of a table's column; null where that cannot be told, as of a view.
  const char* Collation(const std::string& table, const std::string& column) const noexcept {
    const char* collation = nullptr;
    sqlite3_table_column_metadata(Handle(), nullptr, table.c_str(), column.c_str(), nullptr,
                                  &collation, nullptr, nullptr, nullptr);
    return collation;
  }

  Doing Say(const store::Statement& statement) const {
    return {url_, statement.table, statement.op, waiting_.Watched()};
  }
  Doing Say() const { return {url_, nullptr, {}, waiting_.Watched()}; }

  /// From now on grapnel_default('table', 'column') gives a value of that field's Default, a new
  /// one at each call. Requires: the tables live as long as this.
  void OfferDefaults(std::span<const Table* const> tables) { defaults_.Offer(tables); }

  /// Throws what SQLite reported last, or what a Default threw that it ran.
  [[noreturn]] void Fail(const Doing& doing) {
    defaults_.Rethrow();
    const std::string message = sqlite3_errmsg(Handle());
    const int code = sqlite3_extended_errcode(Handle());
    if (doing.table != nullptr) {
      if (const auto names = NamesOfMismatch(message)) RefuseMismatch(*names, message, doing);
    }
    Throw(code, message, doing);
  }

  /// Throws: SchemaError and the like, when the text does not fit the database.
  Prepared Prepare(std::string_view sql, const Doing& doing) {
    if (static_cast<std::int64_t>(sql.size()) >
        sqlite3_limit(Handle(), SQLITE_LIMIT_SQL_LENGTH, -1)) {
      RefuseStatement(doing, "the statement is too long");
    }
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v3(Handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK) {
      if (observers_->IsAny()) TellRefused(sql, sqlite3_errmsg(Handle()));
      RefuseTooLarge(doing);
      Fail(doing);
    }
    return Prepared(handle);
  }

  /// Tells observers of a text that was not taken.
  [[gnu::cold]] void TellRefused(std::string_view text, std::string_view error) const noexcept {
    Observation::TellRefused(*observers_, text, error);
  }

  /// A statement from the cache, or a fresh one where that is in the middle of its rows.
  class Borrowed {
   public:
    Borrowed(NativeConnection& native, std::string sql, const Doing& doing) {
      statement_ = native.cache_.Find(sql);
      if (statement_ == nullptr) {
        Prepared prepared = native.Prepare(sql, doing);
        statement_ = &native.cache_.Add(std::move(sql), std::move(prepared));
      } else if (statement_->IsRunning()) {
        own_ = native.Prepare(sql, doing);
        statement_ = &own_;
      }
    }
    /// A statement that is kept in `kept`; `text()` is its text.
    template <class Text>
    Borrowed(NativeConnection& native, Prepared& kept, Text text, const Doing& doing)
        : statement_(&kept) {
      if (!kept) {
        kept = native.Prepare(text(), doing);
      } else if (kept.IsRunning()) {
        own_ = native.Prepare(sqlite3_sql(kept.Get()), doing);
        statement_ = &own_;
      }
    }
    Prepared& operator*() const noexcept { return *statement_; }
    Prepared* operator->() const noexcept { return statement_; }

   private:
    Prepared* statement_;
    Prepared own_;
  };

  /// A statement that is out of the cache for as long as this lives: others may be run meanwhile.
  class Taken {
   public:
    Taken(NativeConnection& native, std::string sql, const Doing& doing)
        : native_(native), sql_(std::move(sql)), statement_(native.cache_.Take(sql_)) {
      if (!statement_) statement_ = native.Prepare(sql_, doing);
    }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    ~Taken() { native_.cache_.PutBack(std::move(sql_), std::move(statement_)); }

    Prepared& operator*() noexcept { return statement_; }
    Prepared* operator->() noexcept { return &statement_; }

   private:
    NativeConnection& native_;
    std::string sql_;
    Prepared statement_;
  };

  /// What a statement does: work, which a tracer that throws prevents, or undoing, which it does
  /// not.
  enum class Sort : std::uint8_t { Work, Undoing };

  /// A statement that runs; reset in the end.
  class Running {
   public:
    Running(NativeConnection& native, Prepared& statement, Sort sort = Sort::Work)
        : native_(native), statement_(statement.Get()) {
      const core::Context* context = native.waiting_.Watched();
      if (context != nullptr && context->Tracer() != nullptr) Trace(*context->Tracer(), sort);
      if (native.observers_->IsAny()) [[unlikely]]
        observation_ = Observation::Of(*native.observers_, statement_, native.waiting_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      sqlite3_reset(statement_);
      if (observation_ != nullptr) [[unlikely]]
        observation_->Tell();
    }

    /// What its parameters are bound by.
    Binding Bind() const noexcept {
      return Binding(statement_, observation_ != nullptr ? observation_->Values() : nullptr);
    }
    /// Tells observers that it failed, though SQLite did not fail it.
    void NoteError(std::string_view error) noexcept {
      if (observation_ != nullptr) observation_->NoteError(error);
    }
    /// Runs what undoes, as far as it can be done.
    void Try() noexcept { NoteFailure(Send()); }

    /// Runs a statement that has no rows.
    void Finish(const Binding& binding, const Doing& doing, const store::Update* update = nullptr) {
      while (Next(binding, doing, update)) {
      }
    }
    /// Whether there is a next row.
    bool Next(const Binding& binding, const Doing& doing, const store::Update* update = nullptr) {
      const int result = Step(binding, doing);
      if (result == SQLITE_ROW) return true;
      if (result == SQLITE_DONE) return false;
      NoteFailure(result);
      if (update != nullptr && update->added.any() && IsOverflow(result)) RefuseSum(*update);
      native_.Fail(doing);
    }
    /// The same, of values that are made of rows.
    bool Next(const Binding& binding, const Doing& doing, const store::Tabulate& values) {
      const int result = Step(binding, doing);
      if (result == SQLITE_ROW) return true;
      if (result == SQLITE_DONE) return false;
      NoteFailure(result);
      if (IsOverflow(result)) RefuseSum(values);
      native_.Fail(doing);
    }

   private:
    int Step(const Binding& binding, const Doing& doing) {
      if (binding.Result() == SQLITE_TOOBIG) {
        Throw(SQLITE_TOOBIG, "a value is too large", doing);
      }
      if (binding.Result() != SQLITE_OK) native_.Fail(doing);
      return Send();
    }
    int Send() noexcept {
      const int result = sqlite3_step(statement_);
      if (observation_ != nullptr) [[unlikely]]
        observation_->Count(result);
      return result;
    }
    void NoteFailure(int result) noexcept {
      if (observation_ == nullptr || result == SQLITE_ROW || result == SQLITE_DONE) return;
      observation_->NoteFailure(sqlite3_extended_errcode(native_.Handle()),
                                sqlite3_errmsg(native_.Handle()));
    }
    bool IsOverflow(int result) const noexcept {
      return (result & 0xff) == SQLITE_ERROR &&
             std::string_view(sqlite3_errmsg(native_.Handle())) == "integer overflow";
    }
    void Trace(const core::Context::Trace& trace, Sort sort) const {
      struct Tracing {
        explicit Tracing(NativeConnection& s) noexcept : native(s) { native.tracing_ = true; }
        ~Tracing() { native.tracing_ = false; }
        NativeConnection& native;
      } const tracing{native_};
      try {
        trace(sqlite3_sql(statement_));
      } catch (...) {
        if (sort == Sort::Work) throw;
      }
    }
    [[noreturn]] static void RefuseSum(const store::Update& update) {
      std::string fields;
      for (std::size_t i = 0; i < update.table->columns.size(); ++i) {
        if (!update.added.test(i)) continue;
        core::Append(fields, {fields.empty() ? "" : ", ", update.table->columns[i].name});
      }
      throw ValidationError(update.table->entity, fields, update.op,
                            "what is added leaves the field's range");
    }

    [[noreturn]] static void RefuseSum(const store::Tabulate& values) {
      std::string fields;
      for (const store::Output& output : values.outputs) {
        if (output.measure == nullptr || output.measure->kind != store::AggregateKind::Sum)
          continue;
        core::Append(fields, {fields.empty() ? "" : ", ", output.column->name});
      }
      throw ValidationError(values.table->entity, fields, values.op,
                            "the sum is no number of 64 bits; Avg has no such limit");
    }

    NativeConnection& native_;
    sqlite3_stmt* statement_;
    std::unique_ptr<Observation> observation_;  // where somebody looks
  };

  /// While this lives no trigger of others runs, and the text of the schema can be changed; where
  /// it is so said, no foreign key holds. (The PRAGMA would do nothing inside of a transaction,
  /// because of the keys that are to hold at its end: those are counted, and were none of what is
  /// done now.) What a statement that failed left open is closed in the end.
  class Migrating {
   public:
    explicit Migrating(NativeConnection& native, bool without_keys = false) : db_(native.Handle()) {
      sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &keys_);
      if (without_keys) sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
      sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
      sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive_);
      sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    }
    Migrating(const Migrating&) = delete;
    Migrating& operator=(const Migrating&) = delete;
    ~Migrating() {
      sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, nullptr);
      sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, defensive_, nullptr);
      sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, keys_, nullptr);
      if (std::uncaught_exceptions() > thrown_) {
        sqlite3_db_config(db_, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 0, nullptr);
        sqlite3_db_config(db_, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0, nullptr);
      }
    }

   private:
    sqlite3* db_;
    int keys_ = 1, defensive_ = 0;
    int thrown_ = std::uncaught_exceptions();
  };

  /// Runs a statement that is not kept.
  void Execute(std::string_view sql) {
    Prepared statement = Prepare(sql, Say());
    Running running(*this, statement);
    running.Finish(Binding(statement.Get()), Say());
  }

  /// The number that a statement of the store's own asks for; no tracer or observer sees it.
  std::int64_t Ask(Prepared& kept, std::string_view sql, std::string_view parameter = {}) {
    if (!kept) kept = Prepare(sql, Say());
    struct Reset {
      sqlite3_stmt* statement;
      ~Reset() { sqlite3_reset(statement); }
    } const reset{kept.Get()};
    if (!parameter.empty()) Binding(kept.Get()).Text(1, parameter, false);
    const int result = sqlite3_step(kept.Get());
    if (result != SQLITE_ROW) Fail(Say());
    return sqlite3_column_int64(kept.Get(), 0);
  }
  std::int64_t Ask(std::string_view sql, std::string_view parameter) {
    Prepared once = Prepare(sql, Say());
    return Ask(once, sql, parameter);
  }

  /// Runs a statement that is kept in `statement`, and prepared the first time.
  void Step(Prepared& statement, std::string_view sql, Sort sort = Sort::Work) {
    if (!statement) statement = Prepare(sql, Say());
    Step(statement, sort);
  }
  /// Runs a prepared statement that has no rows.
  [[gnu::hot]] void Step(Prepared& statement, Sort sort = Sort::Work) {
    Running running(*this, statement, sort);
    running.Finish(Binding(statement.Get()), Say());
  }

 private:
  /// A key of others refers to what is no key.
  [[noreturn]] void RefuseMismatch(const std::pair<std::string, std::string>& names,
                                   const std::string& message, const Doing& doing) const {
    std::string columns;
    sqlite3_stmt* handle = nullptr;
    sqlite3_prepare_v2(
        Handle(),
        "SELECT \"from\" FROM pragma_foreign_key_list(?1) WHERE \"table\" = ?2 COLLATE NOCASE "
        "ORDER BY id, seq",
        -1, &handle, nullptr);
    const Prepared statement(handle);
    Binding binding(handle);
    binding.Text(1, names.first, false);
    binding.Text(2, names.second, false);
    while (sqlite3_step(handle) == SQLITE_ROW) {
      const auto* column = reinterpret_cast<const char*>(sqlite3_column_text(handle, 0));
      core::Append(columns, {columns.empty() ? "" : ", ", column != nullptr ? column : ""});
    }
    throw SchemaError(
        doing.table->entity, columns,
        core::Concat({message, ": what it refers to has to be a primary key, or unique"}));
  }

  /// A statement that passes one of SQLite's limits has not been sent, and nothing is in doubt.
  void RefuseTooLarge(const Doing& doing) const {
    const std::string message = sqlite3_errmsg(Handle());
    for (const std::string_view limit :
         {"parser stack overflow", "Expression tree is too large", "too many SQL variables",
          "variable number must be", "statement too long", "string or blob too big",
          "too many terms", "too many arguments", "at most 64 tables",
          "too many FROM clause terms"}) {
      if (message.find(limit) != message.npos) RefuseStatement(doing, message);
    }
  }
  [[noreturn]] static void RefuseStatement(const Doing& doing, std::string_view reason) {
    throw ValidationError(doing.table != nullptr ? doing.table->entity : doing.database,
                          "predicate", doing.op,
                          core::Concat({"SQLite does not take the statement: ", reason,
                                        "; split the predicate, or use In(...) for many values"}));
  }

  static SQLite::Database OpenDatabase(const Options& options) {
    try {
      return SQLite::Database(options.path,
                              SQLite::OPEN_READWRITE | (options.reader ? 0 : SQLite::OPEN_CREATE) |
                                  SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX |
                                  SQLITE_OPEN_PRIVATECACHE,
                              0);
    } catch (const SQLite::Exception& error) {
      const bool tells = !options.memory && (error.getErrorCode() & 0xff) == SQLITE_CANTOPEN;
      const std::string why = tells ? Diagnose(options.url, false) : "";
      throw StorageError(StorageKind::Open, options.url,
                         why.empty() ? error.what() : core::Concat({error.what(), ": ", why}),
                         error.getExtendedErrorCode());
    }
  }

  /// The first value of the first row.
  std::string Ask(std::string_view sql) {
    Prepared statement = Prepare(sql, Say());
    Running running(*this, statement);
    ResultRow row(statement.Get());
    return running.Next(Binding(statement.Get()), Say()) ? std::string(row.Text(0)) : "";
  }

  void RefuseUtf16() {
    const std::string encoding = Ask("PRAGMA encoding");
    if (encoding == "UTF-8") return;
    throw StorageError(StorageKind::Open, url_,
                       core::Concat({"its texts are in ", encoding,
                                     ", not in UTF-8; `sqlite3 OLD .dump | "
                                     "sqlite3 NEW` makes a copy that is"}));
  }

  void AddFunctions() {
    if (ValuesFunction::Register(Handle()) != SQLITE_OK) Fail(Say());
    if (SumFunction::Register(Handle()) != SQLITE_OK) Fail(Say());
    if (defaults_.Register(Handle()) != SQLITE_OK) Fail(Say());
  }

  /// SQLite may refuse the switch with BUSY in spite of the busy handler: others open the same new
  /// file.
  void UseWal() {
    const auto give_up = Clock::now() + kLockWait;
    while (true) {
      try {
        const std::string mode = Ask("PRAGMA journal_mode = WAL");
        if (mode == "wal") return BoundLog();
        throw StorageError(
            StorageKind::Open, url_,
            core::Concat({"the file does not come up in WAL mode, but in mode \"", mode,
                          "\": its file system or VFS lacks what that needs"}));
      } catch (const BusyError&) {
        if (Clock::now() >= give_up) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }
  }

  /// A reader keeps the log from being used anew from its beginning, so that it grows; when it has
  /// ended, the log goes back to its limit.
  void BoundLog() {
    Execute(core::Concat({"PRAGMA journal_size_limit = ", std::to_string(kLogLimit)}));
    waiting_.KeepLogShort();
  }
  std::string url_;
  const store::Observers* observers_;
  Waiting waiting_;
  DefaultFunction defaults_;
  SQLite::Database
      db_;  // closed last but for what SQLite calls: the statements are finalized before
  bool tracing_ = false;
  PreparedCache cache_;
};

}  // namespace grapnel::sqlite::detail
