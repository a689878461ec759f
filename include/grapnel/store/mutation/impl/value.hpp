#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/store/mutation/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::detail {

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseCount(std::string_view entity,
                                                        std::int64_t count) {
  throw TypeMismatchError(
      entity, "",
      core::Concat({"this Value is a count, ", std::to_string(count),
                    ", and no entity: ask for Count(); only a Create and an UpdateOne result in an "
                    "entity, as HasEntity() tells"}));
}

}  // namespace grapnel::detail
