#include <grapnel/model/value.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using grapnel::FieldValue;

namespace {

FieldValue Stored(std::monostate) { return std::nullopt; }
template <class T>
FieldValue Stored(const T& value) {
  return value;
}

}  // namespace

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

TEST_CASE("values are copied, moved and assigned, whatever they were before") {
  const std::string text = "a text that is too long to stand in the object";
  const std::vector<FieldValue> all = {
      std::nullopt, true, -7, 1.5, "short", text, FieldValue::Bytes(3), FieldValue::Bytes(300)};
  std::mt19937 random(11);
  std::vector<FieldValue> values(20);
  std::vector<std::size_t> expected(values.size(), 0);
  for (int i = 0; i < 5000; ++i) {
    const std::size_t to = random() % values.size(), from = random() % values.size();
    switch (random() % 4) {
      case 0:
        expected[to] = random() % all.size();
        values[to] = all[expected[to]];
        break;
      case 1:
        values[to] = values[from];
        expected[to] = expected[from];
        break;
      case 2: {
        FieldValue moved(std::move(values[from]));
        values[from] = std::move(moved);
        break;
      }
      default:
        std::swap(values[to], values[from]);
        std::swap(expected[to], expected[from]);
    }
    CHECK(values[to] == all[expected[to]]);
    CHECK(values[from] == all[expected[from]]);
  }
  for (const FieldValue& left : all) {
    for (const FieldValue& right : all) CHECK((left == right) == (&left == &right));
  }
}

TEST_CASE("a value is visited as a std::variant") {
  const auto name = [](const FieldValue& value) {
    return std::visit([](const auto& each) { return ToString(Stored(each)); }, value.Get());
  };
  for (const FieldValue& value :
       std::vector<FieldValue>{std::nullopt, true, 3, 2.5, "text", FieldValue::Bytes(2)}) {
    CHECK(name(value) == ToString(value));
    CHECK(value.Get().index() == value.Index());
  }
}

TEST_CASE("equal values have equal hashes") {
  const grapnel::detail::HashOfValue hash;
  CHECK(hash("a") == hash(std::string("a")));
  CHECK(hash(7) == hash(std::int64_t{7}));
  CHECK(hash(FieldValue::Bytes(2)) == hash(FieldValue::Bytes(2)));
}
