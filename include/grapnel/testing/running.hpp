#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/hooks.hpp>
#include <grapnel/store/write/run.hpp>
#include <grapnel/testing/error.hpp>
#include <grapnel/testing/fault.hpp>
#include <grapnel/testing/script.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a run without a database is while it is put together and runs.
namespace grapnel::testing {
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
    if (stored == nullptr ? Connection().IsGiven() : places.empty()) {
      const auto own = Connection().OwnReads();
      grapnel::detail::RefuseUntouched(core);
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
    Connection().SetWritten();
    std::vector<FieldValue> touched;
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
    } else if (core.op == Op::DeleteOne) {
      std::erase_if(rows, [&](const E& row) { return Connection().IdOf(&row) == IdOf(m); });
    } else if (next && !Connection().CanTell(core.where.Get())) {
      return Connection().ForgetRows();  // next has said what became of them, and not of which
    } else {
      const Places places = PlacesOf(m);
      for (const std::size_t place : places) touched.push_back(Connection().IdOf(&rows[place]));
      KeepMany(core, places);
    }
    if (core.ChangesEdges()) Connection().KeepNeighbours(core, touched);
  }
  void KeepMany(const grapnel::detail::Draft& core, const Places& places) {
    if (core.op == Op::Update) {
      for (const std::size_t place : places) grapnel::detail::ApplyTo(core, &rows[place]);
    } else {
      for (std::size_t at = places.size(); at-- > 0;) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(places[at]));
      }
    }
  }
};

/// What a run is given, whatever it runs. Each call returns the run itself, as an rvalue when it
/// was called on one.
template <class Self, class E>
class Needs {
 public:
  Needs(Needs&&) noexcept = default;
  Needs& operator=(Needs&&) noexcept = default;

  /// What `Dep<T>()` of the mutation or reading finds: as Database::Provide.
  template <class T>
  Self& Provide(T& object) & {
    return Provide({}, object);
  }
  template <class T>
  [[nodiscard("nothing runs before Go()")]] Self&& Provide(T& object) && {
    return static_cast<Self&&>(Provide({}, object));
  }
  template <class T>
  Self& Provide(std::string_view name, T& object) & {
    Given().store->dependencies.template Provide<T>(object, name);
    return static_cast<Self&>(*this);
  }
  template <class T>
  [[nodiscard("nothing runs before Go()")]] Self&& Provide(std::string_view name, T& object) && {
    return static_cast<Self&&>(Provide(name, object));
  }
  /// Of a temporary: these do not compile.
  template <class T>
  Self&& Provide(const T&&) {
    return RefuseTemporary<T>();
  }
  template <class T>
  Self&& Provide(std::string_view, const T&&) {
    return RefuseTemporary<T>();
  }
  /// What its Context() has: as Client::With.
  template <class V>
  Self& With(V value) & {
    context_ = context_.With(std::move(value));
    return static_cast<Self&>(*this);
  }
  template <class V>
  [[nodiscard("nothing runs before Go()")]] Self&& With(V value) && {
    return static_cast<Self&&>(With(std::move(value)));
  }
  /// Rules that are asked before all hooks and interceptors, of mutations and reads of the type: as
  /// HookedEntities::Guard. To try rules alone, leave out the hook: Run<User>(Op::Create).
  template <class... Rules>
  Self& Guard(Rules... rules) & {
    const auto all =
        grapnel::detail::RulesOf<E>(core::MakeShared<const Rules>(std::move(rules))...);
    const auto handle = grapnel::detail::MakeHandle({Given().store, nullptr, nullptr, {}});
    grapnel::detail::AddGuard({grapnel::detail::PrepareGuard(
        handle, grapnel::detail::kTable<E>, grapnel::detail::kNarrowActions<E>, all)});
    return static_cast<Self&>(*this);
  }
  template <class... Rules>
  [[nodiscard("nothing runs before Go()")]] Self&& Guard(Rules... rules) && {
    return static_cast<Self&&>(Guard(std::move(rules)...));
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
  template <class T>
  Self&& RefuseTemporary() {
    static_assert(sizeof(T) == 0,
                  "what is provided outlives the run, and a temporary would be gone when it runs: "
                  "Bucket bucket; run.Provide(bucket)");
    return static_cast<Self&&>(*this);
  }

  std::shared_ptr<Running<E>> run_;
};

}  // namespace detail
}  // namespace grapnel::testing
