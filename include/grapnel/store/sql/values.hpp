#pragma once

#include <grapnel/model/value.hpp>

#include <span>

/// Lists of values of any length, as one parameter of a statement.
namespace grapnel::store::sql {

using ValueList = std::span<const FieldValue>;

/// `SELECT value, place FROM grapnel_values(?1)`: the values of the list that is bound to the
/// parameter, in their order, and their places in it, counted from 0.
inline constexpr const char* kValuesFunction = "grapnel_values";
/// `grapnel_value(?1, 7)` is the one at place 7, which is no constant to the database.
inline constexpr const char* kValueFunction = "grapnel_value";

}  // namespace grapnel::store::sql
