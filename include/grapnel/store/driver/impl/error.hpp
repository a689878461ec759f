#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/store/driver/error.hpp>

#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

namespace detail {

inline std::string ConstraintText(std::string_view entity, grapnel::Op op, ConstraintKind kind,
                                  const std::vector<std::string>& fields, std::string_view detail,
                                  const std::optional<std::size_t>& row) {
  std::string text = entity.empty()
                         ? "SQL "
                         : core::Concat({entity, ": ", op == Op{} ? "COMMIT" : ToString(op), " "});
  if (kind == ConstraintKind::Skipped) {
    text += "was skipped by the database";
  } else {
    core::Append(text, {"breaks a ", Name(kind), " constraint"});
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    core::Append(text, {i == 0 ? " on " : ", ", fields[i]});
  }
  if (row) core::Append(text, {" in row ", std::to_string(*row)});
  core::Append(text, {" (", detail, ")"});
  return text;
}

/// What is told where there is no memory to tell more.
inline const Error& BareCommitted() {
  static const Error text(
      "committed, but what ran after the commit failed; there was no memory to say how");
  return text;
}

inline std::string CommittedText(const std::vector<std::exception_ptr>& causes) {
  std::string text = "committed, but what ran after the commit failed:";
  for (const std::exception_ptr& cause : causes) {
    try {
      std::rethrow_exception(cause);
    } catch (const std::exception& error) {
      core::Append(text, {" [", error.what(), "]"});
    } catch (...) {
      text += " [an exception of no standard type]";
    }
  }
  return text;
}

}  // namespace detail

GRAPNEL_DEFINE NotFoundError::NotFoundError(std::string_view entity, std::string_view what)
    : Error(core::Concat({entity, " not found: ", what})), entity_(entity) {}

GRAPNEL_DEFINE StaleError::StaleError(std::string_view entity, std::string_view what)
    : NotFoundError(Whole(), entity,
                    core::Concat({entity, " is stale: ", what,
                                  " is there, but does not match: it was changed meanwhile, or a "
                                  "Where excludes it"})) {}

GRAPNEL_DEFINE NotSingularError::NotSingularError(std::string_view entity)
    : Error(core::Concat({entity, ": Only() found more than one row"})), entity_(entity) {}

GRAPNEL_DEFINE ConstraintError::ConstraintError(std::string_view entity, grapnel::Op op,
                                                ConstraintKind kind,
                                                std::vector<std::string> fields,
                                                std::string_view detail,
                                                std::optional<std::size_t> row)
    : Error(detail::ConstraintText(entity, op, kind, fields, detail, row)),
      entity_(entity),
      op_(op),
      kind_(kind),
      fields_(std::move(fields)),
      detail_(detail),
      row_(row) {}

GRAPNEL_DEFINE ConstraintError ConstraintError::InRow(std::size_t row) const {
  return {entity_, op_, kind_, fields_, detail_, row};
}

GRAPNEL_DEFINE CommittedError::CommittedError(std::vector<std::exception_ptr> causes)
    : Error(detail::CommittedText(causes)), causes_(std::move(causes)) {}

GRAPNEL_DEFINE CommittedError CommittedError::Of(std::vector<std::exception_ptr> causes) noexcept {
  try {
    const Error text(detail::CommittedText(causes));
    return {text, std::move(causes)};
  } catch (const std::bad_alloc&) {
    return {detail::BareCommitted(), std::move(causes)};
  }
}

GRAPNEL_DEFINE void CommittedError::SetValue(core::SharedAny value, core::TypeId type) noexcept {
  value_ = std::move(value);
  type_ = type;
}

GRAPNEL_DEFINE void CommittedError::Prepare() { detail::BareCommitted(); }

namespace detail {

/// The beginning of a text, where it is long.
inline std::string Shortened(std::string_view text) {
  constexpr std::size_t most = 200;
  if (text.size() <= most) return std::string(text);
  return core::Concat({text.substr(0, most), "..."});
}

}  // namespace detail

GRAPNEL_DEFINE SqlError::SqlError(std::string_view sql, std::string_view reason)
    : Error(core::Concat({"this SQL cannot be run: ", reason, ": ", detail::Shortened(sql)})),
      sql_(sql),
      reason_(reason) {}

GRAPNEL_DEFINE StorageError::StorageError(StorageKind kind, std::string_view database,
                                          std::string_view detail, int code)
    : Error(core::Concat({"storage error (", Name(kind), ") in ", database, ": ", detail})),
      kind_(kind),
      database_(database),
      code_(code) {}

}  // namespace grapnel
