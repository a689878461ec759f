#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/postgres/binding.hpp>
#include <grapnel/store/postgres/bulk.hpp>
#include <grapnel/store/postgres/commit_notes.hpp>
#include <grapnel/store/postgres/cursor.hpp>
#include <grapnel/store/postgres/interference.hpp>
#include <grapnel/store/postgres/lists.hpp>
#include <grapnel/store/postgres/members.hpp>
#include <grapnel/store/postgres/migrate/planner.hpp>
#include <grapnel/store/postgres/migrate/steps.hpp>
#include <grapnel/store/postgres/native/dialect.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/raw_statements.hpp>
#include <grapnel/store/postgres/of_table.hpp>
#include <grapnel/store/postgres/savepoints.hpp>
#include <grapnel/store/postgres/turns.hpp>
#include <grapnel/store/postgres/verify.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/tabulate.hpp>

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

using store::FieldSet;
using store::Relation;

/// One session with a PostgreSQL server.
class PostgresConnection final : public store::Connection {
 public:
  /// Throws: StorageError of kind Open; CancelledError.
  PostgresConnection(const Options& options, const core::Context* context)
      : native_(options, context),
        notes_(native_, options),
        narrow_(options.narrow != nullptr ? options.narrow : std::make_shared<NarrowColumns>()) {}

  NativeConnection& Native() noexcept { return native_; }

  /// Outside of a transaction: what SQL of somebody's own may have left behind goes, before others
  /// have the connection.
  void Clean() noexcept {
    if (!native_.IsTouched()) return;
    lists_.NoteGone();
    try {
      native_.StartReset();
    } catch (const std::exception&) {
      native_.GetSession().Lose();
    }
  }

  void Watch(const core::Context* context) noexcept override { native_.Watch(context); }
  bool IsTracing() const noexcept override { return native_.IsTracing(); }

  void TakeTurn(const store::Turn& turn) override { turns_.Take(turn); }
  void BeginWrite() override { Begin("BEGIN ISOLATION LEVEL REPEATABLE READ"); }
  void BeginRead() override {
    Begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    native_.Ask("SELECT 1");  // fixes the snapshot
  }
  /// What it sees is what others have committed, up to each of its statements.
  void BeginMigration() override {
    Begin("BEGIN ISOLATION LEVEL READ COMMITTED");
    const Result patience = native_.Ask("SELECT current_setting('lock_timeout')");
    const std::string before(ResultRow(patience.get()).Text(0));
    native_.Ask(  // one migrates, the others wait for as long as that takes
        "SELECT set_config('lock_timeout', '0', true), pg_advisory_xact_lock(745329012, "
        "hashtext(current_schema()::text))");
    native_.Ask("SELECT set_config('lock_timeout', $1, true)", before);
  }
  std::optional<store::BrokenKey> FindBrokenKey() override {
    try {
      return FindKey(native_);
    } catch (const std::exception&) {
      return std::nullopt;  // it is only to say more
    }
  }
  void ExpectCommit() override {
    if (!native_.IsBeginning()) native_.RefuseIfLost();
  }
  void Commit() override { CommitWithin(nullptr); }
  void CommitWithin(const core::Context* end) override {
    struct Unwatch {
      NativeConnection& native;
      ~Unwatch() { native.Watch(nullptr); }
    } unwatch{native_};
    native_.Watch(end);
    if (spoilt_) {
      Rollback();
      throw StorageError(StorageKind::Other, native_.Url(),
                         "a statement had failed in the transaction: it was rolled back");
    }
    if (native_.IsBeginning()) {  // nothing was sent, and nothing has to be
      native_.DropPending(0);
      native_.Tell("COMMIT");
      turns_.End();
      return lists_.NoteEnd(true);
    }
    native_.DropPending(0);  // it ends all that is open
    const bool aborted = native_.IsAborted();
    const Result done = native_.Execute("COMMIT", Patience::Commit);
    lists_.NoteEnd(!aborted);
    turns_.End();
    if (std::string_view(PQcmdStatus(done.get())) == "ROLLBACK") {
      throw StorageError(StorageKind::Other, native_.Url(),
                         "a statement had failed in the transaction: it was rolled back");
    }
    notes_.NoteCommitted();
  }
  void NoteCommit(std::string_view id) override { notes_.Note(id); }
  bool FindCommit(std::string_view id) override { return notes_.Find(id); }

  void Rollback() noexcept override {
    lists_.NoteEnd(false);
    notes_.NoteUndone();
    if (InTransaction()) {
      SendRollback();
    } else {
      native_.DropPending(0);
    }
    turns_.End();
  }
  bool InTransaction() const noexcept override { return native_.InTransaction(); }
  bool IsAborted() const noexcept override { return spoilt_ || native_.IsAborted(); }

