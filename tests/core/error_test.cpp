#include <grapnel/core/error.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <stdexcept>
#include <string>

using grapnel::Op;

TEST_CASE("everything that is thrown has one root, which is a standard exception") {
  STATIC_REQUIRE(std::derived_from<grapnel::Error, std::runtime_error>);
  STATIC_REQUIRE(std::derived_from<grapnel::RejectedError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::DependencyError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::CancelledError, grapnel::Error>);
  CHECK(grapnel::Error("text").what() == std::string("text"));
}

TEST_CASE("B17 a rejection names the type and the op, and carries both") {
  const grapnel::RejectedError error("User", Op::Delete);
  CHECK(error.what() == std::string("User: Delete is not allowed"));
  CHECK(error.Type() == "User");
  CHECK(error.Op() == Op::Delete);
}

TEST_CASE("a missing dependency names the type, and says what to write") {
  const grapnel::DependencyError error("shop::Bucket");
  CHECK(error.Type() == "shop::Bucket");
  CHECK(error.what() ==
        std::string("no dependency of type shop::Bucket was provided; call Provide(object), "
                    "or Provide<shop::Bucket>(object) for an object of a derived type"));
}
