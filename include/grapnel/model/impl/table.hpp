#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace grapnel::detail {

GRAPNEL_DEFINE const Column* Table::Find(std::string_view field) const noexcept {
  for (const Column& column : columns.first(fields)) {
    if (column.name == field) return &column;
  }
  return nullptr;
}
GRAPNEL_DEFINE const EdgeEnd* Table::FindEdge(std::string_view edge) const noexcept {
  for (const EdgeEnd& each : edges) {
    if (each.name == edge) return &each;
  }
  return nullptr;
}
GRAPNEL_DEFINE const EdgeEnd* Table::FindEdgeTag(FieldTag tag) const noexcept {
  for (const EdgeEnd& each : edges) {
    if (each.tag == tag) return &each;
  }
  return nullptr;
}
GRAPNEL_DEFINE const Column* Table::FindTag(FieldTag tag) const noexcept {
  for (const Column& column : columns) {
    if (column.tag == tag) return &column;
  }
  return nullptr;
}

/// Why a text or blob of this many bytes is refused, or nothing.
inline std::optional<std::string> CheckLength(std::size_t size, std::size_t least,
                                              std::size_t most) {
  if (size < least) {
    if (size == 0) return "the value is empty";
    return core::Concat({"the value is shorter than ", std::to_string(least), " bytes"});
  }
  if (size <= most) return std::nullopt;
  return core::Concat({"the value is longer than ", std::to_string(most), " bytes"});
}

/// Why a value is refused, in words that name it, or nothing. Throws: BadValue and what a Codec
/// throws for a value that cannot be stored.
inline std::optional<std::string> CheckContent(const Column& column, const void* member) {
  if (!column.ops->number && !column.ops->may_not_be_stored) return std::nullopt;
  const FieldValue value = column.ops->to_value(member);
  if (!column.ops->number) return std::nullopt;
  std::string text;
  if (const auto* number = value.As<std::int64_t>()) {
    if ((!column.least || *number >= *column.least) && (!column.most || *number <= *column.most))
      return std::nullopt;
    text = std::to_string(*number);
  } else {
    const double real = *value.As<double>();
    if ((!column.least_real || real >= *column.least_real) &&
        (!column.most_real || real <= *column.most_real) && (!column.above_zero || real > 0)) {
      return std::nullopt;
    }
    text = std::to_string(real);
  }
  return core::Concat({"the value ", text, " is out of range"});
}

GRAPNEL_DEFINE std::optional<std::string> Column::Check(const void* member) const {
  if (ops->is_null != nullptr && ops->is_null(member)) return std::nullopt;
  if (ops->length != nullptr) {
    if (auto reason = CheckLength(ops->length(member), min_length, max_length)) return reason;
  }
  const auto told = [&](std::string reason) {
    return sensitive ? std::string("the value *** is not allowed") : std::move(reason);
  };
  try {
    if (auto reason = CheckContent(*this, member)) return told(*std::move(reason));
  } catch (const std::exception& error) {
    return told(error.what());
  }
  try {
    if (validate != nullptr && !validate(member, field)) return "the value is not valid";
  } catch (const std::exception& error) {
    return error.what();
  }
  return std::nullopt;
}

}  // namespace grapnel::detail
