#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/edge_changes.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/type_actions.hpp>
#include <grapnel/testing/error.hpp>
#include <grapnel/testing/made_rows.hpp>
#include <grapnel/testing/matching.hpp>
#include <grapnel/testing/scripted_row.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A store without a database: it has the rows of one type that a test gives, and nothing else.
namespace grapnel::detail {

/// Gives the rows of the test, and refuses all that would take a database.
class ScriptedConnection final : public store::Connection {
  /// Keeps what says that something was not given.
  template <class F>
  auto Noting(F look) {
    try {
      return look();
    } catch (const testing::NotGivenError&) {
      if (missing_ == nullptr) missing_ = std::current_exception();
      throw;
    }
  }

 public:
  /// `rows`: a std::vector of the table's entities, which outlives this.
  ScriptedConnection(const Table& table, void* rows) noexcept
      : table_(table), rows_(rows), matcher_(table, rows, lists_) {}

  /// The test has said which rows there are.
  void SetGiven() noexcept { given_ = true; }
  bool IsGiven() const noexcept { return given_; }
  /// Of the rows that were written it is known what they are by now.
  void SetWritten() noexcept {
    written_ = true;
    ++changes_;
  }
  /// How often rows were asked for.
  std::size_t Asked() const noexcept { return asked_; }
  /// While it lives, rows are asked for by the run itself, and not by what is tested.
  class Own {
   public:
    explicit Own(ScriptedConnection& of) noexcept
        : of_(of), asked_(of.asked_), narrowed_(of.narrowed_) {}
    Own(const Own&) = delete;
    Own& operator=(const Own&) = delete;
    ~Own() {
      of_.asked_ = asked_;
      of_.narrowed_ = narrowed_;
    }

   private:
    ScriptedConnection& of_;
    const std::size_t asked_;
    const bool narrowed_;
  };
  [[nodiscard]] Own OwnReads() noexcept { return Own(*this); }
  /// Whether rows were asked for that match a condition, or no more than some.
  bool WasNarrowed() const noexcept { return narrowed_; }
  /// What was asked for and not given, whatever became of its error.
  std::exception_ptr Missing() const noexcept { return missing_; }

  void Watch(const core::Context* context) noexcept override { watched_ = context; }
  void BeginWrite() override { Begin(); }
  void BeginRead() override { Begin(); }
  void Commit() override { End(); }
  void Rollback() noexcept override {
    if (!saved_.empty()) TakeBack(*saved_.front());
    End();
  }
  bool InTransaction() const noexcept override { return open_; }
  std::optional<store::BrokenKey> FindBrokenKey() override { return std::nullopt; }
  // What stands in front of them is how it began.
  void Savepoint(int depth) override {
    saved_.resize(static_cast<std::size_t>(depth));
    Save();
  }
  void Release(int depth) override { saved_.resize(static_cast<std::size_t>(depth)); }
  void RollbackTo(int depth) override {
    Discard(depth);
    Save();
  }
  void Discard(int depth) override {
    TakeBack(*saved_[static_cast<std::size_t>(depth)]);
    saved_.resize(static_cast<std::size_t>(depth));
  }
  void Verify(const Table&) override {}
  bool WritesPlainly(const Table&) override { return true; }
  std::int64_t Changes() const noexcept override { return changes_; }

  std::int64_t Run(const store::Insert& statement) override { Refuse(statement, "writes"); }
  bool Run(const store::InsertMany& statement, std::vector<std::int64_t>&) override {
    Refuse(statement, "writes");
  }
  std::int64_t Run(const store::Update& statement) override { Refuse(statement, "writes"); }
  std::int64_t Run(const store::Delete& statement) override { Refuse(statement, "writes"); }
  std::int64_t Run(const store::EdgeWrite& statement) override { Refuse(statement, "writes"); }
  void KeepLast(std::int64_t) override {}
  void Forget(std::int64_t first) override {
    lists_.erase(lists_.lower_bound(first), lists_.end());
  }
  void DeferForeignKeys(bool) override {}
  store::Plan PlanMigration(std::span<const Table* const>, Allow) override { return {}; }
  void Apply(const store::Step&) override {}

  store::RawEffect Prepare(const store::RawSql&) override { RefuseWork("runs SQL"); }

