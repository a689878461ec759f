#pragma once

#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/leaf.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

namespace grapnel {
namespace detail {

/// Does not compile: a condition on how many neighbours there are, or a count of some of them.
template <class... Ts>
constexpr auto RefuseCounted() {
  static_assert(
      sizeof...(Ts) > sizeof...(Ts),
      "CountOf is of one edge, all of its neighbours, and is there to order by: "
      "Order(grapnel::Desc(grapnel::CountOf(F<&User::cards>))). Whether there are neighbours that "
      "match is asked by Where(F<&User::cards>.Has(F<&Card::number> == \"1\")); how many rows "
      "match, "
      "by client.Of<Card>().Query().Where(...).Count(), and for each user by tx.Sql(...)");
}

}  // namespace detail

namespace store {

/// An order of the rows of E: see Asc and Desc.
template <class E>
struct [[nodiscard("an order is given to .Order()")]] Order {
  Ordering ordering;

  /// The same, with the rows that have NULL there before all others.
  Order NullsFirst() const {
    Order order = *this;
    order.ordering.nulls = Ordering::Nulls::First;
    return order;
  }
  /// The same, with the rows that have NULL there behind all others.
  Order NullsLast() const {
    Order order = *this;
    order.ordering.nulls = Ordering::Nulls::Last;
    return order;
  }
};

/// How many neighbours a row has: see CountOf.
template <auto Edge>
struct NeighbourCount {
  // Compared with anything: this does not compile.
  template <class T>
  friend constexpr auto operator<=>(NeighbourCount, const T&) {
    detail::RefuseCounted<T>();
    return 0;
  }
  template <class T>
  friend constexpr auto operator==(NeighbourCount, const T&) {
    detail::RefuseCounted<T>();
    return false;
  }
};

}  // namespace store

namespace detail {

template <auto Member>
consteval bool CheckOrder() {
  static_assert(kIsColumn<typename MemberToken<Member>::Owner, Member>,
                "this end of the edge has no foreign key in its row: order by a field, as in "
                "Order(Asc(F<&User::name>)), or by Asc(CountOf(F<&User::cards>))");
  return CheckIdOrField<Member>();
}

template <auto Edge, auto Member>
store::Ordering OrderByNeighbour(bool descending) {
  static_assert(EdgeMember<Edge>,
                "each field has a direction of its own: Order(Asc(F<&User::name>), "
                "Desc(F<&User::age>)). With two tokens the first is an edge to one, along which "
                "the second is the neighbour's field, Asc(F<&Card::owner>, F<&User::name>)");
  static_assert(!EdgeMember<Edge> || OneMember<Edge>,
                "rows are ordered by the field of a neighbour along an edge to one: of several "
                "neighbours none is meant; CountOf(F<&User::cards>) orders by how many there are");
  if constexpr (OneMember<Edge>) {
    static_assert(store::AppliesTo<typename MemberToken<Member>::Owner, NeighbourOf<Edge>>,
                  "the field to order by is the neighbour's, as in Asc(F<&Card::owner>, "
                  "F<&User::name>)");
    static_assert(CheckField<Edge>() && CheckOrder<Member>());
  }
  return {MemberToken<Member>::Tag(), descending, {}, MemberToken<Edge>::Tag()};
}

template <auto Edge>
store::Ordering OrderByCount(bool descending) {
  return {nullptr, descending, {}, MemberToken<Edge>::Tag()};
}

template <class T>
inline constexpr bool kIsOrder = false;
template <class E>
inline constexpr bool kIsOrder<store::Order<E>> = true;

/// Does not compile: a direction of what has one, or has no order.
template <class... Ts>
constexpr auto RefuseDirection() {
  constexpr bool is_order = (kIsOrder<Ts> || ...);
  static_assert(!is_order,
                "this has its direction already: say it once, Order(grapnel::Desc(F<&User::age>)), "
                "or Asc in its place; several orders stand side by side, Order(Desc(...), "
                "Asc(...))");
  static_assert(is_order,
                "Asc and Desc are of a field, Asc(F<&User::name>), of a neighbour's field, "
                "Asc(F<&Card::owner>, F<&User::name>), of how many neighbours there are, "
                "Asc(grapnel::CountOf(F<&User::cards>)), or behind GroupBy of an aggregate, "
                "Asc(grapnel::Count())");
}
/// Does not compile: an order of what has no direction, or is none.
template <class... Ts>
constexpr auto RefuseOrder() {
  static_assert(sizeof...(Ts) > sizeof...(Ts),
                "say in which direction: Order(grapnel::Asc(F<&User::name>)), or grapnel::Desc; "
                "Order takes such orders alone, of fields, of neighbours' fields, "
                "Asc(F<&Card::owner>, F<&User::name>), of how many neighbours there are, "
                "Asc(grapnel::CountOf(F<&User::cards>)), and behind GroupBy of aggregates, "
                "Desc(grapnel::Count())");
}
template <class O>
inline constexpr bool kOfGroups = requires {
  typename O::AreGroups;
};
/// Does not compile: orders of which one is not of E.
template <class E, class... Os>
constexpr auto RefuseOrdersOf() {
  constexpr bool of_groups = ((kOfGroups<Os> && !store::AppliesTo<Os, E>) || ...);
  static_assert(!of_groups,
                "an aggregate orders groups of rows, behind GroupBy: GroupBy(F<&Ticket::status>)"
                ".Order(grapnel::Desc(grapnel::Count())); rows are ordered by their fields, "
                "Order(grapnel::Desc(F<&Ticket::due>)), and by how many neighbours they have, "
                "Order(grapnel::Desc(grapnel::CountOf(F<&User::cards>)))");
  static_assert(of_groups,
                "this order is about another entity type: of neighbours it is said along an edge, "
                "Asc(F<&Card::owner>, F<&User::name>)");
}

}  // namespace detail

/// Orders rows by a field, smallest first; NULL stands before every value, unless NullsLast() says
/// otherwise. Rows that are equal in all that they are ordered by come in the order of their ids,
/// in the direction of the last order: the same at each time.
template <auto Member>
store::Order<typename MemberToken<Member>::Owner> Asc(MemberToken<Member>) {
  static_assert(detail::CheckOrder<Member>());
  return {{MemberToken<Member>::Tag(), false}};
}

/// Orders rows by a field, largest first; NULL stands behind every value, unless NullsFirst() says
/// otherwise.
template <auto Member>
store::Order<typename MemberToken<Member>::Owner> Desc(MemberToken<Member>) {
  static_assert(detail::CheckOrder<Member>());
  return {{MemberToken<Member>::Tag(), true}};
}

/// Orders rows by a field of their neighbour along an edge to one, `Asc(F<&Card::owner>,
/// F<&User::name>)`; rows without a neighbour have NULL there.
template <auto Edge, auto Member>
store::Order<typename MemberToken<Edge>::Owner> Asc(MemberToken<Edge>, MemberToken<Member>) {
  return {detail::OrderByNeighbour<Edge, Member>(false)};
}
template <auto Edge, auto Member>
store::Order<typename MemberToken<Edge>::Owner> Desc(MemberToken<Edge>, MemberToken<Member>) {
  return {detail::OrderByNeighbour<Edge, Member>(true)};
}

/// How many neighbours a row has along an edge, to order by: `Desc(CountOf(F<&User::cards>))`.
template <auto Edge>
constexpr store::NeighbourCount<Edge> CountOf(MemberToken<Edge>) {
  static_assert(detail::EdgeMember<Edge>, "CountOf is for edges, members of type One or Many");
  return {};
}
/// Of a predicate, or of an edge and a predicate: this does not compile.
template <class... Ts>
auto CountOf(const Ts&...) {
  detail::RefuseCounted<Ts...>();
  return store::NeighbourCount<nullptr>();
}
template <auto Edge>
store::Order<typename MemberToken<Edge>::Owner> Asc(store::NeighbourCount<Edge>) {
  return {detail::OrderByCount<Edge>(false)};
}
template <auto Edge>
store::Order<typename MemberToken<Edge>::Owner> Desc(store::NeighbourCount<Edge>) {
  return {detail::OrderByCount<Edge>(true)};
}

/// An order is made of a token: these do not compile.
template <class Owner, class Type>
store::Order<Owner> Asc(Type Owner::*) {
  detail::RefuseMember<Type Owner::*>();
  return {};
}
template <class Owner, class Type>
store::Order<Owner> Desc(Type Owner::*) {
  detail::RefuseMember<Type Owner::*>();
  return {};
}
/// Of an order, of a predicate or of anything else: these do not compile.
template <class... Ts>
auto Asc(const Ts&...) {
  detail::RefuseDirection<Ts...>();
  return store::Order<void>();
}
template <class... Ts>
auto Desc(const Ts&...) {
  detail::RefuseDirection<Ts...>();
  return store::Order<void>();
}

}  // namespace grapnel
