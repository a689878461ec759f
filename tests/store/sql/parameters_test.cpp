#include <grapnel/store/sql/parameters.hpp>

#include "store/sql/rendered.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using grapnel::F;
using texts::Rendered;
using texts::User;
using texts::Values;
using texts::Where;

TEST_CASE("B98 a list is padded with its last value, so that few texts serve all lengths") {
  CHECK(Where(F<&User::age>.In(std::vector<int>{})) == Rendered{" WHERE 0", {}});
  CHECK(Where(F<&User::age>.In(7)) == Rendered{R"( WHERE "users"."age" IN (?1))", Values{7}});
  CHECK(Where(F<&User::age>.In(1, 2, 3)) ==
        Rendered{R"( WHERE "users"."age" IN (?1, ?2, ?3, ?4))", Values{1, 2, 3, 3}});
  CHECK(Where(F<&User::age>.In(1, 2, 3)).text == Where(F<&User::age>.In(4, 5, 6, 7)).text);
}

TEST_CASE("B98 a long list is one parameter, whatever its length") {
  const auto list = [](std::size_t count) {
    return Where(F<&User::name>.In(std::vector<std::string>(count, "ab")));
  };
  const Rendered longer = list(1025);
  CHECK(longer.text == R"( WHERE "users"."name" IN (SELECT +value FROM grapnel_values(?1)))");
  CHECK(longer.values == Values(1025, "ab"));
  CHECK(longer.text == list(5000).text);
  CHECK(list(1024).values.size() == 1024);
}

TEST_CASE("B166 a value behind very many others is one of a list") {
  grapnel::store::sql::ParameterText made(texts::kDialect, 1);
  for (int i = 0; i < 1024; ++i) CHECK(made.Own(i) == "?" + std::to_string(i + 1));
  CHECK(made.Own("a") == "grapnel_value(?1025, 0)");
  CHECK(made.Own("b") == "grapnel_value(?1025, 1)");
  REQUIRE(made.parameters.size() == 1025);
  CHECK((*made.parameters.back().list)[1] == grapnel::FieldValue("b"));
}

TEST_CASE("what a statement owns moves with it") {
  grapnel::store::sql::ParameterText made(texts::kDialect, 3);
  made.Limit(10, 20);
  const auto moved = std::move(made);
  CHECK(moved.text == " LIMIT ?3 OFFSET ?4");
  CHECK(*moved.parameters[0] == grapnel::FieldValue(10));
  CHECK(*moved.parameters[1] == grapnel::FieldValue(20));
}