  /// A list that is made once, of all that match.
  std::int64_t Run(const store::Keep& keep) override {
    if (keep.entity != nullptr || lists_.contains(keep.list)) Refuse(keep, "reads");
    const store::Ordering by_id{table_.Id().tag};
    store::Select select{keep};
    select.where = keep.where;
    select.order = {&by_id, 1};
    std::vector<FieldValue> ids;
    for (const void* entity : Find(select)) ids.push_back(IdOf(entity));
    return static_cast<std::int64_t>((lists_[keep.list] = std::move(ids)).size());
  }
  void Run(const store::Page& page, RowSink sink) override {
    const std::vector<FieldValue>& ids = lists_.at(page.list);
    auto next = ids.begin();
    if (!page.after->IsNull()) next = std::find(next, ids.end(), *page.after) + 1;
    for (std::int64_t left = page.limit; left > 0 && next != ids.end(); --left, ++next) {
      NeighbourRow row(*next, 0);
      sink(row);
    }
  }

  void Run(const store::Select& select, RowSink sink) override {
    if (select.through != nullptr) return RunNeighbours(select, sink);
    for (const void* entity : Find(select)) {
      ScriptedRow row(table_, entity);
      sink(row);
    }
  }
  void Run(const store::Tabulate& values, RowSink sink) override {
    store::Select select{values};
    select.where = values.where;
    if (!values.grouped || values.limit || values.offset != 0) select.order = values.order;
    if (values.grouped || !values.distinct) {
      select.limit = values.limit;
      select.offset = values.offset;
    }
    const std::vector<const void*> found = Find(select);
    const auto made = Noting([&] { return MadeRows(matcher_, values).Of(found); });
    for (const MadeRows::Values& each : made) {
      ValuesRow row(each);
      sink(row);
    }
  }
  std::int64_t Count(const store::Select& select) override {
    const std::size_t count = Find(select).size();
    return select.want == store::Select::Want::Exist ? std::int64_t{count != 0}
                                                     : static_cast<std::int64_t>(count);
  }
  std::unique_ptr<store::Cursor> Open(const store::Select& select) override {
    return std::make_unique<ScriptedCursor>(table_, Find(select));
  }

  /// The places of the rows that match. Throws: NotGivenError.
  std::vector<std::size_t> PlacesOf(const store::PredicateNode* where) {
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < table_.ops.RowCount(rows_); ++at) {
      if (Matches(RowAt(at), where)) places.push_back(at);
    }
    return places;
  }
  /// Whether it can be told which rows match.
  bool CanTell(const store::PredicateNode* where) const {
    try {
      for (std::size_t at = 0; at < table_.ops.RowCount(rows_); ++at) {
        static_cast<void>(matcher_.Matches(RowAt(at), where));
      }
      return true;
    } catch (const testing::NotGivenError&) {
      return false;
    }
  }
  /// From now on it is as if the test had given none.
  void ForgetRows() noexcept {
    table_.ops.ClearRows(rows_);
    given_ = written_ = false;
  }
  bool Matches(const void* entity, const store::PredicateNode* where) {
    return Noting([&] { return matcher_.Matches(entity, where); });
  }
  FieldValue IdOf(const void* entity) const {
    return table_.Id().ops->to_value(table_.Id().at_const(entity));
  }

  // The neighbours that mutations have given rows, by edges whose keys do not stand in these.

  /// Throws: NotGivenError where a change takes away neighbours of a row that the test has given:
  /// which ones these are it has not said.
  void CheckNeighbours(const Draft& m, const std::vector<FieldValue>& sources) {
    for (const EdgeChange& change : m.edges) {
      if (!change.cleared && !change.replaces && change.removed.empty()) continue;
      if (HasKeys(m.table->edges[change.edge].relation())) continue;
      if (!std::any_of(sources.begin(), sources.end(),
                       [&](const auto& id) { return WasGiven(id); }))
        continue;
      RefuseWork(core::Concat(
          {"asks which neighbours go from ", m.table->edges[change.edge].relation().Name()}));
    }
  }
  void KeepNeighbours(const Draft& m, const std::vector<FieldValue>& sources) {
    for (const EdgeChange& change : m.edges) {
      const EdgeEnd& edge = m.table->edges[change.edge];
      const Relation& relation = edge.relation();
      const bool all_go =
          change.cleared || change.replaces || (!edge.many && !change.added.empty());
      for (const FieldValue& source : sources) {
        Part(relation, [&](const FieldValue& from, const FieldValue& to) {
          return from == source && (all_go || IsIn(change.removed, to));
        });
        for (const FieldValue& target : change.added) {
          Part(relation, [&](const FieldValue& from, const FieldValue& to) {
            return to == target && (from == source || relation.kind != Relation::Kind::Join);
          });
          Join(relation, source, target);
        }
      }
    }
  }

