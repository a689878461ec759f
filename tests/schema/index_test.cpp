#include <grapnel/schema/index.hpp>

#include "support/catch.hpp"

#include <string>
#include <tuple>

namespace {

struct Person {
  std::string first, last;
};

}  // namespace

using grapnel::F;
using grapnel::Index;

TEST_CASE("an index names its fields in their order") {
  constexpr auto index = Index<&Person::last, &Person::first>();
  REQUIRE(index.Tags.size() == 2);
  CHECK(index.Tags[0] == F<&Person::last>.Tag());
  CHECK(index.Tags[1] == F<&Person::first>.Tag());
  CHECK_FALSE(index.IsUnique());
  CHECK(index.Name().empty());
}

TEST_CASE("options give a longer description and leave the receiver as it was") {
  constexpr auto plain = Index<&Person::last>();
  constexpr auto unique = plain.StorageKey("by_last").Unique();
  STATIC_REQUIRE(unique.IsUnique());
  STATIC_REQUIRE(unique.Name() == "by_last");
  STATIC_REQUIRE_FALSE(plain.IsUnique());
}

TEST_CASE("indexes are kept in their order") {
  constexpr auto indexes =
      grapnel::Indexes(Index<&Person::first>(), Index<&Person::last>().Unique());
  STATIC_REQUIRE(std::tuple_size_v<decltype(indexes)> == 2);
  STATIC_REQUIRE(std::get<1>(indexes).IsUnique());
}
