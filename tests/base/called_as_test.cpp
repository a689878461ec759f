#include <grapnel/base/called_as.hpp>

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <string_view>

using grapnel::core::CalledAs;

namespace {

struct Sides {
  int operator()(int) { return 1; }
  std::string operator()(int) const { return "const"; }
};

/// Cannot be moved: as a result it is made in its place.
struct Fixed {
  Fixed() = default;
  Fixed(const Fixed&) = delete;
  Fixed& operator=(const Fixed&) = delete;
};

}  // namespace

TEST_CASE("what is called so is told from what is not") {
  STATIC_REQUIRE(CalledAs<int(int), int, int>);
  STATIC_REQUIRE(CalledAs<int (*)(int), long, short>);
  STATIC_REQUIRE(CalledAs<Sides, int, int>);
  STATIC_REQUIRE(CalledAs<const Sides, std::string_view, int>);
  STATIC_REQUIRE_FALSE(CalledAs<const Sides, int, int>);
  STATIC_REQUIRE_FALSE(CalledAs<Sides, std::string, int>);
  STATIC_REQUIRE_FALSE(CalledAs<Sides, int>);
  STATIC_REQUIRE_FALSE(CalledAs<Sides, int, std::string>);
  STATIC_REQUIRE_FALSE(CalledAs<int, int, int>);
}

TEST_CASE("for void whatever comes is dropped; nothing is no other result") {
  STATIC_REQUIRE(CalledAs<Sides, void, int>);
  STATIC_REQUIRE(CalledAs<void(), void>);
  STATIC_REQUIRE_FALSE(CalledAs<void(), int>);
}

TEST_CASE("arguments are passed as they are given: by reference, or to be moved") {
  STATIC_REQUIRE(CalledAs<void(int&), void, int&>);
  STATIC_REQUIRE_FALSE(CalledAs<void(int&), void, int>);
  STATIC_REQUIRE(CalledAs<void(std::unique_ptr<int>), void, std::unique_ptr<int>>);
  STATIC_REQUIRE_FALSE(CalledAs<void(std::unique_ptr<int>), void, std::unique_ptr<int>&>);
  STATIC_REQUIRE(CalledAs<Fixed(), Fixed>);
}
