#include <grapnel/schema/error.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <string>

using grapnel::Op;

TEST_CASE("errors about a field are one family, with entity, field and reason") {
  STATIC_REQUIRE(std::derived_from<grapnel::FieldError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::ValidationError, grapnel::FieldError>);
  STATIC_REQUIRE(std::derived_from<grapnel::UnknownFieldError, grapnel::FieldError>);
  STATIC_REQUIRE(std::derived_from<grapnel::TypeMismatchError, grapnel::FieldError>);
  STATIC_REQUIRE(std::derived_from<grapnel::SchemaError, grapnel::FieldError>);
  const grapnel::FieldError error("User", "age", "no reason");
  CHECK(error.Entity() == "User");
  CHECK(error.Field() == "age");
  CHECK(error.Reason() == "no reason");
  CHECK(error.what() == std::string("User.age: no reason"));
}

TEST_CASE("a validation error says what the mutation was about to do") {
  const grapnel::ValidationError error("User", "age", Op::UpdateOne, "the value is empty");
  CHECK(error.Op() == Op::UpdateOne);
  CHECK(error.what() == std::string("User.age: the value is empty (UpdateOne)"));
}

TEST_CASE("an unknown field is named") {
  const grapnel::UnknownFieldError error("User", "agee");
  CHECK(error.Field() == "agee");
  CHECK(error.what() == std::string("User.agee: the schema has no field of this name"));
}

TEST_CASE("what fits neither type nor database says so in its own words") {
  CHECK(grapnel::TypeMismatchError("User", "age", "a text").what() ==
        std::string("User.age: a text"));
  CHECK(grapnel::SchemaError("User", "age", "no column").what() ==
        std::string("User.age: no column"));
}
