#include <grapnel/testing/open.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

using graph::Pet;
using graph::User;
using grapnel::F;

TEST_CASE("B211 each client of a test's own has its tables, and no row of another one") {
  const auto first = grapnel::testing::Open<User, graph::Card, Pet>();
  const auto second = grapnel::testing::Open<User, graph::Card, Pet>();
  first.Of<Pet>().Create().Set(F<&Pet::name>, "Xabi").Save();
  CHECK(first.Of<Pet>().Query().Count() == 1);
  CHECK(second.Of<Pet>().Query().Count() == 0);
}
