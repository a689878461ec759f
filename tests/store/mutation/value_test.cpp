#include <grapnel/store/mutation/value.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace {

struct User {
  std::string name;
};

}  // namespace

using grapnel::Value;

TEST_CASE("a value is an entity, which counts as one row") {
  Value<User> value = User{"Ada"};
  CHECK(value.HasEntity());
  CHECK(value.Count() == 1);
  value.Entity().name += " L.";
  CHECK(std::as_const(value).Entity().name == "Ada L.");
}

TEST_CASE("or it is a count, of any integer type but bool") {
  const Value<User> value = 3;
  CHECK_FALSE(value.HasEntity());
  CHECK(value.Count() == 3);
  CHECK(Value<User>(std::size_t{4}).Count() == 4);
  CHECK_THROWS_AS(value.Entity(), std::bad_variant_access);
  STATIC_REQUIRE_FALSE(std::convertible_to<bool, Value<User>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<double, Value<User>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<const char*, Value<User>>);
}

TEST_CASE("assignment replaces what it is") {
  Value<User> value = 3;
  value = User{"Ada"};
  CHECK(value.HasEntity());
  value = 0;
  CHECK_FALSE(value.HasEntity());
  CHECK(value.Count() == 0);
}
