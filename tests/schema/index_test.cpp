#include <grapnel/schema/index.hpp>

#include "support/catch.hpp"

#include <string>

namespace {

struct Person {
  std::string first, last;
};
/// What Where takes: something that has a node.
struct Predicate {
  using Entity = Person;
  struct Pointer {
    const grapnel::store::PredicateNode* node;
    const grapnel::store::PredicateNode* Get() const { return node; }
  };
  Pointer Node() const { return {reinterpret_cast<const grapnel::store::PredicateNode*>(this)}; }
};

}  // namespace

using grapnel::F;
using grapnel::Index;

TEST_CASE("an index names its fields in their order") {
  constexpr auto index = Index<&Person::last, &Person::first>();
  REQUIRE(index.Info().fields.size() == 2);
  CHECK(index.Info().fields[0] == F<&Person::last>.Tag());
  CHECK(index.Info().fields[1] == F<&Person::first>.Tag());
  CHECK_FALSE(index.Info().unique);
  CHECK(index.Info().name.empty());
}

TEST_CASE("options give a longer description and leave the receiver as it was") {
  constexpr auto plain = Index<&Person::last>();
  constexpr auto unique = plain.StorageKey("by_last").Unique();
  STATIC_REQUIRE(unique.Info().unique);
  STATIC_REQUIRE(unique.Info().name == "by_last");
  STATIC_REQUIRE_FALSE(plain.Info().unique);
}

TEST_CASE("indexes are kept in their order") {
  constexpr auto indexes =
      grapnel::Indexes(Index<&Person::first>(), Index<&Person::last>().Unique());
  STATIC_REQUIRE(decltype(indexes)::kSize == 2);
  STATIC_REQUIRE(grapnel::core::Get<1>(indexes).Info().unique);
}

TEST_CASE("B162 a condition comes to an index before or after its other options") {
  const auto index = Index<&Person::last>().StorageKey("x").Where(Predicate()).Unique();
  CHECK((index.Info().unique && index.Info().name == "x" && index.Info().where != nullptr));
  const auto other = Index<&Person::last>().Unique().Where(Predicate()).StorageKey("y");
  CHECK((other.Info().unique && other.Info().name == "y" && other.Info().where != nullptr));
  CHECK(Index<&Person::last>().Info().where == nullptr);
}
