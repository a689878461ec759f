#include <grapnel/store/predicate/operand.hpp>

#include <grapnel/store/predicate/comparison.hpp>

#include <grapnel/model/error.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <string>

using grapnel::F;
using predicates::Text;
using predicates::User;

TEST_CASE("values take the form in which they are stored") {
  CHECK(Text(F<&User::color> == predicates::Color::Red) == "color = \"red\"");
  CHECK(Text(F<&User::score> == -0.0) == "score = 0");
}

TEST_CASE("a value that cannot be stored is a validation error about that field") {
  try {
    static_cast<void>(F<&User::score> < std::nan(""));
    FAIL("it was taken");
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Entity() == "User");
    CHECK(error.Field() == "score");
    CHECK(error.Reason().find("NaN cannot be stored") != std::string::npos);
  }
  CHECK_THROWS_AS(F<&User::color> == predicates::Color::Unnamed, grapnel::ValidationError);
}

TEST_CASE("a number that fits no column is refused, and one that may be cut off is no operand") {
  using grapnel::detail::LosesFraction;
  CHECK_THROWS_AS(F<&User::age> == ~0ULL, grapnel::ValidationError);
  STATIC_REQUIRE(grapnel::detail::OperandFor<int, &User::age>);
  STATIC_REQUIRE(grapnel::detail::NoOperandOf<std::string, &User::age>);
  STATIC_REQUIRE(LosesFraction<double, std::int64_t>);
}
