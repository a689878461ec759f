#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/edge_changes.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/write/edges.hpp>
#include <grapnel/store/write/pending_rows.hpp>

#include <cstddef>
#include <unordered_set>
#include <vector>

namespace grapnel::detail {

/// Before the write: rows that the rules of their type leave out are as not there, also where the
/// mutation names them by their ids. Of those that are not there it says the same.
class JoinedRows {
 public:
  explicit JoinedRows(Draft& m) : m_(m), narrower_(m.GetHandle(), nullptr) {}

  /// Whether there are any, and anybody is asked.
  static bool AreChecked(const Draft& m) {
    return MayBeHidden(m) && (m.set.any() || m.ChangesEdges());
  }
  /// Throws: ConstraintError; what rules throw.
  void Check() {
    for (std::size_t i = 0; i < m_.table->edges.size(); ++i) {
      const EdgeEnd& edge = m_.table->edges[i];
      if (const EdgeChange* change = m_.edges.Find(i)) Check(edge, change->added);
      if (!edge.HoldsKey() || !m_.set.test(edge.key)) continue;
      const Column& column = m_.table->columns[edge.key];
      const FieldValue id = column.ops->to_value(column.at_const(m_.entity));
      if (!id.IsNull()) Check(edge, {id});
    }
  }

 private:
  void Check(const EdgeEnd& edge, const std::vector<FieldValue>& ids) {
    const Table& target = edge.target();
    if (ids.empty()) return;
    const store::PredicatePtr& shown = narrower_.Joined(target);
    if (!shown) return;
    if (m_.pending != nullptr) m_.pending->Flush();
    const auto there = SelectIds(m_, target, store::Both(store::IdIn(target, ids), shown));
    const std::unordered_set<FieldValue, HashOfValue> known(there.begin(), there.end());
    for (const FieldValue& id : ids) {
      if (!known.contains(id) && !IsItself(target, id)) RefuseMissingNeighbour(m_, edge, id);
    }
  }
  bool IsItself(const Table& target, const FieldValue& id) const {
    const Column& own = target.Id();
    return &target == m_.table && m_.op == Op::Create && m_.set.test(0) &&
           own.ops->to_value(own.at_const(m_.entity)) == id;
  }

  Draft& m_;
  Narrower narrower_;
};

}  // namespace grapnel::detail
