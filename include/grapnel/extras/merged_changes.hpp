#pragma once

#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/changes.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace grapnel::extras {

/// Of values: what was added and is not removed, or the other way round.
class MergedValues {
 public:
  using Values = std::vector<FieldValue>;

  static void Join(Values& added, Values& removed, const store::FieldChange& later) {
    for (const FieldValue& each : later.added) {
      if (!Take(removed, each)) added.push_back(each);
    }
    for (const FieldValue& each : later.removed) {
      if (!Take(added, each)) removed.push_back(each);
    }
  }

 private:
  static bool Take(Values& from, const FieldValue& value) {
    const auto found = std::find(from.begin(), from.end(), value);
    if (found == from.end()) return false;
    from.erase(found);
    return true;
  }
};

/// Adds to what has become of a row what has become of it after that. A field that is as it was
/// before all of it has not changed.
inline void MergeChanges(std::vector<store::FieldChange>& changes,
                         std::vector<store::FieldChange> later) {
  for (store::FieldChange& change : later) {
    const auto known = std::ranges::find(changes, change.name, &store::FieldChange::name);
    if (known == changes.end()) {
      changes.push_back(std::move(change));
      continue;
    }
    known->after = std::move(change.after);
    MergedValues::Join(known->added, known->removed, change);
    if (known->before == known->after && known->added.empty() && known->removed.empty()) {
      changes.erase(known);
    }
  }
}

}  // namespace grapnel::extras
