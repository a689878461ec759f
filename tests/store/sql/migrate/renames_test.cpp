#include <grapnel/store/sql/migrate/renames.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sqlite = grapnel::store::sql;
using sqlite::Naming;

namespace {

using Texts = std::vector<std::string>;

/// "from to" for each.
Texts Found(const std::vector<Naming>& all, const Texts& present) {
  sqlite::CheckOldNames(all, sqlite::EqualNames);
  Texts found;
  for (const auto& rename : sqlite::FindRenames(all, present, "here", sqlite::EqualNames)) {
    found.push_back(rename.from + " " + rename.to);
  }
  return found;
}

}  // namespace

TEST_CASE("B160 what has an old name and not the new one is renamed") {
  const std::vector<Naming> one{{"b", {"a2", "a1"}, "E.b"}, {"x", {}, "E.x"}};
  CHECK(Found(one, {"x", "A1"}) == Texts{"A1 b"});
  CHECK(Found(one, {"x", "a2"}) == Texts{"a2 b"});
  CHECK(Found(one, {"B"}) == Texts{});
  CHECK(Found(one, {}) == Texts{});
  CHECK_THROWS_WITH(Found(one, {"b", "a1"}),
                    Catch::StartsWith("E.b: here there are both \"a1\", which it WasNamed, and"));
  CHECK_THROWS_AS(Found(one, {"a2", "a1"}), grapnel::MigrationError);
  CHECK(sqlite::FindRenames(one, {"b", "a1"}, "here", sqlite::EqualNames, {"b", "A1"}).empty());
  CHECK(sqlite::FindRenames(one, {"a2", "a1"}, "here", sqlite::EqualNames, {"a1", "a2"}).size() ==
        1);
  for (const char* made : {"b", "a1"}) {
    CHECK_THROWS_AS(sqlite::FindRenames(one, {"b", "a1"}, "here", sqlite::EqualNames, {made}),
                    grapnel::MigrationError);
  }
}

TEST_CASE("B160 a chain of names moves from its end") {
  const std::vector<Naming> chain{{"b", {"a"}, "b"}, {"c", {"b"}, "c"}, {"d", {"c"}, "d"}};
  CHECK(Found(chain, {"a", "b", "c"}) == Texts{"c d", "b c", "a b"});
  CHECK(Found(chain, {"b", "c", "d"}) == Texts{});
  CHECK(Found(chain, {"b"}) == Texts{"b c", "c d"});
}

TEST_CASE("B160 names that are claimed twice, and circles, are refused") {
  CHECK_THROWS_WITH(Found({{"b", {"a"}, "E.b"}, {"c", {"x", "A"}, "E.c"}}, {}),
                    "E.b and E.c both say by WasNamed that they were called \"A\"");
  CHECK_THROWS_WITH(Found({{"b", {"a"}, "E.b"}, {"a", {"c"}, "E.a"}, {"c", {"b"}, "E.c"}}, {}),
                    Catch::StartsWith("E.b: the names that WasNamed tells of lead back to \"b\""));
}
