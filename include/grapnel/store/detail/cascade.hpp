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

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
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
    for (const auto& [table, ids] : mine_) transaction_.Deleting().Remove(table->type, ids);
  }

  /// Deletes all that hangs on `ids`, rows of the mutation's type.
  void Run(const std::vector<FieldValue>& ids) {
    Collect(ids);
    if (Deferred()) {
      transaction_.Read(*m_.level, m_.Handle().store->TypeOf(*m_.table), m_.Handle().context,
                        [](store::Connection& connection) { return connection.DeferForeignKeys(), 0; });
    }
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      for (const Table* table : m_.Handle().store->graph->Tables()) {
        const auto rows = level->find(table);
        if (rows != level->end() && !rows->second.empty()) Delete(*table, Sorted(rows->second));
      }
    }
  }

  /// Throws: ConstraintError when rows that stay refer to rows that are gone. To be called once the
  /// mutation's own rows are gone as well.
  void Finish() const {
    for (const Relation* key : deferred_) {
      const auto gone = mine_.find(&key->Referred());
      if (gone == mine_.end()) continue;
      const auto left = CountRows(m_, key->Holder(),
                                  store::KeyIn(*key, {gone->second.begin(), gone->second.end()}));
      if (left > 0) Refuse(*key, left);
    }
  }

 private:
  using Ids = std::unordered_set<FieldValue, HashOfValue>;
  using Level = std::unordered_map<const Table*, Ids>;

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

  /// A row goes at the deepest level at which it is reached, before all that it refers to. Only along a
  /// cycle, which has no deepest level, it is reached once.
  void Collect(const std::vector<FieldValue>& ids) {
    Register(*m_.table, ids);
    Level frontier;
    frontier[m_.table] = {ids.begin(), ids.end()};
    while (!frontier.empty()) {
      Level next;
      for (const auto& [table, rows] : frontier) {
        for (const Relation* key : m_.Handle().store->graph->Referrers(*table)) {
          if (Matters(m_, *key)) Reach(*key, {rows.begin(), rows.end()}, next);
        }
      }
      if (!next.empty()) levels_.push_back(next);
      frontier = std::move(next);
    }
    Level deeper;
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      for (auto& [table, rows] : *level) {
        Ids& gone = deeper[table];
        std::erase_if(rows, [&](const FieldValue& id) { return !gone.insert(id).second; });
      }
    }
  }

  /// Puts the rows that refer to `ids` into the level, but those that an outer deletion takes.
  void Reach(const Relation& key, std::vector<FieldValue> ids, Level& level) {
    const Table& holder = key.Holder();
    auto found = SelectIds(m_, holder, store::KeyIn(key, std::move(ids)));
    const Ids fresh = Register(holder, found);
    const bool once = m_.Handle().store->graph->IsCyclic(key);
    const Ids& mine = mine_[&holder];
    for (FieldValue& id : found) {
      if (once ? fresh.contains(id) : mine.contains(id)) level[&holder].insert(std::move(id));
    }
  }

  /// Those of the rows that nobody deletes already, which are now being deleted.
  Ids Register(const Table& table, const std::vector<FieldValue>& ids) {
    Ids fresh;
    for (const FieldValue& id : transaction_.Deleting().Add(table.type, ids)) {
      fresh.insert(id);
      mine_[&table].insert(id);
    }
    return fresh;
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
    const auto found = mine_.find(&table);
    return found != mine_.end() && !found->second.empty();
  }

  /// So that the same rows are always deleted in the same order.
  static std::vector<FieldValue> Sorted(const Ids& ids) {
    std::vector<FieldValue> sorted(ids.begin(), ids.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const FieldValue& left, const FieldValue& right) { return left.Get() < right.Get(); });
    return sorted;
  }

  void Delete(const Table& table, std::vector<FieldValue> ids) {
    m_.Handle().store->TypeOf(table).DeleteRows(m_.handle, ids);
    const auto kept = CountRows(m_, table, store::IdIn(table, std::move(ids)));
    if (kept == 0) return;
    throw ConstraintError(m_.table->entity, m_.op, ConstraintKind::ForeignKey, {},
                          core::Concat({std::to_string(kept), " ", table.entity,
                                        " that would be deleted with it were kept by a hook"}));
  }

  [[noreturn]] void Refuse(const Relation& key, std::int64_t left) const {
    throw ConstraintError(m_.table->entity, m_.op, ConstraintKind::ForeignKey, {key.Name()},
                          core::Concat({std::to_string(left), " ", key.Holder().entity,
                                        " still refer to what would be deleted"}));
  }

  MutationCore& m_;
  Transaction& transaction_;
  Level mine_;  // all that this deletion takes, its own rows too
  std::vector<Level> levels_;
  std::vector<const Relation*> deferred_;
};

}  // namespace grapnel::detail
