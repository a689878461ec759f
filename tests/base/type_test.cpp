#include <grapnel/base/type.hpp>

#include "support/catch.hpp"

#include <set>
#include <vector>

namespace shop {
struct Basket {};
template <class T>
struct Box {};
}  // namespace shop

using grapnel::core::TypeIdOf;
using grapnel::core::TypeName;

TEST_CASE("equal types have equal ids, different types have different ones") {
  using Alias = shop::Basket;
  CHECK(TypeIdOf<shop::Basket>() == TypeIdOf<Alias>());
  const std::set<grapnel::core::TypeId> ids = {TypeIdOf<int>(), TypeIdOf<const int>(),
                                               TypeIdOf<shop::Basket>(), TypeIdOf<shop::Basket*>(),
                                               TypeIdOf<std::vector<int>>()};
  CHECK(ids.size() == 5);
}

TEST_CASE("a type's name is what the compiler calls it, with its namespace") {
  STATIC_REQUIRE(TypeName<int>() == "int");
  STATIC_REQUIRE(TypeName<shop::Basket>() == "shop::Basket");
  STATIC_REQUIRE(TypeName<shop::Box<shop::Basket>>() == "shop::Box<shop::Basket>");
  STATIC_REQUIRE(TypeName<int[3]>().starts_with("int"));
  STATIC_REQUIRE(TypeName<int[3]>().ends_with("[3]"));
}
