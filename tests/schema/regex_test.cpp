#include <grapnel/schema/regex.hpp>

#include <grapnel/schema/field.hpp>

#include "support/catch.hpp"

#include <regex>
#include <string>

namespace {

struct User {
  std::string name;
};

}  // namespace

using grapnel::Regex;

TEST_CASE("a regular expression has to match the whole text") {
  CHECK(Regex<"[a-z]+">("ada"));
  CHECK_FALSE(Regex<"[a-z]+">("ada1"));
  CHECK_FALSE(Regex<"[a-z]+">("1ada"));
  CHECK_FALSE(Regex<"[a-z]+">(""));
  CHECK(Regex<"">(""));
  CHECK(Regex<"a|b">("b"));
}

TEST_CASE("a wrong expression throws at its first use") {
  CHECK_THROWS_AS(Regex<"[a-z">("a"), grapnel::Error);
}

TEST_CASE("it validates a field") {
  constexpr auto field = grapnel::Field<&User::name>("name").Match(Regex<"[a-z]+">);
  auto column = field.Traits();
  column.field = &field;
  const std::string right = "ada";
  const std::string wrong = "Ada";
  CHECK(column.Check(&right) == std::nullopt);
  CHECK(column.Check(&wrong) == "the value is not valid");
}
