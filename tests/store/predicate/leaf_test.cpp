#include <grapnel/store/predicate/leaf.hpp>

#include <grapnel/store/predicate/comparison.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

#include <concepts>

using grapnel::F;
using grapnel::store::Predicate;
using predicates::Text;
using predicates::User;
using predicates::Versioned;

TEST_CASE("a leaf is about the struct that has the member, which may be a mixin") {
  using grapnel::detail::Leaf;
  const auto leaf = Leaf<&User::name>(grapnel::store::IsNull(F<&User::name>.Tag()));
  STATIC_REQUIRE(std::same_as<decltype(leaf)::Entity, User>);
  CHECK(Text(leaf) == "name is ");
  STATIC_REQUIRE(std::same_as<grapnel::detail::PredicateOf<&User::version>, Predicate<Versioned>>);
  STATIC_REQUIRE(grapnel::detail::CheckIdOrField<&Versioned::version>());
}

TEST_CASE("equality is = and <> alone") {
  using grapnel::detail::IsEquality, grapnel::store::PredicateKind;
  STATIC_REQUIRE(IsEquality(PredicateKind::Equal));
  STATIC_REQUIRE(IsEquality(PredicateKind::NotEqual));
  STATIC_REQUIRE_FALSE(IsEquality(PredicateKind::Less));
}