  /// Throws: NotGivenError: that is done to a type of which it is not known which one it is.
  [[noreturn, gnu::cold]] void RefuseWork(std::string_view does) {
    Refuse(core::Concat({table_.entity, ": what is tested ", does, kRemedy}));
  }
  [[noreturn, gnu::cold]] void RefuseType(const Table& type) {
    Refuse(core::Concat({table_.entity, ": what is tested uses ", type.entity, kRemedy}));
  }
  [[noreturn, gnu::cold]] void RefuseRows() {
    Refuse(core::Concat({table_.entity,
                         ": what is tested reads the stored rows, and the test has given none: "
                         ".Old(row), or .NoRows()"}));
  }
  /// Of the run that this thread makes.
  static inline thread_local constinit ScriptedConnection* running = nullptr;

 private:
  static constexpr std::string_view kRemedy =
      ", and this run has no database: test it with one, grapnel::testing::Open<...>()";

  /// Rows that an edge joins, seen from the end that names it first: both ends tell of the same. Of
  /// a mirrored one it stands there both ways round.
  struct Pair {
    const Relation* relation;
    FieldValue source, target;
  };
  /// All that a transaction goes back to.
  struct Saved {
    explicit Saved(const EntityOps& ops) noexcept : rows(ops) {}
    EntityRows rows;
    bool given = false;
    bool written = false;
    std::vector<Pair> pairs{};
    ListedIds lists{};
  };
  /// Copies of rows.
  class ScriptedCursor final : public store::Cursor {
   public:
    ScriptedCursor(const Table& table, const std::vector<const void*>& found)
        : table_(table), rows_(table.ops) {
      for (const void* entity : found) table.ops.AppendCopy(rows_.Get(), entity);
    }
    bool Next(void* entity) override {
      if (at_ == rows_.Count()) return false;
      ScriptedRow row(table_, rows_.At(at_++));
      LoadRow(table_, entity, row);
      return true;
    }

   private:
    const Table& table_;
    EntityRows rows_;
    std::size_t at_ = 0;
  };

  void Begin() {
    if (saved_.empty()) Save();
    open_ = true;
  }
  void End() noexcept {
    saved_.clear();
    open_ = false;
  }
  void Save() {
    auto saved = std::make_unique<Saved>(table_.ops);
    table_.ops.AppendRows(saved->rows.Get(), rows_);
    saved->given = given_;
    saved->written = written_;
    saved->pairs = pairs_;
    saved->lists = lists_;
    saved_.push_back(std::move(saved));
  }
  void TakeBack(Saved& saved) noexcept {
    table_.ops.SwapRows(rows_, saved.rows.Get());
    given_ = saved.given;
    written_ = saved.written;
    pairs_.swap(saved.pairs);
    lists_.swap(saved.lists);
  }

  const void* RowAt(std::size_t at) const noexcept {
    return table_.ops.RowAt(static_cast<const void*>(rows_), at);
  }
  static bool IsIn(const std::vector<FieldValue>& ids, const FieldValue& id) noexcept {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }
  bool WasGiven(const FieldValue& id) {
    Saved& first = *saved_.front();
    for (std::size_t at = 0; at < first.rows.Count(); ++at) {
      if (IdOf(first.rows.At(at)) == id) return true;
    }
    return false;
  }

  // Neighbours by edges whose keys do not stand in the rows that they are of.

