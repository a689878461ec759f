#pragma once

#include <grapnel/base/type.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace grapnel {

template <class T>
class One;

namespace detail {

template <class T>
inline constexpr bool kIsOne = false;
template <class T>
inline constexpr bool kIsOne<One<T>> = true;

template <class>
struct MemberOf;
template <class Owner_, class Type_>
struct MemberOf<Type_ Owner_::*> {
  using Owner = Owner_;
  using Type = Type_;
};

/// T, but never deduced from an argument, so that the argument converts.
template <class T>
using NonDeduced = std::type_identity_t<T>;

/// A real where a whole number is meant: its fraction would be cut off without a word.
template <class T, class Field>
concept LosesFraction =
    std::is_integral_v<Field> && std::is_floating_point_v<std::remove_cvref_t<T>>;

template <class T>
constexpr bool IsNegative(T value) {
  if constexpr (std::is_enum_v<T>) {
    return detail::IsNegative(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_signed_v<T>) {
    return value < 0;
  } else {
    return false;
  }
}

/// Whether a field's type holds every value of a type of whole numbers.
template <class From, class Field>
inline constexpr bool kAlwaysFits = std::is_same_v<From, bool> ||
                                    (!std::is_same_v<Field, bool> &&
                                     (std::is_signed_v<From> ? std::is_signed_v<Field> : true) &&
                                     sizeof(Field) >= sizeof(From) + (!std::is_signed_v<From> &&
                                                                      std::is_signed_v<Field>));
template <class From, class Field>
requires std::is_enum_v<From>
inline constexpr bool kAlwaysFits<From, Field> =
    !std::is_convertible_v<From, Field> || kAlwaysFits<std::underlying_type_t<From>, Field>;

template <class T>
concept WholeNumber = std::is_integral_v<T> || std::is_enum_v<T>;

/// A whole number of another type than the field's, which need not hold it: it is looked at.
template <class T, class Field>
concept MayNotFit = std::is_integral_v<Field> && WholeNumber<std::remove_cvref_t<T>> &&
                    !std::is_same_v<std::remove_cvref_t<T>, Field> &&
                    !kAlwaysFits<std::remove_cvref_t<T>, Field>;

/// Whether the field's type holds this number.
template <class Field, class T>
constexpr bool Fits(T value) {
  if constexpr (std::is_enum_v<T>) {
    return detail::Fits<Field>(static_cast<std::underlying_type_t<T>>(value));
  } else {
    const auto held = static_cast<Field>(value);
    return static_cast<T>(held) == value && IsNegative(held) == IsNegative(value);
  }
}

/// Text that may be null, which is no text: it is looked at.
template <class T, class Field>
concept MayBeNull = std::is_same_v<Field, std::string> &&
    (std::is_same_v<std::remove_cvref_t<T>, const char*> ||
     std::is_same_v<std::remove_cvref_t<T>, char*>);

/// What converts to the field's type, but not each of its values as it is meant.
template <class T, class Field>
concept IsLookedAt = MayNotFit<T, Field> || MayBeNull<T, Field>;

/// A pointer where a bool is meant: it would be true whatever it points to.
template <class T, class Field>
concept PointerAsBool = std::is_same_v<Field, bool> &&
    (std::is_pointer_v<std::decay_t<T>> || std::is_member_pointer_v<std::decay_t<T>>);

/// A nullptr where NULL is meant.
template <class T, class Field>
concept NullAsText =
    std::is_same_v<Field, std::string> && std::is_null_pointer_v<std::remove_cvref_t<T>>;

/// What converts to the field's type, and is never meant.
template <class T, class Field>
concept NeverMeant = LosesFraction<T, Field> || PointerAsBool<T, Field> || NullAsText<T, Field>;

/// Does not compile: `&User::age` where F<&User::age> is meant.
template <class Member>
constexpr void RefuseMember() {
  static_assert(sizeof(Member) == 0,
                "a field or edge is named by its token: write F<&User::age>, not &User::age");
}

/// Makes predicates of a token; defined in <grapnel/store/predicate/members.hpp>.
template <auto Member>
struct PredicatesOf;

}  // namespace detail

/// Names a field of an entity, checked by the compiler: see F.
template <auto Member_>
struct MemberToken {
  static constexpr auto Member = Member_;
  /// The struct that declares the member: the entity, or a mixin's base.
  using Owner = typename detail::MemberOf<decltype(Member_)>::Owner;
  /// The member's own type.
  using Type = typename detail::MemberOf<decltype(Member_)>::Type;
  /// The member's type without its std::optional.
  using Bare = detail::BareType<Type>;

  static constexpr detail::FieldTag Tag() noexcept { return &detail::kFieldTag<Member_>; }

  // Predicates beside == != < <= > >=, which compare a field with a value or with another field of
  // the row, and an edge to one, by == and !=, with a neighbour or its id. Text is compared byte by
  // byte; an empty In holds for no row.
  template <class P = detail::PredicatesOf<Member_>>
  auto IsNull() const {
    return P::IsNull();
  }
  template <class P = detail::PredicatesOf<Member_>>
  auto NotNull() const {
    return P::NotNull();
  }
  /// Holds when the value is one of a list, `In(1, 2, 3)`, or of a range, `In(ids)`.
  template <class... Values, class P = detail::PredicatesOf<Member_>>
  auto In(Values&&... values) const {
    return P::In(std::forward<Values>(values)...);
  }
  template <class... Values, class P = detail::PredicatesOf<Member_>>
  auto NotIn(Values&&... values) const {
    return P::NotIn(std::forward<Values>(values)...);
  }
  template <class P = detail::PredicatesOf<Member_>>
  auto Contains(Bare part) const {
    return P::Contains(std::move(part));
  }
  template <class P = detail::PredicatesOf<Member_>>
  auto HasPrefix(Bare part) const {
    return P::HasPrefix(std::move(part));
  }
  template <class P = detail::PredicatesOf<Member_>>
  auto HasSuffix(Bare part) const {
    return P::HasSuffix(std::move(part));
  }
  /// Of text: equality that takes A and a for the same letter, as it does for the 26 letters of
  /// ASCII; all other bytes have to be equal.
  template <class P = detail::PredicatesOf<Member_>>
  auto EqualFold(Bare value) const {
    return P::EqualFold(std::move(value));
  }
  /// Contains in this sense.
  template <class P = detail::PredicatesOf<Member_>>
  auto ContainsFold(Bare part) const {
    return P::ContainsFold(std::move(part));
  }
  /// Of an edge: holds for rows that have a neighbour, `Has()`, or one that matches a predicate
  /// over its type, `F<&User::cards>.Has(F<&Card::number> == "1234")`.
  template <class... Predicates, class P = detail::PredicatesOf<Member_>>
  auto Has(const Predicates&... predicate) const {
    return P::Has(predicate...);
  }
};

/// `F<&User::age>` is the field `age` of User wherever a field is meant: in builders, mutations,
/// hooks, predicates and orders.
template <auto Member>
inline constexpr MemberToken<Member> F{};

}  // namespace grapnel
