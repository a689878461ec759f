#pragma once

#include <grapnel/model/codec.hpp>
#include <grapnel/model/type_ops.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/operand.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/values.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace grapnel {
namespace store {

/// Groups of rows of E, or of those that have a mixin E: what predicates and orders over aggregates
/// are about.
template <class E>
struct GroupsOf : AnyGroups {};

template <class O, class E>
inline constexpr bool kBothApplyTo<GroupsOf<O>, GroupsOf<E>> = AppliesTo<O, E>;

}  // namespace store

namespace detail {

template <auto Member>
struct AggregateOwner {
  using Owner = typename MemberToken<Member>::Owner;
  using Groups = store::GroupsOf<Owner>;
  using Bare = typename MemberToken<Member>::Bare;
  static constexpr FieldTag Tag = MemberToken<Member>::Tag();
};
template <>
struct AggregateOwner<nullptr> {
  using Groups = store::AnyGroups;
  using Bare = std::int64_t;
  static constexpr FieldTag Tag = nullptr;
};

template <store::AggregateKind Kind, auto Member>
inline constexpr store::Measure kMeasure{0, Kind, AggregateOwner<Member>::Tag};

/// What an aggregate of values of type Bare is.
template <store::AggregateKind Kind, class Bare>
using AggregateValue = std::conditional_t<
    Kind == store::AggregateKind::Count, std::int64_t,
    std::conditional_t<
        Kind == store::AggregateKind::Avg, double,
        std::conditional_t<Kind != store::AggregateKind::Sum, Bare,
                           std::conditional_t<std::is_integral_v<Bare>, std::int64_t, double>>>>;

/// Whether an aggregate may be NULL in a group, which has rows: where all values in it are.
template <store::AggregateKind Kind, auto Member>
consteval bool MayBeNullInGroup() {
  if constexpr (Kind == store::AggregateKind::Count) {
    return false;
  } else if constexpr (FieldOf<typename AggregateOwner<Member>::Owner, Member>) {
    return kIsNullable<typename AggregateOwner<Member>::Owner, Member>;
  } else {
    return true;
  }
}

template <store::AggregateKind Kind, auto Member>
consteval bool CheckAggregate() {
  static_assert(!EdgeMember<Member>,
                "an aggregate is of a field, not of an edge: the neighbours' own fields are asked "
                "along it, users.Traverse(F<&User::cards>).Max(F<&Card::number>), and how many "
                "there are by Count()");
  if constexpr (!EdgeMember<Member>) {
    using Bare = typename MemberToken<Member>::Bare;
    constexpr bool is_of_numbers =
        Kind == store::AggregateKind::Sum || Kind == store::AggregateKind::Avg;
    static_assert(!is_of_numbers || Number<Bare>,
                  "Sum and Avg are of fields that are numbers; of texts, times, enums and types of "
                  "your own there are Min, Max and Count");
    return CheckIdOrField<Member>();
  } else {
    return false;
  }
}

}  // namespace detail

namespace store {

/// What is computed of a group of rows: made by Count, Sum, Avg, Min and Max, and given to
/// GroupBy(...).Select; compared with a value it is a condition for Having, and by Asc and Desc an
/// order.
template <AggregateKind Kind_, auto Member_ = nullptr>
struct [[nodiscard("an aggregate is given to .GroupBy(...).Select()")]] Aggregate {
  static constexpr AggregateKind Kind = Kind_;
  static constexpr auto Member = Member_;
  using Groups = typename detail::AggregateOwner<Member_>::Groups;
  /// What it is compared with.
  using Bare = detail::AggregateValue<Kind_, typename detail::AggregateOwner<Member_>::Bare>;
  /// What Select gives: a std::optional where the field is one.
  using Type =
      std::conditional_t<detail::MayBeNullInGroup<Kind_, Member_>(), std::optional<Bare>, Bare>;
  static constexpr const Measure& Of = detail::kMeasure<Kind_, Member_>;
  static constexpr detail::ValueInfo Info{Of.field, &Of, &detail::kTypeOps<Type>};
};

template <class T>
inline constexpr bool kIsAggregate = false;
template <AggregateKind Kind, auto Member>
inline constexpr bool kIsAggregate<Aggregate<Kind, Member>> = true;

}  // namespace store

/// How many rows a group has.
constexpr store::Aggregate<store::AggregateKind::Count> Count() noexcept { return {}; }
/// How many different values a field has in a group; NULL is none.
template <auto Member>
constexpr store::Aggregate<store::AggregateKind::Count, Member> Count(MemberToken<Member>) {
  static_assert(detail::CheckAggregate<store::AggregateKind::Count, Member>());
  return {};
}
/// The sum of a field of numbers. NULL counts for nothing. Of whole numbers it is exact, in
/// whatever order rows come, and one that leaves 64 bits is a ValidationError of the read. Of reals
/// it is rounded, and where +infinity meets -infinity there is none: that is NaN, or std::nullopt
/// of a field that may be NULL, and no condition or comparison with it holds.
template <auto Member>
constexpr store::Aggregate<store::AggregateKind::Sum, Member> Sum(MemberToken<Member>) {
  static_assert(detail::CheckAggregate<store::AggregateKind::Sum, Member>());
  return {};
}
/// The mean of a field of numbers, rounded. NULL counts for nothing; infinities are as in a Sum.
template <auto Member>
constexpr store::Aggregate<store::AggregateKind::Avg, Member> Avg(MemberToken<Member>) {
  static_assert(detail::CheckAggregate<store::AggregateKind::Avg, Member>());
  return {};
}
/// The least value of a field, in the order in which rows are ordered by it. NULL counts for
/// nothing.
template <auto Member>
constexpr store::Aggregate<store::AggregateKind::Min, Member> Min(MemberToken<Member>) {
  static_assert(detail::CheckAggregate<store::AggregateKind::Min, Member>());
  return {};
}
/// The greatest value of a field.
template <auto Member>
constexpr store::Aggregate<store::AggregateKind::Max, Member> Max(MemberToken<Member>) {
  static_assert(detail::CheckAggregate<store::AggregateKind::Max, Member>());
  return {};
}

