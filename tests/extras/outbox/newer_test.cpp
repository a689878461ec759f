// B251: tables that this program can write, on each engine; those that it cannot: tables_test.cpp.
#include <grapnel/extras/outbox/newer.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

using namespace grapnel::extras::outbox;

TEST_CASE_METHOD((Fixture<Event, Lane>), "B251 to look whether tables are newer leaves nothing") {
  client.WithTx([](grapnel::Tx& tx) {
    RefuseNewer(tx);
    RefuseNewer(tx);
  });
  CHECK(client.Of<Event>().Query().Count() == 0);
  CHECK(client.Of<Lane>().Query().Count() == 0);
}
