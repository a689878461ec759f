#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/graph.hpp>
#include <grapnel/schema/relation.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/detail/mutation_core.hpp>
#include <grapnel/store/detail/rows.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Writes the edges of a mutation that are not columns of its row, and says which edge a refused
/// foreign key is of. Compiled once for all types.
namespace grapnel::detail {

[[noreturn]] inline void RefuseEdge(const MutationCore& m, ConstraintKind kind,
                                    const EdgeInfo& edge, std::string_view detail) {
  throw ConstraintError(m.table->entity, m.op, kind, {std::string(edge.name)}, detail);
}

/// Changes one edge of the row with the id `source`.
class EdgeWriter {
 public:
  /// `is_new`: the row has just been created, and has no neighbours.
  EdgeWriter(const MutationCore& m, const EdgeChange& change, const FieldValue& source, bool is_new)
      : m_(m),
        change_(change),
        edge_(m.table->edges[change.edge]),
        relation_(edge_.relation()),
        source_(source),
        is_new_(is_new) {}

  void Write() {
    const bool takes_all = !is_new_ && (change_.cleared || change_.replaces);
    if (takes_all) Take(store::EdgeWrite::Do::RemoveAll, {});
    if (!change_.removed.empty()) Take(store::EdgeWrite::Do::Remove, change_.removed);
    if (relation_.kind == Relation::Kind::Join) {
      for (const FieldValue& target : change_.added) AddPair(target);
    } else if (!change_.added.empty()) {
      AddKeys();
    }
    const bool took = takes_all || !change_.removed.empty();
    if (took && edge_.required && !HasNeighbour()) {
      m_.RefuseEdge(edge_, "the edge is required: it keeps no neighbour");
    }
  }

 private:
  using Do = store::EdgeWrite::Do;

  std::int64_t Run(Do what, const FieldValue& source, std::span<const FieldValue> targets) {
    store::EdgeWrite write{{m_.table, m_.op}, what, &relation_, &source, targets};
    return m_.Transaction().Write(
        m_.GetLevel(), m_.Transaction().TypeOf(*relation_.target), m_.Handle().context,
        [&](store::Connection& connection) { return connection.Run(write); });
  }

  void Take(Do what, std::span<const FieldValue> targets) {
    if (relation_.kind == Relation::Kind::TheirKey && relation_.required) {
      RefuseKept(what, targets);
      return;
    }
    // Of a mirrored edge the other half first, while the pairs still tell which rows they are of.
    if (relation_.mirrored) {
      const auto partners =
          what == Do::RemoveAll ? Partners() : std::vector(targets.begin(), targets.end());
      for (const FieldValue& partner : partners) Run(Do::Remove, partner, {&source_, 1});
    }
    Run(what, source_, targets);
  }
  std::vector<FieldValue> Partners() {
    return SelectIds(m_, *relation_.target,
                     store::NeighboursOf(relation_, {store::IdIn(*relation_.source, {source_})}));
  }

  /// The neighbours' key is never NULL: those that the mutation does not keep cannot be let go.
  void RefuseKept(Do what, std::span<const FieldValue> targets) {
    auto left = store::KeyIn(relation_, {source_});
    if (what == Do::Remove) {
      left = store::Both(left, store::IdIn(*relation_.target, {targets.begin(), targets.end()}));
    } else if (!change_.added.empty()) {
      left = store::Both(left, store::Negated(store::IdIn(*relation_.target, change_.added)));
    }
    if (CountRows(m_, *relation_.target, left) == 0) return;
    RefuseEdge(m_, ConstraintKind::NotNull, edge_,
               core::Concat({relation_.target->entity,
                             " requires the other end: a neighbour cannot be taken away"}));
  }

  void AddPair(const FieldValue& target) {
    try {
      Run(Do::Add, source_, {&target, 1});
      if (relation_.mirrored) Run(Do::Add, target, {&source_, 1});
    } catch (const ConstraintError& error) {
      if (error.Kind() != ConstraintKind::ForeignKey) throw;
      RefuseMissing(target);
    }
  }

