#include <grapnel/base/concat.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using grapnel::core::Append;
using grapnel::core::Concat;

TEST_CASE("texts of any kind are put one after the other") {
  const std::string text = "b";
  CHECK(Concat({"a", text, std::string_view("c"), std::string("d")}) == "abcd");
  CHECK(Concat({"a", std::string_view("\0", 1), ""}) == std::string("a\0", 2));
  CHECK(Concat({}).empty());
}

TEST_CASE("Append keeps what is there") {
  std::string text = "a";
  Append(text, {"b", "c"});
  Append(text, {});
  CHECK(text == "abc");
}

TEST_CASE("Counted has the plural of all but one") {
  using grapnel::core::Counted;
  CHECK(Counted(0, "value") == "0 values");
  CHECK(Counted(1, "value") == "1 value");
  CHECK(Counted(12, "value") == "12 values");
}
