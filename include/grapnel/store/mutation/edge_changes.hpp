#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What a mutation does to one edge that has no foreign key in the row itself.
struct EdgeChange {
  std::size_t edge;  // its place in Table::edges
  bool cleared = false;
  std::vector<FieldValue> added{}, removed{};
  bool replaces = false;  // what is added takes the place of all that is there

  bool IsEmpty() const noexcept { return !cleared && added.empty() && removed.empty(); }
};

/// The same of all such edges. What was said last about a neighbour holds.
class EdgeChanges {
 public:
  using Ids = std::vector<FieldValue>;

  bool IsEmpty() const noexcept { return changes_.empty() || AllAreEmpty(); }
  const EdgeChange* Find(std::size_t edge) const noexcept {
    for (const EdgeChange& each : changes_) {
      if (each.edge == edge) return &each;
    }
    return nullptr;
  }

  GRAPNEL_DECLARE void Add(std::size_t edge, Ids ids);
  /// `forget`: the ids were only going to be added, and are not there to be removed.
  GRAPNEL_DECLARE void Remove(std::size_t edge, Ids ids, bool forget);
  /// All neighbours go, where there are any that could, and these come.
  GRAPNEL_DECLARE void Replace(std::size_t edge, Ids ids, bool cleared);
  GRAPNEL_DECLARE void Reset(std::size_t edge);
  /// What `later` says of its edge, after what was said already.
  GRAPNEL_DECLARE void Join(const EdgeChange& later);

  std::vector<EdgeChange>::const_iterator begin() const noexcept { return changes_.begin(); }
  std::vector<EdgeChange>::const_iterator end() const noexcept { return changes_.end(); }

 private:
  GRAPNEL_DECLARE bool AllAreEmpty() const noexcept;
  GRAPNEL_DECLARE EdgeChange& Of(std::size_t edge);
  static GRAPNEL_DECLARE void Put(Ids& to, Ids ids);
  static GRAPNEL_DECLARE void Take(Ids& from, const Ids& ids);

  std::vector<EdgeChange> changes_;
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/mutation/impl/edge_changes.hpp>  // IWYU pragma: keep
#endif
