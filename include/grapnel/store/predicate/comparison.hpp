#pragma once

#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/edge.hpp>
#include <grapnel/store/predicate/fields.hpp>
#include <grapnel/store/predicate/leaf.hpp>
#include <grapnel/store/predicate/operand.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace grapnel {

/// Tokens compared by ==, !=, <, <=, > and >=.
namespace detail {

template <auto Member>
PredicateOf<Member> Compare(store::PredicateKind kind, typename MemberToken<Member>::Bare value) {
  return Leaf<Member>(
      store::Compared(kind, MemberToken<Member>::Tag(), Operand<Member>(std::move(value))));
}

template <auto Member, class T>
PredicateOf<Member> RefuseOperand() {
  static_assert(std::convertible_to<T, typename MemberToken<Member>::Bare>,
                "this value does not fit the field: compare it with one of the member's own type "
                "(IsNull() asks for NULL)");
  CheckOperand<T, typename MemberToken<Member>::Bare>();
  return PredicateOf<Member>(nullptr);
}

/// What a comparison of a member with a T is about.
template <auto Member, class T>
struct ComparisonOf {
  using type = PredicateOf<Member>;
};
template <auto Member, auto Other>
struct ComparisonOf<Member, MemberToken<Other>> {
  using type = store::Predicate<typename AboutBoth<typename MemberToken<Member>::Owner,
                                                   typename MemberToken<Other>::Owner>::type>;
};

template <store::PredicateKind Kind, auto Member, class T>
auto CompareOther(const std::remove_reference_t<T>& value) {
  if constexpr (kIsToken<T>) {
    return CompareFields<Kind, Member, std::remove_cvref_t<T>::Member>();
  } else if constexpr (EdgeMember<Member>) {
    return CompareEdge<Kind, Member>(value);
  } else if constexpr (NoOperandOf<T, Member>) {
    return RefuseOperand<Member, T>();
  } else {
    return Leaf<Member>(
        store::Compared(Kind, MemberToken<Member>::Tag(), OperandOf<Member>(value)));
  }
}

}  // namespace detail

template <auto Member>
detail::PredicateOf<Member> operator==(
    MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::Equal, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator==(detail::NonDeduced<typename MemberToken<Member>::Bare> value,
                                       MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::Equal, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator!=(
    MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::NotEqual, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator!=(detail::NonDeduced<typename MemberToken<Member>::Bare> value,
                                       MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::NotEqual, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator<(
    MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::Less, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator<(detail::NonDeduced<typename MemberToken<Member>::Bare> value,
                                      MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::Greater, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator<=(
    MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::LessEqual, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator<=(detail::NonDeduced<typename MemberToken<Member>::Bare> value,
                                       MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::GreaterEqual, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator>(
    MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::Greater, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator>(detail::NonDeduced<typename MemberToken<Member>::Bare> value,
                                      MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::Less, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator>=(
    MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::GreaterEqual, std::move(value));
}
template <auto Member>
detail::PredicateOf<Member> operator>=(detail::NonDeduced<typename MemberToken<Member>::Bare> value,
                                       MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::LessEqual, std::move(value));
}

// Of other types: what need not fit is looked at; what cannot be compared does not compile, and
// says what to write.

template <auto Member, detail::OtherOperandOf<Member> T>
auto operator==(MemberToken<Member>, T&& value) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::Equal, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
auto operator!=(MemberToken<Member>, T&& value) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::NotEqual, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
auto operator<(MemberToken<Member>, T&& value) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::Less, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
auto operator<=(MemberToken<Member>, T&& value) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::LessEqual, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
auto operator>(MemberToken<Member>, T&& value) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::Greater, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
auto operator>=(MemberToken<Member>, T&& value) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::GreaterEqual, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator==(T&& value, MemberToken<Member>) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::Equal, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator!=(T&& value, MemberToken<Member>) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::NotEqual, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator<(T&& value, MemberToken<Member>) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::Greater, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator<=(T&& value, MemberToken<Member>) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::GreaterEqual, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator>(T&& value, MemberToken<Member>) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::Less, Member, T>(value);
}
template <auto Member, detail::OtherOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator>=(T&& value, MemberToken<Member>) ->
    typename detail::ComparisonOf<Member, std::remove_cvref_t<T>>::type {
  return detail::CompareOther<store::PredicateKind::LessEqual, Member, T>(value);
}

}  // namespace grapnel
