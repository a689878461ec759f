#pragma once

#include <grapnel/base/type.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What is computed of many rows, with its type forgotten.
namespace grapnel::store {

enum class AggregateKind : std::uint8_t { Count, Sum, Avg, Min, Max };

/// "Count", "Sum", "Avg", "Min" or "Max".
constexpr std::string_view Name(AggregateKind kind) noexcept {
  constexpr std::string_view names[] = {"Count", "Sum", "Avg", "Min", "Max"};
  return names[static_cast<std::size_t>(kind)];
}

/// An aggregate of a field. Where conditions and orders are about groups of rows, the address of
/// its `tag` stands where a field's tag stands else.
struct Measure {
  char tag;  // first: see Of
  AggregateKind kind;
  detail::FieldTag field;  // Count counts its distinct values; null: rows

  /// The one that a tag stands for.
  static const Measure& Of(detail::FieldTag tag) noexcept {
    return *reinterpret_cast<const Measure*>(tag);
  }
};

}  // namespace grapnel::store
