#pragma once

#include <grapnel/store/predicate/tree.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace grapnel {
namespace store {

/// A condition on the rows of E, made by comparing tokens: `F<&User::age> > 30 && F<&User::name> ==
/// "Ada"`. A comparison with a NULL does not hold, and neither does its negation by !=; `Not` of it
/// does not either, as in SQL. So it is when two fields are compared, `F<&Ticket::due> <
/// F<&Ticket::closed>`, and either is NULL. (An edge whose key the other row holds is no field: a
/// comparison of it is a Has, and `Not` of that holds for rows without a neighbour as well.)
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

/// Groups of rows, of whatever type: what a condition on Count() is about.
struct AnyGroups {
  using AreGroups = void;
};

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

/// Does not compile: a predicate of O where one of rows of another type is meant.
template <class O>
constexpr auto RefusePredicate() {
  constexpr bool of_groups = requires { typename O::AreGroups; };
  static_assert(!of_groups,
                "a condition on an aggregate is about groups of rows, and stands behind GroupBy: "
                "GroupBy(F<&Ticket::status>).Having(grapnel::Count() > 3); Where is about each row "
                "by itself, Where(F<&Ticket::minutes> > 3)");
  static_assert(of_groups,
                "this predicate is about another entity type: Where compares fields of the row "
                "itself, and of its neighbours along an edge, F<&User::cards>.Has(F<&Card::number> "
                "== \"1\")");
}
/// Does not compile: what is no predicate.
template <class... Ts>
constexpr auto RefuseNoPredicate() {
  static_assert(
      sizeof...(Ts) > sizeof...(Ts),
      "this takes one predicate, which compares fields: Where(F<&User::age> > 30 && "
      "F<&User::name> == \"Ada\"), and of groups Having(grapnel::Count() > 3). A bool is "
      "compared as well, F<&User::active> == true. What is written in SQL goes to client.Sql("
      "\"SELECT ... WHERE name = ?1\", name)");
}

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

}  // namespace detail

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

}  // namespace grapnel
