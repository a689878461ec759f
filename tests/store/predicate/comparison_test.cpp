#include <grapnel/store/predicate/comparison.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

#include <utility>

using grapnel::F;
using predicates::Text;
using predicates::User;

TEST_CASE("tokens compare with values, on either side") {
  CHECK(Text(F<&User::age> == 5) == "age = 5");
  CHECK(Text(F<&User::age> != 5) == "age != 5");
  CHECK(Text(F<&User::age> < 5) == "age < 5");
  CHECK(Text(F<&User::age> <= 5) == "age <= 5");
  CHECK(Text(F<&User::age> > 5) == "age > 5");
  CHECK(Text(F<&User::age> >= 5) == "age >= 5");
  CHECK(Text(5 == F<&User::age>) == "age = 5");
  CHECK(Text(5 != F<&User::age>) == "age != 5");
  CHECK(Text(5 < F<&User::age>) == "age > 5");
  CHECK(Text(5 <= F<&User::age>) == "age >= 5");
  CHECK(Text(5 > F<&User::age>) == "age < 5");
  CHECK(Text(5 >= F<&User::age>) == "age <= 5");
  CHECK(Text(F<&User::name> == "Ada") == "name = \"Ada\"");
  CHECK(Text(F<&User::id> == 1) == "id = 1");
}
