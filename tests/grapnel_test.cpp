#include <grapnel/grapnel.hpp>

#include "support/catch.hpp"

#include <type_traits>

TEST_CASE("the umbrella brings the core, the helpers, the schema, the store and the engine") {
  STATIC_REQUIRE(std::is_class_v<grapnel::core::HookHandle>);
  STATIC_REQUIRE(std::is_class_v<grapnel::Client>);
  STATIC_REQUIRE(std::is_class_v<grapnel::Tx>);
  STATIC_REQUIRE(requires { &grapnel::hook::HasOp; });
  STATIC_REQUIRE(requires { &grapnel::sqlite::detail::OpenDriver; });
}
