#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/sqlite/error.hpp>
#include <grapnel/store/sqlite/migration.hpp>
#include <grapnel/store/sqlite/session.hpp>
#include <grapnel/store/sqlite/sql.hpp>
#include <grapnel/store/sqlite/statement.hpp>
#include <grapnel/store/sqlite/tables.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// One SQLite connection.
class Connection final : public store::Connection {
 public:
  /// Throws: StorageError of kind Open, NotADatabase, Io; BusyError.
  explicit Connection(const Options& options) : session_(options) {
    if (options.reader) return;
    session_.Execute(core::Concat({"CREATE TABLE ", kLists,
                                   " (type INTEGER, id, list INTEGER, PRIMARY KEY (type, id, list)) "
                                   "WITHOUT ROWID"}));
    session_.Execute("CREATE INDEX temp.grapnel_lists_list ON grapnel_lists (list, id)");
  }

  void Watch(const core::Context* context) noexcept override { session_.Watch(context); }

  void BeginWrite() override { session_.Step(begin_write_, "BEGIN IMMEDIATE"); }
  void BeginRead() override {
    session_.Step(begin_read_, "BEGIN");
    session_.Step(snapshot_, "SELECT count(*) FROM sqlite_schema");  // fixes the snapshot
  }
  void Commit() override { session_.Step(commit_, "COMMIT"); }
  void Rollback() noexcept override {
    if (!InTransaction()) return;
    sqlite3_exec(session_.Handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  bool InTransaction() const noexcept override { return session_.InTransaction(); }

  void Savepoint(int depth) override { session_.Step(savepoint_, "SAVEPOINT grapnel_", depth); }
  void RollbackTo(int depth) override { session_.Step(rollback_to_, "ROLLBACK TO grapnel_", depth); }
  void Release(int depth) override { session_.Step(release_, "RELEASE grapnel_", depth); }

  void Verify(const Table& table) override { VerifyTable(session_, table); }

  std::int64_t Run(const store::Insert& insert) override {
    const bool with_id = insert.set.test(0);
    FixedStatements& fixed = FixedFor(*insert.table);
    Statement& statement = with_id ? fixed.insert_with_id : fixed.insert;
    if (!statement) statement = session_.Prepare(InsertText(*insert.table, with_id), session_.Say(insert));
    Session::Running running(session_, statement);
    Binding binding(statement.Get());
    int at = 0;
    for (std::size_t i = with_id ? 0 : 1; i < insert.table->columns.size(); ++i) {
      const Column& column = insert.table->columns[i];
      if (insert.set.test(i)) {
        Bind(insert, column, insert.entity, binding, ++at);
      } else {
        binding.Null(++at);
      }
    }
    running.Finish(binding, session_.Say(insert));
    return with_id ? 0 : sqlite3_last_insert_rowid(session_.Handle());
  }

  std::int64_t Run(const store::Update& update) override {
    const Table& table = *update.table;
    Sql sql = UpdateText(update);
    const Doing doing = session_.Say(update);
    const Session::Borrowed statement(session_, sql.Finish(), doing);
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    int at = 0;
    for (std::size_t i = 1; i < table.columns.size(); ++i) {
      const Column& column = table.columns[i];
      if (!update.set.test(i) && !update.added.test(i)) continue;
      Bind(update, column, update.entity, binding, ++at);
      if (update.added.test(i)) BindBounds(column, binding, at);
    }
    if (update.by_id) Bind(update, table.Id(), update.entity, binding, ++at);
    BindAll(sql, binding, at);
    running.Finish(binding, doing, &update);
    return sqlite3_changes64(session_.Handle());
  }

  std::int64_t Run(const store::Delete& statement) override {
    Sql sql = DeleteText(statement);
    RunText(sql, statement, statement.by_id ? statement.entity : nullptr);
    return sqlite3_changes64(session_.Handle());
  }

  std::int64_t Run(const store::EdgeWrite& write) override {
    Sql sql = EdgeText(write);
    const Doing doing = session_.Say(write);
    const Session::Borrowed statement(session_, sql.Finish(), doing);
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    grapnel::detail::BindValue(*write.source, binding, 1);
    BindAll(sql, binding, 1);
    running.Finish(binding, doing);
    return sqlite3_changes64(session_.Handle());
  }

  void Run(const store::Select& select, const RowSink& sink) override {
    Sql sql = SelectText(select);
    const Doing doing = session_.Say(select);
    const Session::Borrowed statement(session_, sql.Finish(), doing);
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    int at = 0;
    if (select.by_id) Bind(select, select.table->Id(), select.entity, binding, ++at);
    BindAll(sql, binding, at);
    ResultRow row(statement->Get());
    while (running.Next(binding, doing)) sink(row);
  }

  std::int64_t Count(const store::Select& select) override {
    std::int64_t count = 0;
    Run(select, [&](grapnel::detail::Row& row) { count = row.Int(0); });
    return count;
  }

  std::int64_t Run(const store::Keep& keep) override {
    Sql sql = KeepText(keep);
    const Doing doing = session_.Say(keep);
    const Session::Borrowed statement(session_, sql.Finish(), doing);
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    binding.Int(1, keep.type);
    binding.Int(2, keep.list);
    int at = 2;
    if (keep.entity != nullptr) Bind(keep, keep.table->Id(), keep.entity, binding, ++at);
    BindAll(sql, binding, at);
    running.Finish(binding, doing);
    return sqlite3_changes64(session_.Handle());
  }
  void Run(const store::Page& page, const RowSink& sink) override {
    const bool first = page.after->IsNull();
    const Doing doing = session_.Say(page);
    const Session::Borrowed statement(
        session_, core::Concat({"SELECT id FROM ", kLists, " WHERE list = ?1", first ? "" : " AND id > ?3",
                                " ORDER BY id LIMIT ?2"}),
        doing);
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    binding.Int(1, page.list);
    binding.Int(2, page.limit);
    if (!first) grapnel::detail::BindValue(*page.after, binding, 3);
    ResultRow row(statement->Get());
    while (running.Next(binding, doing)) sink(row);
  }
  void KeepLast(std::int64_t first) override {
    RunOnLists(" WHERE list >= ?1 AND EXISTS (SELECT 1 FROM temp.grapnel_lists AS later WHERE later.type = "
               "grapnel_lists.type AND later.id = grapnel_lists.id AND later.list > grapnel_lists.list)",
               first);
  }
  void Forget(std::int64_t first) override { RunOnLists(" WHERE list >= ?1", first); }

  std::vector<std::string> PlanMigration(std::span<const Table* const> tables) override {
    return detail::PlanMigration(session_, tables);
  }
  void Apply(const std::string& statement) override {
    try {
      session_.Execute(statement);
    } catch (const ConstraintError& error) {
      throw MigrationError(core::Concat({"the rows that are there break what the schema asks for: ",
                                         error.Detail(), ". Nothing was changed"}));
    }
  }
  /// Turning it off forgets what was deferred.
  void DeferForeignKeys(bool on) override {
    session_.Step(on ? defer_ : check_, on ? "PRAGMA defer_foreign_keys = ON"
                                           : "PRAGMA defer_foreign_keys = OFF");
  }

 private:
  struct FixedStatements {
    Statement insert, insert_with_id;
  };

  FixedStatements& FixedFor(const Table& table) { return fixed_[&table]; }

  static void Bind(const store::Statement& statement, const Column& column, const void* entity,
                   Binding& binding, int at) {
    try {
      column.ops->bind(column.at_const(entity), binding, at);
    } catch (const BadValue& error) {
      throw ValidationError(statement.table->entity, column.name, statement.op, error.what());
    }
  }
  /// DELETE FROM the lists, with the number of a list as its parameter.
  void RunOnLists(std::string_view where, std::int64_t list) {
    const Session::Borrowed statement(session_, core::Concat({"DELETE FROM ", kLists, where}),
                                      session_.Say());
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    binding.Int(1, list);
    running.Finish(binding, session_.Say());
  }

  static void BindAll(const Sql& sql, Binding& binding, int at) {
    for (const FieldValue* value : sql.parameters) grapnel::detail::BindValue(*value, binding, ++at);
  }

  void RunText(Sql& sql, const store::Statement& of, const void* entity) {
    const Doing doing = session_.Say(of);
    const Session::Borrowed statement(session_, sql.Finish(), doing);
    Session::Running running(session_, *statement);
    Binding binding(statement->Get());
    int at = 0;
    if (entity != nullptr) Bind(of, of.table->Id(), entity, binding, ++at);
    BindAll(sql, binding, at);
    running.Finish(binding, doing);
  }

  static void BindBounds(const Column& column, Binding& binding, int& at) {
    if (column.Kind() == FieldKind::Int) {
      binding.Int(++at, std::max(column.least.value_or(column.ops->least), column.ops->least));
      binding.Int(++at, std::min(column.most.value_or(column.ops->most), column.ops->most));
      return;
    }
    if (column.least_real) binding.Real(++at, *column.least_real);
    if (column.most_real) binding.Real(++at, *column.most_real);
  }

  Session session_;
  Statement begin_write_, begin_read_, snapshot_, commit_, defer_, check_;
  std::vector<Statement> savepoint_, rollback_to_, release_;
  std::unordered_map<const Table*, FixedStatements> fixed_;
};

}  // namespace grapnel::sqlite::detail
