#pragma once

#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace grapnel {
namespace store {

/// What became of a row.
enum class RowFate : std::uint8_t { Created, Updated, Deleted };

/// "created", "updated" or "deleted".
constexpr std::string_view Name(RowFate fate) noexcept {
  constexpr std::string_view names[] = {"created", "updated", "deleted"};
  return names[static_cast<std::size_t>(fate)];
}

/// One field or edge of a row, before and after a mutation, where these are not equal. Values are
/// in the form in which they are stored; before its creation and after its deletion a row has none.
struct FieldChange {
  std::string_view name;  // in the schema
  /// Of an edge with one neighbour, its id.
  FieldValue before{}, after{};
  /// Of an edge with many neighbours, the ids of those that came and went.
  std::vector<FieldValue> added{}, removed{};
  bool is_edge = false;
  /// Whether the schema says Sensitive, of an edge of its neighbours' id. The values are there all
  /// the same: whoever writes them down leaves these out.
  bool sensitive = false;
};

/// What a mutation changed of one row: see Mutation::Changes.
struct RowChanges {
  FieldValue id{};
  RowFate fate = RowFate::Updated;
  std::vector<FieldChange> changes{};  // fields in the schema's order, then edges
  /// Whether the id is: see FieldChange.
  bool sensitive = false;
};

}  // namespace store

using store::RowFate;

}  // namespace grapnel
