#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/aggregate.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/eager.hpp>
#include <grapnel/store/query/group.hpp>
#include <grapnel/store/query/selection.hpp>
#include <grapnel/store/query/values.hpp>
#include <grapnel/store/query/walk.hpp>
#include <grapnel/store/tx/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {
template <class Derived, class E>
class Choosing;
}  // namespace grapnel::store

namespace grapnel {
enum class ReadKind : std::uint8_t;
}

namespace grapnel::detail {

template <class E>
class Chosen;

/// Does not compile: what With takes nothing of.
template <class... Ts>
constexpr auto RefuseEdges() {
  static_assert(
      sizeof...(Ts) > sizeof...(Ts),
      "With takes one edge, and a function that says which of the neighbours, by reference: "
      "With(F<&User::cards>, [](auto& cards) { cards.Where(F<&Card::number> == \"1\").Limit(3); "
      "}); a second edge is a second With. A value that hooks and interceptors read is given to "
      "the client, client.With(value).Of<User>().Query()");
}
/// Does not compile: what a query is asked for that is nothing of its rows'.
template <class... Ts>
constexpr auto RefuseSelect() {
  static_assert(sizeof...(Ts) > sizeof...(Ts),
                "Select and GroupBy name fields by their tokens, Select(F<&User::name>, "
                "F<&User::age>); aggregates are selected of groups, GroupBy(F<&User::name>)"
                ".Select(grapnel::Count()), and asked of all rows by query.Sum(F<&User::age>), "
                "query.Count() and the like");
}

/// A query, or the neighbours that one loads along an edge, with the type forgotten: which rows, in
/// which order, with which neighbours. Compiled once for all types.
class AnyQuery {
 public:
  GRAPNEL_DECLARE AnyQuery(const AnyQuery& from);
  GRAPNEL_DECLARE AnyQuery(AnyQuery&& from) noexcept;
  GRAPNEL_DECLARE AnyQuery& operator=(const AnyQuery& from);
  GRAPNEL_DECLARE AnyQuery& operator=(AnyQuery&& from) noexcept;
  GRAPNEL_DECLARE ~AnyQuery();

  /// Is of groups alone: this does not compile.
  template <class... Ts>
  auto Having(const Ts&...) const {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "Having stands behind GroupBy, GroupBy(F<&Ticket::status>).Having(grapnel::"
                  "Count() > 3): a condition on each row is Where(F<&Ticket::minutes> > 3)");
  }
  /// Is of values alone: this does not compile.
  template <class... Ts>
  auto Distinct(const Ts&...) const {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "whole rows differ by their ids: Distinct stands behind the fields that are "
                  "read, Select(F<&User::name>).Distinct().All(), and Count(F<&User::name>) "
                  "counts different values");
  }

 protected:
  template <class, class>
  friend class store::Choosing;

  /// Neighbours, which are not read by themselves.
  GRAPNEL_DECLARE explicit AnyQuery(const Table& table) noexcept;
  GRAPNEL_DECLARE AnyQuery(const Table& table, HandlePtr handle, store::PredicatePtr where);

  // What is asked for. Throws: Error after it was moved from; StorageError in a child of fork().
  GRAPNEL_DECLARE void AddWhere(const store::PredicatePtr& where);
  GRAPNEL_DECLARE void AddOrder(std::initializer_list<store::Ordering> orders);
  GRAPNEL_DECLARE void SetAfter(const void* entity);
  GRAPNEL_DECLARE void AddEdge(const EdgeEnd& edge);
  /// With what was chosen of its neighbours.
  GRAPNEL_DECLARE void AddEdge(const EdgeEnd& edge, AnyQuery&& chosen);
  GRAPNEL_DECLARE void SetLimit(std::int64_t rows);
  GRAPNEL_DECLARE void SetOffset(std::int64_t rows);

  // Reading. `rows`: a std::vector of the entities; `entity`: one that is there.
  GRAPNEL_DECLARE void ReadAll(void* rows) const;
  GRAPNEL_DECLARE void ReadFirst(void* entity) const;
  GRAPNEL_DECLARE void ReadOnly(void* entity) const;
  GRAPNEL_DECLARE std::int64_t ReadCount() const;
  GRAPNEL_DECLARE bool HasAny() const;
  /// Into a std::vector of them, behind which `add(ids)` puts a new one.
  GRAPNEL_DECLARE void ReadIds(void* ids, void* (*add)(void* ids)) const;

  /// Begins to go over the rows one by one. `fresh`: each begins as a new entity.
  GRAPNEL_DECLARE WalkPtr Walk(bool fresh) const;
  /// Computes an aggregate of all rows into `value`, a std::optional.
  GRAPNEL_DECLARE void ReadMeasure(const ValueInfo& info, void* value) const;
  /// Values in place of these rows.
  GRAPNEL_DECLARE AnyValues Values() const;

  /// Throws: Error after it was moved from; StorageError in a child of fork().
  const HandlePtr& Held() const { return CheckHeld(handle_, table_->entity, "this query"); }
  /// The neighbours of these rows along an edge.
  GRAPNEL_DECLARE store::PredicatePtr Along(const EdgeEnd& edge) const;

 private:
  GRAPNEL_DECLARE void Read(const Asked& asked, void* rows) const;
  GRAPNEL_DECLARE void ReadRows(const store::Rows& rows, void* into) const;
  GRAPNEL_DECLARE void ReadOne(void* entity, std::int64_t most) const;
  GRAPNEL_DECLARE std::int64_t ReadNumber(ReadKind kind) const;
  GRAPNEL_DECLARE void CheckUsable() const;

  const Table* table_;
  HandlePtr handle_;
  Asked asked_;
  std::vector<Eager> eager_;
  bool is_neighbours_ = false;
};

}  // namespace grapnel::detail