  void Savepoint(int depth) override { savepoints_.Set(depth); }
  void Release(int depth) override { savepoints_.Release(depth); }
  void RollbackTo(int depth) override {
    NoteUndone();
    savepoints_.RollBackTo(depth);
  }
  void Discard(int depth) override {
    NoteUndone();
    savepoints_.Discard(depth);
  }

  void Verify(const Table& table) override { narrow_->Note(table, VerifyTable(native_, table)); }
  bool WritesPlainly(const Table& table) override {
    return interference_.WritesPlainly(table.name, Of(table).plainness);
  }
  bool WritesPairsPlainly(std::string_view pairs) override {
    return interference_.WritesPlainly(pairs);
  }
  std::int64_t Changes() const noexcept override { return native_.Changes(); }

  std::int64_t Run(const store::Insert& insert) override {
    const bool with_id = insert.set.test(0);
    const Table& table = *insert.table;
    OfTable& of = Of(table);
    if (with_id && table.generates_ids) of.ids.Find(native_, table);
    NativeConnection::Running running(native_);
    const std::size_t first = with_id ? 0 : 1;
    Parameters& to = running.Bind(table.columns.size() - first);
    of.members.BindRow(insert, insert.set, first, insert.entity, to, 0);
    if (with_id && table.generates_ids) PushId(of, table, insert.entity);
    Result result;
    try {
      result = running.Run(
          with_id ? of.insert_with_id : of.insert,
          [&] { return store::sql::InsertText(kDialect, table, with_id); }, native_.Say(insert));
    } catch (const ValidationError& error) {
      RefuseNarrow(insert, insert.entity, insert.set, running, error);
      throw;
    }
    if (NativeConnection::ChangesOf(result.get()) != 1) RefuseSkipped(insert);
    return with_id || PQnfields(result.get()) == 0 ? 0 : ResultRow(result.get()).Int(0);
  }

  bool Run(const store::InsertMany& insert, std::vector<std::int64_t>& ids) override {
    const Table& table = *insert.table;
    OfTable& of = Of(table);
    if (table.columns.size() < 2) return false;
    of.ids.Find(native_, table);
    if (of.ids.Sequence().empty()) return false;
    const bool plainly =
        insert.sets.size() >= Bulk::kCopied && WritesPlainly(table);  // or others make the ids
    Bulk(native_, insert, of.members, of.ids, plainly).Run(ids);
    if (ids.size() != insert.sets.size()) RefuseSkipped(insert);
    return true;
  }

  bool Run(const store::Matching& matching) override {
    const Table& table = *matching.table;
    Sql sql = store::sql::MatchingText(kDialect, matching);
    const std::string text = sql.Finish();
    NativeConnection::Running running(native_);
    Parameters& to = running.Bind(table.columns.size() + sql.parameters.size());
    const int at = Of(table).members.BindRow(matching, matching.set, 0, matching.entity, to, 0);
    BindAll(matching, sql.parameters, to, at);
    const Result result = running.Run(text, native_.Say(matching));
    return PQntuples(result.get()) == 1 && ResultRow(result.get()).Bool(0);
  }

  std::int64_t Run(const store::Update& update) override {
    OfTable& of = Of(*update.table);
    std::optional<NativeConnection::Running> reading;  // told of behind the update
    NativeConnection::Running running(native_);
    if (update.reread != nullptr && update.where == nullptr) {  // else there may be no use for it
      of.members.Bind(update, 0, update.entity, reading.emplace(native_).Bind(1), 1);
      running.SendBehind(*reading, of.select_by_id,
                         [&] { return SelectByIdText(update).Finish(); });
    }
    const auto changed = [&](const Result& done) {
      const std::int64_t changes = NativeConnection::ChangesOf(done.get());
      if (reading && changes != 0) Reread(update, of, reading->TakeGiven());
      return changes;
    };
    try {
      if (Prepared* kept = of.KeptFor(update)) {
        Bind(update, of, {}, running);
        return changed(running.Run(
            *kept, [&] { return store::sql::UpdateText(kDialect, update).Finish(); },
            native_.Say(update)));
      }
      Sql sql = store::sql::UpdateText(kDialect, update);
      const std::string text = sql.Finish();
      Bind(update, of, sql.parameters, running);
      return changed(running.Run(text, native_.Say(update)));
    } catch (const ValidationError& error) {
      RefuseNarrow(update, update.entity, update.set, running, error);
      if (update.added.any() && IsOutOfRange(running)) RefuseSum(update);
      throw;
    } catch (const Error&) {
      if (update.added.any() && IsOutOfRange(running)) RefuseSum(update);
      throw;
    }
  }

