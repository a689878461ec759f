#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/operand.hpp>

#include <string_view>

namespace grapnel::detail {

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseOperand(std::string_view entity,
                                                          const Column* column,
                                                          std::string_view reason) {
  throw ValidationError(entity, column != nullptr ? column->name : "predicate", Op{},
                        column != nullptr && column->IsSecret() ? kHidden : reason);
}

}  // namespace grapnel::detail
