#pragma once

#include <grapnel/model/codec.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/leaf.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <type_traits>

namespace grapnel {

/// A field compared with another one of the same row.
namespace detail {

/// Whether values of two members are stored alike, so that they compare as they do in C++.
template <class A, class B>
inline constexpr bool kStoredAlike = std::is_same_v<A, B> || (ByteVector<A> && ByteVector<B>) ||
                                     (TimePoint<A> && TimePoint<B>) ||
                                     (std::is_integral_v<A> && std::is_integral_v<B> &&
                                      !std::is_same_v<A, bool> && !std::is_same_v<B, bool>);

template <auto Member>
consteval bool CheckKey() {
  static_assert(kIsColumn<typename MemberToken<Member>::Owner, Member>,
                "this end of the edge has no foreign key in its row that could be compared with "
                "another field: ask for neighbours, as in F<&User::cards>.Has(F<&Card::id> == 3)");
  return CheckIdOrField<Member>();
}

template <store::PredicateKind Kind, auto Left, auto Right>
auto CompareFields() {
  using About = AboutBoth<typename MemberToken<Left>::Owner, typename MemberToken<Right>::Owner>;
  static_assert(About::kOneRow,
                "a field is compared with a value, or with another field of the same row: ask for "
                "neighbours by Has, as in F<&Card::owner>.Has(F<&User::age> > 3)");
  static_assert(IsEquality(Kind) || (!EdgeMember<Left> && !EdgeMember<Right>),
                "the foreign key of an edge is compared by == and != alone");
  if constexpr (CheckKey<Left>() && CheckKey<Right>() && !ManyMember<Left> && !ManyMember<Right>) {
    static_assert(kStoredAlike<SetArgument<Left>, SetArgument<Right>>,
                  "two fields are compared when they are stored alike: both whole numbers, both "
                  "time points, or both of one type, their std::optional aside");
  }
  return store::Predicate<typename About::type>(
      store::ComparedFields(Kind, MemberToken<Left>::Tag(), MemberToken<Right>::Tag()));
}

}  // namespace detail

}  // namespace grapnel
