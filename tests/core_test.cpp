#include <grapnel/core.hpp>

#include "support/catch.hpp"

#include <string>

namespace {

using Next = grapnel::core::Next<std::string, int>;

int Twice(std::string& text, Next next) { return 2 * next(text); }
int Longer(std::string& text, Next next) {
  text += "!";
  return next(text);
}

}  // namespace

TEST_CASE("the core's umbrella has what a middleware of one's own needs") {
  const auto length = grapnel::core::Chain(Twice, Longer).Then([](std::string& text) {
    return static_cast<int>(text.size());
  });
  std::string text = "four";
  CHECK(length(text) == 10);
  CHECK(text == "four!");
}
