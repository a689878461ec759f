#pragma once

#include <grapnel/store/database.hpp>
#include <grapnel/store/sqlite/open.hpp>

namespace grapnel::testing {

/// A database in memory with the tables of these types, private to the test: all of it, hooks of
/// schemas and mixins too, and none of it left behind.
template <class... Es>
[[nodiscard]] Database<Es...> Open() {
  Database<Es...> client = grapnel::Open<Es...>(":memory:");
  client.Migrate();
  return client;
}

}  // namespace grapnel::testing
