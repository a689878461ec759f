#include <grapnel/store/predicate/predicate.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <concepts>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace predicates {

enum class Color { Red, Unnamed };
struct Versioned {
  std::int64_t version = 0;
};
struct Tenant {
  std::int64_t tenant = 0;
};
struct Audited {
  std::string by;
};
struct User : Versioned, Tenant, Audited {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age;
  double score = 0;
  Color color = Color::Red;
};
struct Pet {
  std::int64_t id = 0;
};

}  // namespace predicates

template <>
struct grapnel::EnumNames<predicates::Color> {
  static constexpr std::pair<predicates::Color, std::string_view> Values[] = {
      {predicates::Color::Red, "red"}};
};
template <>
struct grapnel::Schema<predicates::Versioned> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&predicates::Versioned::version>("version"));
  }
};
template <>
struct grapnel::Schema<predicates::Tenant> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&predicates::Tenant::tenant>("tenant"));
  }
};
template <>
struct grapnel::Schema<predicates::Audited> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&predicates::Audited::by>("by")); }
};
template <>
struct grapnel::Schema<predicates::User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<predicates::Versioned, predicates::Tenant, predicates::Audited>;
  static constexpr auto Fields() {
    using predicates::User;
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"),
                           Field<&User::score>("score"), Field<&User::color>("color"));
  }
};
template <>
struct grapnel::Schema<predicates::Pet> {
  static constexpr std::string_view Type = "Pet";
};

using grapnel::F;
using grapnel::store::Predicate;
using grapnel::store::PredicateKind;
using grapnel::store::PredicateNode;
using predicates::User;
using predicates::Versioned;

namespace {

std::string Text(const PredicateNode& node) {
  constexpr std::string_view signs[] = {
      "=",      "!=",   "<",    "<=",  ">",      ">=",  "in", "is", "holds",
      "begins", "ends", "same", "has", "behind", "and", "or", "not"};
  const std::string sign = " " + std::string(signs[static_cast<std::size_t>(node.kind)]) + " ";
  switch (node.kind) {
    case PredicateKind::And:
    case PredicateKind::Or:
      return "(" + Text(*node.left) + sign + Text(*node.right) + ")";
    case PredicateKind::Not:
      return "not " + Text(*node.left);
    default:
      break;
  }
  std::string text = std::string(grapnel::detail::kTable<User>.FindTag(node.field)->name) + sign;
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    text += (i == 0 ? "" : ",") + ToString(node.values[i]);
  }
  return text;
}
template <class E>
std::string Text(const Predicate<E>& predicate) {
  return Text(*predicate.Node());
}

}  // namespace

TEST_CASE("tokens compare with values, on either side") {
  CHECK(Text(F<&User::age> == 5) == "age = 5");
  CHECK(Text(F<&User::age> != 5) == "age != 5");
  CHECK(Text(F<&User::age> < 5) == "age < 5");
  CHECK(Text(F<&User::age> <= 5) == "age <= 5");
  CHECK(Text(F<&User::age> > 5) == "age > 5");
  CHECK(Text(F<&User::age> >= 5) == "age >= 5");
  CHECK(Text(5 == F<&User::age>) == "age = 5");
  CHECK(Text(5 != F<&User::age>) == "age != 5");
  CHECK(Text(5 < F<&User::age>) == "age > 5");
  CHECK(Text(5 <= F<&User::age>) == "age >= 5");
  CHECK(Text(5 > F<&User::age>) == "age < 5");
  CHECK(Text(5 >= F<&User::age>) == "age <= 5");
  CHECK(Text(F<&User::name> == "Ada") == "name = \"Ada\"");
  CHECK(Text(F<&User::id> == 1) == "id = 1");
}

TEST_CASE("predicates combine as they are put in parentheses") {
  const auto a = F<&User::age> > 1, b = F<&User::age> < 9, c = F<&User::score> == 0.5;
  CHECK(Text(a || (b && c)) == "(age > 1 or (age < 9 and score = 0.5))");
  CHECK(Text((a || b) && !c) == "((age > 1 or age < 9) and not score = 0.5)");
  CHECK(Text(!!a) == "not not age > 1");
}

TEST_CASE("a token has the other predicates as members") {
  CHECK(Text(F<&User::age>.IsNull()) == "age is ");
  CHECK(Text(F<&User::age>.NotNull()) == "not age is ");
  CHECK(Text(F<&User::name>.Contains("d")) == "name holds \"d\"");
  CHECK(Text(F<&User::name>.HasPrefix("A")) == "name begins \"A\"");
  CHECK(Text(F<&User::name>.HasSuffix("a")) == "name ends \"a\"");
}

