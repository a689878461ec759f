#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/run.hpp>
#include <grapnel/testing/error.hpp>
#include <grapnel/testing/fault.hpp>
#include <grapnel/testing/script.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::testing {

template <class E>
class [[nodiscard("nothing runs before Go()")]] Run;

namespace detail {

/// Whether an X was thrown, or what is derived from it.
template <class X>
bool Is(const std::exception_ptr& thrown) {
  if (!thrown) return false;
  try {
    std::rethrow_exception(thrown);
  } catch (const X&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// What a run and what came of it share.
template <class E>
struct Running {
  explicit Running(grapnel::Op op) : mutation(Mutation<E>::Access::MakeShared(op)) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  /// What is open is rolled back.
  ~Running() {
    const Now now(*this);
    if (handle != nullptr) const Tx end = Tx::Handed(handle, true);
  }

  static constexpr grapnel::detail::TypeActions kActions{
      grapnel::detail::kTable<E>,
      &grapnel::detail::ActionsOf<E>::WithMutation,
      &grapnel::detail::ActionsOf<E>::RunAround,
      &grapnel::detail::ActionsOf<E>::Attach,
      &grapnel::detail::ActionsOf<E>::AttachRows,
      [](core::HookStack&) {},
  };

  grapnel::detail::ScriptedConnection& Connection() const noexcept {
    return static_cast<grapnel::detail::ScriptedDriver&>(*store->driver).connection;
  }

  std::vector<E> rows{};
  std::shared_ptr<grapnel::detail::Store> store = grapnel::detail::ScriptedStore(kActions, &rows);
  grapnel::detail::HandlePtr handle{};  // of the transaction
  core::Shared<Mutation<E>> mutation;
  core::Callable<Value<E>(Mutation<E>&)> next{};
  std::size_t calls = 0;   // of next
  int depth = 0;           // of reads, one in the other
  std::size_t arrows = 0;  // that were passed
  std::size_t fault_at = 0;
  std::optional<Value<E>> value{};
  std::exception_ptr thrown{};

  /// The end of the chain.
  Value<E> Terminal(Mutation<E>& m) {
    ++calls;
    auto& core = m.Core();
    if (core.executed) {
      throw Error(core::Concat({m.Type(),
                                ": the mutation was already carried out, by Mutate: its hook must "
                                "not call next as well"}));
    }
    m.Context().ThrowIfCancelled();
    if (core.watched) m.NeedOldRows();
    if (core.pinned) Settle(m);
    if (core.watched && core.op != Op::Create) {
      Connection().CheckNeighbours(core, SourcesOf(m));
      m.NoteNeighbours();
    }
    std::optional<Value<E>> made;
    if (next) made.emplace(next(m));
    const auto& bound = core.Running();
    bound.transaction.ExpectSeveralWrites();  // what fails behind it takes it back
    bound.transaction.Write(bound.level, bound.type, bound.handle->context,
                            [&](store::Connection&) -> std::int64_t {
                              if (!made) made.emplace(CarryOut(m));
                              Keep(m, *made);
                              return 0;
                            });
    core.executed = true;
    return *std::move(made);
  }
  /// While this thread runs it.
  class Now {
   public:
    explicit Now(Running& run) noexcept
        : outer_(std::exchange(grapnel::detail::ScriptedConnection::running, &run.Connection())) {}
    Now(const Now&) = delete;
    Now& operator=(const Now&) = delete;
    ~Now() { grapnel::detail::ScriptedConnection::running = outer_; }

   private:
    grapnel::detail::ScriptedConnection* outer_;
  };

  /// One step from a hook to the next one, or back.
  void PassArrow() {
    if (++arrows != fault_at) return;
    throw InjectedFault(core::Concat({"arrow ", std::to_string(arrows), ", injected"}));
  }

 private:
  using Places = std::vector<std::size_t>;

  E* RowWith(const FieldValue& id) {
    for (E& row : rows) {
      if (Connection().IdOf(&row) == id) return &row;
    }
    return nullptr;
  }
  FieldValue IdOf(const Mutation<E>& m) const {
    return Connection().IdOf(&Mutation<E>::Access::Entity(m));
  }
  E* RowOf(const Mutation<E>& m) { return RowWith(IdOf(m)); }

  /// The places of the rows that it touches. Throws: NotGivenError.
  Places PlacesOf(const Mutation<E>& m) {
    const auto& core = m.Core();
    if (core.op == Op::Create) return {};
    if (!core.IsOne()) return Connection().PlacesOf(core.where.Get());
    const E* const row = RowOf(m);
    if (row == nullptr && core.where && !Connection().IsGiven()) Connection().RefuseRows();
    if (row == nullptr || !Connection().Matches(row, core.where.Get())) return {};
    return {static_cast<std::size_t>(row - rows.data())};
  }
  std::vector<FieldValue> SourcesOf(const Mutation<E>& m) {
    std::vector<FieldValue> ids;
    for (const std::size_t place : PlacesOf(m)) ids.push_back(Connection().IdOf(&rows[place]));
    return ids;
  }
  /// The rows that were asked for before the write are, after it, those that it touched.
  void Settle(Mutation<E>& m) {
    const std::vector<FieldValue> ids = SourcesOf(m);
    auto& pinned = *m.Core().pinned;
    if (ids.size() == pinned.ids.size()) return;
    pinned.touched = ids;
    m.KeepOldRows([&](const void* row) {
      return std::find(ids.begin(), ids.end(), Connection().IdOf(row)) != ids.end();
    });
  }

  /// What a database would answer.
  Value<E> CarryOut(Mutation<E>& m) {
    auto& core = m.Core();
    if (core.op == Op::Create) return Made(m);
    const Places places = PlacesOf(m);
    if (!core.IsOne()) return places.size();
    E* const stored = RowOf(m);
    if (stored == nullptr && Connection().IsGiven()) {
      throw NotFoundError(m.Type(), "the test has given no such row");
    }
    if (stored != nullptr && places.empty()) {
      core.stale = true;
      throw StaleError(m.Type(), core::Concat({"id ", core.table->ShowId(IdOf(m))}));
    }
    if (core.op == Op::DeleteOne) return 1;
    E changed = stored != nullptr ? *stored : E{};
    if (stored == nullptr) changed.id = Mutation<E>::Access::Entity(m).id;
    grapnel::detail::ApplyTo(core, &changed);
    return changed;
  }
  /// The row of a Create.
  E Made(Mutation<E>& m) {
    auto& core = m.Core();
    if (core.conflict) Connection().RefuseWork("creates with OnConflict");
    if (core.set.test(0)) {
      if (RowOf(m) != nullptr) {
        throw ConstraintError(m.Type(), core.op, ConstraintKind::Unique,
                              {std::string(core.table->Id().name)},
                              "a row with this id is stored already");
      }
    } else if (core.table->generates_ids) {
      core.SetId(NextId());
    } else {
      core.table->RefuseValue(core.table->Id().name, core.op,
                              "an id is required: Set it, or give the field a Default");
    }
    core.has_id = true;
    return Mutation<E>::Access::Entity(m);
  }
  std::int64_t NextId() {
    std::int64_t last = 0;
    bool is_first = true;
    for (const E& row : rows) {
      const FieldValue id = Connection().IdOf(&row);
      const std::int64_t* const number = id.As<std::int64_t>();
      if (number == nullptr || (!is_first && *number <= last)) continue;
      last = *number;
      is_first = false;
    }
    if (last != INT64_MAX) return last + 1;
    std::int64_t free = 1;
    while (RowWith(free) != nullptr) ++free;
    return free;
  }
  /// The rows are from now on as that leaves them.
  void Keep(Mutation<E>& m, const Value<E>& made) {
    const auto& core = m.Core();
    const Places places = PlacesOf(m);
    std::vector<FieldValue> touched;
    for (const std::size_t place : places) touched.push_back(Connection().IdOf(&rows[place]));
    Connection().SetWritten();
    if (core.op == Op::Create || core.op == Op::UpdateOne) {
      if (!made.HasEntity() && core.op == Op::UpdateOne) return;
      const E& entity = made.HasEntity() ? made.Entity() : Mutation<E>::Access::Entity(m);
      E* const stored = core.op == Op::Create ? RowWith(Connection().IdOf(&entity)) : RowOf(m);
      touched = {Connection().IdOf(&entity)};
      if (stored != nullptr) {
        *stored = entity;
      } else {
        rows.push_back(entity);
      }
    } else if (core.op == Op::Update) {
      for (const std::size_t place : places) grapnel::detail::ApplyTo(core, &rows[place]);
    } else {
      for (std::size_t at = places.size(); at-- > 0;) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(places[at]));
      }
    }
    if (core.ChangesEdges()) Connection().KeepNeighbours(core, touched);
  }
};

/// What a run is given, whatever it runs.
template <class Self, class E>
class Needs {
 public:
  /// What `Dep<T>()` of the mutation or reading finds: as Database::Provide.
  template <class T>
  Self& Provide(T& object) {
    return Provide({}, object);
  }
  template <class T>
  Self& Provide(std::string_view name, T& object) {
    Given().store->dependencies.template Provide<T>(object, name);
    return static_cast<Self&>(*this);
  }
  template <class T>
  void Provide(const T&&) = delete;  // a temporary would be gone when it runs
  template <class T>
  void Provide(std::string_view, const T&&) = delete;
  /// What its Context() has: as Client::With.
  template <class V>
  Self& With(V value) {
    context_ = context_.With(std::move(value));
    return static_cast<Self&>(*this);
  }

