#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::detail {

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseAboveMost(std::uint64_t value) {
  throw BadValue(core::Concat({"the value ", std::to_string(value), " is above 2^63 - 1"}));
}
[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseOutOfRange(std::int64_t stored) {
  throw BadValue(
      core::Concat({"the value ", std::to_string(stored), " is out of the field's range"}));
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

}  // namespace grapnel::detail
