#include <grapnel/store/tx/dependencies.hpp>

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

using grapnel::detail::Dependencies;

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

TEST_CASE("a second object of a type is an error, unless it replaces the first one on purpose") {
  Dependencies dependencies;
  int first = 1, second = 2;
  dependencies.Provide(first);
  dependencies.Provide(first);  // the same one is no second
  try {
    dependencies.Provide(second);
    FAIL("the first one was replaced silently");
  } catch (const grapnel::DependencyError& error) {
    CHECK(error.Type() == "int");
    CHECK_THAT(error.what(), Catch::Contains("grapnel::Replace") && Catch::Contains("\"name\""));
  }
  CHECK(&dependencies.Get<int>() == &first);
  dependencies.Provide(second, {}, true);
  CHECK(&dependencies.Get<int>() == &second);
  CHECK_THROWS_AS(dependencies.Provide<const int>(second), grapnel::DependencyError);
}

TEST_CASE("names tell several objects of a type apart") {
  Dependencies dependencies;
  int plain = 1, audit = 2, news = 3, other = 4;
  dependencies.Provide(audit, "audit");
  dependencies.Provide(news, "news");
  CHECK_THROWS_WITH(dependencies.Get<int>(),
                    "no dependency of type int was provided without a name; there is one named "
                    "\"audit\": ask for Dep<int>(\"audit\")");
  dependencies.Provide(plain);
  CHECK(&dependencies.Get<int>() == &plain);
  CHECK(&dependencies.Get<int>("audit") == &audit);
  CHECK(&dependencies.Get<const int>("news") == &news);
  CHECK_THROWS_AS(dependencies.Provide(other, "audit"), grapnel::DependencyError);
  dependencies.Provide(other, "audit", true);
  CHECK(&dependencies.Get<int>("audit") == &other);
  CHECK_THROWS_WITH(dependencies.Get<int>("adit"),
                    "no dependency of type int named \"adit\" was provided; call "
                    "client.Provide<int>(\"adit\", object)");
}

TEST_CASE("a const object is had as const alone") {
  Dependencies dependencies;
  const std::string text = "a";
  int number = 1;
  dependencies.Provide(text);
  dependencies.Provide<const int>(number);
  CHECK(&dependencies.Get<const std::string>() == &text);
  CHECK(&dependencies.Get<const int>() == &number);
  CHECK_THROWS_AS(dependencies.Get<std::string>(), grapnel::DependencyError);
  CHECK_THROWS_WITH(dependencies.Get<int>(),
                    "the object of type int was provided as const: ask for Dep<const int>()");
  double real = 1;
  dependencies.Provide(real);
  CHECK(&dependencies.Get<const double>() == &real);
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