 protected:
  explicit Needs(Op op) : run_(std::make_shared<Running<E>>(op)) {}

  /// Throws: Error once it has run.
  Running<E>& Given() const {
    if (run_ == nullptr) throw Error("this run has been made already: make a new one");
    return *run_;
  }
  std::shared_ptr<Running<E>> Take() {
    Given();
    return std::exchange(run_, nullptr);
  }

  core::Context context_{};

 private:
  std::shared_ptr<Running<E>> run_;
};

}  // namespace detail

/// What came of a run. Keeps its transaction open, so that what waits for the end can be counted
/// and run; it is rolled back when this is gone. Threads: the one that ran it.
template <class E>
class Ran {
 public:
  /// Whether the hook has let the mutation pass: to the hooks behind it, where there are some, and
  /// to the end.
  bool CalledNext() const noexcept { return run_->calls != 0; }
  /// The mutation as the hooks have left it.
  const grapnel::Mutation<E>& Mutation() const noexcept { return *run_->mutation; }
  /// What a field or edge is set to: as Mutation::Get.
  template <auto M>
  auto Get(MemberToken<M> member) const {
    return Mutation().Get(member);
  }
  template <auto M>
  auto Added(MemberToken<M> field) const {
    return Mutation().Added(field);
  }
  template <auto M>
  bool Cleared(MemberToken<M> field) const {
    return Mutation().Cleared(field);
  }