  static const Relation& FirstOf(const Relation& relation) {
    const bool is_second = relation.edge->inverse_of != nullptr && relation.inverse != nullptr;
    return is_second ? relation.inverse->relation() : relation;
  }
  static const FieldValue& End(const Pair& pair, bool target) noexcept {
    return target ? pair.target : pair.source;
  }
  /// Whether the neighbours are rows of this type, which say whose they are.
  bool HasKeys(const Relation& relation) const {
    return relation.kind == Relation::Kind::TheirKey && relation.target == &table_ &&
           relation.KeyPlace() != EdgeEnd::kNoKey;
  }
  FieldValue KeyOf(const Relation& relation, const void* entity) const {
    const Column& key = table_.columns[relation.KeyPlace()];
    return key.ops->to_value(key.at_const(entity));
  }
  /// Takes apart those of which that holds.
  template <class F>
  void Part(const Relation& relation, F holds) {
    const Relation& first = FirstOf(relation);
    const bool turned = &first != &relation;
    std::erase_if(pairs_, [&](const Pair& pair) {
      return pair.relation == &first &&
             (holds(End(pair, turned), End(pair, !turned)) ||
              (relation.mirrored && holds(End(pair, !turned), End(pair, turned))));
    });
    if (!HasKeys(relation)) return;
    for (std::size_t at = 0; at < table_.ops.RowCount(rows_); ++at) {
      void* const row = table_.ops.RowAt(rows_, at);
      if (!holds(KeyOf(relation, row), IdOf(row))) continue;
      const Column& key = table_.columns[relation.KeyPlace()];
      key.ops->reset(key.at(row));
    }
  }
  void Join(const Relation& relation, const FieldValue& source, const FieldValue& target) {
    if (HasKeys(relation)) {
      const Column& key = table_.columns[relation.KeyPlace()];
      for (std::size_t at = 0; at < table_.ops.RowCount(rows_); ++at) {
        void* const row = table_.ops.RowAt(rows_, at);
        if (IdOf(row) == target) return void(key.ops->from_value(key.at(row), source));
      }
    }
    const Relation& first = FirstOf(relation);
    const bool turned = &first != &relation;
    pairs_.push_back({&first, turned ? target : source, turned ? source : target});
    if (relation.mirrored && source != target) pairs_.push_back({&first, target, source});
  }

  std::vector<const void*> Find(const store::Select& select) {
    if (watched_ != nullptr) watched_->ThrowIfCancelled();
    if (select.table != &table_ || select.through != nullptr) Refuse(select, "reads");
    ++asked_;
    narrowed_ = narrowed_ || select.where != nullptr || select.limit;
    if (!given_ && !(written_ && (select.by_id || IsByIds(select)))) RefuseRows();
    std::vector<const void*> found;
    for (std::size_t at = 0; at < table_.ops.RowCount(rows_); ++at) {
      const void* const entity = RowAt(at);
      if (select.by_id && IdOf(entity) != IdOf(select.entity)) continue;
      if (Matches(entity, select.where)) found.push_back(entity);
    }
    Noting([&] { matcher_.Sort(found, select.order); });
    const auto size = static_cast<std::int64_t>(found.size());
    const std::int64_t first = std::clamp<std::int64_t>(select.offset, 0, size);
    const std::int64_t most = std::max<std::int64_t>(select.limit.value_or(size), 0);
    return {found.begin() + first, found.begin() + first + std::min(most, size - first)};
  }
  /// For what a mutation has changed; whole rows of another type are not there.
  void RunNeighbours(const store::Select& select, RowSink sink) {
    const bool is_of_mutation = select.op != grapnel::Op{};
    if (!is_of_mutation || select.through->source != &table_) Refuse(select, "reads");
    const Relation& first = FirstOf(*select.through);
    const bool turned = &first != select.through;
    for (std::size_t at = 0; at < select.sources.size(); ++at) {
      for (const Pair& pair : pairs_) {
        if (pair.relation != &first || End(pair, turned) != select.sources[at]) continue;
        NeighbourRow row(End(pair, !turned), at);
        sink(row);
      }
      if (!HasKeys(*select.through)) continue;
      for (std::size_t place = 0; place < table_.ops.RowCount(rows_); ++place) {
        if (KeyOf(*select.through, RowAt(place)) != select.sources[at]) continue;
        NeighbourRow row(IdOf(RowAt(place)), at);
        sink(row);
      }
    }
  }

