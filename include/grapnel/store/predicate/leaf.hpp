#pragma once

#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <utility>

namespace grapnel {

/// A condition on one member of a row.
namespace detail {

template <auto Member>
consteval bool CheckField() {
  using Owner = typename MemberToken<Member>::Owner;
  if constexpr (EdgeMember<Member>) {
    static_assert(
        EdgeOf<Owner, Member>,
        "this edge is not in Schema<...>::Edges(): add To<&User::cards>(\"cards\") there");
    return true;
  } else {
    static_assert(
        FieldOf<Owner, Member>,
        "this member is not in Schema<...>::Fields(), so it cannot stand in a predicate or "
        "order: add Field<&User::name>(\"name\") there");
    return true;
  }
}

/// A mixin has no id, so its own fields are searched instead of the entity's.
template <auto Member>
consteval bool CheckIdOrField() {
  using Owner = typename MemberToken<Member>::Owner;
  if constexpr (requires { &Owner::id; }) {
    return CheckField<Member>();
  } else {
    static_assert(HasSchema<Owner>, "this member's struct has no Schema: a mixin needs one");
    return true;
  }
}

template <auto Member>
using PredicateOf = store::Predicate<typename MemberToken<Member>::Owner>;

template <auto Member>
PredicateOf<Member> Leaf(store::PredicatePtr node) {
  static_assert(CheckIdOrField<Member>());
  return PredicateOf<Member>(std::move(node));
}

constexpr bool IsEquality(store::PredicateKind kind) noexcept {
  return kind <= store::PredicateKind::NotEqual;
}

}  // namespace detail

}  // namespace grapnel
