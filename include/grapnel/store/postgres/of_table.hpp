#pragma once

#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/bulk.hpp>
#include <grapnel/store/postgres/interference.hpp>
#include <grapnel/store/postgres/members.hpp>
#include <grapnel/store/postgres/native/prepared.hpp>

#include <cstddef>
#include <list>

namespace grapnel::postgres::detail {

/// What a connection keeps for one type: statements that are used often, where its members lie, and
/// what it knows of the table.
struct OfTable {
  static constexpr std::size_t kUpdates = 16;

  explicit OfTable(const Table& table) noexcept : members(table) {}

  /// The place for an update by id; null for others, and where too many differ already.
  Prepared* KeptFor(const store::Update& update) {
    if (!update.by_id || update.where != nullptr || update.key != nullptr) return nullptr;
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
    store::FieldSet set, added, cleared;
    Prepared statement;
  };
  Members members;
  Prepared insert, insert_with_id, select_by_id, delete_by_id;
  std::list<KeptUpdate> updates;
  Interference::Known plainness;
  IdSource ids;
};

}  // namespace grapnel::postgres::detail
