#include <grapnel/model/value.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using grapnel::FieldValue;

TEST_CASE("a value converts from what it stores, and knows which it is") {
  const auto holds = []<class T>(const FieldValue& value, T expected) {
    REQUIRE(value.As<T>() != nullptr);
    CHECK(*value.As<T>() == expected);
    CHECK_FALSE(value.IsNull());
  };
  holds(true, true);
  holds(42, std::int64_t{42});
  holds(std::int8_t{-3}, std::int64_t{-3});
  holds(std::uint32_t{4'000'000'000U}, std::int64_t{4'000'000'000});
  holds(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::min());
  holds(1.5, 1.5);
  holds("text", std::string("text"));
  holds(std::string_view("a\0b", 3), std::string("a\0b", 3));
  holds(FieldValue::Bytes{std::byte{1}}, FieldValue::Bytes{std::byte{1}});
  CHECK(FieldValue().IsNull());
  CHECK(FieldValue(std::nullopt).IsNull());
  STATIC_REQUIRE_FALSE(std::convertible_to<std::uint64_t, FieldValue>);
}

TEST_CASE("a value of another type is not there, and is not equal") {
  CHECK(FieldValue(1).As<bool>() == nullptr);
  CHECK(FieldValue(true).As<std::int64_t>() == nullptr);
  CHECK(FieldValue().As<std::string>() == nullptr);
  CHECK(FieldValue(1) != FieldValue(true));
  CHECK(FieldValue(1) != FieldValue(1.0));
  CHECK(FieldValue("") != FieldValue());
  CHECK(FieldValue() == FieldValue(std::nullopt));
}

TEST_CASE("a value has a text") {
  CHECK(ToString(FieldValue()) == "NULL");
  CHECK(ToString(FieldValue(true)) == "true");
  CHECK(ToString(FieldValue(false)) == "false");
  CHECK(ToString(FieldValue(-42)) == "-42");
  CHECK(ToString(FieldValue(1.5)) == "1.5");
  CHECK(ToString(FieldValue("text")) == "\"text\"");
  CHECK(ToString(FieldValue(FieldValue::Bytes(3))) == "blob(3 bytes)");
}

TEST_CASE("a kind has a name") {
  using grapnel::FieldKind;
  CHECK(Name(FieldKind::Bool) == "bool");
  CHECK(Name(FieldKind::Int) == "integer");
  CHECK(Name(FieldKind::Real) == "real");
  CHECK(Name(FieldKind::Text) == "text");
  CHECK(Name(FieldKind::Blob) == "blob");
}
