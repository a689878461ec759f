#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>

namespace grapnel::detail {

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseAboveMost(std::uint64_t value) {
  throw BadValue(core::Concat({"the value ", std::to_string(value), " is above 2^63 - 1"}));
}
[[gnu::cold]] GRAPNEL_DEFINE std::string OutOfRange(std::uint64_t bits, bool is_negative) {
  return core::Concat(
      {"the value ",
       is_negative ? std::to_string(static_cast<std::int64_t>(bits)) : std::to_string(bits),
       " is out of the field's range"});
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseNumber(std::uint64_t bits, bool is_negative) {
  throw BadValue(OutOfRange(bits, is_negative));
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseNullText() { throw BadValue(kNullText); }
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseOutOfRange(std::int64_t stored) {
  RefuseNumber(static_cast<std::uint64_t>(stored), stored < 0);
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseNan() { throw BadValue("NaN cannot be stored"); }
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseTime() {
  throw BadValue("the time is out of the range that can be stored");
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseTimeOutOfRange(std::int64_t stored) {
  throw BadValue(
      core::Concat({"the time ", std::to_string(stored), " us is out of the field's range"}));
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseNamelessEnum(long long value) {
  throw BadValue(
      core::Concat({"the enum value ", std::to_string(value), " has no name in EnumNames"}));
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseUnknownName(std::string_view stored) {
  throw BadValue(core::Concat({"\"", stored, "\" is no name in EnumNames"}));
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseEncoded() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw BadValue(error.what());
  }
}

}  // namespace grapnel::detail
