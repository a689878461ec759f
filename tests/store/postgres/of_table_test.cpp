#include <grapnel/store/postgres/of_table.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

#include <cstddef>

using grapnel::postgres::detail::OfTable;

TEST_CASE("updates by id of one shape share a statement; there are not too many of them") {
  OfTable of(unit::People());
  CHECK(of.members.IsOf(unit::People()));
  grapnel::store::Update update{{&unit::People()}};
  CHECK(of.KeptFor(update) == nullptr);  // not by id
  update.by_id = true;
  update.set.set(1);
  auto* first = of.KeptFor(update);
  REQUIRE(first != nullptr);
  CHECK(of.KeptFor(update) == first);
  update.added.set(2);
  CHECK(of.KeptFor(update) != first);
  for (std::size_t at = 0; at < OfTable::kUpdates; ++at) {
    grapnel::store::Update other = update;
    for (std::size_t bit = 0; bit < 5; ++bit) {
      if ((at >> bit & 1U) != 0) other.cleared.set(bit + 2);
    }
    of.KeptFor(other);
  }
  update.cleared.set(6);
  update.cleared.set(5);
  CHECK(of.updates.size() == OfTable::kUpdates);
}
