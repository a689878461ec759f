#include <grapnel/store/postgres/native/prepared.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>

using namespace grapnel::postgres::detail;

TEST_CASE("a statement is found by its text and the types of its parameters") {
  PreparedCache cache;
  Prepared dropped;
  Prepared& one = cache.Find("SELECT $1", {20}, dropped);
  one.name = "g1";
  CHECK(cache.Find("SELECT $1", {20}, dropped).name == "g1");
  CHECK(cache.Find("SELECT $1", {25}, dropped).name.empty());
  CHECK(cache.Size() == 2);
  CHECK(one.Is("SELECT $1", {20}));
  CHECK_FALSE(one.Is("SELECT $1", {25}));
}

TEST_CASE("the one that was used longest ago goes, and is told") {
  PreparedCache cache;
  Prepared dropped;
  for (std::size_t at = 0; at < PreparedCache::kCapacity; ++at) {
    cache.Find("SELECT " + std::to_string(at), {}, dropped).name = "g" + std::to_string(at);
  }
  cache.Find("SELECT 0", {}, dropped);
  CHECK(dropped.name.empty());
  cache.Find("SELECT 'more'", {}, dropped);
  CHECK(dropped.name == "g1");
  CHECK(cache.Size() == PreparedCache::kCapacity);
  CHECK(cache.Find("SELECT 0", {}, dropped).name == "g0");
}
