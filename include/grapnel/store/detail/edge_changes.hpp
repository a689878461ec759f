#pragma once

#include <grapnel/schema/value.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What a mutation does to one edge that has no foreign key in the row itself.
struct EdgeChange {
  std::size_t edge;  // its place in Table::edges
  bool cleared = false;
  std::vector<FieldValue> added{}, removed{};

  bool IsEmpty() const noexcept { return !cleared && added.empty() && removed.empty(); }
};

/// The same of all such edges. What was said last about a neighbour holds.
class EdgeChanges {
 public:
  using Ids = std::vector<FieldValue>;

  bool IsEmpty() const noexcept {
    return std::all_of(begin(), end(), [](const EdgeChange& change) { return change.IsEmpty(); });
  }
  const EdgeChange* Find(std::size_t edge) const noexcept {
    const auto found = std::find_if(begin(), end(), [&](const auto& each) { return each.edge == edge; });
    return found != end() ? &*found : nullptr;
  }

  void Add(std::size_t edge, Ids ids) {
    EdgeChange& change = Of(edge);
    for (FieldValue& id : ids) {
      std::erase(change.removed, id);
      Insert(change.added, std::move(id));
    }
  }
  /// `forget`: the id was only going to be added, and is not there to be removed.
  void Remove(std::size_t edge, Ids ids, bool forget) {
    EdgeChange& change = Of(edge);
    for (FieldValue& id : ids) {
      std::erase(change.added, id);
      if (!forget) Insert(change.removed, std::move(id));
    }
  }
  /// All neighbours go, and these come. `forget`: there are none that could go.
  void Replace(std::size_t edge, Ids ids, bool forget) {
    Of(edge) = {edge, !forget, {}, {}};
    Add(edge, std::move(ids));
  }
  void Reset(std::size_t edge) {
    std::erase_if(changes_, [&](const EdgeChange& change) { return change.edge == edge; });
  }

  std::vector<EdgeChange>::const_iterator begin() const noexcept { return changes_.begin(); }
  std::vector<EdgeChange>::const_iterator end() const noexcept { return changes_.end(); }

 private:
  EdgeChange& Of(std::size_t edge) {
    for (EdgeChange& change : changes_) {
      if (change.edge == edge) return change;
    }
    return changes_.emplace_back(EdgeChange{edge});
  }
  static void Insert(Ids& ids, FieldValue id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
  }

  std::vector<EdgeChange> changes_;
};

}  // namespace grapnel::detail
