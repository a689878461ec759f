#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

/// An error about one field of one entity type.
class FieldError : public Error {
 public:
  GRAPNEL_DECLARE FieldError(std::string_view entity, std::string_view field,
                             std::string_view reason);

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

  GRAPNEL_DECLARE ValidationError(std::string_view entity, std::string_view field, grapnel::Op op,
                                  std::string_view reason);
  /// Requires: there is a problem. `row`: see Row().
  GRAPNEL_DECLARE ValidationError(std::string_view entity, grapnel::Op op,
                                  std::vector<Problem> problems,
                                  std::optional<std::size_t> row = std::nullopt);

  /// What the mutation was about to do.
  grapnel::Op Op() const noexcept { return op_; }
  /// Every field and edge that is bad, in the schema's order; not what an Add comes to, which only
  /// the row tells.
  const std::vector<Problem>& Problems() const noexcept { return problems_; }
  /// In a bulk: which row it was, counted from 0.
  const std::optional<std::size_t>& Row() const noexcept { return row_; }

  /// The same error, of one row of a bulk.
  GRAPNEL_DECLARE ValidationError InRow(std::size_t row) const;

 private:
  grapnel::Op op_;
  std::vector<Problem> problems_;
  std::optional<std::size_t> row_;
};

/// A name that the entity type does not have. The mutation is as it was.
class UnknownFieldError : public FieldError {
 public:
  /// `what` was looked for: "field" or "edge".
  GRAPNEL_DECLARE UnknownFieldError(std::string_view entity, std::string_view field,
                                    std::string_view what = "field");
};

/// Something was read that nobody had asked the database for in time: an edge that the query did
/// not name, or, after the write, the rows as they were before it.
class NotLoadedError : public Error {
 public:
  GRAPNEL_DECLARE NotLoadedError(std::string_view what, std::string_view reason);

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

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/model/impl/error.hpp>  // IWYU pragma: keep
#endif
