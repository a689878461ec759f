#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/edge_changes.hpp>

#include <algorithm>
#include <cstddef>
#include <unordered_set>
#include <utility>
#include <vector>

namespace grapnel::detail {

GRAPNEL_DEFINE bool EdgeChanges::AllAreEmpty() const noexcept {
  return std::all_of(begin(), end(), [](const EdgeChange& change) { return change.IsEmpty(); });
}

GRAPNEL_DEFINE void EdgeChanges::Add(std::size_t edge, Ids ids) {
  EdgeChange& change = Of(edge);
  Take(change.removed, ids);
  Put(change.added, std::move(ids));
}

GRAPNEL_DEFINE void EdgeChanges::Remove(std::size_t edge, Ids ids, bool forget) {
  EdgeChange& change = Of(edge);
  Take(change.added, ids);
  if (!forget) Put(change.removed, std::move(ids));
}

GRAPNEL_DEFINE void EdgeChanges::Replace(std::size_t edge, Ids ids, bool cleared) {
  Of(edge) = {edge, cleared, {}, {}, true};
  Add(edge, std::move(ids));
}

GRAPNEL_DEFINE void EdgeChanges::Reset(std::size_t edge) {
  std::erase_if(changes_, [&](const EdgeChange& change) { return change.edge == edge; });
}

GRAPNEL_DEFINE void EdgeChanges::Join(const EdgeChange& later) {
  if (later.cleared || later.replaces) {
    Of(later.edge) = later;
    return;
  }
  if (later.IsEmpty()) return;
  Remove(later.edge, later.removed, false);
  Add(later.edge, later.added);
}

GRAPNEL_DEFINE void EdgeChanges::Put(Ids& to, Ids ids) {
  std::unordered_set<FieldValue, HashOfValue> known(to.begin(), to.end());
  for (FieldValue& id : ids) {
    if (known.insert(id).second) to.push_back(std::move(id));
  }
}

GRAPNEL_DEFINE void EdgeChanges::Take(Ids& from, const Ids& ids) {
  if (from.empty()) return;
  const std::unordered_set<FieldValue, HashOfValue> gone(ids.begin(), ids.end());
  std::erase_if(from, [&](const FieldValue& id) { return gone.contains(id); });
}

GRAPNEL_DEFINE EdgeChange& EdgeChanges::Of(std::size_t edge) {
  for (EdgeChange& change : changes_) {
    if (change.edge == edge) return change;
  }
  return changes_.emplace_back(EdgeChange{edge});
}

}  // namespace grapnel::detail
