#pragma once

#include <grapnel/core/limits.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

namespace store {

/// A statement that was sent to the database, as it is told to Database::OnStatement. What it
/// refers to is valid until the call returns.
struct StatementInfo {
  /// With its parameters, and none of their values.
  std::string_view text;
  /// From before its values were bound until it had ended: of rows that are walked along, with what
  /// was done in between. Converts to and compares with durations of std::chrono.
  core::Elapsed duration;
  /// How many rows it gave.
  std::int64_t rows = 0;
  /// How many rows it inserted, updated or deleted itself.
  std::int64_t changes = 0;
  /// What it failed with; "" when it did not. SQLite's words where they name only what the schema
  /// names, "UNIQUE constraint failed: User.name", and otherwise the kind of error alone, "SQL
  /// logic error": no value is in it, not even for who asks for values.
  std::string_view error;
  /// The values of its parameters in their order, where they were asked for, as ToString tells them
  /// ("\"Ada\"", "42", "NULL"): "***" of Sensitive fields, of SQL of one's own, and of what is no
  /// field's value.
  std::vector<std::string> values{};
  /// Of what begins a transaction: how long that had to wait for others before, and while, it was
  /// sent: for its turn to write, on PostgreSQL for a connection. Exactly 0 where it had not. (For
  /// rows PostgreSQL waits inside of a statement, and tells nobody.)
  core::Elapsed waited{};
};

}  // namespace store

namespace detail {
/// The type of grapnel::WithValues.
struct WithValuesTag {
  explicit WithValuesTag() = default;
};
}  // namespace detail

/// Asks for the values of parameters as well: `client.OnStatement(f, grapnel::WithValues)`.
inline constexpr detail::WithValuesTag WithValues{};

}  // namespace grapnel
