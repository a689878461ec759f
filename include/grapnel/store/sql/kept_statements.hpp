#pragma once

#include <grapnel/store/driver/driver.hpp>

#include <cstddef>
#include <list>

namespace grapnel::store::sql {

/// The statements of one type that are used often, as an engine prepares them.
template <class Prepared>
struct KeptStatements {
  static constexpr std::size_t kUpdates = 16;

  /// The place for an update by id; null for others, and where too many differ already.
  Prepared* KeptFor(const Update& update) {
    if (!update.by_id || update.where != nullptr) return nullptr;
    for (KeptUpdate& kept : updates) {
      if (kept.set == update.set && kept.added == update.added && kept.cleared == update.cleared) {
        return &kept.statement;
      }
    }
    if (updates.size() == kUpdates) return nullptr;
    updates.push_back({update.set, update.added, update.cleared, {}});
    return &updates.back().statement;
  }

  struct KeptUpdate {
    FieldSet set, added, cleared;
    Prepared statement;
  };
  Prepared insert, insert_with_id, select_by_id, delete_by_id;
  std::list<KeptUpdate> updates;
};

}  // namespace grapnel::store::sql
