#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// How a column is compared with a value.
namespace grapnel::store::sql {

using store::PredicateKind;

/// What stands behind all that begins so. Every text stands before the empty blob; behind all
/// blobs there is nothing.
inline std::optional<FieldValue> BeyondPrefix(const FieldValue& prefix) {
  constexpr auto next = [](auto beyond) {
    using Byte = typename decltype(beyond)::value_type;
    while (!beyond.empty() && static_cast<unsigned char>(beyond.back()) == 0xff) beyond.pop_back();
    if (!beyond.empty()) {
      beyond.back() = static_cast<Byte>(static_cast<unsigned char>(beyond.back()) + 1);
    }
    return beyond;
  };
  if (const auto* bytes = prefix.As<FieldValue::Bytes>()) {
    FieldValue::Bytes beyond = next(*bytes);
    if (beyond.empty()) return std::nullopt;
    return beyond;
  }
  std::string beyond = next(*prefix.As<std::string>());
  if (beyond.empty()) return FieldValue::Bytes();
  return beyond;
}

/// A comparison of a column with a parameter or the like.
inline void AppendComparison(std::string& to, PredicateKind kind, std::string_view column,
                             std::string_view operand) {
  static constexpr std::string_view operators[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
  if (kind <= PredicateKind::GreaterEqual) {
    return core::Append(to, {column, operators[static_cast<std::size_t>(kind)], operand});
  }
  if (kind == PredicateKind::EqualFold) {
    return core::Append(to, {"lower(", column, ") = lower(", operand, ")"});
  }
  if (kind == PredicateKind::ContainsFold) {
    return core::Append(
        to, {"instr(CAST(lower(", column, ") AS BLOB), CAST(lower(", operand, ") AS BLOB)) > 0"});
  }
  // Byte-exact: as blobs, for text functions stop at NUL and ignore case.
  const std::string bytes = core::Concat({"CAST(", column, " AS BLOB)"});
  const std::string part = core::Concat({"CAST(", operand, " AS BLOB)"});
  if (kind == PredicateKind::Contains) {
    return core::Append(to, {"instr(", bytes, ", ", part, ") > 0"});
  }
  const std::string place = kind == PredicateKind::HasPrefix
                                ? core::Concat({"1, length(", part, ")"})
                                : core::Concat({"length(", bytes, ") - length(", part, ") + 1"});
  // substr of an empty blob is NULL.
  core::Append(to, {"(length(", bytes, ") >= length(", part, ") AND (length(", part,
                    ") = 0 OR substr(", bytes, ", ", place, ") = ", part, "))"});
}

}  // namespace grapnel::store::sql