namespace grapnel::store {

/// What a query and the neighbours that it loads have in common: which rows, in which order, with
/// which neighbours. Each call returns the object itself, or a new one where it was called on a
/// temporary, which may be gone before what is asked for is read.
template <class Derived, class E>
class Choosing {
 public:
  /// Only rows that match; several calls must all match.
  template <class O>
  Derived& Where(const Predicate<O>& predicate) & {
    if constexpr (!AppliesTo<O, E>) detail::RefusePredicate<O>();
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.AddWhere(predicate.Node());
    return static_cast<Derived&>(*this);
  }
  template <class O>
  [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Derived Where(
      const Predicate<O>& predicate) && {
    if constexpr (!AppliesTo<O, E>) detail::RefusePredicate<O>();
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.AddWhere(predicate.Node());
    return static_cast<Derived&&>(*this);
  }

  /// Of what is no predicate: this does not compile.
  template <class... Ts>
  Derived& Where(const Ts&...) {
    detail::RefuseNoPredicate<Ts...>();
    return static_cast<Derived&>(*this);
  }

  /// Orders the rows, `Order(Asc(F<&User::name>), Desc(F<&User::id>))`; a second call orders within
  /// the first. Without it the order is the engine's.
  template <class... Os>
  Derived& Order(const store::Order<Os>&... orders) & {
    if constexpr (!(AppliesTo<Os, E> && ...)) detail::RefuseOrdersOf<E, Os...>();
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.AddOrder({orders.ordering...});
    return static_cast<Derived&>(*this);
  }
  template <class... Os>
  [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Derived Order(
      const store::Order<Os>&... orders) && {
    if constexpr (!(AppliesTo<Os, E> && ...)) detail::RefuseOrdersOf<E, Os...>();
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.AddOrder({orders.ordering...});
    return static_cast<Derived&&>(*this);
  }

  /// Of what has no direction, or is no order: this does not compile.
  template <class... Ts>
  requires(sizeof...(Ts) > 0) Derived& Order(const Ts&...) {
    detail::RefuseOrder<Ts...>();
    return static_cast<Derived&>(*this);
  }

  /// At most so many rows; in With, for each of the rows whose neighbours they are. Throws: Error
  /// when negative.
  Derived& Limit(std::int64_t rows) & {
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.SetLimit(rows);
    return static_cast<Derived&>(*this);
  }
  [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Derived Limit(
      std::int64_t rows) && {
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.SetLimit(rows);
    return static_cast<Derived&&>(*this);
  }
  /// Leaves out the first so many rows; in With, for each of the rows whose neighbours they are.
  /// Throws: Error when negative.
  Derived& Offset(std::int64_t rows) & {
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.SetOffset(rows);
    return static_cast<Derived&>(*this);
  }
  [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Derived Offset(
      std::int64_t rows) && {
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    query.SetOffset(rows);
    return static_cast<Derived&&>(*this);
  }

  /// Loads the neighbours along an edge too, by one query more for all rows together. `choose`,
  /// when it is given, says which, in which order, and with which neighbours of their own:
  ///
  ///   .With(F<&User::cards>, [](auto& cards) {
  ///   cards.Order(Asc(F<&Card::number>)).With(F<&Card::owner>); })
  ///
  /// Asked for again, an edge is loaded once: all conditions hold, of limits and offsets what all
  /// of them leave, and all that is nested is loaded. An edge that was not asked for throws
  /// NotLoadedError when it is read.
  template <auto M, class Choose = std::nullptr_t>
  Derived& With(MemberToken<M>, Choose choose = nullptr) & {
    Load<M>(choose);
    return static_cast<Derived&>(*this);
  }
  template <auto M, class Choose = std::nullptr_t>
  [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Derived With(
      MemberToken<M>, Choose choose = nullptr) && {
    Load<M>(choose);
    return static_cast<Derived&&>(*this);
  }
  /// Of what is no edge's token: this does not compile.
  template <class... Ts>
  Derived& With(const Ts&...) {
    detail::RefuseEdges<Ts...>();
    return static_cast<Derived&>(*this);
  }

 private:
  template <auto M, class Choose>
  void Load(Choose& choose);
};

/// The neighbours that a query loads along an edge: see Choosing::With.
template <class E>
class Neighbours : public detail::AnyQuery, public Choosing<Neighbours<E>, E> {
  template <class, class>
  friend class Choosing;
  friend detail::Chosen<E>;
  Neighbours() noexcept : AnyQuery(detail::kTable<E>) {}
};

}  // namespace grapnel::store

namespace grapnel::detail {

/// Neighbours as a function is given them that says which: what it says of a copy would be lost.
template <class E>
class Chosen : public store::Neighbours<E> {
  template <class, class>
  friend class store::Choosing;
  Chosen() noexcept = default;

 public:
  Chosen(const Chosen&) = delete;
};

}  // namespace grapnel::detail

namespace grapnel::store {

template <class Derived, class E>
template <auto M, class Choose>
void Choosing<Derived, E>::Load(Choose& choose) {
  static_assert(detail::EdgeOf<E, M>,
                "With names an edge of this entity: see Schema<...>::Edges(). Fields come with "
                "their row, and Select(F<&User::name>) reads some of them alone");
  if constexpr (detail::EdgeOf<E, M>) {
    const detail::EdgeEnd& edge = detail::kEdgeOf<E, M>;
    detail::AnyQuery& query = static_cast<Derived&>(*this);
    if constexpr (std::is_same_v<Choose, std::nullptr_t>) {
      query.AddEdge(edge);
    } else if constexpr (std::is_invocable_v<Choose&, detail::Chosen<detail::NeighbourOf<M>>&>) {
      detail::Chosen<detail::NeighbourOf<M>> chosen;
      choose(chosen);
      query.AddEdge(edge, std::move(chosen));
    } else {
      detail::RefuseEdges<MemberToken<M>, Choose>();
    }
  }
}

template <class E>
class [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Query;

/// Reads rows. Can be run any number of times; each run reads afresh. A run that loads neighbours
/// reads everything from one snapshot.
///
/// Throws, from each run: SchemaError when the database does not fit the schema; CancelledError,
/// BusyError, StorageError; TxError when the base client is used inside a transaction.
template <class E>
class Query : public detail::AnyQuery, public Choosing<Query<E>, E> {
 public:
  explicit Query(detail::HandlePtr handle, PredicatePtr where = nullptr)
      : AnyQuery(detail::kTable<E>, std::move(handle), std::move(where)) {}

  /// Only the rows behind this one in the order that was given, to read page by page:
  ///
  ///   auto page = open.Order(Desc(F<&Ticket::due>)).Limit(50).All();
  ///   while (!page.empty()) page = open.After(page.back()).All();
  ///
  /// Nothing comes twice or is left out, whatever others write meanwhile, but for rows that they
  /// move along the order. The row itself need not be there any more; only its fields in the order,
  /// and its id, are looked at. For one that interceptors change, as a mask does, stands what is
  /// stored now, as long as the row can be read: there the row must not have moved itself. With an
  /// index over the fields of the order each page costs the same, however far behind. Asked for
  /// again, the later row takes the place of the earlier one. Throws: Error without an order before
  /// it, or when it is by neighbours, and from an Order behind it that is another one;
  /// ValidationError for a row without an id.
  Query& After(const E& row) & { return this->SetAfter(&row), *this; }
  [[nodiscard("nothing is read before All(), First(), Count() or the like")]] Query After(
      const E& row) && {
    return this->SetAfter(&row), static_cast<Query&&>(*this);
  }

  /// Of what is no row: this does not compile.
  template <class... Ts>
  requires(!(std::derived_from<Ts, E> && ...)) Query& After(const Ts&...) {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "After takes the last row of the page before, the whole entity: "
                  "query.After(page.back()). Of an id alone it is not known where its row stands "
                  "in the order: After(client.Of<User>().Get(id))");
    return *this;
  }

  /// The neighbours of these rows along an edge, each once: `users.Traverse(F<&User::cards>)` is a
  /// query of cards.
  template <auto M>
  auto Traverse(MemberToken<M>) const {
    static_assert(detail::EdgeOf<E, M>,
                  "Traverse names an edge of this entity: see Schema<...>::Edges()");
    if constexpr (detail::EdgeOf<E, M>) {
      return Query<detail::NeighbourOf<M>>(this->Held(), this->Along(detail::kEdgeOf<E, M>));
    }
  }

  /// All rows.
  std::vector<E> All() const {
    std::vector<E> rows;
    this->ReadAll(&rows);
    return rows;
  }

  /// Calls `f(row)` for each row, one at a time, in memory for one (where neighbours are loaded
  /// for 256, and for all where interceptors look at what was found): all from one snapshot. To
  /// leave early, write a loop: `for (const User& u : query) { ... break; }`.
  ///
  /// Inside, other reads and writes work where the engine has another connection for them: on a
  /// file they do, and what they write is not seen here. On a database in memory the base client
  /// throws TxError, and in a transaction every write does, at once: what is read then is
  /// undefined. Collect the rows first, or take pages of them.
  ///
  /// Throws: what `f` throws; TxError when the transaction ends meanwhile, or on another thread;
  /// CancelledError also between two rows.
  template <class F>
  void ForEach(F&& f) const {
    static_assert(std::is_invocable_v<F&, E&>,
                  "ForEach takes a function of a row: ForEach([](const User& u) { ... })");
    if constexpr (std::is_invocable_v<F&, E&>) {
      static_assert(!std::is_same_v<std::invoke_result_t<F&, E&>, bool>,
                    "ForEach goes over all rows, whatever is returned: to leave early, write "
                    "for (const User& u : query) { ... break; }");
      core::detail::RefuseNone(f);
      const detail::WalkPtr walk = this->Walk(detail::MayChange<F, E>());
      while (void* const row = detail::NextRow(*walk)) {
        static_cast<void>(f(*static_cast<E*>(row)));
      }
    }
  }
  /// Goes over the rows as ForEach does: `for (const User& u : query)`. Each begin() reads afresh;
  /// leaving the loop early ends the reading.
  RowIterator<E> begin() const { return RowIterator<E>(this->Walk(false)); }
  RowIterator<E> end() const noexcept { return {}; }

  /// The first row. Throws: NotFoundError when there is none.
  E First() const {
    E first{};
    this->ReadFirst(&first);
    return first;
  }

  /// The only row. Throws: NotFoundError when there is none, NotSingularError when there are more.
  E Only() const {
    E only{};
    this->ReadOnly(&only);
    return only;
  }

  /// How many rows.
  std::int64_t Count() const { return this->ReadCount(); }

  /// How many different values a field has; NULL is none.
  template <auto M>
  std::int64_t Count(MemberToken<M> field) const {
    return Compute(grapnel::Count(field)).value_or(0);
  }
  /// Of what is no field: this does not compile.
  template <class T>
  std::int64_t Count(const T&) const {
    static_assert(sizeof(T) == 0,
                  "Count() is of all rows, and Count(F<&User::age>) of the different values of a "
                  "field: of the rows that match it is Where(F<&User::age> > 30).Count()");
    return 0;
  }
  /// The sum of a field of numbers; of nothing std::nullopt. NULL counts for nothing, here and
  /// below. Of whole numbers it is a std::int64_t, and exact in whatever order the rows come;
  /// of reals it is rounded, and std::nullopt where +infinity meets -infinity. Throws:
  /// ValidationError when a sum of whole numbers leaves 64 bits.
  template <auto M>
  auto Sum(MemberToken<M> field) const {
    return Compute(grapnel::Sum(field));
  }
  /// The mean of a field of numbers, rounded; of nothing, and where +infinity meets -infinity,
  /// std::nullopt.
  template <auto M>
  std::optional<double> Avg(MemberToken<M> field) const {
    return Compute(grapnel::Avg(field));
  }
  /// The least value of a field, of its own type; of nothing std::nullopt.
  template <auto M>
  auto Min(MemberToken<M> field) const {
    return Compute(grapnel::Min(field));
  }
  /// The greatest value of a field; of nothing std::nullopt.
  template <auto M>
  auto Max(MemberToken<M> field) const {
    return Compute(grapnel::Max(field));
  }

  /// Of a member, not its token: these do not compile.
  template <class Owner, class Type>
  auto Sum(Type Owner::*) const {
    return detail::RefuseMember<Type Owner::*>();
  }
  template <class Owner, class Type>
  auto Avg(Type Owner::*) const {
    return detail::RefuseMember<Type Owner::*>();
  }
  template <class Owner, class Type>
  auto Min(Type Owner::*) const {
    return detail::RefuseMember<Type Owner::*>();
  }
  template <class Owner, class Type>
  auto Max(Type Owner::*) const {
    return detail::RefuseMember<Type Owner::*>();
  }

  /// The rows in groups of those that are alike in these fields, in place of rows:
  /// `GroupBy(F<&Ticket::status>).Select(grapnel::Count(), grapnel::Avg(F<&Ticket::minutes>))`.
  /// Order, Limit and Offset that stand before it say which rows are grouped; those behind it are
  /// about groups. NULL is like NULL.
  template <auto... Ms>
  Grouping<E, Ms...> GroupBy(MemberToken<Ms>...) const {
    static_assert(sizeof...(Ms) > 0,
                  "GroupBy names fields, GroupBy(F<&Ticket::status>); of all rows together there "
                  "are query.Sum(F<&Ticket::minutes>) and the like");
    static_assert(!(detail::EdgeMember<Ms> || ...),
                  "rows are grouped by their fields, not by an edge: ask for one neighbour's rows, "
                  "Where(F<&Card::owner> == id), or go along it, Traverse(F<&User::cards>)");
    if constexpr (!(detail::EdgeMember<Ms> || ...)) {
      static_assert((detail::FieldOf<E, Ms> && ...),
                    "GroupBy names fields of this entity: see Schema<...>::Fields()");
    }
    return Grouping<E, Ms...>(this->Values());
  }

  /// Of what is no field: this does not compile.
  template <class... Ts>
  requires(sizeof...(Ts) > 0) auto GroupBy(const Ts&...) const {
    return detail::RefuseSelect<Ts...>();
  }

  /// These fields, in place of whole rows: std::tuples of the members' own types, or one field's
  /// values themselves, `Select(F<&User::name>).All()`.
  template <auto... Ms>
  Selection<E, Ms...> Select(MemberToken<Ms>...) const {
    static_assert(sizeof...(Ms) > 0, "Select names fields: Select(F<&User::name>, F<&User::age>)");
    static_assert(!(detail::EdgeMember<Ms> || ...),
                  "Select names fields, not edges: neighbours are loaded with whole rows, "
                  "With(F<&User::cards>), or read by themselves, Traverse(F<&User::cards>)");
    if constexpr (!(detail::EdgeMember<Ms> || ...)) {
      static_assert((detail::FieldOf<E, Ms> && ...),
                    "Select names fields of this entity: see Schema<...>::Fields()");
    }
    return Selection<E, Ms...>(this->Values());
  }
  /// Of what is no field: this does not compile.
  template <class... Ts>
  requires(sizeof...(Ts) > 0) auto Select(const Ts&...) const {
    return detail::RefuseSelect<Ts...>();
  }

  /// Whether there is a row.
  bool Exist() const { return this->HasAny(); }

  /// The ids of all rows.
  std::vector<detail::IdOf<E>> IDs() const {
    std::vector<detail::IdOf<E>> ids;
    this->ReadIds(&ids, [](void* to) -> void* {
      return &static_cast<std::vector<detail::IdOf<E>>*>(to)->emplace_back();
    });
    return ids;
  }

 private:
  template <AggregateKind Kind, auto M>
  auto Compute(Aggregate<Kind, M>) const {
    using Bare = typename Aggregate<Kind, M>::Bare;
    static_assert(detail::EdgeMember<M> || detail::FieldOf<E, M>,
                  "an aggregate is of a field of this entity: see Schema<...>::Fields()");
    constexpr detail::ValueInfo info{MemberToken<M>::Tag(), &detail::kMeasure<Kind, M>,
                                     &detail::kTypeOps<std::optional<Bare>>};
    std::optional<Bare> value;
    this->ReadMeasure(info, &value);
    return value;
  }
};

}  // namespace grapnel::store

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/query.hpp>  // IWYU pragma: keep
#endif