  /// What it resulted in. Throws: what the run threw.
  const grapnel::Value<E>& Value() const {
    if (run_->thrown) std::rethrow_exception(run_->thrown);
    return *run_->value;
  }
  /// Whether it threw an X, or what is derived from it.
  template <class X = std::exception>
  bool Threw() const {
    return detail::Is<X>(run_->thrown);
  }
  /// What it threw, or null.
  const std::exception_ptr& Thrown() const noexcept { return run_->thrown; }

  /// Whether the stored rows were asked for.
  bool AskedRows() const noexcept { return run_->Connection().Asked() != 0; }
  /// The steps from one hook to the next one and back that were made, where FaultAtArrow counts
  /// them; each of k hooks has two.
  std::size_t Arrows() const noexcept { return run_->arrows; }

  /// How many AfterCommit callbacks wait.
  std::size_t AfterCommits() const noexcept {
    return run_->handle->transaction->CountAfterCommits();
  }
  /// Commits: the AfterCommit callbacks run. Throws: CommittedError with what they threw; TxError
  /// after the end.
  void Commit() {
    const typename detail::Running<E>::Now now(*run_);
    Tx::Handed(run_->handle, false).Commit();
  }
  /// Rolls back: the AfterRollback callbacks run. Throws: what they threw first.
  void Rollback() {
    const typename detail::Running<E>::Now now(*run_);
    Tx::Handed(run_->handle, false).Rollback();
  }

