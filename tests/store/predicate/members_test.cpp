#include <grapnel/store/predicate/members.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <list>
#include <string>
#include <vector>

using grapnel::F;
using predicates::Pet;
using predicates::Text;
using predicates::User;

TEST_CASE("a token has the other predicates as members") {
  CHECK(Text(F<&User::age>.IsNull()) == "age is ");
  CHECK(Text(F<&User::age>.NotNull()) == "not age is ");
  CHECK(Text(F<&User::name>.Contains("d")) == "name holds \"d\"");
  CHECK(Text(F<&User::name>.HasPrefix("A")) == "name begins \"A\"");
  CHECK(Text(F<&User::name>.HasSuffix("a")) == "name ends \"a\"");
}

TEST_CASE("In takes values or a range of them, which may be empty") {
  CHECK(Text(F<&User::age>.In(1, 2, 3)) == "age in 1,2,3");
  CHECK(Text(F<&User::name>.In("a", std::string("b"))) == "name in \"a\",\"b\"");
  CHECK(Text(F<&User::id>.In(std::vector<int>{4, 5})) == "id in 4,5");
  CHECK(Text(F<&User::id>.In(std::list<std::int64_t>{})) == "id in ");
  CHECK(Text(F<&User::id>.NotIn(1)) == "not id in 1");
}

TEST_CASE("an edge is asked for neighbours") {
  const auto node = F<&User::pets>.Has(F<&Pet::id>.In(1, 2)).Node();
  CHECK(node->kind == grapnel::store::PredicateKind::Has);
  CHECK(node->field == F<&User::pets>.Tag());
  CHECK(node->left->values.size() == 2);
  CHECK(Text(F<&User::friend_of>.IsNull()) == "friend_of is ");
}
