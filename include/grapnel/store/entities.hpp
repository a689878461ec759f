#pragma once

#include <grapnel/core/hook_list.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/create.hpp>
#include <grapnel/store/builders/create_bulk.hpp>
#include <grapnel/store/builders/delete_many.hpp>
#include <grapnel/store/builders/delete_one.hpp>
#include <grapnel/store/builders/update_many.hpp>
#include <grapnel/store/builders/update_one.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/query.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/run.hpp>

#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What takes no hooks of its own: these do not compile, and whoever asks finds that they are not
/// there.
struct TakesNoHooks {
  template <class... Hs>
  requires RegisterHooksOnTheDatabaseInstead<Hs...>
  void Use(const Hs&...) const = delete;
  template <class... Hs>
  requires RegisterHooksOnTheDatabaseInstead<Hs...>
  void Intercept(const Hs&...) const = delete;
  template <class... Hs>
  requires RegisterHooksOnTheDatabaseInstead<Hs...>
  void Guard(const Hs&...) const = delete;
};

/// What is asked of a query: these do not compile.
struct AskedByQuery {
  template <class... Ts>
  auto Where(const Ts&...) const {
    return Refuse<Ts...>();
  }
  template <class... Ts>
  auto All(const Ts&...) const {
    return Refuse<Ts...>();
  }
  /// By a condition in place of an id.
  template <class O>
  auto Find(const store::Predicate<O>&) const {
    return Refuse<O>();
  }
  template <class O>
  auto Get(const store::Predicate<O>&) const {
    return Refuse<O>();
  }
  template <class O>
  auto UpdateOne(const store::Predicate<O>&) const {
    return RefuseOne<O>();
  }
  template <class O>
  auto DeleteOne(const store::Predicate<O>&) const {
    return RefuseOne<O>();
  }
  /// Of no row.
  template <class... Ts>
  requires(sizeof...(Ts) == 0) auto UpdateOne(Ts...) const { return RefuseOne<Ts...>(); }
  template <class... Ts>
  requires(sizeof...(Ts) == 0) auto DeleteOne(Ts...) const { return RefuseOne<Ts...>(); }

 private:
  template <class... Ts>
  static auto RefuseOne() {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "UpdateOne and DeleteOne are of one row, told by its id or by the entity: "
                  "UpdateOne(ada.id), UpdateOne(ada); of all rows that match a condition there are "
                  "Update().Where(F<&User::age> > 30) and Delete().Where(...)");
  }
  template <class... Ts>
  static auto Refuse() {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "rows are asked for by Query(), client.Of<User>().Query().Where(F<&User::age> > "
                  "30).All(), or First() and Only() for one of them, and written by Update() and "
                  "Delete(), which take Where as well; Get and Find take an id");
  }
};

/// What is no id as it is: it is looked at, or refused.
template <class T, class Id>
concept OtherId = IsLookedAt<T, Id> || NeverMeant<T, Id>;

/// It as an id. Throws: ValidationError for a number that no id of the type is, and a null text.
template <class E, class T>
IdOf<E> IdFrom(const T& given, grapnel::Op op = {}) {
  using Id = IdOf<E>;
  CheckMeant<T, Id>();
  if constexpr (NeverMeant<T, Id>) {
    return Id();
  } else {
    return LookedAt<Id>(kTable<E>, kTable<E>.Id().name, op, given);
  }
}

}  // namespace grapnel::detail

namespace grapnel::store {

/// Reads the entities of one type.
template <class E>
class [[nodiscard]] Reader : public detail::TakesNoHooks, public detail::AskedByQuery {
 public:
  using Id = detail::IdOf<E>;
  using detail::AskedByQuery::Find;
  using detail::AskedByQuery::Get;

  explicit Reader(detail::HandlePtr handle) : handle_(std::move(handle)) {}

  /// The row with this id, or nothing. Throws: as Query.
  std::optional<E> Find(const Id& id) const {
    std::optional<E> found;
    E& row = found.emplace();
    row.id = id;
    if (!detail::FindById(Held(), detail::kTable<E>, &row, &row)) found.reset();
    return found;
  }

  /// The row with this id. Throws: NotFoundError when there is none; else as Query.
  E Get(const Id& id) const {
    E found{};
    found.id = id;
    detail::GetById(Held(), detail::kTable<E>, &found);
    return found;
  }

  // An id of another type. Throws: ValidationError for a number that no id can be.
  template <detail::OtherId<Id> T>
  std::optional<E> Find(const T& id) const {
    return Find(detail::IdFrom<E>(id));
  }
  template <detail::OtherId<Id> T>
  E Get(const T& id) const {
    return Get(detail::IdFrom<E>(id));
  }

  store::Query<E> Query() const { return store::Query<E>(Held()); }

 protected:
  /// Throws: Error after it was moved from; StorageError in a child of fork().
  const detail::HandlePtr& Held() const {
    return detail::CheckHeld(handle_, detail::kTable<E>.entity, "this access to the entities");
  }

  detail::HandlePtr handle_;
};

/// Reads and writes the entities of one type; every write goes through the hooks.
template <class E>
class [[nodiscard]] Entities : public Reader<E> {
 public:
  using Id = detail::IdOf<E>;
  using Reader<E>::Reader;
  using detail::AskedByQuery::DeleteOne;
  using detail::AskedByQuery::UpdateOne;

