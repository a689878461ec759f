#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/run.hpp>
#include <grapnel/testing/error.hpp>
#include <grapnel/testing/fault.hpp>
#include <grapnel/testing/running.hpp>
#include <grapnel/testing/script.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::testing {

template <class E>
class [[nodiscard("nothing runs before Go()")]] Run;

namespace detail {

/// In place of a type that was not said.
struct NoType {};

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
/// another type, SQL, a condition or an order that takes the neighbours' fields, a condition on
/// groups, and, once changes are watched, which neighbours an edge loses that are not rows of its
/// own type, with its key. From the others: as Mutation does. Threads: one.
template <class E>
class Run : public detail::Needs<Run<E>, E> {
  using detail::Needs<Run<E>, E>::Given;
  template <class T>
  using Plain = grapnel::detail::NonDeduced<T>;
  template <auto M>
  using NeighboursOf = grapnel::detail::Neighbours<grapnel::detail::NeighbourOf<M>>;

 public:
  /// A hook of any form, or a chain of them. Throws: Error unless it is one Op.
  template <class H>
  Run(H hook, Op op) : detail::Needs<Run<E>, E>(CheckOne(op)) {
    hooks_.push_back(grapnel::detail::KeptAs<E, H>(std::move(hook)));
  }
  /// No hook, but rules of a guard: see Guard.
  explicit Run(Op op) : detail::Needs<Run<E>, E>(CheckOne(op)) {}
  /// Without an Op: this does not compile.
  template <class H>
  explicit Run(H) : detail::Needs<Run<E>, E>(Op::Create) {
    static_assert(sizeof(H) == 0,
                  "say what the mutation does: grapnel::testing::Run<User>(hook, "
                  "grapnel::Op::Create)");
  }
  Run(Run&&) noexcept = default;
  Run& operator=(Run&&) noexcept = default;
  Run(const Run&) = delete;  // it is made once: make another one, by a function of the test's
  Run& operator=(const Run&) = delete;

  /// One more hook, behind those that are there.
  template <class H>
  Run& Behind(H hook) & {
    Given();
    hooks_.push_back(grapnel::detail::KeptAs<E, H>(std::move(hook)));
    return *this;
  }
  template <class H>
  [[nodiscard("nothing runs before Go()")]] Run&& Behind(H hook) && {
    return std::move(Behind(std::move(hook)));
  }

  // What the caller of the mutation says: as Mutation does.
  template <auto M>
  Run& Set(MemberToken<M> member, Plain<grapnel::detail::SetArgument<M>> value) & {
    Given().mutation->Set(member, std::move(value));
    return *this;
  }
  template <auto M>
  [[nodiscard("nothing runs before Go()")]] Run&& Set(
      MemberToken<M> member, Plain<grapnel::detail::SetArgument<M>> value) && {
    return std::move(Set(member, std::move(value)));
  }
  template <auto M, grapnel::detail::OtherValueOf<M> V>
  Run& Set(MemberToken<M> member, V&& value) & {
    Given().mutation->Set(member, std::forward<V>(value));
    return *this;
  }
  template <auto M, grapnel::detail::OtherValueOf<M> V>
  [[nodiscard("nothing runs before Go()")]] Run&& Set(MemberToken<M> member, V&& value) && {
    return std::move(Set(member, std::forward<V>(value)));
  }
  template <auto M, class V>
  Run& Add(MemberToken<M> field, V&& delta) & {
    Given().mutation->Add(field, std::forward<V>(delta));
    return *this;
  }
  template <auto M, class V>
  [[nodiscard("nothing runs before Go()")]] Run&& Add(MemberToken<M> field, V&& delta) && {
    return std::move(Add(field, std::forward<V>(delta)));
  }
  template <auto M>
  Run& Clear(MemberToken<M> field) & {
    Given().mutation->Clear(field);
    return *this;
  }
  template <auto M>
  [[nodiscard("nothing runs before Go()")]] Run&& Clear(MemberToken<M> field) && {
    return std::move(Clear(field));
  }
  /// `AddIDs(F<&User::friends>, 7, 9)`, or as the builders take them, `{7, 9}` or `{ada, bob}`.
  template <auto M, class... Ids>
  Run& AddIDs(MemberToken<M> edge, Ids&&... ids) & {
    Given().mutation->AddIDs(edge, {std::forward<Ids>(ids)...});
    return *this;
  }
  template <auto M, class... Ids>
  [[nodiscard("nothing runs before Go()")]] Run&& AddIDs(MemberToken<M> edge, Ids&&... ids) && {
    return std::move(AddIDs(edge, std::forward<Ids>(ids)...));
  }
  template <auto M>
  Run& AddIDs(MemberToken<M> edge, const Plain<NeighboursOf<M>>& ids) & {
    Given().mutation->AddIDs(edge, ids);
    return *this;
  }
  template <auto M>
  [[nodiscard("nothing runs before Go()")]] Run&& AddIDs(MemberToken<M> edge,
                                                         const Plain<NeighboursOf<M>>& ids) && {
    return std::move(AddIDs(edge, ids));
  }
  template <auto M, class... Ids>
  Run& RemoveIDs(MemberToken<M> edge, Ids&&... ids) & {
    Given().mutation->RemoveIDs(edge, {std::forward<Ids>(ids)...});
    return *this;
  }
  template <auto M, class... Ids>
  [[nodiscard("nothing runs before Go()")]] Run&& RemoveIDs(MemberToken<M> edge, Ids&&... ids) && {
    return std::move(RemoveIDs(edge, std::forward<Ids>(ids)...));
  }
  template <auto M>
  Run& RemoveIDs(MemberToken<M> edge, const Plain<NeighboursOf<M>>& ids) & {
    Given().mutation->RemoveIDs(edge, ids);
    return *this;
  }
  template <auto M>
  [[nodiscard("nothing runs before Go()")]] Run&& RemoveIDs(MemberToken<M> edge,
                                                            const Plain<NeighboursOf<M>>& ids) && {
    return std::move(RemoveIDs(edge, ids));
  }
  template <auto M>
  Run& ClearEdge(MemberToken<M> edge) & {
    Given().mutation->ClearEdge(edge);
    return *this;
  }
  template <auto M>
  [[nodiscard("nothing runs before Go()")]] Run&& ClearEdge(MemberToken<M> edge) && {
    return std::move(ClearEdge(edge));
  }
  /// Of UpdateOne and DeleteOne: which row; where it is not said, the first that is stored.
  Run& ID(grapnel::detail::IdOf<E> id) & {
    Mutation<E>::Access::Entity(*Given().mutation).id = std::move(id);
    Given().mutation->Core().has_id = true;
    return *this;
  }
  [[nodiscard("nothing runs before Go()")]] Run&& ID(grapnel::detail::IdOf<E> id) && {
    return std::move(ID(std::move(id)));
  }

