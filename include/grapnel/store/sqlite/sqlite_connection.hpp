#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/kept_statements.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/tabulate.hpp>
#include <grapnel/store/sqlite/interference.hpp>
#include <grapnel/store/sqlite/kept_selects.hpp>
#include <grapnel/store/sqlite/members.hpp>
#include <grapnel/store/sqlite/migrate/planner.hpp>
#include <grapnel/store/sqlite/migrate/steps.hpp>
#include <grapnel/store/sqlite/migrate/tables.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/error.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>
#include <grapnel/store/sqlite/native/raw_statements.hpp>
#include <grapnel/store/sqlite/savepoints.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// SELECT of a row that an update would add to though it holds no number: its id, and what it
/// holds. Parameter 1 is the id of one that is by id.
inline Sql NoNumberText(const store::Update& update, const Column& column) {
  const Table& table = *update.table;
  Sql sql(kDialect, table, update.by_id ? 2 : 1);
  core::Append(sql.text, {"SELECT * FROM (SELECT ", Quote(table.Id().storage), ", typeof(",
                          Quote(column.storage), ") AS grapnel_type FROM ", Quote(table.name)});
  WhereIdAnd(sql, table, update.by_id ? 1 : 0, update.where);
  core::Append(sql.text, {") WHERE grapnel_type NOT IN ('integer', 'null'",
                          column.Kind() == FieldKind::Int ? "" : ", 'real'", ") LIMIT 1"});
  return sql;
}

/// One SQLite connection.
class SqliteConnection final : public store::Connection {
 public:
  /// Throws: StorageError of kind Open, NotADatabase, Io; BusyError.
  explicit SqliteConnection(const Options& options)
      : place_(options.reader ? nullptr : options.place),
        native_(options),
        reads_only_(options.reader) {
    rollback_ = native_.Prepare("ROLLBACK", native_.Say());  // later there may be no memory for it
    if (options.reader) return;
    // The second index has no name of its own, which one of a user's might meet.
    native_.Execute(core::Concat({"CREATE TABLE ", kLists,
                                  " (type INTEGER, id, list INTEGER, PRIMARY KEY (type, id, list), "
                                  "UNIQUE (list, id, type)) WITHOUT ROWID"}));
  }

  void Watch(const core::Context* context) noexcept override { native_.Watch(context); }
  /// What is begun next has waited so long for the connection.
  void NoteWaited(core::Elapsed waited) noexcept { native_.NoteWaited(waited); }

  bool IsTracing() const noexcept override { return native_.IsTracing(); }

