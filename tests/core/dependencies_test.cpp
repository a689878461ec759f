#include <grapnel/core/dependencies.hpp>

#include "support/catch.hpp"

#include <string>

namespace {

struct Clock {
  virtual ~Clock() = default;
  virtual int Now() const = 0;
};
struct FixedClock : Clock {
  int Now() const override { return 7; }
};

}  // namespace

using grapnel::core::Dependencies;

TEST_CASE("what was provided comes back by its type, by reference") {
  Dependencies dependencies;
  std::string text = "a";
  int number = 1;
  dependencies.Provide(text);
  dependencies.Provide(number);
  dependencies.Get<std::string>() += "b";
  CHECK(text == "ab");
  CHECK(&dependencies.Get<int>() == &number);
}

TEST_CASE("an object is provided as its base by naming the base") {
  Dependencies dependencies;
  FixedClock clock;
  dependencies.Provide<Clock>(clock);
  CHECK(dependencies.Get<Clock>().Now() == 7);
  CHECK_THROWS_AS(dependencies.Get<FixedClock>(), grapnel::DependencyError);
}

TEST_CASE("a second object of a type takes the first one's place") {
  Dependencies dependencies;
  int first = 1, second = 2;
  dependencies.Provide(first);
  dependencies.Provide(second);
  CHECK(&dependencies.Get<int>() == &second);
}

TEST_CASE("a missing object is an error that names the type") {
  const Dependencies dependencies;
  try {
    dependencies.Get<Clock>();
    FAIL("an object came from nowhere");
  } catch (const grapnel::DependencyError& error) {
    CHECK(error.Type().ends_with("Clock"));
  }
}
