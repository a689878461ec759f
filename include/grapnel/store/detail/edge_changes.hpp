#pragma once

#include <grapnel/schema/value.hpp>

#include <algorithm>
#include <cstddef>
#include <unordered_set>
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

  bool IsEmpty() const noexcept {
    return std::all_of(begin(), end(), [](const EdgeChange& change) { return change.IsEmpty(); });
  }
  const EdgeChange* Find(std::size_t edge) const noexcept {
    const auto found =
        std::find_if(begin(), end(), [&](const auto& each) { return each.edge == edge; });
    return found != end() ? &*found : nullptr;
  }

  void Add(std::size_t edge, Ids ids) {
    EdgeChange& change = Of(edge);
    Take(change.removed, ids);
    Put(change.added, std::move(ids));
  }
  /// `forget`: the ids were only going to be added, and are not there to be removed.
  void Remove(std::size_t edge, Ids ids, bool forget) {
    EdgeChange& change = Of(edge);
    Take(change.added, ids);
    if (!forget) Put(change.removed, std::move(ids));
  }
  /// All neighbours go, where there are any that could, and these come.
  void Replace(std::size_t edge, Ids ids, bool cleared) {
    Of(edge) = {edge, cleared, {}, {}, true};
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
  static void Put(Ids& to, Ids ids) {
    std::unordered_set<FieldValue, HashOfValue> known(to.begin(), to.end());
    for (FieldValue& id : ids) {
      if (known.insert(id).second) to.push_back(std::move(id));
    }
  }
  static void Take(Ids& from, const Ids& ids) {
    if (from.empty()) return;
    const std::unordered_set<FieldValue, HashOfValue> gone(ids.begin(), ids.end());
    std::erase_if(from, [&](const FieldValue& id) { return gone.contains(id); });
  }

  std::vector<EdgeChange> changes_;
};

}  // namespace grapnel::detail
