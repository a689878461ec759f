#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <concepts>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {
namespace store {

/// A condition on the rows of E, made by comparing tokens: `F<&User::age> > 30 && F<&User::name> ==
/// "Ada"`. A comparison with a NULL does not hold, and neither does its negation by !=; `Not` of it
/// does not either, as in SQL. So it is when two fields are compared, `F<&Ticket::due> <
/// F<&Ticket::closed>`, and either is NULL.
template <class E>
class [[nodiscard("a predicate is given to .Where()")]] Predicate {
 public:
  using Entity = E;

  explicit Predicate(PredicatePtr node) : node_(std::move(node)) {}
  // A move copies: what is left behind must not be a predicate that every row matches.
  Predicate(const Predicate&) = default;
  Predicate& operator=(const Predicate&) = default;
  const PredicatePtr& Node() const noexcept { return node_; }

 private:
  PredicatePtr node_;
};

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

/// What a predicate is about that joins fields of two mixins: entities that have both.
template <class A, class B>
struct BothOf {};
template <class O, class E>
inline constexpr bool kBothApplyTo = false;

/// Whether a predicate or order over O applies to E: O is E or one of its mixins, or several.
template <class O, class E>
concept AppliesTo = std::same_as<O, E> || std::derived_from<E, O> || kBothApplyTo<O, E>;
template <class A, class B, class E>
inline constexpr bool kBothApplyTo<BothOf<A, B>, E> = AppliesTo<A, E>&& AppliesTo<B, E>;

template <class T>
concept HasIdMember = requires {
  &T::id;
};

/// Mixins, of which an entity may have both: neither has an id, as entities do.
template <class A, class B>
concept TwoMixins = !AppliesTo<A, B> && !AppliesTo<B, A> && !HasIdMember<A> && !HasIdMember<B>;

}  // namespace store

namespace detail {

/// The entity that `&&` and `||` of two predicates are about.
template <class A, class B>
using Joined = std::conditional_t<store::AppliesTo<B, A>, A, B>;

/// What a comparison of a member of A with one of B is about.
template <class A, class B>
struct AboutBoth {
  static constexpr bool kOneRow = store::AppliesTo<A, B> || store::AppliesTo<B, A>;
  using type = Joined<A, B>;
};
template <class A, class B>
requires store::TwoMixins<A, B>
struct AboutBoth<A, B> {
  static constexpr bool kOneRow = true;
  using type = store::BothOf<A, B>;
};

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

template <auto Member>
using PredicateOf = store::Predicate<typename MemberToken<Member>::Owner>;

template <auto Member>
PredicateOf<Member> Leaf(store::PredicatePtr node) {
  static_assert(CheckIdOrField<Member>());
  return PredicateOf<Member>(std::move(node));
}

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
      Normalize(value);
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

template <auto Member>
PredicateOf<Member> Compare(store::PredicateKind kind, typename MemberToken<Member>::Bare value) {
  return Leaf<Member>(
      store::Compared(kind, MemberToken<Member>::Tag(), Operand<Member>(std::move(value))));
}

namespace loop {

using std::begin;
using std::end;
/// What a loop goes over.
template <class Range>
concept Iterable = requires(Range& range) {
  begin(range) != end(range);
};

}  // namespace loop

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

template <auto Member, class T>
PredicateOf<Member> RefuseOperand() {
  static_assert(std::convertible_to<T, typename MemberToken<Member>::Bare>,
                "this value does not fit the field: compare it with one of the member's own type "
                "(IsNull() asks for NULL)");
  CheckOperand<T, typename MemberToken<Member>::Bare>();
  return PredicateOf<Member>(nullptr);
}

/// Whether values of two members are stored alike, so that they compare as they do in C++.
template <class A, class B>
inline constexpr bool kStoredAlike = std::is_same_v<A, B> || (ByteVector<A> && ByteVector<B>) ||
                                     (TimePoint<A> && TimePoint<B>) ||
                                     (std::is_integral_v<A> && std::is_integral_v<B> &&
                                      !std::is_same_v<A, bool> && !std::is_same_v<B, bool>);

constexpr bool IsEquality(store::PredicateKind kind) noexcept {
  return kind <= store::PredicateKind::NotEqual;
}

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

template <auto Member>
struct PredicatesOf {
  using Bare = typename MemberToken<Member>::Bare;
  using Kind = store::PredicateKind;

