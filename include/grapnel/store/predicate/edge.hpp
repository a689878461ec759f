#pragma once

#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/leaf.hpp>
#include <grapnel/store/predicate/operand.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <utility>

namespace grapnel {

/// An edge to one compared with a neighbour or its id.
namespace detail {

/// What a leaf about an edge's neighbour is about in SQL: the foreign key, or, where this end holds
/// none, the id of the neighbour itself.
template <auto Member>
FieldTag KeyTag() {
  if constexpr (kIsColumn<typename MemberToken<Member>::Owner, Member>) {
    return MemberToken<Member>::Tag();
  } else {
    return &kFieldTag<&NeighbourOf<Member>::id>;
  }
}
template <auto Member>
PredicateOf<Member> KeyLeaf(store::PredicatePtr leaf) {
  if constexpr (!kIsColumn<typename MemberToken<Member>::Owner, Member>) {
    leaf = store::HasNeighbour(MemberToken<Member>::Tag(), std::move(leaf));
  }
  return Leaf<Member>(std::move(leaf));
}

template <auto Member>
consteval bool CheckToOne() {
  static_assert(
      OneMember<Member>,
      "an edge to many is asked by its neighbours: F<&User::cards>.Has(F<&Card::id> == 3)");
  return OneMember<Member>;
}

template <store::PredicateKind Kind, auto Member, class T>
PredicateOf<Member> CompareEdge(const T& value) {
  static_assert(IsEquality(Kind),
                "an edge is compared by == and != alone: ask for more by its neighbours, as in "
                "F<&Card::owner>.Has(F<&User::age> > 3)");
  if constexpr (CheckToOne<Member>()) {
    constexpr bool is_operand = OperandFor<const T&, Member>;
    static_assert(is_operand,
                  "an edge is compared with a neighbour or its id: F<&Card::owner> == ada.id "
                  "(IsNull() asks for rows without one)");
    if constexpr (is_operand) {
      CheckOperand<T, SetArgument<Member>>();
      return KeyLeaf<Member>(store::Compared(Kind, KeyTag<Member>(), OperandOf<Member>(value)));
    }
  }
  return PredicateOf<Member>(nullptr);
}

}  // namespace detail

}  // namespace grapnel