  std::int64_t Run(const store::Delete& statement) override {
    OfTable& of = Of(*statement.table);
    NativeConnection::Running running(native_);
    if (statement.by_id && statement.where == nullptr) {
      of.members.Bind(statement, 0, statement.entity, running.Bind(1), 1);
      const Result done = running.Run(
          of.delete_by_id, [&] { return store::sql::DeleteText(kDialect, statement).Finish(); },
          native_.Say(statement));
      return NativeConnection::ChangesOf(done.get());
    }
    Sql sql = store::sql::DeleteText(kDialect, statement);
    const std::string text = sql.Finish();
    BindIdAnd(statement, statement.by_id ? statement.entity : nullptr, of, sql, running);
    return NativeConnection::ChangesOf(running.Run(text, native_.Say(statement)).get());
  }

  std::int64_t Run(const store::EdgeWrite& write) override {
    Sql sql = store::sql::EdgeText(kDialect, write);
    const std::string text = sql.Finish();
    NativeConnection::Running running(native_);
    Parameters& to = running.Bind(1 + sql.parameters.size());
    BindLoose(write, *write.source, to, 1);
    if (to.Shows() && !write.relation->source->Id().sensitive) to.Show(1, ToString(*write.source));
    BindAll(write, sql.parameters, to, 1);
    return NativeConnection::ChangesOf(running.Run(text, native_.Say(write)).get());
  }

  void Run(const store::Select& select, RowSink sink) override {
    OfTable& of = Of(*select.table);
    Sql sql = select.through != nullptr ? store::sql::NeighboursText(kDialect, select)
                                        : store::sql::SelectText(kDialect, select);
    const std::string text = sql.Finish();
    NativeConnection::Running running(native_);
    BindIdAnd(select, select.by_id ? select.entity : nullptr, of, sql, running);
    Give(running.Run(text, native_.Say(select)), of, sink);
  }

  std::unique_ptr<store::Cursor> Open(const store::Select& select) override {
    return std::make_unique<RowCursor>(native_, select, Of(*select.table).members, ++cursors_);
  }

  void Run(const store::Tabulate& values, RowSink sink) override {
    OfTable& of = Of(*values.table);
    Sql sql = store::sql::TabulateText(kDialect, values);
    const std::string text = sql.Finish();
    NativeConnection::Running running(native_);
    BindAll(values, sql.parameters, running.Bind(sql.parameters.size()), 0);
    try {
      Give(running.Run(text, native_.Say(values)), of, sink);
    } catch (const Error&) {
      if (IsOutOfRange(running)) RefuseSum(values);
      throw;
    }
  }

  bool Run(const store::Find& find) override {
    OfTable& of = Of(*find.table);
    NativeConnection::Running running(native_);
    if (find.where == nullptr) {
      of.members.Bind(find, 0, find.key, running.Bind(1), 1);
      return Load(
          find.into, of,
          running.Run(
              of.select_by_id, [&] { return SelectByIdText(find).Finish(); }, native_.Say(find)));
    }
    Sql sql = SelectByIdText(find, find.where);
    const std::string finished = sql.Finish();
    BindIdAnd(find, find.key, of, sql, running);
    return Load(find.into, of, running.Run(finished, native_.Say(find)));
  }

  std::int64_t Count(const store::Select& select) override {
    std::int64_t count = 0;
    const bool exists = select.want == store::Select::Want::Exist;
    Run(select, [&](grapnel::detail::Row& row) {
      count = exists ? std::int64_t{row.Bool(0)} : row.Int(0);
    });
    return count;
  }