  static auto IsNull() {
    static_assert(kIsColumn<typename MemberToken<Member>::Owner, Member> || OneMember<Member>,
                  "this end of the edge has no foreign key that could be NULL: ask for neighbours, "
                  "!F<&User::cards>.Has() in place of IsNull(), .Has() in place of NotNull()");
    if constexpr (kIsColumn<typename MemberToken<Member>::Owner, Member>) {
      return Leaf<Member>(store::IsNull(MemberToken<Member>::Tag()));
    } else {
      return !Has();
    }
  }
  static auto NotNull() { return !IsNull(); }

  template <class... Values>
  static auto In(const Values&... values) {
    if constexpr (!EdgeMember<Member>) {
      return Leaf<Member>(store::OneOf(MemberToken<Member>::Tag(), ListOf(values...)));
    } else if constexpr (CheckToOne<Member>()) {
      return KeyLeaf<Member>(store::OneOf(KeyTag<Member>(), ListOf(values...)));
    } else {
      return PredicateOf<Member>(nullptr);
    }
  }
  template <class... Values>
  static auto NotIn(const Values&... values) {
    return !In(values...);
  }

  template <class... Predicates>
  static auto Has(const Predicates&... predicates) {
    static_assert(EdgeMember<Member>, "Has is for edges, members of type One or Many");
    static_assert(sizeof...(Predicates) <= 1, "Has takes one predicate: join several by &&");
    static_assert((store::AppliesTo<typename Predicates::Entity, NeighbourOf<Member>> && ...),
                  "the predicate in Has is about the neighbour's type");
    store::PredicatePtr neighbour;
    ((neighbour = predicates.Node()), ...);
    return Leaf<Member>(store::HasNeighbour(MemberToken<Member>::Tag(), std::move(neighbour)));
  }

  static auto Contains(Bare part) { return Part(Kind::Contains, std::move(part)); }
  static auto HasPrefix(Bare part) { return Part(Kind::HasPrefix, std::move(part)); }
  static auto HasSuffix(Bare part) { return Part(Kind::HasSuffix, std::move(part)); }
  static auto EqualFold(Bare value) { return Fold(Kind::EqualFold, std::move(value)); }
  static auto ContainsFold(Bare part) { return Fold(Kind::ContainsFold, std::move(part)); }

 private:
  template <class... Values>
  static std::vector<FieldValue> ListOf(const Values&... values) {
    std::vector<FieldValue> list;
    if constexpr ((OperandFor<const Values&, Member> && ...)) {
      (CheckOperand<Values, SetArgument<Member>>(), ...);
      (list.push_back(OperandOf<Member>(values)), ...);
    } else {
      static_assert(sizeof...(Values) == 1 && (loop::Iterable<const Values> && ...),
                    "In takes values of the field's type, or one range of them");
      for (const auto& each : (values, ...)) {
        CheckOperand<decltype(each), SetArgument<Member>>();
        list.push_back(OperandOf<Member>(each));
      }
    }
    return list;
  }

  static auto Fold(Kind kind, Bare part) {
    static_assert(Mapping<Bare>::Kind == FieldKind::Text,
                  "EqualFold and ContainsFold are for fields of text");
    return Compare<Member>(kind, std::move(part));
  }
  static auto Part(Kind kind, Bare part) {
    static_assert(Mapping<Bare>::Kind == FieldKind::Text || Mapping<Bare>::Kind == FieldKind::Blob,
                  "Contains, HasPrefix and HasSuffix are for fields of text and blob");
    return Compare<Member>(kind, std::move(part));
  }
};

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

namespace store {

template <class A, class B>
requires(AppliesTo<A, B> || AppliesTo<B, A>) Predicate<detail::Joined<A, B>>
operator&&(const Predicate<A>& left, const Predicate<B>& right) {
  return Predicate<detail::Joined<A, B>>(Both(left.Node(), right.Node()));
}

template <class A, class B>
requires(AppliesTo<A, B> || AppliesTo<B, A>) Predicate<detail::Joined<A, B>>
operator||(const Predicate<A>& left, const Predicate<B>& right) {
  return Predicate<detail::Joined<A, B>>(Either(left.Node(), right.Node()));
}

template <class A, class B>
requires TwoMixins<A, B> Predicate<BothOf<A, B>>
operator&&(const Predicate<A>& left, const Predicate<B>& right) {
  return Predicate<BothOf<A, B>>(Both(left.Node(), right.Node()));
}

template <class A, class B>
requires TwoMixins<A, B> Predicate<BothOf<A, B>>
operator||(const Predicate<A>& left, const Predicate<B>& right) {
  return Predicate<BothOf<A, B>>(Either(left.Node(), right.Node()));
}

template <class E>
Predicate<E> operator!(const Predicate<E>& predicate) {
  return Predicate<E>(Negated(predicate.Node()));
}

}  // namespace store

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

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/predicate/impl/predicate.hpp>  // IWYU pragma: keep
#endif
