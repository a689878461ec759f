#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/graph.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/detail/edges.hpp>
#include <grapnel/store/detail/mutation_core.hpp>
#include <grapnel/store/detail/rows.hpp>
#include <grapnel/store/detail/store.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/error.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Deletes what hangs on rows that are about to be deleted, through the hooks of its types: level by level,
/// the deepest first. Where no hook could run the database cascades alone.
class Cascade {
 public:
  /// Whether a deletion of these rows needs this at all.
  static bool IsNeeded(const MutationCore& m) {
    for (const Relation* key : m.Handle().store->graph->Referrers(*m.table)) {
      if (Matters(m, *key)) return true;
    }
    return false;
  }

  explicit Cascade(MutationCore& m) : m_(m), transaction_(m.Transaction()) {}
  Cascade(const Cascade&) = delete;
  Cascade& operator=(const Cascade&) = delete;
  ~Cascade() {
    for (const Rows& rows : registered_) transaction_.Deleting().Remove(rows.table->type, rows.ids);
  }

  /// Deletes all that hangs on `ids`, rows of the mutation's type.
  void Run(const std::vector<FieldValue>& ids) {
    Collect(ids);
    if (Deferred()) {
      transaction_.Read(*m_.level, m_.Handle().store->TypeOf(*m_.table), m_.Handle().context,
                        [](store::Connection& connection) { return connection.DeferForeignKeys(), 0; });
    }
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      for (const Rows& rows : *level) Delete(rows);
    }
  }

  /// Throws: ConstraintError when rows that stay refer to rows that are gone. To be called once the
  /// mutation's own rows are gone as well.
  void Finish() const {
    for (const Relation* key : deferred_) {
      for (const Rows& rows : registered_) {
        if (rows.table->type != key->Referred().type) continue;
        const auto left = CountRows(m_, key->Holder(), store::KeyIn(*key, rows.ids));
        if (left > 0) Refuse(*key, left);
      }
    }
  }

 private:
  struct Rows {
    const Table* table;
    std::vector<FieldValue> ids;
  };

  /// Whether rows go along this key that have hooks, or that the engine does not cascade to.
  static bool Matters(const MutationCore& m, const Relation& key) {
    if (key.on_delete != grapnel::Cascade) return false;
    const Store& store = *m.Handle().store;
    if (store.graph->IsCyclic(key)) return true;
    if (store.TypeOf(key.Holder()).HasDeleteHooks(*m.level)) return true;
    for (const Relation* next : store.graph->Referrers(key.Holder())) {
      if (Matters(m, *next)) return true;
    }
    return false;
  }

  void Collect(const std::vector<FieldValue>& ids) {
    std::vector<Rows> frontier = {Register(*m_.table, ids)};
    while (!frontier.empty()) {
      std::vector<Rows> next;
      for (const Rows& rows : frontier) {
        for (const Relation* key : m_.Handle().store->graph->Referrers(*rows.table)) {
          if (!Matters(m_, *key)) continue;
          auto found = Register(key->Holder(), SelectIds(m_, key->Holder(), store::KeyIn(*key, rows.ids)));
          if (!found.ids.empty()) Join(next, std::move(found));
        }
      }
      if (!next.empty()) levels_.push_back(next);
      frontier = std::move(next);
    }
  }

  /// Those of the rows that nobody deletes already, which are now being deleted.
  Rows Register(const Table& table, std::vector<FieldValue> ids) {
    Rows rows{&table, transaction_.Deleting().Add(table.type, std::move(ids))};
    registered_.push_back(rows);
    return rows;
  }
  static void Join(std::vector<Rows>& level, Rows rows) {
    for (Rows& each : level) {
      if (each.table != rows.table) continue;
      each.ids.insert(each.ids.end(), rows.ids.begin(), rows.ids.end());
      return;
    }
    level.push_back(std::move(rows));
  }

  /// Whether rows that are deleted refer to one another against the order in which they go.
  bool Deferred() {
    const Graph& graph = *m_.Handle().store->graph;
    for (const Relation* key : graph.Keys()) {
      const bool unordered = key->on_delete == Restrict || graph.IsCyclic(*key);
      if (unordered && Deletes(key->Holder()) && Deletes(key->Referred())) deferred_.push_back(key);
    }
    return !deferred_.empty();
  }
  bool Deletes(const Table& table) const {
    for (const Rows& rows : registered_) {
      if (rows.table == &table && !rows.ids.empty()) return true;
    }
    return false;
  }

  void Delete(const Rows& rows) {
    TypeEntry& type = m_.Handle().store->TypeOf(*rows.table);
    type.DeleteRows(m_.handle, rows.ids);
    const auto kept = CountRows(m_, *rows.table, store::IdIn(*rows.table, rows.ids));
    if (kept == 0) return;
    throw ConstraintError(
        m_.table->entity, m_.op, ConstraintKind::ForeignKey, {},
        core::Concat({std::to_string(kept), " ", rows.table->entity,
                      " that would be deleted with it were kept by a hook"}));
  }

  [[noreturn]] void Refuse(const Relation& key, std::int64_t left) const {
    throw ConstraintError(m_.table->entity, m_.op, ConstraintKind::ForeignKey, {key.Name()},
                          core::Concat({std::to_string(left), " ", key.Holder().entity,
                                        " still refer to what would be deleted"}));
  }

  MutationCore& m_;
  Transaction& transaction_;
  std::vector<Rows> registered_;
  std::vector<std::vector<Rows>> levels_;
  std::vector<const Relation*> deferred_;
};

}  // namespace grapnel::detail
