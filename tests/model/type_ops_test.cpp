#include <grapnel/model/type_ops.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using grapnel::FieldKind;
using grapnel::FieldValue;
using grapnel::detail::kTypeOps;

namespace {

template <class T>
bool Add(T& value, T delta) {
  return kTypeOps<T>.add(&value, &delta);
}

}  // namespace

TEST_CASE("the ops of a type carry its kind and its range") {
  CHECK(kTypeOps<std::optional<std::string>>.kind == FieldKind::Text);
  CHECK(kTypeOps<std::int8_t>.least == -128);
  CHECK(kTypeOps<std::int8_t>.most == 127);
  CHECK(kTypeOps<std::uint64_t>.least == 0);
  CHECK(kTypeOps<std::uint64_t>.most == std::numeric_limits<std::int64_t>::max());
  CHECK(kTypeOps<std::optional<int>>.number);
  CHECK(kTypeOps<double>.number);
  CHECK_FALSE(kTypeOps<bool>.number);
  CHECK(kTypeOps<std::string>.add == nullptr);
}

TEST_CASE("addition stays inside of the type, or says that it does not") {
  std::int64_t number = 1;
  CHECK(Add<std::int64_t>(number, -3));
  CHECK(number == -2);
  number = std::numeric_limits<std::int64_t>::max();
  CHECK_FALSE(Add<std::int64_t>(number, 1));
  CHECK(number == std::numeric_limits<std::int64_t>::max());  // as it was
  std::uint8_t byte = 250;
  CHECK(Add<std::uint8_t>(byte, 5));
  CHECK(byte == 255);
  CHECK_FALSE(Add<std::uint8_t>(byte, 1));
  CHECK(byte == 255);
  double real = 0.5;
  CHECK(Add(real, 0.25));
  CHECK(real == 0.75);
  real = std::numeric_limits<double>::infinity();
  CHECK_FALSE(Add(real, -real));
  CHECK(real == std::numeric_limits<double>::infinity());
}

TEST_CASE("of an optional number it is the value that is added to") {
  std::optional<std::int8_t> maybe = 5;
  CHECK(Add<std::optional<std::int8_t>>(maybe, 2));
  CHECK(maybe == 7);
  CHECK_FALSE(Add<std::optional<std::int8_t>>(maybe, 121));
  CHECK(maybe == 7);
}

TEST_CASE("values are copied, emptied, tested, bound and loaded by their address alone") {
  const auto& ops = kTypeOps<std::optional<std::string>>;
  std::optional<std::string> value("x"), other;
  CHECK_FALSE(ops.is_null(&value));
  CHECK(ops.is_null(&other));
  ops.copy(&other, &value);
  CHECK(other == "x");
  ops.reset(&value);
  CHECK(value == std::nullopt);
  CHECK(ops.from_value(&value, "y"));
  CHECK(ops.to_value(&value) == FieldValue("y"));
  CHECK_FALSE(ops.from_value(&value, 1));
  Cell cell;
  ops.bind(&value, cell, 1);
  CHECK(cell.value == FieldValue("y"));
  ops.load(&other, cell, 0);
  CHECK(other == "y");
}

TEST_CASE("as an id, 0 and the empty text mean that there is none") {
  const std::int64_t zero = 0, one = 1;
  CHECK(kTypeOps<std::int64_t>.is_zero(&zero));
  CHECK_FALSE(kTypeOps<std::int64_t>.is_zero(&one));
  const std::string empty, text = "x";
  CHECK(kTypeOps<std::string>.is_zero(&empty));
  CHECK_FALSE(kTypeOps<std::string>.is_zero(&text));
  CHECK(kTypeOps<double>.is_zero == nullptr);
}

TEST_CASE("lengths are of texts and blobs that are there") {
  const std::optional<std::string> text = "four";
  CHECK(kTypeOps<std::optional<std::string>>.length(&text) == 4);
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  CHECK(kTypeOps<std::vector<std::uint8_t>>.length(&bytes) == 3);
  CHECK(kTypeOps<std::int64_t>.length == nullptr);
}

TEST_CASE("a value is made as it will be read back") {
  const auto make = [](void* value, const void* of) {
    *static_cast<double*>(value) = *static_cast<const double*>(of);
  };
  const double zero = -0.0;
  const FieldValue made = kTypeOps<double>.made_by(make, &zero);
  CHECK_FALSE(std::signbit(*made.As<double>()));
}

TEST_CASE("types tell whether some of their values cannot be stored") {
  CHECK(kTypeOps<std::uint64_t>.may_not_be_stored);
  CHECK(kTypeOps<std::optional<std::uint64_t>>.may_not_be_stored);
  CHECK_FALSE(kTypeOps<std::uint32_t>.may_not_be_stored);
  CHECK_FALSE(kTypeOps<double>.may_not_be_stored);
  CHECK_FALSE(kTypeOps<std::string>.may_not_be_stored);
}
