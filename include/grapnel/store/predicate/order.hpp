#pragma once

#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/leaf.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

namespace grapnel {
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
struct NeighbourCount {};

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
  static_assert(OneMember<Edge>,
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

}  // namespace grapnel
