#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>

#include <string>
#include <string_view>

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

/// A value that the schema does not allow: missing, out of range, immutable, or refused by a validator.
/// Nothing was written.
class ValidationError : public FieldError {
 public:
  ValidationError(std::string_view entity, std::string_view field, grapnel::Op op,
                  std::string_view reason)
      : FieldError(entity, field, core::Concat({reason, " (", ToString(op), ")"})), op_(op) {}

  /// What the mutation was about to do.
  grapnel::Op Op() const noexcept { return op_; }

 private:
  grapnel::Op op_;
};

/// A name that the entity type does not have. The mutation is as it was.
class UnknownFieldError : public FieldError {
 public:
  /// `what` was looked for: "field" or "edge".
  UnknownFieldError(std::string_view entity, std::string_view field, std::string_view what = "field")
      : FieldError(entity, field, core::Concat({"the schema has no ", what, " of this name"})) {}
};

/// Something was read that nobody had asked the database for in time: an edge that the query did not
/// name, or, after the write, the rows as they were before it.
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

/// The database does not fit the schema: a table or column is missing or of another type, or a stored
/// value cannot be read as its field. Nothing was written.
class SchemaError : public FieldError {
 public:
  using FieldError::FieldError;
};

}  // namespace grapnel
