#pragma once

#include <grapnel/model/codec.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/edge.hpp>
#include <grapnel/store/predicate/leaf.hpp>
#include <grapnel/store/predicate/operand.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <iterator>
#include <utility>
#include <vector>

namespace grapnel {

/// The predicates that a token has as its members: F<&User::name>.HasPrefix("A").
namespace detail {

namespace loop {

using std::begin;
using std::end;
/// What a loop goes over.
template <class Range>
concept Iterable = requires(Range& range) {
  begin(range) != end(range);
};

}  // namespace loop

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
    if constexpr (OneMember<Member>) {
      return KeyLeaf<Member>(store::Negated(store::OneOf(KeyTag<Member>(), ListOf(values...))));
    } else {
      return !In(values...);
    }
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
  // Deduced: it is compiled, and refused, where it is called, and so names the caller's line.
  template <class... Values>
  static auto ListOf(const Values&... values) {
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

}  // namespace grapnel
