#include <grapnel/store/predicate/edge.hpp>

#include <grapnel/store/predicate/comparison.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

using grapnel::F;
using predicates::Pet;
using predicates::Text;
using predicates::User;

TEST_CASE("an edge to one compares with an id or the neighbour itself") {
  User ada;
  ada.id = 7;
  CHECK(Text(F<&User::friend_of> == 7) == "friend_of = 7");
  CHECK(Text(F<&User::friend_of> != ada) == "friend_of != 7");
  const auto of_pet = (F<&Pet::owner> == ada).Node();
  CHECK(of_pet->kind == grapnel::store::PredicateKind::Equal);
  CHECK(of_pet->field == F<&Pet::owner>.Tag());
}

TEST_CASE("an edge is asked by its key where its end holds one") {
  using grapnel::detail::KeyTag;
  CHECK(KeyTag<&Pet::owner>() == F<&Pet::owner>.Tag());
  STATIC_REQUIRE(grapnel::detail::CheckToOne<&Pet::owner>());
}
