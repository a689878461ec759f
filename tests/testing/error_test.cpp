#include <grapnel/testing/error.hpp>

#include "support/catch.hpp"

#include <string>

TEST_CASE("B211 what a test has not given is an error of Grapnel's") {
  try {
    throw grapnel::testing::NotGivenError("User: no row");
  } catch (const grapnel::Error& error) {
    CHECK(std::string(error.what()) == "User: no row");
  }
}
