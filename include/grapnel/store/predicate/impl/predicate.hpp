#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/store/predicate/predicate.hpp>

#include <string_view>

namespace grapnel::detail {

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseOperand(std::string_view entity,
                                                          std::string_view field,
                                                          const BadValue& error) {
  throw ValidationError(entity, field, Op{}, error.what());
}

}  // namespace grapnel::detail