 private:
  friend Run<E>;
  explicit Ran(std::shared_ptr<detail::Running<E>> run) noexcept : run_(std::move(run)) {}

  std::shared_ptr<detail::Running<E>> run_;
};

/// Runs a hook without a database: the defaults of the type, the hook, and behind it a `next` that
/// the test says. Hooks of the schema do not run, nothing is validated and no SQL is made. The
/// stored rows are those that the test gives; reads and writes pick of them what matches, in the
/// order that is asked for, as a database would, and what fails is taken back. A given row has no
/// neighbours but those whose ids stand in it.
///
///   const auto run = grapnel::testing::Run<User>(Adults(), Op::Create).Set(F<&User::age>,
///   17).Go(); CHECK(run.Threw<TooYoung>()); CHECK_FALSE(run.CalledNext());
///
/// Throws, from Go(): NotGivenError, which says what is missing, where the hook asks for rows or a
/// database that the test has not given, also where the hook makes nothing of that: for rows of
/// another type, SQL, a condition or an order that takes the neighbours' fields, and, once changes
/// are watched, which neighbours an edge loses. From the others: as Mutation does. Threads: one.
template <class E>
class Run : public detail::Needs<Run<E>, E> {
  using detail::Needs<Run<E>, E>::Given;

 public:
  /// A hook of any form, or a chain of them.
  template <class H>
  Run(H hook, Op op) : detail::Needs<Run<E>, E>(op) {
    hooks_.push_back(Hook<E>(std::move(hook)));
  }

  /// One more hook, behind those that are there.
  template <class H>
  Run& Behind(H hook) {
    hooks_.push_back(Hook<E>(std::move(hook)));
    return *this;
  }

  // What the caller of the mutation says: as Mutation does.
  template <auto M, class V>
  Run& Set(MemberToken<M> member, V&& value) {
    Given().mutation->Set(member, std::forward<V>(value));
    return *this;
  }
  template <auto M, class V>
  Run& Add(MemberToken<M> field, V&& delta) {
    Given().mutation->Add(field, std::forward<V>(delta));
    return *this;
  }
  template <auto M>
  Run& Clear(MemberToken<M> field) {
    Given().mutation->Clear(field);
    return *this;
  }
  template <auto M, class... Ids>
  Run& AddIDs(MemberToken<M> edge, Ids&&... ids) {
    Given().mutation->AddIDs(edge, {std::forward<Ids>(ids)...});
    return *this;
  }
  template <auto M, class... Ids>
  Run& RemoveIDs(MemberToken<M> edge, Ids&&... ids) {
    Given().mutation->RemoveIDs(edge, {std::forward<Ids>(ids)...});
    return *this;
  }
  template <auto M>
  Run& ClearEdge(MemberToken<M> edge) {
    Given().mutation->ClearEdge(edge);
    return *this;
  }
  /// Of UpdateOne and DeleteOne: which row; where it is not said, the first that is stored.
  Run& ID(grapnel::detail::IdOf<E> id) {
    Mutation<E>::Access::Entity(*Given().mutation).id = std::move(id);
    Given().mutation->Core().has_id = true;
    return *this;
  }

  /// A row that is stored, and that the mutation touches; of several, one call each.
  Run& Old(E row) {
    Given().rows.push_back(std::move(row));
    return NoRows();
  }
  /// No more rows are stored than those that were given.
  Run& NoRows() {
    Given().Connection().SetGiven();
    return *this;
  }