  void BeginWrite() override {
    native_.Step(begin_write_, "BEGIN IMMEDIATE");
    interference_.Begin();
  }
  void BeginRead() override {
    native_.Step(begin_read_, "BEGIN");
    native_.Step(snapshot_, "SELECT count(*) FROM sqlite_schema");  // fixes the snapshot
  }
  /// Nothing is acknowledged that went into a file without a name.
  void Commit() override {
    if (place_ != nullptr) {
      place_->Check();
      place_->CheckLog();
    }
    native_.Step(commit_, "COMMIT");
  }
  std::optional<store::BrokenKey> FindBrokenKey() override {
    try {
      Prepared found = native_.Prepare(
          "SELECT c.\"table\", (SELECT group_concat(\"from\", ', ') FROM "
          "pragma_foreign_key_list(c.\"table\") "
          "WHERE id = c.fkid), c.parent FROM pragma_foreign_key_check AS c LIMIT 1",
          native_.Say());
      NativeConnection::Running running(native_, found);
      if (!running.Next(Binding(found.Get()), native_.Say())) return std::nullopt;
      ResultRow row(found.Get());
      return store::BrokenKey{std::string(row.Text(0)), std::string(row.Text(1)),
                              std::string(row.Text(2))};
    } catch (const std::exception&) {
      return std::nullopt;  // it is only to say more
    }
  }
  void Rollback() noexcept override {
    if (!InTransaction()) return;
    native_.Watch(nullptr);  // nothing cancels it
    NativeConnection::Running(native_, rollback_, NativeConnection::Sort::Undoing).Try();
    if (InTransaction()) sqlite3_exec(native_.Handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  bool InTransaction() const noexcept override { return native_.InTransaction(); }
  bool ReadsOnly() const noexcept { return reads_only_; }
  sqlite3* Handle() const noexcept { return native_.Handle(); }

  [[gnu::hot]] void Savepoint(int depth) override { native_.Step(savepoints_.At(depth).set); }
  [[gnu::hot]] void Release(int depth) override { native_.Step(savepoints_.At(depth).release); }
  void RollbackTo(int depth) override {
    native_.Step(savepoints_.At(depth).roll_back, NativeConnection::Sort::Undoing);
  }
  void Discard(int depth) override {
    RollbackTo(depth);
    native_.Step(savepoints_.At(depth).release, NativeConnection::Sort::Undoing);
  }

  void Verify(const Table& table) override { VerifyTable(native_, table); }
  [[gnu::hot]] bool WritesPlainly(const Table& table) override {
    return interference_.WritesPlainly(table.name, Of(table).plainness);
  }
  bool WritesPairsPlainly(std::string_view pairs) override {
    auto found = pairs_.find(pairs);
    if (found == pairs_.end()) found = pairs_.try_emplace(std::string(pairs)).first;
    return interference_.WritesPlainly(pairs, found->second);
  }
  [[gnu::hot]] std::int64_t Changes() const noexcept override {
    return sqlite3_total_changes64(native_.Handle());
  }

  [[gnu::hot]] std::int64_t Run(const store::Insert& insert) override {
    const bool with_id = insert.set.test(0);
    const Table& table = *insert.table;
    OfTable& of = Of(table);
    const Doing doing = native_.Say(insert);
    const NativeConnection::Borrowed statement(
        native_, with_id ? of.insert_with_id : of.insert,
        [&] { return InsertText(kDialect, table, with_id); }, doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    of.members.BindRow(insert, insert.set, with_id ? 0 : 1, insert.entity, binding, 0);
    running.Finish(binding, doing);
    CheckInserted(insert, 1);
    return with_id ? 0 : sqlite3_last_insert_rowid(native_.Handle());
  }

  bool Run(const store::Matching& matching) override {
    const Table& table = *matching.table;
    Sql sql = MatchingText(kDialect, matching);
    const Doing doing = native_.Say(matching);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    const int at =
        Of(table).members.BindRow(matching, matching.set, 0, matching.entity, binding, 0);
    BindAll(sql.parameters, binding, at);
    ResultRow row(statement->Get());
    return running.Next(binding, doing) && row.Int(0) != 0;
  }

  bool Run(const store::InsertMany& insert, std::vector<std::int64_t>& ids) override {
    const Table& table = *insert.table;
    const auto rows = static_cast<std::int64_t>(insert.sets.size());
    const auto columns = static_cast<std::int64_t>(table.columns.size() - 1);
    const int limit = sqlite3_limit(native_.Handle(), SQLITE_LIMIT_VARIABLE_NUMBER, -1);
    if (columns == 0 || rows * columns > limit) return false;
    const bool has_room =
        insert.behind && *insert.behind <= std::numeric_limits<std::int64_t>::max() - rows;
    if (!has_room && !MakesConsecutiveIds(insert, rows)) return false;
    OfTable& of = Of(table);
    const Doing doing = native_.Say(insert);
    if (rows > of.insert_many_rows) {  // what a bulk sends most is kept at hand
      of.insert_many = {};
      of.insert_many_rows = rows;
    }
    const auto text = [&] { return InsertText(kDialect, table, false, insert.sets.size()); };
    const NativeConnection::Borrowed statement =
        rows == of.insert_many_rows
            ? NativeConnection::Borrowed(native_, of.insert_many, text, doing)
            : NativeConnection::Borrowed(native_, text(), doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    int at = 0;
    for (std::size_t row = 0; row < insert.sets.size(); ++row) {
      at = of.members.BindRow(insert, insert.sets[row], 1, insert.entity(row), binding, at);
    }
    running.Finish(binding, doing);
    CheckInserted(insert, rows);
    ids.resize(insert.sets.size());
    std::int64_t before = sqlite3_last_insert_rowid(native_.Handle()) - rows;  // may be the last
    for (std::int64_t& id : ids) id = ++before;
    return true;
  }

  [[gnu::hot]] std::int64_t Run(const store::Update& update) override {
    const Doing doing = native_.Say(update);
    OfTable& of = Of(*update.table);
    if (Prepared* kept = of.KeptFor(update)) {
      const NativeConnection::Borrowed statement(
          native_, *kept, [&] { return UpdateText(kDialect, update).Finish(); }, doing);
      return Finish(update, of, *statement, Sql::Parameters(), doing);
    }
    Sql sql = UpdateText(kDialect, update);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    return Finish(update, of, *statement, sql.parameters, doing);
  }

  [[gnu::hot]] std::int64_t Run(const store::Delete& statement) override {
    if (statement.by_id && statement.where == nullptr) {
      OfTable& of = Of(*statement.table);
      const Doing doing = native_.Say(statement);
      const NativeConnection::Borrowed kept(
          native_, of.delete_by_id, [&] { return DeleteText(kDialect, statement).Finish(); },
          doing);
      NativeConnection::Running running(native_, *kept);
      Binding binding = running.Bind();
      of.members.Bind(statement, 0, statement.entity, binding, 1);
      running.Finish(binding, doing);
    } else {
      Sql sql = DeleteText(kDialect, statement);
      RunText(sql, statement, statement.by_id ? statement.entity : nullptr);
    }
    return sqlite3_changes64(native_.Handle());
  }

  std::int64_t Run(const store::EdgeWrite& write) override {
    Sql sql = EdgeText(kDialect, write);
    const Doing doing = native_.Say(write);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    grapnel::detail::BindValue(*write.source, binding, 1);
    if (binding.Shows() && !write.relation->source->Id().sensitive)
      binding.Show(1, ToString(*write.source));
    BindAll(sql.parameters, binding, 1);
    running.Finish(binding, doing);
    return sqlite3_changes64(native_.Handle());
  }

  void Run(const store::Select& select, RowSink sink) override {
    const Doing doing = native_.Say(select);
    OfTable& of = Of(*select.table);
    Sql sql = select.through != nullptr
                  ? NeighboursText(kDialect, select, ForeignCollation(*select.through))
                  : SelectText(kDialect, select);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    Step(select, *statement, sql.parameters, of, sink, doing);
  }

  std::unique_ptr<store::Cursor> Open(const store::Select& select) override {
    return std::make_unique<RowCursor>(native_, select, Of(*select.table).members);
  }

  void Run(const store::Tabulate& values, RowSink sink) override {
    const Doing doing = native_.Say(values);
    Sql sql = TabulateText(kDialect, values);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    BindAll(sql.parameters, binding, 0);
    EntityRow row(statement->Get(), Of(*values.table).members);
    while (running.Next(binding, doing, values)) sink(row);
  }

  [[gnu::hot]] bool Run(const store::Find& find) override {
    OfTable& of = Of(*find.table);
    if (find.where != nullptr) return FindMatching(find, of);
    const Doing doing = native_.Say(find);
    const NativeConnection::Borrowed statement(
        native_, of.select_by_id, [&] { return TextOf(find).Finish(); }, doing);
    return Load(
        find, *statement, of, [](Binding&) {}, doing);
  }

  std::int64_t Count(const store::Select& select) override {
    std::int64_t count = 0;
    Run(select, [&](grapnel::detail::Row& row) { count = row.Int(0); });
    return count;
  }

  std::int64_t Run(const store::Keep& keep) override {
    Sql sql = KeepText(kDialect, keep);
    const Doing doing = native_.Say(keep);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    binding.Int(1, keep.type);
    binding.Int(2, keep.list);
    int at = 2;
    if (keep.entity != nullptr) Bind(keep, keep.table->Id(), keep.entity, binding, ++at);
    BindAll(sql.parameters, binding, at);
    running.Finish(binding, doing);
    return sqlite3_changes64(native_.Handle());
  }
  void Run(const store::Page& page, RowSink sink) override {
    const bool first = page.after->IsNull();
    const Doing doing = native_.Say(page);
    const NativeConnection::Borrowed statement(
        native_,
        core::Concat({"SELECT id FROM ", kLists, " WHERE list = ?1", first ? "" : " AND id > ?3",
                      " ORDER BY id LIMIT ?2"}),
        doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    binding.Int(1, page.list);
    binding.Int(2, page.limit);
    if (!first) grapnel::detail::BindValue(*page.after, binding, 3);
    ResultRow row(statement->Get());
    while (running.Next(binding, doing)) sink(row);
  }
  void KeepLast(std::int64_t first) override {
    RunOnLists(
        " WHERE list >= ?1 AND EXISTS (SELECT 1 FROM temp.grapnel_lists AS later WHERE later.type "
        "= "
        "grapnel_lists.type AND later.id = grapnel_lists.id AND later.list > grapnel_lists.list)",
        first);
  }
  void Forget(std::int64_t first) override {
    RunOnLists(" WHERE list >= ?1", first, NativeConnection::Sort::Undoing);
  }

  store::RawEffect Prepare(const store::RawSql& sql) override { return raw_.Prepare(sql); }
  store::RawResult Run(const store::RawSql& sql) override {
    if (raw_.Prepare(sql).changes_schema) interference_.NoteChange();
    return raw_.Run(sql);
  }
  void TellRefused(const store::RawSql& sql, std::string_view why) const noexcept override {
    native_.TellRefused(sql.text, why);
  }

  store::Plan PlanMigration(std::span<const Table* const> tables, Allow allowed) override {
    auto plan = SqlitePlanner(native_, false, tables).Plan(allowed);
    refusals_ = std::move(plan.refusals);
    return std::move(plan.plan);
  }
  std::vector<std::string> Rehearse(std::span<const Table* const> tables, Allow allowed) override {
    return SqlitePlanner(native_, true, tables).Plan(allowed).plan.hindrances;
  }
  void Apply(const store::Step& step) override { StepRunner(native_, refusals_).Run(step); }
  /// Turning it off forgets what was deferred.
  void DeferForeignKeys(bool on) override {
    if (on) return native_.Step(defer_, "PRAGMA defer_foreign_keys = ON");
    native_.Step(check_, "PRAGMA defer_foreign_keys = OFF", NativeConnection::Sort::Undoing);
  }

 private:
  /// Walks along the rows of one statement.
  class RowCursor final : public store::Cursor {
   public:
    RowCursor(NativeConnection& native, const store::Select& select, Members& members)
        : native_(native),
          of_{select},
          members_(members),
          sql_(SelectText(kDialect, select)),
          statement_(native, sql_.Finish(), native.Say(select)),
          running_(native, *statement_),
          binding_(running_.Bind()),
          row_(statement_->Get(), members) {
      BindAll(sql_.parameters, binding_, 0);
    }

    [[gnu::hot]] bool Next(void* entity) override {
      if (!running_.Next(binding_, native_.Say(of_))) return false;
      members_.Load(statement_->Get(), entity, row_);
      of_.table->AttachEdges(entity);
      return true;
    }

   private:
    NativeConnection& native_;
    const store::Statement of_;
    Members& members_;
    Sql sql_;  // holds what is bound
    NativeConnection::Taken statement_;
    NativeConnection::Running running_;
    Binding binding_;
    EntityRow row_;
  };

  /// What is kept for one type: statements that are used often, and where its members lie.
  struct OfTable : store::sql::KeptStatements<Prepared> {
    explicit OfTable(const Table& table) noexcept : members(table) {}

    Members members;
    KeptSelects selects;
    Interference::Known plainness;
    Prepared insert_many, highest_id;
    std::int64_t insert_many_rows = 0;
  };

  /// Whether so many rows get ids one by one: at the top of the range SQLite draws them at random,
  /// and a trigger may insert rows in between. Nor where ON CONFLICT may leave rows out, or stop
  /// half way: one by one they say which.
  bool MakesConsecutiveIds(const store::Statement& of_rows, std::int64_t rows) {
    const Table& table = *of_rows.table;
    const Doing doing = native_.Say(of_rows);
    const NativeConnection::Borrowed statement(
        native_, Of(table).highest_id,
        [&] {
          return core::Concat(
              {"SELECT max(", Quote(table.Id().storage), "), EXISTS (SELECT 1 FROM ",
               "sqlite_schema WHERE type = 'trigger' OR sql LIKE '%CONFLICT%') ",
               "OR EXISTS (SELECT 1 FROM ", "temp.sqlite_schema WHERE type = 'trigger') FROM ",
               Quote(table.name)});
        },
        doing);
    NativeConnection::Running running(native_, *statement);
    const Binding binding = running.Bind();
    ResultRow row(statement->Get());
    if (!running.Next(binding, doing)) return false;
    const bool full =
        !row.IsNull(0) && row.Int(0) > std::numeric_limits<std::int64_t>::max() - rows;
    return !full && row.Int(1) == 0;
  }

  /// Rows that are left out leave last_insert_rowid as it was: another row's. Those that triggers
  /// insert do not count.
  void CheckInserted(const store::Statement& insert, std::int64_t rows) const {
    if (sqlite3_changes64(native_.Handle()) == rows) return;
    store::RefuseSkipped(insert);
  }

  /// The collation of the id that a key refers to, where the key's own is another one; else "".
  std::string ForeignCollation(const Relation& relation) const {
    if (relation.kind == Relation::Kind::OwnKey) return "";
    const char* of_id = native_.Collation(std::string(relation.source->name),
                                          std::string(relation.source->Id().storage));
    const char* of_key = native_.Collation(relation.table, relation.column);
    if (of_id == nullptr || of_key == nullptr || sqlite3_stricmp(of_id, of_key) == 0) return "";
    return of_id;
  }

  [[gnu::always_inline]] OfTable& Of(const Table& table) {
    if (last_ == nullptr || !last_->members.IsOf(table)) [[unlikely]]
      Find(table);
    return *last_;
  }
  [[gnu::noinline]] void Find(const Table& table) {
    last_ = &of_.try_emplace(&table, table).first->second;
  }

  std::int64_t Finish(const store::Update& update, OfTable& of, Prepared& statement,
                      const Sql::Parameters& parameters, const Doing& doing) {
    const Table& table = *update.table;
    NativeConnection::Running running(native_, statement);
    Binding binding = running.Bind();
    int at = 0;
    (update.set | update.added).ForEach([&](std::size_t place) {
      if (place == 0) return;
      of.members.Bind(update, place, update.entity, binding, ++at);
      if (update.added.test(place)) BindBounds(table.columns[place], binding, at);
    });
    if (update.by_id) of.members.Bind(update, 0, update.entity, binding, ++at);
    BindAll(parameters, binding, at);
    try {
      running.Finish(binding, doing, &update);
    } catch (const ValidationError&) {
      (update.added).ForEach([&](std::size_t place) {
        RefuseNoNumber(update, table.columns[place]);
      });
      throw;
    }
    return sqlite3_changes64(native_.Handle());
  }
  /// Throws: SchemaError when a row to be added to holds something else than a number.
  void RefuseNoNumber(const store::Update& update, const Column& column) {
    Sql sql = NoNumberText(update, column);
    const Doing doing = native_.Say(update);
    Prepared statement = native_.Prepare(sql.Finish(), doing);
    NativeConnection::Running running(native_, statement);
    Binding binding = running.Bind();
    int at = 0;
    if (update.by_id) Bind(update, update.table->Id(), update.entity, binding, ++at);
    BindAll(sql.parameters, binding, at);
    if (!running.Next(binding, doing)) return;
    ResultRow row(statement.Get());
    throw SchemaError(
        update.table->entity, column.name,
        core::Concat({"the stored value of id ",
                      update.table->ShowId(grapnel::detail::LoadId(*update.table, row, 0)),
                      " cannot be added to: it is ",
                      column.IsSecret() ? std::string_view("***") : row.Text(1),
                      ", not a number"}));
  }
  static Sql TextOf(const store::Find& find) {
    store::Select select{find};
    select.by_id = true;
    select.where = find.where;
    return SelectText(kDialect, select);
  }
  bool FindMatching(const store::Find& find, OfTable& of) {
    const Doing doing = native_.Say(find);
    const SelectShape shape(*find.where);
    if (Prepared* kept = shape.IsKept() ? of.selects.Find(shape) : nullptr) {
      const NativeConnection::Borrowed statement(
          native_, *kept, [&] { return TextOf(find).Finish(); }, doing);
      return Load(
          find, *statement, of, [&](Binding& to) { shape.Bind(*find.table, to, 1); }, doing);
    }
    Sql sql = TextOf(find);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    return Load(
        find, *statement, of, [&](Binding& to) { BindAll(sql.parameters, to, 1); }, doing);
  }
  /// `bind`: what stands behind the id.
  template <class Bind>
  [[gnu::always_inline]] bool Load(const store::Find& find, Prepared& statement, OfTable& of,
                                   Bind bind, const Doing& doing) {
    NativeConnection::Running running(native_, statement);
    Binding binding = running.Bind();
    of.members.Bind(find, 0, find.key, binding, 1);
    bind(binding);
    if (!running.Next(binding, doing)) return false;
    EntityRow row(statement.Get(), of.members);
    of.members.Load(statement.Get(), find.into, row);
    find.table->AttachEdges(find.into);
    return true;
  }
  void Step(const store::Select& select, Prepared& statement, const Sql::Parameters& parameters,
            OfTable& of, RowSink sink, const Doing& doing) {
    NativeConnection::Running running(native_, statement);
    Binding binding = running.Bind();
    int at = 0;
    if (select.by_id) of.members.Bind(select, 0, select.entity, binding, ++at);
    BindAll(parameters, binding, at);
    EntityRow row(statement.Get(), of.members);
    while (running.Next(binding, doing)) sink(row);
  }

  static void Bind(const store::Statement& statement, const Column& column, const void* entity,
                   Binding& binding, int at) {
    try {
      column.ops->bind(column.at_const(entity), binding, at);
      if (binding.Shows()) Members::Show(column, entity, binding, at);
    } catch (const BadValue& error) {
      Refuse(statement, column, error);
    }
  }
  [[noreturn]] static void Refuse(const store::Statement& statement, const Column& column,
                                  const BadValue& error) {
    statement.table->RefuseValue(column.name, statement.op, error.what());
  }
  /// DELETE FROM the lists, with the number of a list as its parameter.
  void RunOnLists(std::string_view where, std::int64_t list,
                  NativeConnection::Sort sort = NativeConnection::Sort::Work) {
    const NativeConnection::Borrowed statement(
        native_, core::Concat({"DELETE FROM ", kLists, where}), native_.Say());
    NativeConnection::Running running(native_, *statement, sort);
    Binding binding = running.Bind();
    binding.Int(1, list);
    running.Finish(binding, native_.Say());
  }

  static std::string DescribeList(const ValueList& list) {
    return core::Concat({"list(", std::to_string(list.size()), " values)"});
  }
  static void BindAll(const Sql::Parameters& parameters, Binding& binding, int at) {
    for (const Sql::Bound& each : parameters) {
      ++at;
      if (each.list != nullptr) {
        binding.List(at, *each.list);
      } else {
        grapnel::detail::BindValue(*each.value, binding, at);
      }
      if (each.shown && binding.Shows()) [[unlikely]]
        binding.Show(at, each.list != nullptr ? DescribeList(*each.list) : ToString(*each.value));
    }
  }

  void RunText(Sql& sql, const store::Statement& of, const void* entity) {
    const Doing doing = native_.Say(of);
    const NativeConnection::Borrowed statement(native_, sql.Finish(), doing);
    NativeConnection::Running running(native_, *statement);
    Binding binding = running.Bind();
    int at = 0;
    if (entity != nullptr) Bind(of, of.table->Id(), entity, binding, ++at);
    BindAll(sql.parameters, binding, at);
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

  const Place* place_;  // null: it does not write to a file
  NativeConnection native_;
  Prepared begin_write_, begin_read_, snapshot_, commit_, defer_, check_;
  Interference interference_{native_};
  RawStatements raw_{native_};
  Prepared rollback_;
  Savepoints savepoints_{native_};
  bool reads_only_;
  std::unordered_map<const Table*, OfTable> of_;
  std::map<std::string, Interference::Known, std::less<>> pairs_;  // of the tables of pairs
  OfTable* last_ = nullptr;
  Refusals refusals_;  // of the statements planned last
};

}  // namespace grapnel::sqlite::detail
