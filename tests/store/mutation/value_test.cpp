#include <grapnel/store/mutation/value.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace {

struct User {
  std::string name;
};

}  // namespace

namespace values {

struct Card {
  std::string number;
};

}  // namespace values

template <>
struct grapnel::Schema<values::Card> {
  static constexpr std::string_view Type = "Card";
};

using grapnel::Value;

TEST_CASE("a value is an entity, which counts as one row") {
  Value<User> value = User{"Ada"};
  CHECK(value.HasEntity());
  CHECK(value.Count() == 1);
  value.Entity().name += " L.";
  CHECK(std::as_const(value).Entity().name == "Ada L.");
}

TEST_CASE("or it is a count, of any integer type but bool") {
  const Value<User> value = 3;
  CHECK_FALSE(value.HasEntity());
  CHECK(value.Count() == 3);
  CHECK(Value<User>(std::size_t{4}).Count() == 4);
  CHECK_THROWS_AS(value.Entity(), grapnel::TypeMismatchError);
  Value<values::Card> cards = 5;
  try {
    cards.Entity().number = "1";
    FAIL("a count has an entity");
  } catch (const grapnel::TypeMismatchError& error) {
    CHECK(error.Entity() == "Card");
    CHECK(error.Field().empty());
    CHECK(std::string_view(error.what()).starts_with("Card: this Value is a count, 5, and no"));
    CHECK(error.Reason().find("ask for Count()") != std::string::npos);
  }
  STATIC_REQUIRE_FALSE(std::convertible_to<bool, Value<User>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<double, Value<User>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<const char*, Value<User>>);
}

TEST_CASE("what it was moved from is of the same kind still") {
  Value<User> entity = User{"Ada"};
  const Value<User> taken = std::move(entity);
  CHECK(taken.Entity().name == "Ada");
  CHECK(entity.HasEntity());  // NOLINT(bugprone-use-after-move)
  CHECK(entity.Count() == 1);
  Value<User> count = 3;
  const Value<User> same = std::move(count);
  CHECK(same.Count() == 3);
  CHECK_THROWS_AS(count.Entity(), grapnel::Error);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("assignment replaces what it is") {
  Value<User> value = 3;
  value = User{"Ada"};
  CHECK(value.HasEntity());
  value = 0;
  CHECK_FALSE(value.HasEntity());
  CHECK(value.Count() == 0);
}
