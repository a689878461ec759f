#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/sqlite/error.hpp>
#include <grapnel/store/sqlite/sql.hpp>
#include <grapnel/store/sqlite/statement.hpp>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

using Clock = core::Context::Clock;

/// How long a lock is waited for where the context sets no deadline.
inline constexpr std::chrono::seconds kLockWait{5};

/// One SQLite connection.
class Connection final : public store::Connection {
 public:
  struct Options {
    std::string url;   // as the user wrote it, for messages
    std::string path;  // as SQLite opens it
    bool memory = false;
    bool reader = false;
  };

  /// Throws: StorageError of kind Open, NotADatabase, ReadOnly, Io; BusyError.
  explicit Connection(const Options& options) : url_(options.url), db_(OpenDatabase(options)) {
    sqlite3_busy_handler(Handle(), &Connection::OnBusy, this);
    sqlite3_extended_result_codes(Handle(), 1);
    for (const int option : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL}) {
      sqlite3_db_config(Handle(), option, 0, nullptr);
    }
    Execute("PRAGMA foreign_keys = ON");
    if (!options.memory) {
      if (!options.reader && sqlite3_db_readonly(Handle(), "main") == 0) UseWal();
      Execute("PRAGMA synchronous = FULL");
    }
    if (options.reader) Execute("PRAGMA query_only = ON");
    Execute("SELECT count(*) FROM sqlite_schema");  // a file that is no database fails here
  }

  void Watch(const core::Context* context) noexcept override {
    context_ = context;
    const bool watch = context != nullptr && context->CanBeCancelled();
    if (watch == watching_) return;
    watching_ = watch;
    sqlite3_progress_handler(Handle(), watch ? 1000 : 0, watch ? &Connection::OnProgress : nullptr,
                             this);
  }

  void BeginWrite() override { Step(begin_write_, "BEGIN IMMEDIATE"); }
  void BeginRead() override {
    Step(begin_read_, "BEGIN");
    Execute("SELECT count(*) FROM sqlite_schema");  // fixes the snapshot
  }
  void Commit() override { Step(commit_, "COMMIT"); }
  void Rollback() noexcept override {
    if (!InTransaction()) return;
    sqlite3_exec(Handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  bool InTransaction() const noexcept override { return sqlite3_get_autocommit(Handle()) == 0; }

  void Savepoint(int depth) override { Step(savepoint_, "SAVEPOINT grapnel_", depth); }
  void RollbackTo(int depth) override { Step(rollback_to_, "ROLLBACK TO grapnel_", depth); }
  void Release(int depth) override { Step(release_, "RELEASE grapnel_", depth); }

  void Verify(const Table& table) override {
    const auto stored = ColumnsInDatabase(table);
    if (stored.empty()) {
      throw SchemaError(table.entity, "id",
                        "the database has no table " + Quote(table.name) + "; call Migrate()");
    }
    if (const auto reason = Misfit(table, stored)) {
      throw SchemaError(table.entity, reason->first, reason->second);
    }
  }

  std::int64_t Run(const store::Insert& insert) override {
    const bool with_id = insert.set.test(0);
    FixedStatements& fixed = FixedFor(*insert.table);
    Statement& statement = with_id ? fixed.insert_with_id : fixed.insert;
    if (!statement) statement = Prepare(InsertText(*insert.table, with_id), Say(insert));
    Running running(*this, statement);
    Binding binding(statement.Get());
    int at = 0;
    for (std::size_t i = with_id ? 0 : 1; i < insert.table->columns.size(); ++i) {
      const Column& column = insert.table->columns[i];
      if (insert.set.test(i)) {
        column.ops->bind(column.at_const(insert.entity), binding, ++at);
      } else {
        binding.Null(++at);
      }
    }
    running.Finish(binding, Say(insert));
    return with_id ? 0 : sqlite3_last_insert_rowid(Handle());
  }

  std::int64_t Run(const store::Update& update) override {
    const Table& table = *update.table;
    std::string assignments;
    int parameters = 0;
    const auto parameter = [&] { return "?" + std::to_string(++parameters); };
    for (std::size_t i = 1; i < table.columns.size(); ++i) {
      const Column& column = table.columns[i];
      if (!update.set.test(i) && !update.added.test(i) && !update.cleared.test(i)) continue;
      const std::string name = Quote(column.storage);
      if (!assignments.empty()) assignments += ", ";
      assignments += name + " = ";
      if (update.set.test(i)) {
        assignments += parameter();
      } else if (update.added.test(i)) {
        const std::string delta = parameter();
        assignments += Sum(column, name, delta, parameter);
      } else {
        assignments += "NULL";
      }
    }
    const int id = update.by_id ? ++parameters : 0;
    Sql sql(table, parameters + 1);
    sql.text = "UPDATE " + Quote(table.name) + " SET " + assignments;
    WhereIdAnd(sql, table, id, update.where);
    const Doing doing = Say(update);
    const Borrowed statement(*this, std::move(sql.text), doing);
    Running running(*this, *statement);
    Binding binding(statement->Get());
    int at = 0;
    for (std::size_t i = 1; i < table.columns.size(); ++i) {
      const Column& column = table.columns[i];
      if (!update.set.test(i) && !update.added.test(i)) continue;
      column.ops->bind(column.at_const(update.entity), binding, ++at);
      if (update.added.test(i)) BindBounds(column, binding, at);
    }
    if (update.by_id) table.Id().ops->bind(table.Id().at_const(update.entity), binding, ++at);
    BindAll(sql, binding, at);
    running.Finish(binding, doing, &update);
    return sqlite3_changes64(Handle());
  }

  std::int64_t Run(const store::Delete& statement) override {
    const Table& table = *statement.table;
    Sql sql(table, statement.by_id ? 2 : 1);
    sql.text = "DELETE FROM " + Quote(table.name);
    WhereIdAnd(sql, table, statement.by_id ? 1 : 0, statement.where);
    RunText(sql, statement, statement.by_id ? statement.entity : nullptr);
    return sqlite3_changes64(Handle());
  }

  void Run(const store::Select& select, const RowSink& sink) override {
    Sql sql(*select.table, select.by_id ? 2 : 1);
    const bool ids = select.want == store::Select::Want::Ids;
    sql.text = "SELECT " + (ids ? Quote(select.table->Id().storage) : ColumnList(*select.table));
    Tail(sql, select);
    Query(sql, select, sink);
  }

  std::int64_t Count(const store::Select& select) override {
    Sql sql(*select.table, select.by_id ? 2 : 1);
    const bool exist = select.want == store::Select::Want::Exist;
    sql.text = exist ? "SELECT EXISTS (SELECT 1" : "SELECT count(*) FROM (SELECT 1";
    Tail(sql, select);
    sql.text += ')';
    std::int64_t count = 0;
    Query(sql, select, [&](grapnel::detail::Row& row) { count = row.Int(0); });
    return count;
  }

  void Migrate(std::span<const Table* const> tables) override {
    BeginWrite();
    try {
      for (const Table* table : tables) {
        CheckNames(*table);
        const auto stored = ColumnsInDatabase(*table);
        if (stored.empty()) {
          Execute(CreateTableText(*table));
        } else if (const auto reason = Misfit(*table, stored)) {
          throw MigrationError("cannot bring table " + Quote(table->name) + " to the schema of " +
                               std::string(table->entity) + ": " + std::string(reason->first) + ": " +
                               reason->second + ". Nothing was changed");
        }
        for (const std::string& text : CreateIndexTexts(*table)) Execute(text);
      }
      Watch(nullptr);
      Commit();
    } catch (const ConstraintError& error) {
      Rollback();
      throw MigrationError("cannot make a unique index, for rows that are there break it: " +
                           error.Detail() + ". Nothing was changed");
    } catch (...) {
      Rollback();
      throw;
    }
  }

 private:
  struct StoredColumn {
    std::string name, type;
    bool not_null;
  };
  struct FixedStatements {
    Statement insert, insert_with_id;
  };

  sqlite3* Handle() const noexcept { return db_.getHandle(); }

  static SQLite::Database OpenDatabase(const Options& options) {
    try {
      return SQLite::Database(options.path,
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI |
                                  SQLite::OPEN_NOMUTEX,
                              0);
    } catch (const SQLite::Exception& error) {
      throw StorageError(StorageKind::Open, options.url, error.what(), error.getExtendedErrorCode());
    }
  }

  /// SQLite may refuse the switch with BUSY in spite of the busy handler: others open the same new file.
  void UseWal() {
    const auto give_up = Clock::now() + kLockWait;
    while (true) {
      try {
        return Execute("PRAGMA journal_mode = WAL");
      } catch (const BusyError&) {
        if (Clock::now() >= give_up) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }
  }

  static int OnBusy(void* self, int tries) {
    auto& connection = *static_cast<Connection*>(self);
    const core::Context* context = connection.context_;
    const auto now = Clock::now();
    if (tries == 0) connection.busy_since_ = now;
    const bool has_deadline = context != nullptr && context->Deadline().has_value();
    if (context != nullptr && context->IsCancelled()) return 0;
    if (!has_deadline && now - connection.busy_since_ >= kLockWait) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(tries + 1, 10)));
    return 1;
  }
  static int OnProgress(void* self) {
    const core::Context* context = static_cast<Connection*>(self)->context_;
    return context != nullptr && context->IsCancelled() ? 1 : 0;
  }

  Doing Say(const store::Statement& statement) const {
    return {url_, statement.table, statement.op, context_};
  }
  Doing Say() const { return {url_, nullptr, {}, context_}; }

  [[noreturn]] void Fail(const Doing& doing) const {
    const std::string message = sqlite3_errmsg(Handle());
    Throw(sqlite3_extended_errcode(Handle()), message, doing);
  }

  Statement Prepare(std::string_view sql, const Doing& doing) {
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v3(Handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK) {
      Fail(doing);
    }
    return Statement(handle);
  }

  /// A statement from the cache, or a fresh one where that is in the middle of its rows.
  class Borrowed {
   public:
    Borrowed(Connection& connection, std::string sql, const Doing& doing) {
      statement_ = connection.cache_.Find(sql);
      if (statement_ == nullptr) {
        Statement prepared = connection.Prepare(sql, doing);
        statement_ = &connection.cache_.Add(std::move(sql), std::move(prepared));
      } else if (statement_->IsRunning()) {
        own_ = connection.Prepare(sql, doing);
        statement_ = &own_;
      }
    }
    Statement& operator*() const noexcept { return *statement_; }
    Statement* operator->() const noexcept { return statement_; }

   private:
    Statement* statement_;
    Statement own_;
  };

  /// A statement that runs; reset in the end.
  class Running {
   public:
    Running(Connection& connection, Statement& statement)
        : connection_(connection), statement_(statement.Get()) {
      const core::Context* context = connection.context_;
      if (context != nullptr && context->Tracer() != nullptr) {
        (*context->Tracer())(sqlite3_sql(statement_));
      }
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { sqlite3_reset(statement_); }

    /// Runs a statement that has no rows.
    void Finish(const Binding& binding, const Doing& doing, const store::Update* update = nullptr) {
      while (Next(binding, doing, update)) {
      }
    }
    /// Whether there is a next row.
    bool Next(const Binding& binding, const Doing& doing, const store::Update* update = nullptr) {
      if (binding.Result() == SQLITE_TOOBIG) {
        throw StorageError(StorageKind::Other, doing.database, "a value is too large", SQLITE_TOOBIG);
      }
      if (binding.Result() != SQLITE_OK) connection_.Fail(doing);
      const int result = sqlite3_step(statement_);
      if (result == SQLITE_ROW) return true;
      if (result == SQLITE_DONE) return false;
      if (update != nullptr && update->added.any() && (result & 0xff) == SQLITE_ERROR &&
          std::string_view(sqlite3_errmsg(connection_.Handle())) == "integer overflow") {
        RefuseSum(*update);
      }
      connection_.Fail(doing);
    }

   private:
    [[noreturn]] static void RefuseSum(const store::Update& update) {
      std::string fields;
      for (std::size_t i = 0; i < update.table->columns.size(); ++i) {
        if (!update.added.test(i)) continue;
        fields += (fields.empty() ? "" : ", ") + std::string(update.table->columns[i].name);
      }
      throw ValidationError(update.table->entity, fields, update.op,
                            "what is added leaves the field's range");
    }

    Connection& connection_;
    sqlite3_stmt* statement_;
  };

  void Execute(std::string_view sql) {
    Statement statement = Prepare(sql, Say());
    Running running(*this, statement);
    running.Finish(Binding(statement.Get()), Say());
  }

  void Step(Statement& statement, std::string_view sql) {
    if (!statement) statement = Prepare(sql, Say());
    Running running(*this, statement);
    running.Finish(Binding(statement.Get()), Say());
  }
  void Step(std::vector<Statement>& by_depth, std::string_view sql, int depth) {
    const auto at = static_cast<std::size_t>(depth);
    if (by_depth.size() <= at) by_depth.resize(at + 1);
    if (!by_depth[at]) {
      by_depth[at] = Prepare(std::string(sql) + std::to_string(depth), Say());
    }
    Step(by_depth[at], {});
  }

  FixedStatements& FixedFor(const Table& table) { return fixed_[&table]; }

  static void BindValue(const FieldValue& value, Binding& binding, int at) {
    struct Bind {
      Binding& to;
      int at;
      void operator()(std::monostate) const { to.Null(at); }
      void operator()(bool v) const { to.Int(at, v ? 1 : 0); }
      void operator()(std::int64_t v) const { to.Int(at, v); }
      void operator()(double v) const { to.Real(at, v); }
      void operator()(const std::string& v) const { to.Text(at, v, false); }
      void operator()(const FieldValue::Bytes& v) const { to.Blob(at, v, false); }
    };
    std::visit(Bind{binding, at}, value.Get());
  }
  static void BindAll(const Sql& sql, Binding& binding, int at) {
    for (const FieldValue* value : sql.parameters) BindValue(*value, binding, ++at);
  }

  static void WhereIdAnd(Sql& sql, const Table& table, int id_parameter,
                         const PredicateNode* where) {
    if (id_parameter == 0) return sql.Where(where);
    sql.text += " WHERE " + Quote(table.Id().storage) + " = ?" + std::to_string(id_parameter);
    if (where == nullptr) return;
    sql.text += " AND ";
    sql.Render(*where);
  }

  static void Tail(Sql& sql, const store::Select& select) {
    sql.text += " FROM " + Quote(select.table->name);
    WhereIdAnd(sql, *select.table, select.by_id ? 1 : 0, select.where);
    sql.OrderBy(select.order);
    if (!select.limit && select.offset == 0) return;
    sql.text += " LIMIT " + sql.Own(select.limit.value_or(-1));
    if (select.offset != 0) sql.text += " OFFSET " + sql.Own(select.offset);
  }

  void RunText(Sql& sql, const store::Statement& of, const void* entity) {
    const Borrowed statement(*this, std::move(sql.text), Say(of));
    Running running(*this, *statement);
    Binding binding(statement->Get());
    int at = 0;
    if (entity != nullptr) of.table->Id().ops->bind(of.table->Id().at_const(entity), binding, ++at);
    BindAll(sql, binding, at);
    running.Finish(binding, Say(of));
  }

  void Query(Sql& sql, const store::Select& select, const RowSink& sink) {
    const Doing doing = Say(select);
    const Borrowed statement(*this, std::move(sql.text), doing);
    Running running(*this, *statement);
    Binding binding(statement->Get());
    int at = 0;
    if (select.by_id) {
      select.table->Id().ops->bind(select.table->Id().at_const(select.entity), binding, ++at);
    }
    BindAll(sql, binding, at);
    ResultRow row(statement->Get());
    while (running.Next(binding, doing)) sink(row);
  }

  /// The sum of a column and a parameter, where it stays in range; else SQLite's "integer overflow", so
  /// that the statement undoes itself. The last term is no constant, or SQLite would compute it first.
  template <class Parameter>
  static std::string Sum(const Column& column, const std::string& name, const std::string& delta,
                         Parameter parameter) {
    const std::string sum = "(COALESCE(" + name + ", 0) + " + delta + ")";
    std::string in_range;
    if (column.ops->kind == FieldKind::Int) {
      in_range = "typeof(" + sum + ") = 'integer' AND " + sum + " BETWEEN " + parameter();
      in_range += " AND " + parameter();
    } else {
      in_range = sum + " IS NOT NULL";
      if (column.least_real) in_range += " AND " + sum + " >= " + parameter();
      if (column.most_real) in_range += " AND " + sum + " <= " + parameter();
      if (column.above_zero) in_range += " AND " + sum + " > 0";
    }
    return "CASE WHEN " + in_range + " THEN " + sum +
           " ELSE abs(-9223372036854775807 - (" + name + " IS NOT NULL OR " + name +
           " IS NULL)) END";
  }
  static void BindBounds(const Column& column, Binding& binding, int& at) {
    if (column.ops->kind == FieldKind::Int) {
      binding.Int(++at, std::max(column.least.value_or(column.ops->least), column.ops->least));
      binding.Int(++at, std::min(column.most.value_or(column.ops->most), column.ops->most));
      return;
    }
    if (column.least_real) binding.Real(++at, *column.least_real);
    if (column.most_real) binding.Real(++at, *column.most_real);
  }

  std::vector<StoredColumn> ColumnsInDatabase(const Table& table) {
    Statement statement =
        Prepare("SELECT name, type, \"notnull\" FROM pragma_table_info(?)", Say());
    Running running(*this, statement);
    Binding binding(statement.Get());
    binding.Text(1, table.name, false);
    std::vector<StoredColumn> columns;
    ResultRow row(statement.Get());
    while (running.Next(binding, Say())) {
      columns.push_back({std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2) != 0});
    }
    return columns;
  }

  /// The first field that the table has no fitting column for, and why.
  static std::optional<std::pair<std::string_view, std::string>> Misfit(
      const Table& table, const std::vector<StoredColumn>& stored) {
    for (const Column& column : table.columns) {
      const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredColumn& each) {
        return EqualNames(each.name, column.storage);
      });
      const std::string where = "in table " + Quote(table.name);
      if (found == stored.end()) {
        return std::pair(column.name, where + " there is no column " + Quote(column.storage));
      }
      if (Affinity(found->type) != TypeName(column.ops->kind)) {
        return std::pair(column.name, where + " column " + Quote(column.storage) + " is of type \"" +
                                          found->type + "\", not " +
                                          std::string(TypeName(column.ops->kind)));
      }
    }
    return std::nullopt;
  }
  /// SQLite's names ignore ASCII case.
  static bool EqualNames(const std::string& left, std::string_view right) {
    return left.size() == right.size() &&
           sqlite3_strnicmp(left.data(), right.data(), static_cast<int>(left.size())) == 0;
  }

  static void CheckNames(const Table& table) {
    const auto bad = [](std::string_view name) {
      return name.empty() || name.find('\0') != name.npos || name.starts_with("sqlite_");
    };
    if (bad(table.name)) {
      throw MigrationError(std::string(table.entity) + ": " + Quote(table.name) +
                           " cannot be a table's name in SQLite");
    }
    for (const Column& column : table.columns) {
      if (column.storage.empty() || column.storage.find('\0') != column.storage.npos) {
        throw MigrationError(std::string(table.entity) + "." + std::string(column.name) + ": " +
                             Quote(column.storage) + " cannot be a column's name in SQLite");
      }
    }
  }

  std::string url_;
  SQLite::Database db_;  // closed last: the statements below are finalized before
  const core::Context* context_ = nullptr;
  bool watching_ = false;
  Clock::time_point busy_since_{};
  Statement begin_write_, begin_read_, commit_;
  std::vector<Statement> savepoint_, rollback_to_, release_;
  std::unordered_map<const Table*, FixedStatements> fixed_;
  StatementCache cache_;
};

}  // namespace grapnel::sqlite::detail
