#include <grapnel/store/predicate/fields.hpp>

#include <grapnel/store/predicate/comparison.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using grapnel::F;
using predicates::User;

TEST_CASE("two fields of a row compare, and both tags are kept") {
  const auto less = F<&User::name> < F<&User::by>;
  STATIC_REQUIRE(std::same_as<decltype(less)::Entity, User>);
  CHECK(less.Node()->kind == grapnel::store::PredicateKind::Less);
  CHECK(less.Node()->field == F<&User::name>.Tag());
  CHECK(less.Node()->other == F<&User::by>.Tag());
}

TEST_CASE("fields of two mixins compare in entities that have both") {
  const auto equal = F<&User::version> == F<&User::tenant>;
  using grapnel::store::AppliesTo;
  STATIC_REQUIRE(AppliesTo<decltype(equal)::Entity, User>);
  STATIC_REQUIRE_FALSE(AppliesTo<decltype(equal)::Entity, predicates::Versioned>);
  CHECK(equal.Node()->other == F<&User::tenant>.Tag());
}

TEST_CASE("only what is stored alike compares") {
  using grapnel::detail::kStoredAlike;
  STATIC_REQUIRE(kStoredAlike<int, std::int64_t>);
  STATIC_REQUIRE(kStoredAlike<std::vector<std::byte>, std::vector<std::uint8_t>>);
  STATIC_REQUIRE_FALSE(kStoredAlike<bool, int>);
  STATIC_REQUIRE_FALSE(kStoredAlike<int, double>);
  STATIC_REQUIRE_FALSE(kStoredAlike<std::string, std::vector<std::byte>>);
}
