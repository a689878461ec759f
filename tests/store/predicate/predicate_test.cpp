#include <grapnel/store/predicate/predicate.hpp>

#include <grapnel/store/predicate/comparison.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

#include <concepts>

using grapnel::F;
using grapnel::store::Predicate;
using predicates::Text;
using predicates::User;
using predicates::Versioned;

TEST_CASE("predicates combine as they are put in parentheses") {
  const auto a = F<&User::age> > 1, b = F<&User::age> < 9, c = F<&User::score> == 0.5;
  CHECK(Text(a || (b && c)) == "(age > 1 or (age < 9 and score = 0.5))");
  CHECK(Text((a || b) && !c) == "((age > 1 or age < 9) and not score = 0.5)");
  CHECK(Text(!!a) == "not not age > 1");
}

TEST_CASE("predicates of a mixin join with those of its entities, and apply to them") {
  const auto of_mixin = F<&User::version> == 3;
  STATIC_REQUIRE(std::same_as<decltype(of_mixin), const Predicate<Versioned>>);
  const auto joined = F<&User::age> == 1 && of_mixin;
  STATIC_REQUIRE(std::same_as<decltype(joined), const Predicate<User>>);
  STATIC_REQUIRE(std::same_as<decltype(of_mixin || F<&User::age> == 1), Predicate<User>>);
  CHECK(Text(joined) == "(age = 1 and version = 3)");
  STATIC_REQUIRE(grapnel::store::AppliesTo<Versioned, User>);
  STATIC_REQUIRE_FALSE(grapnel::store::AppliesTo<User, Versioned>);
  STATIC_REQUIRE_FALSE(grapnel::store::AppliesTo<predicates::Pet, User>);
}

TEST_CASE("predicates of several mixins join, and apply to the entities that have all of them") {
  using grapnel::store::AppliesTo;
  const auto two = F<&User::version> == 3 && F<&User::tenant> == 7;
  CHECK(Text(two) == "(version = 3 and tenant = 7)");
  STATIC_REQUIRE(AppliesTo<decltype(two)::Entity, User>);
  STATIC_REQUIRE_FALSE(AppliesTo<decltype(two)::Entity, predicates::Pet>);
  STATIC_REQUIRE_FALSE(AppliesTo<decltype(two)::Entity, Versioned>);
  const auto three = F<&User::by> != "Ada" || !two;
  CHECK(Text(three) == "(by != \"Ada\" or not (version = 3 and tenant = 7))");
  STATIC_REQUIRE(AppliesTo<decltype(three)::Entity, User>);
  CHECK(Text(two || F<&User::version> == 4) == "((version = 3 and tenant = 7) or version = 4)");
  CHECK(Text(two && three).size() > 60);
  STATIC_REQUIRE(std::same_as<decltype(three && F<&User::age> == 1), Predicate<User>>);
  STATIC_REQUIRE(std::same_as<decltype(F<&User::age> == 1 || two), Predicate<User>>);
  using grapnel::store::TwoMixins;
  STATIC_REQUIRE(TwoMixins<Versioned, predicates::Tenant>);
  STATIC_REQUIRE_FALSE(TwoMixins<predicates::Pet, Versioned>);
  STATIC_REQUIRE_FALSE(TwoMixins<predicates::Pet, User>);
  STATIC_REQUIRE_FALSE(TwoMixins<User, decltype(two)::Entity>);
}

TEST_CASE("no condition joins with any") {
  const auto node = (F<&User::age> == 1).Node();
  CHECK(grapnel::store::Both(nullptr, nullptr) == nullptr);
  CHECK(grapnel::store::Both(node, nullptr) == node);
  CHECK(grapnel::store::Both(nullptr, node) == node);
  CHECK(Text(*grapnel::store::Both(node, node)) == "(age = 1 and age = 1)");
}