  /// Whether rows are asked for by their ids alone.
  bool IsByIds(const store::Select& select) const noexcept {
    const store::PredicateNode* where = select.where;
    return where != nullptr && where->kind == store::PredicateKind::In &&
           where->field == table_.Id().tag && where->relation == nullptr;
  }
  [[noreturn, gnu::cold]] void Refuse(const store::Statement& statement, std::string_view does) {
    RefuseWork(core::Concat({does, " ", statement.table->entity}));
  }
  [[noreturn, gnu::cold]] void Refuse(const std::string& text) {
    const testing::NotGivenError error(text);
    if (missing_ == nullptr) missing_ = std::make_exception_ptr(error);
    throw error;
  }

  const Table& table_;
  void* rows_;
  ListedIds lists_;
  RowMatcher matcher_;
  const core::Context* watched_ = nullptr;
  bool open_ = false;
  bool given_ = false;
  bool written_ = false;
  bool narrowed_ = false;
  std::size_t asked_ = 0;
  std::int64_t changes_ = 0;
  std::vector<Pair> pairs_;
  std::vector<std::unique_ptr<Saved>> saved_;  // how it began, and each savepoint
  std::exception_ptr missing_;
};

/// Lends that connection, to one at a time: to a hook that has it already as well.
class ScriptedDriver final : public store::Driver {
 public:
  ScriptedDriver(const Table& table, void* rows) noexcept : connection(table, rows) {}

  store::Lease Writer(const core::Context&) override { return {*this, connection}; }
  store::Lease Reader(const core::Context&) override { return {*this, connection}; }
  [[noreturn]] void RefuseType(const Table& type) override { connection.RefuseType(type); }
  std::string_view Url() const noexcept override { return "no database"; }

  ScriptedConnection connection;
  std::deque<TypeActions> neighbours;  // of types that have no hooks here

 private:
  void Return(store::Connection&) noexcept override {}
};

/// The tables that edges lead to, from this one on.
inline std::vector<const Table*> TablesFrom(const Table& table) {
  std::vector<const Table*> tables{&table};
  for (std::size_t at = 0; at < tables.size(); ++at) {
    for (const EdgeEnd& edge : tables[at]->edges) {
      if (!Graph::Holds(tables, edge.target())) tables.push_back(&edge.target());
    }
  }
  return tables;
}

/// What the machine asks of a type of which a test knows no more than that edges lead there.
inline TypeActions UnknownActions(const Table& table) {
  TypeActions actions{table, nullptr, nullptr, nullptr, nullptr, [](core::HookStack&) {}};
  actions.with_mutation = [](Op, core::FunctionRef<void(AnyMutation&)>) {
    ScriptedConnection::running->RefuseWork("writes another type");
  };
  return actions;
}

/// A store over such a driver, whose types have no hooks of their own.
inline std::shared_ptr<Store> ScriptedStore(const TypeActions& actions, void* rows) {
  auto store = std::make_shared<Store>();
  auto driver = std::make_unique<ScriptedDriver>(actions.table, rows);
  const std::vector<const Table*> tables = TablesFrom(actions.table);
  for (const Table* table : tables) {
    const TypeActions* of = &actions;
    if (table != &actions.table) {
      of = &driver->neighbours.emplace_back(UnknownActions(*table));
    }
    store->types.emplace(table->type, std::make_unique<TypeEntry>(*of));
  }
  store->driver.reset(driver.release());
  store->graph = std::make_unique<const Graph>(tables);
  return store;
}

/// Makes of a row what a mutation makes of it, as far as its fields go.
inline void ApplyTo(const Draft& m, void* row) {
  const Table& table = *m.table;
  (m.set | m.added | m.cleared).ForEach([&](std::size_t place) {
    const Column& column = table.columns[place];
    void* const member = column.at(row);
    const void* const given = column.at_const(m.entity);
    if (m.cleared.test(place)) {
      column.ops->reset(member);
    } else if (m.set.test(place) ||
               (column.ops->is_null != nullptr && column.ops->is_null(member))) {
      column.ops->copy(member, given);
    } else if (!column.ops->add(member, given)) {
      table.RefuseValue(column.name, m.op, "the sum leaves the range of its type");
    }
  });
}

}  // namespace grapnel::detail
