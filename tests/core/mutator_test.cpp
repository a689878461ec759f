#include <grapnel/core/mutator.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <memory>
#include <string>
#include <utility>

using grapnel::core::Mutator;
using Counter = Mutator<int, int>;

namespace {

int Twice(int& value) { return value *= 2; }

}  // namespace

TEST_CASE("a mutator is made of any callable that takes the subject to the result") {
  int value = 3;
  CHECK(Counter(Twice)(value) == 6);
  CHECK(Counter([](int& v) { return v + 1; })(value) == 7);
  CHECK(Counter([](auto& v) -> short { return static_cast<short>(v); })(value) == 6);
  Mutator<int, void>([](int& v) { v = 0; })(value);
  CHECK(value == 0);
  Mutator<int, std::string> text = [](int&) { return "converted"; };
  CHECK(text(value) == "converted");
}

TEST_CASE("what cannot be called so is no mutator") {
  STATIC_REQUIRE(std::constructible_from<Counter, int (*)(int&)>);
  STATIC_REQUIRE_FALSE(std::constructible_from<Counter, int>);
  STATIC_REQUIRE_FALSE(std::constructible_from<Counter, int (*)(std::string&)>);
  STATIC_REQUIRE_FALSE(std::constructible_from<Counter, std::string (*)(int&)>);
  const auto changes_itself = [n = 0](int&) mutable { return ++n; };  // it is called const
  STATIC_REQUIRE_FALSE(std::constructible_from<Counter, decltype(changes_itself)>);
}

TEST_CASE("copies share the callable, which may own what cannot be copied") {
  auto seen = std::make_unique<int>(40);
  const int* address = seen.get();
  const Counter first = [seen = std::move(seen)](int& v) { return ++*seen + v; };
  const Counter second = first;
  int two = 2;
  CHECK(first(two) == 43);
  CHECK(second(two) == 44);
  CHECK(*address == 42);
}