  /// What `next` gives: a value, an entity or a count; or a function, `Value<E>(Mutation<E>&)`,
  /// which may throw. Without it: what a database would, of the rows that are stored. An id that is
  /// made is one more than the largest. Where no rows were given, an Update or a Delete finds those
  /// alone that the run itself has written.
  template <class V>
  Run& Next(V value) {
    if constexpr (std::is_invocable_v<V&, Mutation<E>&>) {
      constexpr bool gives_value =
          std::is_convertible_v<std::invoke_result_t<V&, Mutation<E>&>, Value<E>>;
      static_assert(gives_value,
                    "the function given to Next returns what next would: write its type out, "
                    "[](grapnel::Mutation<User>& m) -> grapnel::Value<User> { ... }");
      if constexpr (gives_value) {
        Given().next = [function = std::move(value)](Mutation<E>& m) mutable -> Value<E> {
          return function(m);
        };
      }
    } else {
      constexpr bool is_value = std::is_convertible_v<V, Value<E>>;
      static_assert(is_value,
                    "Next takes an entity, a count, or a function of the mutation, "
                    "[](grapnel::Mutation<User>& m) -> grapnel::Value<User> { ... }");
      if constexpr (is_value) {
        Given().next = [made = Value<E>(std::move(value))](Mutation<E>&) -> Value<E> {
          return made;
        };
      }
    }
    return *this;
  }

  /// Why it runs.
  Run& As(Cause cause) {
    Given().mutation->Core().cause = cause;
    return *this;
  }
  /// In a transaction that the caller has begun.
  Run& InTx() {
    kind_ = grapnel::detail::Session::Kind::Explicit;
    return *this;
  }
  /// Throws an InjectedFault at the n-th step from one hook to the next one, or to the end, and
  /// back, counted from 1.
  Run& FaultAtArrow(std::size_t n) {
    Given().fault_at = n;
    counts_ = true;
    return *this;
  }

  /// Runs it, once.
  Ran<E> Go() {
    const std::shared_ptr<detail::Running<E>> run = this->Take();
    const typename detail::Running<E>::Now now(*run);
    auto& core = run->mutation->Core();
    if (core.IsOne() && !core.has_id) {
      if (run->rows.empty()) {
        throw NotGivenError(core::Concat({core.table->entity, " ", ToString(core.op),
                                          ": which row? Give the test one, .Old(row), or say its "
                                          "id, .ID(id)"}));
      }
      Mutation<E>::Access::Entity(*run->mutation).id = run->rows.front().id;
      core.has_id = true;
    }
    AddHooks(*run);
    run->handle = grapnel::detail::MakeHandle(
        {run->store, std::make_shared<grapnel::detail::Session>(run->store, this->context_, kind_),
         nullptr, this->context_});
    E entity{};
    grapnel::detail::AnyResult result(grapnel::detail::kTable<E>,
                                      core.WantsEntity() ? &entity : nullptr);
    try {
      grapnel::detail::RunMutation(run->handle, *run->mutation, result);
      if (result.HasEntity()) {
        result.MoveOut();
        run->value.emplace(std::move(entity));
      } else {
        run->value.emplace(result.Count());
      }
    } catch (...) {
      run->thrown = std::current_exception();
    }
    if (const auto missing = run->Connection().Missing()) std::rethrow_exception(missing);
    return Ran<E>(run);
  }

 private:
  void AddHooks(detail::Running<E>& run) {
    std::vector<core::StoredHook> all;
    const auto count = [&] {
      if (!counts_) return;
      all.push_back(Hook<E>([&run](Mutation<E>& m, grapnel::Next<E> next) -> Value<E> {
        run.PassArrow();
        Value<E> value = next(m);
        run.PassArrow();
        return value;
      }));
    };
    for (const Hook<E>& hook : hooks_) {
      all.push_back(hook);
      count();
    }
    all.push_back(
        Hook<E>([&run](Mutation<E>& m, grapnel::Next<E>) -> Value<E> { return run.Terminal(m); }));
    run.store->TypeOf(grapnel::detail::kTable<E>).hooks.Add(all, grapnel::detail::kRuntime);
  }

  std::vector<Hook<E>> hooks_;
  grapnel::detail::Session::Kind kind_ = grapnel::detail::Session::Kind::Implicit;
  bool counts_ = false;
};

}  // namespace grapnel::testing
