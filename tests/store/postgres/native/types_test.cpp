#include <grapnel/store/postgres/native/types.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>

using namespace grapnel::postgres::detail;
using grapnel::FieldKind;
using grapnel::FieldValue;

TEST_CASE("numbers are read as the network has them") {
  const std::string bytes("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
  CHECK(ReadNumber<std::int64_t>(bytes.data()) == 0x0102030405060708);
  CHECK(ReadNumber<std::int32_t>(bytes.data()) == 0x01020304);
  CHECK(ReadNumber<std::int16_t>(bytes.data()) == 0x0102);
  CHECK(ReadNumber<std::int16_t>("\xff\xfe") == -2);
  CHECK(ReadReal(std::string("\x3f\xf8\0\0\0\0\0\0", 8).data()) == 1.5);
  CHECK(Swapped(Swapped(std::uint32_t{7})) == 7);
}

TEST_CASE("each kind of field, and each value, has a type of the server's") {
  CHECK(OidOf(FieldKind::Bool) == kBool);
  CHECK(OidOf(FieldKind::Int) == kInt8);
  CHECK(OidOf(FieldKind::Real) == kFloat8);
  CHECK(OidOf(FieldKind::Text) == kText);
  CHECK(OidOf(FieldKind::Blob) == kBytea);
  CHECK(OidOf(FieldValue()) == kAnyType);
  CHECK(OidOf(FieldValue(true)) == kBool);
  CHECK(OidOf(FieldValue(7)) == kInt8);
  CHECK(OidOf(FieldValue(1.5)) == kFloat8);
  CHECK(OidOf(FieldValue("text")) == kText);
  CHECK(OidOf(FieldValue(FieldValue::Bytes())) == kBytea);
  CHECK(ArrayOf(kInt8) == kInt8Array);
  CHECK(ArrayOf(kBool) == kBoolArray);
  CHECK(ArrayOf(kBytea) == kByteaArray);
  CHECK(ArrayOf(kFloat8) == kFloat8Array);
  CHECK(ArrayOf(kText) == kTextArray);
}

TEST_CASE("what is a text in binary is told from what is not") {
  CHECK(IsTextual(kVarchar));
  CHECK(IsTextual(kJson));
  CHECK_FALSE(IsTextual(kInt8));
  CHECK(NameOf(kBool) == "a boolean");
  CHECK(NameOf(kInt2) == "an integer");
  CHECK(NameOf(kVarchar) == "a text");
  CHECK(NameOf(kNumeric) == "a numeric");
  CHECK(NameOf(600) == "of another type");
}
