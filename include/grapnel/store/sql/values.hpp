#pragma once

#include <grapnel/model/value.hpp>

#include <span>

/// Lists of values of any length, as one parameter of a statement.
namespace grapnel::store::sql {

using ValueList = std::span<const FieldValue>;

}  // namespace grapnel::store::sql
