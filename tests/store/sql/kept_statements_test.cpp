#include <grapnel/store/sql/kept_statements.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>

using Kept = grapnel::store::sql::KeptStatements<std::string>;

TEST_CASE("updates by id of one shape share a statement; there are not too many of them") {
  Kept of;
  grapnel::store::Update update{};
  CHECK(of.KeptFor(update) == nullptr);  // not by id
  update.by_id = true;
  update.set.set(1);
  std::string* const first = of.KeptFor(update);
  REQUIRE(first != nullptr);
  CHECK(of.KeptFor(update) == first);
  update.added.set(2);
  CHECK(of.KeptFor(update) != first);
  for (std::size_t at = 0; at < Kept::kUpdates; ++at) {
    grapnel::store::Update other = update;
    for (std::size_t bit = 0; bit < 5; ++bit) {
      if ((at >> bit & 1U) != 0) other.cleared.set(bit + 2);
    }
    of.KeptFor(other);
  }
  CHECK(of.updates.size() == Kept::kUpdates);
  grapnel::store::Update another = update;
  another.cleared.set(6);
  another.cleared.set(5);
  CHECK(of.KeptFor(another) == nullptr);
  CHECK(of.KeptFor(update) != nullptr);
}
