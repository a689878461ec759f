#include <grapnel/model/error.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <vector>

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

TEST_CASE("B116 a validation error lists every problem, and names the row of a bulk") {
  using Problem = grapnel::ValidationError::Problem;
  const std::vector<Problem> problems{{"name", "the value is empty"}, {"age", "it is too low"}};
  const grapnel::ValidationError error("User", Op::Create, problems);
  CHECK(error.Field() == "name");
  CHECK(error.Problems() == problems);
  CHECK(error.Row() == std::nullopt);
  CHECK(error.what() == std::string("User.name: the value is empty; age: it is too low (Create)"));
  const grapnel::ValidationError third = error.InRow(2);
  CHECK(third.Row() == 2);
  CHECK(third.Problems() == problems);
  CHECK(third.what() ==
        std::string("User.name: the value is empty; age: it is too low (Create, row 2)"));
  CHECK(grapnel::ValidationError("User", "age", Op::Create, "why").Problems() ==
        std::vector<Problem>{{"age", "why"}});
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
