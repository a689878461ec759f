#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace grapnel {

/// What a member is compared with, as it is stored.
namespace detail {

/// Throws: ValidationError, for a value that cannot be stored, and so is in no row. `column`: null
/// of a member that its mixin does not list.
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseOperand(std::string_view entity,
                                                           const Column* column,
                                                           std::string_view reason);
template <auto Member>
[[noreturn, gnu::cold]] void RefuseOperandOf(std::string_view reason) {
  using Owner = typename MemberToken<Member>::Owner;
  std::string_view entity = core::TypeName<Owner>();
  if constexpr (requires { Schema<Owner>::Type; }) entity = Schema<Owner>::Type;
  const Column* column = nullptr;
  if constexpr (FieldOf<Owner, Member>) column = &kFieldOf<Owner, Member>;
  if constexpr (EdgeOf<Owner, Member>) {
    if (kEdgeOf<Owner, Member>.HoldsKey())
      column = &kColumns<Owner>.items[kEdgeOf<Owner, Member>.key];
  }
  RefuseOperand(entity, column, reason);
}

/// Whether every value of the type has a form in which it is stored.
template <class T>
inline constexpr bool kAlwaysStorable = std::is_same_v<T, std::int64_t> ||
                                        std::is_same_v<T, std::string> || std::is_same_v<T, bool> ||
                                        ByteVector<T> ||
                                        (std::is_integral_v<T> && sizeof(T) < sizeof(std::int64_t));

/// Of an edge to one it is the neighbour's id.
template <auto Member>
FieldValue Operand(SetArgument<Member> value) {
  using Bare = SetArgument<Member>;
  if constexpr (std::is_same_v<Bare, std::string>) {
    return value;
  } else if constexpr (kAlwaysStorable<Bare>) {
    return Mapping<Bare>::ToValue(value);
  } else {
    try {
      if constexpr (!HasCodec<Bare>) Normalize(value);
      return Mapping<Bare>::ToValue(value);
    } catch (const BadValue& error) {
      RefuseOperandOf<Member>(error.what());
    }
  }
}

/// Of any type that can be compared with the member: a number is compared as the number that it is,
/// a neighbour as its id.
template <auto Member, class T>
FieldValue OperandOf(const T& given) {
  using Bare = SetArgument<Member>;
  if constexpr (NeighbourItself<T, Member>) {
    return Operand<Member>(given.id);
  } else if constexpr (MayNotFit<T, Bare>) {
    if (!Fits<std::int64_t>(given)) {
      RefuseOperandOf<Member>(OutOfRange(static_cast<std::uint64_t>(given), false));
    }
    return static_cast<std::int64_t>(given);
  } else {
    if constexpr (MayBeNull<T, Bare>) {
      if (given == nullptr) RefuseOperandOf<Member>(kNullText);
    }
    return Operand<Member>(Bare(given));
  }
}

template <class T>
inline constexpr bool kIsToken = false;
template <auto Member>
inline constexpr bool kIsToken<MemberToken<Member>> = true;
template <class T>
inline constexpr bool kIsToken<T&> = kIsToken<std::remove_cv_t<T>>;
template <class T>
inline constexpr bool kIsToken<const T> = kIsToken<T>;

/// What the member, or an edge's neighbour, can be compared with.
template <class T, auto Member>
concept OperandFor = std::is_convertible_v<T, SetArgument<Member>> || OtherTextOf<T, Member> ||
    NeighbourItself<T, Member>;
/// What the member cannot be compared with.
template <class T, auto Member>
concept NoOperandOf = EdgeMember<Member> || kIsToken<T> || !OperandFor<T, Member> ||
                      NeverMeant<T, typename MemberToken<Member>::Bare>;
/// What the member is not compared with as it is: it is looked at, or refused.
template <class T, auto Member>
concept OtherOperandOf =
    NoOperandOf<T, Member> || !std::is_convertible_v<T, typename MemberToken<Member>::Bare> ||
    IsLookedAt<T, typename MemberToken<Member>::Bare>;

template <class T, class Bare>
constexpr void CheckOperand() {
  static_assert(!LosesFraction<T, Bare>,
                "this field holds whole numbers, and the fraction of a real would be cut off: "
                "compare it with a whole number, as in F<&User::age> < 1 in place of 0.5");
  if constexpr (!LosesFraction<T, Bare>) CheckMeant<T, Bare>();
}

}  // namespace detail

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/predicate/impl/operand.hpp>  // IWYU pragma: keep
#endif
