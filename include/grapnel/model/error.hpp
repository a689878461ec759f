#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

/// An error about one field of one entity type.
class FieldError : public Error {
 public:
  FieldError(std::string_view entity, std::string_view field, std::string_view reason)
      : Error(core::Concat({entity, field.empty() ? "" : ".", field, ": ", reason})),
        entity_(entity),
        field_(field),
        reason_(reason) {}

  /// The entity type's name ("User").
  const std::string& Entity() const noexcept { return entity_; }
  /// The field's name ("age"); "" where it is not known which.
  const std::string& Field() const noexcept { return field_; }
  /// The message without the names before it.
  const std::string& Reason() const noexcept { return reason_; }

 private:
  std::string entity_;
  std::string field_;
  std::string reason_;
};

/// Values that the schema does not allow: missing, out of range, immutable, or refused by a
/// validator. Nothing was written. Field() and Reason() are of the first of them.
class ValidationError : public FieldError {
 public:
  /// One field or edge that is bad, and why.
  struct Problem {
    std::string field;
    std::string reason;
    bool operator==(const Problem&) const = default;
  };

  ValidationError(std::string_view entity, std::string_view field, grapnel::Op op,
                  std::string_view reason)
      : ValidationError(entity, op, {{std::string(field), std::string(reason)}}) {}
  /// Requires: there is a problem. `row`: see Row().
  ValidationError(std::string_view entity, grapnel::Op op, std::vector<Problem> problems,
                  std::optional<std::size_t> row = std::nullopt)
      : FieldError(entity, problems.at(0).field, Text(op, problems, row)),
        op_(op),
        problems_(std::move(problems)),
        row_(row) {}

  /// What the mutation was about to do.
  grapnel::Op Op() const noexcept { return op_; }
  /// Every field and edge that is bad, in the schema's order; not what an Add comes to, which only
  /// the row tells.
  const std::vector<Problem>& Problems() const noexcept { return problems_; }
  /// In a bulk: which row it was, counted from 0.
  const std::optional<std::size_t>& Row() const noexcept { return row_; }

  /// The same error, of one row of a bulk.
  ValidationError InRow(std::size_t row) const { return {Entity(), op_, problems_, row}; }

 private:
  static std::string Text(grapnel::Op op, const std::vector<Problem>& problems,
                          const std::optional<std::size_t>& row) {
    std::string text = problems.at(0).reason;
    for (std::size_t i = 1; i < problems.size(); ++i) {
      core::Append(text, {"; ", problems[i].field, ": ", problems[i].reason});
    }
    core::Append(text, {" (", ToString(op)});
    if (row) core::Append(text, {", row ", std::to_string(*row)});
    return text += ')';
  }

  grapnel::Op op_;
  std::vector<Problem> problems_;
  std::optional<std::size_t> row_;
};

/// A name that the entity type does not have. The mutation is as it was.
class UnknownFieldError : public FieldError {
 public:
  /// `what` was looked for: "field" or "edge".
  UnknownFieldError(std::string_view entity, std::string_view field,
                    std::string_view what = "field")
      : FieldError(entity, field, core::Concat({"the schema has no ", what, " of this name"})) {}
};

/// Something was read that nobody had asked the database for in time: an edge that the query did
/// not name, or, after the write, the rows as they were before it.
class NotLoadedError : public Error {
 public:
  NotLoadedError(std::string_view what, std::string_view reason)
      : Error(core::Concat({what, ": ", reason})), what_(what) {}

  /// What was read ("User.cards").
  const std::string& What() const noexcept { return what_; }

 private:
  std::string what_;
};

/// A value, or an operation, that does not fit the type of the field or of the result.
class TypeMismatchError : public FieldError {
 public:
  using FieldError::FieldError;
};

/// The database does not fit the schema: a table or column is missing or of another type, or a
/// stored value cannot be read as its field. Nothing was written.
class SchemaError : public FieldError {
 public:
  using FieldError::FieldError;
};

}  // namespace grapnel
