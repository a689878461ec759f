#pragma once

#include <grapnel/model/value.hpp>

#include <libpq-fe.h>

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

/// The types of PostgreSQL that values pass as, and how their numbers are written in binary.
namespace grapnel::postgres::detail {

/// Their OIDs, which are the same in every server.
/// Source: src/include/catalog/pg_type.dat
enum TypeOid : Oid {
  kAnyType = 0,  // the server finds out which
  kBool = 16,
  kBytea = 17,
  kChar = 18,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kXml = 142,
  kFloat4 = 700,
  kFloat8 = 701,
  kUnknown = 705,
  kBoolArray = 1000,
  kByteaArray = 1001,
  kTextArray = 1009,
  kInt8Array = 1016,
  kFloat8Array = 1022,
  kBpchar = 1042,
  kVarchar = 1043,
  kNumeric = 1700,
};

/// The type of a column that Grapnel makes.
constexpr Oid OidOf(FieldKind kind) noexcept {
  switch (kind) {
    case FieldKind::Bool:
      return kBool;
    case FieldKind::Int:
      return kInt8;
    case FieldKind::Real:
      return kFloat8;
    case FieldKind::Text:
      return kText;
    case FieldKind::Blob:
      break;
  }
  return kBytea;
}
/// The type of a value; of NULL none.
inline Oid OidOf(const FieldValue& value) noexcept {
  constexpr Oid oids[] = {kAnyType, kBool, kInt8, kFloat8, kText, kBytea};
  return oids[value.Index()];
}
constexpr Oid ArrayOf(Oid type) noexcept {
  switch (type) {
    case kBool:
      return kBoolArray;
    case kInt8:
      return kInt8Array;
    case kFloat8:
      return kFloat8Array;
    case kBytea:
      return kByteaArray;
    default:
      return kTextArray;
  }
}

/// Whether its binary form is its text.
constexpr bool IsTextual(Oid type) noexcept {
  return type == kText || type == kVarchar || type == kBpchar || type == kName ||
         type == kUnknown || type == kJson || type == kXml || type == kChar;
}

/// "a bigint", for messages.
constexpr std::string_view NameOf(Oid type) noexcept {
  switch (type) {
    case kBool:
      return "a boolean";
    case kBytea:
      return "a bytea";
    case kInt8:
    case kInt4:
    case kInt2:
    case kOid:
      return "an integer";
    case kFloat4:
    case kFloat8:
      return "a real";
    case kNumeric:
      return "a numeric";
    default:
      return IsTextual(type) ? "a text" : "of another type";
  }
}

/// The same bytes from the first to the last, as the network has them, and back.
template <std::unsigned_integral N>
constexpr N Swapped(N number) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(N) == 1) {
    return number;
  } else if constexpr (sizeof(N) == 8) {
    return __builtin_bswap64(number);
  } else if constexpr (sizeof(N) == 4) {
    return __builtin_bswap32(number);
  } else {
    return __builtin_bswap16(number);
  }
}
template <class N>
requires(std::integral<N>) N ReadNumber(const char* from)
noexcept {
  std::make_unsigned_t<N> bits{};
  std::memcpy(&bits, from, sizeof(bits));
  return static_cast<N>(Swapped(bits));
}
inline double ReadReal(const char* from) noexcept {
  return std::bit_cast<double>(ReadNumber<std::uint64_t>(from));
}

}  // namespace grapnel::postgres::detail
