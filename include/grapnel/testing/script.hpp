#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/type_actions.hpp>
#include <grapnel/testing/error.hpp>

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

/// A row of a test's.
class ScriptedRow final : public Row {
 public:
  ScriptedRow(const Table& table, const void* entity) noexcept : table_(table), entity_(entity) {}

  bool IsNull(int at) override { return Value(at).IsNull(); }
  std::int64_t Int(int at) override { return Of<std::int64_t>(at); }
  double Real(int at) override { return Of<double>(at); }
  std::string_view Text(int at) override { return Of<std::string>(at); }
  std::span<const std::byte> Blob(int at) override { return Of<FieldValue::Bytes>(at); }
  bool Bool(int at) override {
    const auto* value = Value(at).As<bool>();
    return value != nullptr ? *value : Int(at) != 0;
  }
  bool LoadEntity(const Table& table, void* entity) override {
    table.ops.Assign(entity, entity_);
    return true;
  }

 private:
  const FieldValue& Value(int at) {
    const Column& column = table_.columns[static_cast<std::size_t>(at)];
    value_ = column.ops->to_value(column.at_const(entity_));
    return value_;
  }
  template <class T>
  const T& Of(int at) {
    const T* value = Value(at).As<T>();
    if (value == nullptr) throw BadValue("it is of another type");
    return *value;
  }

  const Table& table_;
  const void* entity_;
  FieldValue value_;  // that a view may be of
};

/// Gives the rows of the test, and refuses all that would take a database.
class ScriptedConnection final : public store::Connection {
 public:
  /// `rows`: a std::vector of the table's entities, which outlives this.
  ScriptedConnection(const Table& table, void* rows) noexcept : table_(table), rows_(rows) {}

  /// The test has said which rows there are.
  void SetGiven() noexcept { given_ = true; }
  bool IsGiven() const noexcept { return given_; }
  /// Of the rows that were written it is known what they are by now.
  void SetWritten() noexcept { written_ = true; }
  /// How often rows were asked for.
  std::size_t Asked() const noexcept { return asked_; }
  /// Whether rows were asked for that match a condition, or no more than some.
  bool WasNarrowed() const noexcept { return narrowed_; }
  /// What was asked for and not given, whatever became of its error.
  std::exception_ptr Missing() const noexcept { return missing_; }

  void Watch(const core::Context* context) noexcept override { watched_ = context; }
  void BeginWrite() override { open_ = true; }
  void BeginRead() override { open_ = true; }
  void Commit() override { open_ = false; }
  void Rollback() noexcept override { open_ = false; }
  bool InTransaction() const noexcept override { return open_; }
  std::optional<store::BrokenKey> FindBrokenKey() override { return std::nullopt; }
  void Savepoint(int) override {}
  void Release(int) override {}
  void RollbackTo(int) override {}
  void Discard(int) override {}
  void Verify(const Table&) override {}
  bool WritesPlainly(const Table&) override { return true; }
  std::int64_t Changes() const noexcept override { return 0; }

  std::int64_t Run(const store::Insert& statement) override { Refuse(statement, "writes"); }
  bool Run(const store::InsertMany& statement, std::vector<std::int64_t>&) override {
    Refuse(statement, "writes");
  }
  std::int64_t Run(const store::Update& statement) override { Refuse(statement, "writes"); }
  std::int64_t Run(const store::Delete& statement) override { Refuse(statement, "writes"); }
  std::int64_t Run(const store::EdgeWrite& statement) override { Refuse(statement, "writes"); }
  std::int64_t Run(const store::Keep& statement) override { Refuse(statement, "reads"); }
  void Run(const store::Page& statement, RowSink) override { Refuse(statement, "reads"); }
  void Run(const store::Tabulate& statement, RowSink) override { Refuse(statement, "reads"); }
  std::unique_ptr<store::Cursor> Open(const store::Select& statement) override {
    Refuse(statement, "reads");
  }
  void KeepLast(std::int64_t) override {}
  void Forget(std::int64_t) override {}
  void DeferForeignKeys(bool) override {}
  store::Plan PlanMigration(std::span<const Table* const>, Allow) override { return {}; }
  void Apply(const store::Step&) override {}

  store::RawEffect Prepare(const store::RawSql&) override { RefuseWork("runs SQL"); }

  /// Conditions but those on ids are not looked at.
  void Run(const store::Select& select, RowSink sink) override {
    if (watched_ != nullptr) watched_->ThrowIfCancelled();
    if (select.table != &table_ || select.through != nullptr) Refuse(select, "reads");
    ++asked_;
    narrowed_ = narrowed_ || select.where != nullptr || select.limit;
    const std::vector<FieldValue>* ids = IdsOf(select);
    if (!given_ && !(written_ && (select.by_id || ids != nullptr))) RefuseRows();
    std::int64_t due = select.limit.value_or(INT64_MAX);
    std::int64_t left_out = select.offset;
    const std::size_t count = table_.ops.RowCount(rows_);
    for (std::size_t at = 0; at < count && due > 0; ++at) {
      const void* entity = table_.ops.RowAt(static_cast<const void*>(rows_), at);
      const FieldValue id = IdOf(entity);
      if (select.by_id && id != IdOf(select.entity)) continue;
      if (ids != nullptr && std::find(ids->begin(), ids->end(), id) == ids->end()) continue;
      if (left_out-- > 0) continue;
      --due;
      ScriptedRow row(table_, entity);
      sink(row);
    }
  }
  std::int64_t Count(const store::Select& select) override {
    std::int64_t count = 0;
    Run(select, [&](Row&) { ++count; });
    return select.want == store::Select::Want::Exist ? std::int64_t{count != 0} : count;
  }

  /// Throws: NotGivenError: that is done to a type of which it is not known which one it is.
  [[noreturn, gnu::cold]] void RefuseWork(std::string_view does) {
    Refuse(core::Concat({table_.entity, ": what is tested ", does, kRemedy}));
  }
  [[noreturn, gnu::cold]] void RefuseType(const Table& type) {
    Refuse(core::Concat({table_.entity, ": what is tested uses ", type.entity, kRemedy}));
  }
  /// Of the run that this thread makes.
  static inline thread_local constinit ScriptedConnection* running = nullptr;

 private:
  static constexpr std::string_view kRemedy =
      ", and this run has no database: test it with one, grapnel::testing::Open<...>()";

  /// The ids of which rows alone are asked for, or null.
  const std::vector<FieldValue>* IdsOf(const store::Select& select) const noexcept {
    const store::PredicateNode* where = select.where;
    const bool is_by_ids = where != nullptr && where->kind == store::PredicateKind::In &&
                           where->field == table_.Id().tag && where->relation == nullptr;
    return is_by_ids ? &where->values : nullptr;
  }
  FieldValue IdOf(const void* entity) const {
    return table_.Id().ops->to_value(table_.Id().at_const(entity));
  }
  [[noreturn, gnu::cold]] void RefuseRows() {
    Refuse(core::Concat({table_.entity,
                         ": what is tested reads the stored rows, and the test has given none: "
                         ".Old(row), or .NoRows()"}));
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
  const core::Context* watched_ = nullptr;
  bool open_ = false;
  bool given_ = false;
  bool written_ = false;
  bool narrowed_ = false;
  std::size_t asked_ = 0;
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