  /// A row that is stored, and that the mutation touches where it matches; of several, one call
  /// each. Throws: Error for a second row with an id.
  Run& Old(E row) & {
    for (const E& each : Given().rows) {
      if (Given().Connection().IdOf(&each) == Given().Connection().IdOf(&row)) RefuseTwice(row);
    }
    Given().rows.push_back(std::move(row));
    Given().Connection().SetGiven();
    return *this;
  }
  [[nodiscard("nothing runs before Go()")]] Run&& Old(E row) && {
    return std::move(Old(std::move(row)));
  }
  /// Of what is no row: this does not compile.
  template <class V>
  requires(!std::is_convertible_v<V, E>) Run && Old(const V&) {
    static_assert(sizeof(V) == 0,
                  "Old takes a row as it is stored: User ada; ada.id = 7; run.Old(ada). Which row "
                  "is meant says ID(7)");
    return std::move(*this);
  }
  /// No more rows are stored than those that were given.
  Run& NoRows() & {
    Given().Connection().SetGiven();
    return *this;
  }
  [[nodiscard("nothing runs before Go()")]] Run&& NoRows() && { return std::move(NoRows()); }

  /// What `next` gives: a value, an entity or a count; or a function, `Value<E>(Mutation<E>&)`,
  /// which may throw; an empty one is an Error. Without it: what a database would, of the rows that
  /// are stored. An id that is made is one more than the largest. Where no rows were given, an
  /// Update or a Delete finds those alone that the run itself has written.
  template <class V>
  Run& Next(V value) & {
    if constexpr (std::is_invocable_v<V&, Mutation<E>&>) {
      constexpr bool gives_value =
          std::is_convertible_v<std::invoke_result_t<V&, Mutation<E>&>, Value<E>>;
      static_assert(gives_value,
                    "the function given to Next returns what next would: write its type out, "
                    "[](grapnel::Mutation<User>& m) -> grapnel::Value<User> { ... }");
      core::detail::RefuseNone(value);
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
  template <class V>
  [[nodiscard("nothing runs before Go()")]] Run&& Next(V value) && {
    return std::move(Next(std::move(value)));
  }

  /// Why it runs.
  Run& As(Cause cause) & {
    Given().mutation->Core().cause = cause;
    return *this;
  }
  [[nodiscard("nothing runs before Go()")]] Run&& As(Cause cause) && {
    return std::move(As(cause));
  }
  /// In a transaction that the caller has begun.
  Run& InTx() & {
    kind_ = grapnel::detail::Session::Kind::Explicit;
    return *this;
  }
  [[nodiscard("nothing runs before Go()")]] Run&& InTx() && { return std::move(InTx()); }
  /// Throws an InjectedFault at the n-th step from one hook to the next one, or to the end, and
  /// back, counted from 1.
  Run& FaultAtArrow(std::size_t n) & {
    Given().fault_at = n;
    counts_ = true;
    return *this;
  }
  [[nodiscard("nothing runs before Go()")]] Run&& FaultAtArrow(std::size_t n) && {
    return std::move(FaultAtArrow(n));
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
  static Op CheckOne(Op op) {
    if (!Name(op).empty()) return op;
    throw Error(
        core::Concat({grapnel::detail::kTable<E>.entity, ": a run is of one Op, and not of ",
                      ToString(op), ": make one for each"}));
  }
  [[noreturn]] static void RefuseTwice(const E& row) {
    const auto& table = grapnel::detail::kTable<E>;
    const auto& id = table.Id();
    throw Error(core::Concat({table.entity, ": two given rows have the id ",
                              table.ShowId(id.ops->to_value(id.at_const(&row)))}));
  }
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
    for (const core::StoredHook& hook : hooks_) {
      all.push_back(hook);
      count();
    }
    all.push_back(
        Hook<E>([&run](Mutation<E>& m, grapnel::Next<E>) -> Value<E> { return run.Terminal(m); }));
    run.store->TypeOf(grapnel::detail::kTable<E>).hooks.Add(all, grapnel::detail::kRuntime);
  }

  std::vector<core::StoredHook> hooks_;
  grapnel::detail::Session::Kind kind_ = grapnel::detail::Session::Kind::Implicit;
  bool counts_ = false;
};

/// Without a type: this does not compile.
template <>
class Run<detail::NoType> {
 public:
  template <class... Ts>
  explicit Run(const Ts&...) {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "say of which type the mutation is: grapnel::testing::Run<User>(hook, "
                  "grapnel::Op::Create)");
  }
};
template <class... Ts>
Run(Ts...) -> Run<detail::NoType>;

}  // namespace grapnel::testing