  std::int64_t Run(const store::Keep& keep) override {
    lists_.Expect(keep.table->Id().Kind());
    Sql sql = store::sql::KeepText(kDialect, keep);
    const std::string text = sql.Finish();
    NativeConnection::Running running(native_);
    const int fixed = keep.entity != nullptr ? 3 : 2;
    Parameters& to = running.Bind(static_cast<std::size_t>(fixed) + sql.parameters.size());
    to.Int(1, keep.type);
    to.Int(2, keep.list);
    if (keep.entity != nullptr) Of(*keep.table).members.Bind(keep, 0, keep.entity, to, 3);
    BindAll(keep, sql.parameters, to, fixed);
    return NativeConnection::ChangesOf(running.Run(text, native_.Say(keep)).get());
  }
  void Run(const store::Page& page, RowSink sink) override {
    const bool first = page.after->IsNull();
    const FieldKind kind = page.table->Id().Kind();
    lists_.Expect(kind);
    NativeConnection::Running running(native_);
    Parameters& to = running.Bind(first ? 2 : 3);
    to.Int(1, page.list);
    to.Int(2, page.limit);
    if (!first) BindLoose(page, *page.after, to, 3);
    Give(running.Run(core::Concat({"SELECT id FROM ", kDialect.Lists(kind), " WHERE list = $1",
                                   first ? "" : " AND id > $3", " ORDER BY id LIMIT $2"}),
                     native_.Say(page)),
         Of(*page.table), sink);
  }
  void KeepLast(std::int64_t first) override {
    for (const FieldKind kind : Lists::kKinds) {
      const std::string_view lists = kDialect.Lists(kind);
      RunOnLists(kind,
                 core::Concat({"DELETE FROM ", lists, " AS kept WHERE ", kFromOn,
                               " AND EXISTS (SELECT 1 FROM ", lists,
                               " AS later WHERE later.type = kept.type AND later.id = kept.id AND "
                               "later.list > kept.list)"}),
                 first);
    }
  }
  void Forget(std::int64_t first) override {
    if (native_.IsAborted()) return;  // what is undone forgets them
    for (const FieldKind kind : Lists::kKinds) {
      RunOnLists(kind, core::Concat({"DELETE FROM ", kDialect.Lists(kind), " WHERE ", kFromOn}),
                 first, Patience::Undoing);
    }
  }

  store::RawEffect Prepare(const store::RawSql& sql) override { return raw_.Prepare(sql); }
  store::RawResult Run(const store::RawSql& sql) override {
    store::RawResult result = raw_.Run(sql);
    if (raw_.Prepare(sql).changes_schema) NoteSchema();
    return result;
  }
  void TellRefused(const store::RawSql& sql, std::string_view why) const noexcept override {
    native_.TellRefused(sql.text, why);
  }

  store::Plan PlanMigration(std::span<const Table* const> tables, Allow allowed) override {
    auto made = PostgresPlanner(native_, false, tables).Plan(allowed);
    refusals_ = std::move(made.plan.refusals);
    fills_ = std::move(made.fills);
    return std::move(made.plan.plan);
  }
  std::vector<std::string> Rehearse(std::span<const Table* const> tables, Allow allowed) override {
    return PostgresPlanner(native_, true, tables).Plan(allowed).plan.plan.hindrances;
  }
  void Apply(const store::Step& step) override {
    StepRunner(native_, refusals_, fills_).Run(step);
    interference_.Begin();
  }
  void DeferForeignKeys(bool on) override {
    if (on || !native_.IsAborted()) savepoints_.DeferKeys(on);
  }

 private:
  void SendRollback() noexcept {
    native_.Watch(nullptr);  // nothing cancels it
    try {
      const bool sent = !native_.IsBeginning();
      native_.DropPending(0);
      if (sent) {
        native_.Execute("ROLLBACK", Patience::Undoing);
      } else {
        native_.Tell("ROLLBACK");
      }
    } catch (const std::exception&) {
      native_.GetSession().Lose();
    }
  }
  void Begin(std::string_view text) {
    spoilt_ = false;
    savepoints_.Begin();
    interference_.Begin();
    native_.DeferBegin(text);
  }
  /// A statement that succeeded fails: what it did has to be undone, as of others that fail.
  [[noreturn, gnu::cold]] void RefuseSkipped(const store::Statement& statement) {
    spoilt_ = true;
    store::RefuseSkipped(statement);
  }
  void NoteUndone() noexcept {
    spoilt_ = false;
    lists_.NoteUndone();
    interference_.Begin();
  }
  void NoteSchema() {
    interference_.Begin();
    native_.ForgetStatements();
    for (auto& [table, of] : of_) of.ids = {};
  }

  OfTable& Of(const Table& table) {
    if (last_ == nullptr || !last_->members.IsOf(table)) [[unlikely]]
      last_ = &of_.try_emplace(&table, table).first->second;
    return *last_;
  }
  void PushId(OfTable& of, const Table& table, const void* entity) {
    const FieldValue id = table.Id().ops->to_value(table.Id().at_const(entity));
    if (const auto* number = id.As<std::int64_t>()) of.ids.Push(native_, *number);
  }

