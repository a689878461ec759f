#include <grapnel/schema/field.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using grapnel::Field;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> nickname;
  int age = 0;
  std::optional<std::uint64_t> points;
  double score = 0;
  bool active = false;
};

using Reason = std::optional<std::string>;

/// What the column of a field says of a value.
template <class F>
Reason Check(const F& field, typename F::Type value) {
  auto column = field.Traits();
  column.field = &field;
  return column.Check(&value);
}

}  // namespace

TEST_CASE("each option gives a longer description and leaves the receiver as it was") {
  constexpr Field<&User::name> plain("name");
  constexpr auto full = plain.Immutable().Unique().Sensitive().StorageKey("n").Comment("c");
  STATIC_REQUIRE(full.Traits().name == "name");
  STATIC_REQUIRE(full.Traits().storage == "n");
  STATIC_REQUIRE(full.Traits().comment == "c");
  STATIC_REQUIRE((full.Traits().immutable && full.Traits().unique && full.Traits().sensitive));
  STATIC_REQUIRE(plain.Traits().storage == "name");
  STATIC_REQUIRE_FALSE(
      (plain.Traits().immutable || plain.Traits().unique || plain.Traits().sensitive));
  STATIC_REQUIRE(Field<&User::id>("id").NeverReuse().Traits().never_reuse);
}

TEST_CASE("a default is a value or something to call for one; it keeps the other options") {
  constexpr auto fixed = Field<&User::name>("name").Immutable().MinLen(2).Default("none");
  STATIC_REQUIRE(fixed.Traits().HasDefault());
  STATIC_REQUIRE(fixed.Traits().set_update_default == nullptr);
  STATIC_REQUIRE(fixed.Traits().immutable);
  CHECK(fixed.MakeDefault() == "none");
  CHECK(Check(fixed, "x") == "the value is shorter than 2 bytes");

  static int calls = 0;
  constexpr auto counted = Field<&User::age>("age").Range(0, 9).Default([] { return ++calls; });
  constexpr auto both = counted.UpdateDefault(7);
  CHECK(both.MakeDefault() == 1);
  CHECK(both.MakeDefault() == 2);
  CHECK(both.MakeUpdateDefault() == 7);
  STATIC_REQUIRE(both.Traits().set_update_default != nullptr);
  CHECK(both.Traits().most == 9);
  CHECK(Field<&User::nickname>("nickname").Default("nick").MakeDefault() == "nick");
}

TEST_CASE("lengths are counted in bytes") {
  constexpr auto field = Field<&User::name>("name").MinLen(2).MaxLen(4);
  CHECK(Check(field, "") == "the value is empty");
  CHECK(Check(field, "a") == "the value is shorter than 2 bytes");
  CHECK(Check(field, "ab") == std::nullopt);
  CHECK(Check(field, "äö") == std::nullopt);
  CHECK(Check(field, "äöü") == "the value is longer than 4 bytes");
  CHECK(Check(Field<&User::name>("name").NotEmpty(), "") == "the value is empty");
  CHECK(Check(Field<&User::name>("name").NotEmpty(), std::string(1, '\0')) == std::nullopt);
  CHECK(Check(Field<&User::name>("name"), "") == std::nullopt);
}

TEST_CASE("a range holds both of its ends") {
  constexpr auto age = Field<&User::age>("age").Range(0, 150);
  CHECK(Check(age, 0) == std::nullopt);
  CHECK(Check(age, 150) == std::nullopt);
  CHECK(Check(age, -1) == "the value -1 is out of range");
  CHECK(Check(age, 151) == "the value 151 is out of range");
  constexpr auto points = Field<&User::points>("points").Range(1, 5);
  CHECK(Check(points, 6) == "the value 6 is out of range");
  constexpr auto score = Field<&User::score>("score").Range(-0.5, 0.5);
  CHECK(Check(score, 0.5) == std::nullopt);
  CHECK(Check(score, 0.75).has_value());
}