  store::Create<E> Create() const { return store::Create<E>(this->handle_); }
  /// A row of this entity: every member is taken as it is given, the Ones that were made of an id
  /// too, but an id of 0 or ""; std::nullopt is NULL. `.Omit(F<&User::created_at>)` leaves members
  /// to their defaults and to hooks. Throws: ValidationError for a time that cannot be stored.
  store::Create<E> Create(E entity) const { return {this->handle_, std::move(entity)}; }
  /// Creates a row for each element of a range, of entities or of Create() builders. An lvalue
  /// range is kept by reference, and its builders are spent.
  template <class Range>
  store::CreateBulk<E, Range> CreateBulk(Range&& rows) const {
    return {this->handle_, std::forward<Range>(rows)};
  }
  /// Of entities that are written out: `CreateBulk({{.name = "Ada"}, {.name = "Grace"}})`.
  store::CreateBulk<E, std::vector<E>> CreateBulk(std::initializer_list<E> rows) const {
    return {this->handle_, std::vector<E>(rows)};
  }
  store::UpdateOne<E> UpdateOne(Id id) const { return {this->handle_, std::move(id)}; }
  /// The row of this entity, of which nothing but the id is taken.
  store::UpdateOne<E> UpdateOne(const E& entity) const { return {this->handle_, entity.id}; }
  /// Sets these members to what they are in the entity, and no others: `UpdateOne(ada,
  /// F<&User::name>, F<&User::age>)`. One that is empty is cleared. They stand in the row itself:
  /// fields, and Ones that hold the foreign key. Throws: ValidationError for an empty Required
  /// edge, and a time that cannot be stored.
  template <auto M, auto... Ms>
  store::UpdateOne<E> UpdateOne(const E& entity, MemberToken<M> first,
                                MemberToken<Ms>... members) const {
    return {this->handle_, entity, first, members...};
  }
  store::UpdateMany<E> Update() const { return store::UpdateMany<E>(this->handle_); }
  store::DeleteOne<E> DeleteOne(Id id) const { return {this->handle_, std::move(id)}; }
  store::DeleteOne<E> DeleteOne(const E& entity) const { return {this->handle_, entity.id}; }
  // An id of another type. Throws: ValidationError for a number that no id can be.
  template <detail::OtherId<Id> T>
  store::UpdateOne<E> UpdateOne(const T& id) const {
    return UpdateOne(detail::IdFrom<E>(id, Op::UpdateOne));
  }
  template <detail::OtherId<Id> T>
  store::DeleteOne<E> DeleteOne(const T& id) const {
    return DeleteOne(detail::IdFrom<E>(id, Op::DeleteOne));
  }
  store::DeleteMany<E> Delete() const { return store::DeleteMany<E>(this->handle_); }
};

/// The same, of a database: takes runtime hooks and interceptors.
template <class E>
class [[nodiscard]] HookedEntities : public Entities<E> {
 public:
  using Entities<E>::Entities;

  /// Puts hooks behind those already registered; `Use(f, g, h)` is f(g(h(next))). Hooks of one type
  /// and hooks of every type share one order. They run for every mutation whose Save or Exec starts
  /// later. Returns: a handle whose Remove() takes them out; ignoring it keeps them. Throws: Error
  /// for one that holds nothing to call; nothing is registered then. Lifetime: a
  /// hook that keeps a client keeps the database open, which keeps the hook: use m.Client(), and
  /// the client that AfterCommit gives its callback. What a hook captures by reference must outlive
  /// every mutation that started before it was removed: Remove() does not wait for those under way.
  /// Threads: any, also while others mutate; the hook is called const, by several threads at once.
  template <class... Hs>
  core::HookHandle Use(Hs... hooks) const {
    return detail::AddHooks(this->Held(), detail::kTable<E>,
                            {detail::KeptAs<E, Hs>(std::move(hooks))...});
  }

  /// Puts interceptors behind those already registered, in the forms and by the rules of Use: hooks
  /// around reads of this type, `[](grapnel::Reading<User>& r, grapnel::NextRead<User> next) {
  /// return next(r); }`, hook::Before and hook::After. Which of them runs when: see Reading.
  template <class... Hs>
  core::HookHandle Intercept(Hs... hooks) const {
    const auto readers = detail::ReadersOf<E>(core::MakeShared<const Hs>(std::move(hooks))...);
    return detail::AddReaders({detail::PrepareReaders(this->Held(), detail::kTable<E>,
                                                      detail::kReadActions<E>, readers)});
  }

  /// Puts rules behind those already registered: they are asked before all hooks of a mutation and
  /// all interceptors of a read, and before the schema's rules. See <grapnel/hook/guard.hpp> for
  /// what they are, and Use for the rest. A rule about reads is asked on every way on which a read
  /// reaches the type, as an interceptor that only narrows is, of an update or deletion for the
  /// rows that it is about, and for rows that a write gives an edge or takes from it: where the
  /// rules leave one out it is as not there, or stays. What a write returns, and what hooks see of
  /// its rows, is no read. Throws (who is refused): PolicyError.
  template <class... Rules>
  core::HookHandle Guard(Rules... rules) const {
    return detail::AddGuard({detail::PrepareGuard(
        this->Held(), detail::kTable<E>, detail::kNarrowActions<E>,
        detail::RulesOf<E>(core::MakeShared<const Rules>(std::move(rules))...))});
  }
};

/// The same, of a transaction: its hooks last as long as it.
template <class E>
class [[nodiscard]] TxEntities : public Entities<E> {
 public:
  using Entities<E>::Entities;

  /// Puts hooks behind the runtime hooks of the client, for this transaction only.
  template <class... Hs>
  core::HookHandle Use(Hs... hooks) const {
    return detail::AddTxHooks(this->Held(), detail::kTable<E>,
                              {detail::KeptAs<E, Hs>(std::move(hooks))...});
  }
};

}  // namespace grapnel::store
