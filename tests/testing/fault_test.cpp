#include <grapnel/testing/fault.hpp>

#include <grapnel/testing/open.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>

using graph::User;
using grapnel::F;
namespace testing = grapnel::testing;

TEST_CASE("B211 a fault at each statement leaves nothing behind") {
  const auto client = testing::Open<User, graph::Card, graph::Pet>();
  std::size_t n = 1;
  for (;; ++n) {
    const testing::FaultAt fault(n);
    try {
      fault.In(client).Of<User>().Create().Set(F<&User::name>, "Ada").Save();
    } catch (const testing::InjectedFault& error) {
      CHECK_THAT(error.what(), Catch::Contains("statement " + std::to_string(n)));
      CHECK(client.Of<User>().Query().Count() == 0);
      continue;
    }
    break;
  }
  CHECK(n > 1);
  CHECK(client.Of<User>().Query().Count() == 1);
}