TEST_CASE("Positive is above zero, for integers and reals") {
  constexpr auto age = Field<&User::age>("age").Positive();
  CHECK(Check(age, 1) == std::nullopt);
  CHECK(Check(age, 0).has_value());
  constexpr auto score = Field<&User::score>("score").Positive();
  CHECK(Check(score, std::numeric_limits<double>::denorm_min()) == std::nullopt);
  CHECK(Check(score, 0.0).has_value());
  CHECK(Check(score, -1.0).has_value());
}

TEST_CASE("B79 numbers that cannot be stored are refused without any option") {
  CHECK(Check(Field<&User::score>("score"), std::nan("")) == "NaN cannot be stored");
  CHECK(Check(Field<&User::points>("points"), std::uint64_t{1} << 63U) ==
        "the value 9223372036854775808 is above 2^63 - 1");
}

TEST_CASE("validators run in their order until one refuses; a reason is thrown") {
  std::string asked;
  const auto says = [&asked](char name, bool ok) {
    return [&asked, name, ok](const std::string&) {
      asked += name;
      return ok;
    };
  };
  const auto field = Field<&User::name>("name")
                         .Validate(says('a', true))
                         .Validate(says('b', false))
                         .Validate(says('c', true));
  CHECK(Check(field, "x") == "the value is not valid");
  CHECK(asked == "ab");

  const auto throws = Field<&User::name>("name").Validate([](std::string_view text) {
    if (text != "ada") throw std::invalid_argument("it is not ada");
  });
  CHECK(Check(throws, "ada") == std::nullopt);
  CHECK(Check(throws, "bob") == "it is not ada");
}

TEST_CASE("Match takes any test of a text") {
  constexpr auto lower = [](std::string_view text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == text.npos;
  };
  constexpr auto field = Field<&User::nickname>("nickname").Match(lower);
  CHECK(Check(field, "ada") == std::nullopt);
  CHECK(Check(field, "Ada") == "the value is not valid");
}

TEST_CASE("whether a check is needed at all is known at compile time") {
  STATIC_REQUIRE_FALSE(Field<&User::name>("name").Traits().NeedsCheck());
  STATIC_REQUIRE_FALSE(Field<&User::active>("active").Traits().NeedsCheck());
  STATIC_REQUIRE(Field<&User::name>("name").NotEmpty().Traits().NeedsCheck());
  STATIC_REQUIRE(Field<&User::name>("name").MaxLen(3).Traits().NeedsCheck());
  STATIC_REQUIRE_FALSE(Field<&User::age>("age").Traits().NeedsCheck());
  STATIC_REQUIRE(Field<&User::age>("age").Range(0, 9).Traits().NeedsCheck());
  STATIC_REQUIRE(Field<&User::age>("age").Positive().Traits().NeedsCheck());
}

TEST_CASE("the reason why a sensitive value is refused does not tell the value") {
  constexpr auto pin = Field<&User::age>("pin").Sensitive().Range(0, 9);
  const Reason reason = Check(pin, 4711);
  REQUIRE(reason.has_value());
  CHECK(reason->find("4711") == std::string::npos);
  CHECK(reason->find("***") != std::string::npos);
}

TEST_CASE("fields are kept in their order") {
  constexpr auto fields = grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"));
  STATIC_REQUIRE(decltype(fields)::kSize == 2);
  STATIC_REQUIRE(grapnel::core::Get<1>(fields).Traits().name == "age");
  STATIC_REQUIRE(decltype(grapnel::Fields())::kSize == 0);
}

TEST_CASE("the fields of another list are taken over, wherever it stands") {
  constexpr auto some = grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"));
  constexpr auto all = grapnel::Fields(Field<&User::id>("id"), some, grapnel::Fields(),
                                       Field<&User::score>("score").Default(1));
  STATIC_REQUIRE(decltype(all)::kSize == 4);
  STATIC_REQUIRE(grapnel::core::Get<0>(all).Traits().name == "id");
  STATIC_REQUIRE(grapnel::core::Get<2>(all).Traits().name == "age");
  STATIC_REQUIRE(grapnel::core::Get<3>(all).Traits().HasDefault());
}