  void AddKeys() {
    const auto wanted = static_cast<std::int64_t>(change_.added.size());
    try {
      if (Run(Do::Add, source_, change_.added) == wanted) return;
    } catch (const ConstraintError& error) {
      RefuseEdge(m_, error.Kind(), edge_, error.Detail());
    }
    for (const FieldValue& target : change_.added) {
      if (CountRows(m_, *relation_.target, store::IdIn(*relation_.target, {target})) == 0) {
        RefuseMissing(target);
      }
    }
    RefuseEdge(
        m_, ConstraintKind::Unique, edge_,
        core::Concat({"a ", relation_.target->entity, " already belongs to another ",
                      relation_.source->entity, ": move it by setting its own end"}));
  }

  [[noreturn]] void RefuseMissing(const FieldValue& target) {
    RefuseEdge(
        m_, ConstraintKind::ForeignKey, edge_,
        core::Concat({"there is no ", relation_.target->entity, " with id ", ToString(target)}));
  }

  bool HasNeighbour() {
    return CountRows(m_, *relation_.target,
                     store::NeighboursOf(relation_, {store::IdIn(*relation_.source, {source_})})) >
           0;
  }

  const MutationCore& m_;
  const EdgeChange& change_;
  const EdgeInfo& edge_;
  const Relation& relation_;
  const FieldValue& source_;
  bool is_new_;
};

/// Changes the edges of the row with this id.
inline void WriteEdges(const MutationCore& m, const FieldValue& id, bool is_new = false) {
  for (const EdgeChange& change : m.edges) {
    if (!change.IsEmpty()) EdgeWriter(m, change, id, is_new).Write();
  }
}

/// Says more of a foreign key that refused the row's own write, and throws it on.
[[noreturn]] inline void ExplainMissingNeighbour(const MutationCore& m, const void* entity,
                                                 const ConstraintError& error) {
  if (error.Kind() == ConstraintKind::ForeignKey) {
    for (const EdgeInfo& edge : m.table->edges) {
      if (!edge.HoldsKey() || !m.set.test(edge.key)) continue;
      const Column& column = m.table->columns[edge.key];
      const FieldValue id = column.ops->to_value(column.at_const(entity));
      if (CountRows(m, edge.target(), store::IdIn(edge.target(), {id})) > 0) continue;
      RefuseEdge(m, ConstraintKind::ForeignKey, edge,
                 core::Concat({"there is no ", edge.target().entity, " with id ", ToString(id)}));
    }
  }
  throw error;
}

/// Throws: ConstraintError that says which rows stand in the way of deleting rows of `table`,
/// themselves or what hangs on them; nothing when none is found.
inline void FindRestricting(const MutationCore& m, const Table& table,
                            const store::PredicatePtr& rows) {
  const Graph& graph = *m.Handle().store->graph;
  for (const Relation* key : graph.Referrers(table)) {
    if (graph.IsCyclic(*key) || key->on_delete == SetNull) continue;
    const auto holders = store::HoldersOf(*key, rows);
    if (key->on_delete == Cascade) {
      FindRestricting(m, key->Holder(), holders);
    } else if (const auto count = CountRows(m, key->Holder(), holders); count > 0) {
      throw ConstraintError(m.table->entity, m.op, ConstraintKind::ForeignKey, {key->Name()},
                            core::Concat({std::to_string(count), " ", key->Holder().entity,
                                          count == 1 ? " refers to " : " refer to ",
                                          &table == m.table ? "it" : "what hangs on it"}));
    }
  }
}

/// Says more of a foreign key that refused a deletion, and throws it on.
[[noreturn]] inline void ExplainRestricted(const MutationCore& m, const store::PredicatePtr& rows,
                                           const ConstraintError& error) {
  if (error.Kind() == ConstraintKind::ForeignKey) FindRestricting(m, *m.table, rows);
  throw error;
}

}  // namespace grapnel::detail