TEST_CASE("In takes values or a range of them, which may be empty") {
  CHECK(Text(F<&User::age>.In(1, 2, 3)) == "age in 1,2,3");
  CHECK(Text(F<&User::name>.In("a", std::string("b"))) == "name in \"a\",\"b\"");
  CHECK(Text(F<&User::id>.In(std::vector<int>{4, 5})) == "id in 4,5");
  CHECK(Text(F<&User::id>.In(std::list<std::int64_t>{})) == "id in ");
  CHECK(Text(F<&User::id>.NotIn(1)) == "not id in 1");
}

TEST_CASE("values take the form in which they are stored") {
  CHECK(Text(F<&User::color> == predicates::Color::Red) == "color = \"red\"");
  CHECK(Text(F<&User::score> == -0.0) == "score = 0");
}

TEST_CASE("a value that cannot be stored is a validation error about that field") {
  try {
    static_cast<void>(F<&User::score> < std::nan(""));
    FAIL("it was taken");
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Entity() == "User");
    CHECK(error.Field() == "score");
    CHECK(error.Reason().find("NaN cannot be stored") != std::string::npos);
  }
  CHECK_THROWS_AS(F<&User::color> == predicates::Color::Unnamed, grapnel::ValidationError);
}

TEST_CASE("predicates of a mixin join with those of its entities, and apply to them") {
  const auto of_mixin = F<&User::version> == 3;
  STATIC_REQUIRE(std::same_as<decltype(of_mixin), const Predicate<Versioned>>);
  const auto joined = F<&User::age> == 1 && of_mixin;
  STATIC_REQUIRE(std::same_as<decltype(joined), const Predicate<User>>);
  STATIC_REQUIRE(std::same_as<decltype(of_mixin || F<&User::age> == 1), Predicate<User>>);
  CHECK(Text(joined) == "(age = 1 and version = 3)");
  STATIC_REQUIRE(grapnel::store::AppliesTo<Versioned, User>);
  STATIC_REQUIRE_FALSE(grapnel::store::AppliesTo<User, Versioned>);
  STATIC_REQUIRE_FALSE(grapnel::store::AppliesTo<predicates::Pet, User>);
}

TEST_CASE("predicates of several mixins join, and apply to the entities that have all of them") {
  using grapnel::store::AppliesTo;
  const auto two = F<&User::version> == 3 && F<&User::tenant> == 7;
  CHECK(Text(two) == "(version = 3 and tenant = 7)");
  STATIC_REQUIRE(AppliesTo<decltype(two)::Entity, User>);
  STATIC_REQUIRE_FALSE(AppliesTo<decltype(two)::Entity, predicates::Pet>);
  STATIC_REQUIRE_FALSE(AppliesTo<decltype(two)::Entity, Versioned>);
  const auto three = F<&User::by> != "Ada" || !two;
  CHECK(Text(three) == "(by != \"Ada\" or not (version = 3 and tenant = 7))");
  STATIC_REQUIRE(AppliesTo<decltype(three)::Entity, User>);
  CHECK(Text(two || F<&User::version> == 4) == "((version = 3 and tenant = 7) or version = 4)");
  CHECK(Text(two && three).size() > 60);
  STATIC_REQUIRE(std::same_as<decltype(three && F<&User::age> == 1), Predicate<User>>);
  STATIC_REQUIRE(std::same_as<decltype(F<&User::age> == 1 || two), Predicate<User>>);
  using grapnel::store::TwoMixins;
  STATIC_REQUIRE(TwoMixins<Versioned, predicates::Tenant>);
  STATIC_REQUIRE_FALSE(TwoMixins<predicates::Pet, Versioned>);
  STATIC_REQUIRE_FALSE(TwoMixins<predicates::Pet, User>);
  STATIC_REQUIRE_FALSE(TwoMixins<User, decltype(two)::Entity>);
}

TEST_CASE("no condition joins with any") {
  const auto node = (F<&User::age> == 1).Node();
  CHECK(grapnel::store::Both(nullptr, nullptr) == nullptr);
  CHECK(grapnel::store::Both(node, nullptr) == node);
  CHECK(grapnel::store::Both(nullptr, node) == node);
  CHECK(Text(*grapnel::store::Both(node, node)) == "(age = 1 and age = 1)");
}

TEST_CASE("orders name their field and direction") {
  const auto up = grapnel::Asc(F<&User::age>).ordering;
  const auto down = grapnel::Desc(F<&User::version>).ordering;
  CHECK((up.field == F<&User::age>.Tag() && !up.descending));
  CHECK((down.field == F<&Versioned::version>.Tag() && down.descending));
}