  /// A value of what is no field of the statement's own table.
  static void BindLoose(const store::Statement& of, const FieldValue& value, Parameters& to,
                        int at) {
    const FieldValue* const one = &value;
    const Sql::Parameters bound{{one, nullptr}};
    BindAll(of, bound, to, at - 1);
  }
  static void Bind(const store::Update& update, OfTable& of, const Sql::Parameters& parameters,
                   NativeConnection::Running& running) {
    const Table& table = *update.table;
    std::size_t count = parameters.size() + (update.by_id ? 1 : 0);
    const FieldSet given = update.set | update.added;
    given.ForEach([&](std::size_t place) {
      if (place == 0) return;
      count += 1 + (update.added.test(place) ? BoundsOf(table.columns[place]) : 0);
    });
    Parameters& to = running.Bind(count);
    int at = 0;
    given.ForEach([&](std::size_t place) {
      if (place == 0) return;
      of.members.Bind(update, place, update.entity, to, ++at);
      if (update.added.test(place)) BindBounds(table.columns[place], to, at);
    });
    if (update.by_id) of.members.Bind(update, 0, update.entity, to, ++at);
    BindAll(update, parameters, to, at);
  }
  /// `entity`: that of a statement by id.
  static void BindIdAnd(const store::Statement& statement, const void* entity, OfTable& of,
                        const Sql& sql, NativeConnection::Running& running) {
    const int fixed = entity != nullptr ? 1 : 0;
    Parameters& to = running.Bind(static_cast<std::size_t>(fixed) + sql.parameters.size());
    if (entity != nullptr) of.members.Bind(statement, 0, entity, to, 1);
    BindAll(statement, sql.parameters, to, fixed);
  }
  /// Throws, where a column of others is known not to take the value of one of these fields: the
  /// error with the field's name.
  [[gnu::cold]] void RefuseNarrow(const store::Statement& statement, const void* entity,
                                  const FieldSet& set, const NativeConnection::Running& running,
                                  const ValidationError& error) const {
    if (!running.Failed() || !running.Failed()->IsOfSize()) return;
    const Column* column = narrow_->Find(*statement.table, entity, set);
    if (column == nullptr) return;
    throw ValidationError(statement.table->entity, column->name, statement.op,
                          error.Problems().front().reason);
  }
  static bool IsOutOfRange(const NativeConnection::Running& running) noexcept {
    const auto& failed = running.Failed();
    return failed && (failed->state == "22003" || failed->state == "22012");
  }

  void Give(const Result& result, OfTable& of, RowSink sink) {
    EntityRow row(result.get(), of.members);
    const int rows = PQntuples(result.get());
    for (int at = 0; at < rows; ++at) {
      if (at % kLookEvery == kLookEvery - 1) native_.GetSession().GetWaiting().ThrowIfCancelled();
      row.MoveTo(at);
      sink(row);
    }
  }
  static Sql SelectByIdText(const store::Statement& statement,
                            const store::PredicateNode* where = nullptr) {
    store::Select select{statement};
    select.by_id = true;
    select.where = where;
    return store::sql::SelectText(kDialect, select);
  }
  static bool Load(void* into, OfTable& of, const Result& result) {
    if (PQntuples(result.get()) == 0) return false;
    EntityRow row(result.get(), of.members);
    of.members.Load(into, row);
    of.members.Of().AttachEdges(into);
    return true;
  }
  /// What cannot be read, or is not there, is left to who asks for it alone, and says why.
  static void Reread(const store::Update& update, OfTable& of, const Result& result) noexcept {
    if (result == nullptr) return;
    try {
      update.reread->done = Load(update.reread->into, of, result);
    } catch (...) {  // NOLINT(bugprone-empty-catch): so that it is told where it is read
    }
  }
  /// The lists from parameter 1 on. Of a range that is open at one end the planner would take it
  /// that a third of all rows are in it, and pass through all of them.
  static constexpr std::string_view kFromOn = "list BETWEEN $1 AND 9223372036854775807";
  void RunOnLists(FieldKind kind, const std::string& text, std::int64_t first,
                  Patience patience = Patience::Work) {
    if (!lists_.IsMade(kind)) return;
    NativeConnection::Running running(native_, patience);
    running.Bind(1).Int(1, first);
    running.Run(text, native_.Say());
  }

  static constexpr int kLookEvery = 256;

  NativeConnection native_;
  CommitNotes notes_;
  std::shared_ptr<NarrowColumns> narrow_;
  Interference interference_{native_};
  RawStatements raw_{native_};
  Savepoints savepoints_{native_};
  Refusals refusals_{};  // of the plan that was made last
  Fills fills_{};
  Lists lists_{native_};
  Turns turns_{native_};
  std::unordered_map<const Table*, OfTable> of_;
  OfTable* last_ = nullptr;
  std::uint64_t cursors_ = 0;
  bool spoilt_ = false;  // what is to be undone has not failed on the server
};

}  // namespace grapnel::postgres::detail