/// Of a member, not its token: these do not compile.
template <class Owner, class Type>
auto Sum(Type Owner::*) {
  detail::RefuseMember<Type Owner::*>();
  return Count();
}
template <class Owner, class Type>
auto Avg(Type Owner::*) {
  detail::RefuseMember<Type Owner::*>();
  return Count();
}
template <class Owner, class Type>
auto Min(Type Owner::*) {
  detail::RefuseMember<Type Owner::*>();
  return Count();
}
template <class Owner, class Type>
auto Max(Type Owner::*) {
  detail::RefuseMember<Type Owner::*>();
  return Count();
}

/// Orders groups by an aggregate, smallest first.
template <store::AggregateKind Kind, auto Member>
store::Order<typename store::Aggregate<Kind, Member>::Groups> Asc(store::Aggregate<Kind, Member>) {
  return {{&detail::kMeasure<Kind, Member>.tag, false}};
}
/// Orders groups by an aggregate, largest first.
template <store::AggregateKind Kind, auto Member>
store::Order<typename store::Aggregate<Kind, Member>::Groups> Desc(store::Aggregate<Kind, Member>) {
  return {{&detail::kMeasure<Kind, Member>.tag, true}};
}

namespace detail {

/// A value that an aggregate is compared with. Throws: ValidationError for one that cannot be
/// stored.
template <store::AggregateKind Kind, auto Member, class T>
FieldValue AggregateOperand(const T& given) {
  using Bare = typename store::Aggregate<Kind, Member>::Bare;
  static_assert(std::convertible_to<const T&, Bare>,
                "this value does not fit the aggregate: Count and Sum are compared with numbers, "
                "Avg with a real, Min and Max with values of the field's own type");
  if constexpr (std::convertible_to<const T&, Bare>) {
    CheckOperand<T, Bare>();
    constexpr bool is_of_field =
        Kind == store::AggregateKind::Min || Kind == store::AggregateKind::Max;
    if constexpr (is_of_field) {
      return OperandOf<Member>(given);
    } else {
      try {
        if constexpr (MayNotFit<T, Bare>) {
          if (!Fits<Bare>(given)) RefuseAboveMost(static_cast<std::uint64_t>(given));
        }
        return Mapping<Bare>::ToValue(static_cast<Bare>(given));
      } catch (const BadValue& error) {
        if constexpr (std::is_null_pointer_v<decltype(Member)>) {
          RefuseOperand(store::Name(Kind), nullptr, error.what());
        } else {
          RefuseOperandOf<Member>(error.what());
        }
      }
    }
  } else {
    return {};
  }
}

template <store::AggregateKind Kind, auto Member, class T>
auto CompareGroups(store::PredicateKind kind, const T& value) {
  using Groups = typename store::Aggregate<Kind, Member>::Groups;
  return store::Predicate<Groups>(
      store::Compared(kind, &kMeasure<Kind, Member>.tag, AggregateOperand<Kind, Member>(value)));
}

template <class T>
concept NoAggregate = !store::kIsAggregate<std::remove_cvref_t<T>>;

}  // namespace detail

namespace store {

template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator==(Aggregate<Kind, Member>, const T& value) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::Equal, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator!=(Aggregate<Kind, Member>, const T& value) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::NotEqual, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator<(Aggregate<Kind, Member>, const T& value) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::Less, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator<=(Aggregate<Kind, Member>, const T& value) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::LessEqual, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator>(Aggregate<Kind, Member>, const T& value) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::Greater, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator>=(Aggregate<Kind, Member>, const T& value) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::GreaterEqual, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator==(const T& value, Aggregate<Kind, Member>) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::Equal, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator!=(const T& value, Aggregate<Kind, Member>) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::NotEqual, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator<(const T& value, Aggregate<Kind, Member>) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::Greater, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator<=(const T& value, Aggregate<Kind, Member>) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::GreaterEqual, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator>(const T& value, Aggregate<Kind, Member>) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::Less, value);
}
template <AggregateKind Kind, auto Member, detail::NoAggregate T>
auto operator>=(const T& value, Aggregate<Kind, Member>) {
  return detail::CompareGroups<Kind, Member>(PredicateKind::LessEqual, value);
}

}  // namespace store
}  // namespace grapnel
