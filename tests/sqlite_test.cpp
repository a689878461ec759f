#include <grapnel/sqlite.hpp>

#include "support/catch.hpp"

#include "contract/model.hpp"

TEST_CASE("the engine's umbrella opens a database") {
  const auto client = grapnel::Open<model::Card>(":memory:");
  client.Migrate();
  CHECK_FALSE(client.Of<model::Card>().Query().Exist());
}
