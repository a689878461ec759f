#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>

#include <optional>
#include <string_view>

namespace grapnel {

GRAPNEL_DEFINE RejectedError::RejectedError(std::string_view type, grapnel::Op op)
    : Error(core::Concat({type, ": ", ToString(op), " is not allowed"})), type_(type), op_(op) {}

GRAPNEL_DEFINE PolicyError::PolicyError(std::string_view entity, std::optional<grapnel::Op> op,
                                        std::string_view rule, std::string_view reason)
    : Error(
          core::Concat({entity, ": ", op ? ToString(*op) : "a read", " is not allowed: ", reason})),
      entity_(entity),
      op_(op),
      rule_(rule),
      reason_(reason) {}

GRAPNEL_DEFINE DependencyError::DependencyError(std::string_view type)
    : Error(core::Concat({"no dependency of type ", type,
                          " was provided; call Provide(object), or Provide<", type,
                          ">(object) for an object of a derived type"})),
      type_(type) {}

GRAPNEL_DEFINE void core::detail::ThrowNone() {
  throw Error(
      "nothing to call was given: a null pointer, an empty std::function, or one that was moved "
      "from");
}

}  // namespace grapnel
