#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/row_lists.hpp>
#include <grapnel/store/write/stages.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Writes the edges of a mutation that are not columns of its row, and says which edge a refused
/// foreign key is of. Compiled once for all types.
namespace grapnel::detail {

[[noreturn]] inline void RefuseEdge(const Draft& m, ConstraintKind kind, const EdgeEnd& edge,
                                    std::string_view detail) {
  throw ConstraintError(m.table->entity, m.op, kind, {std::string(edge.name)}, detail);
}

/// Runs the update by which these rows, of the type that holds the key, get or lose their
/// neighbour.
inline void ChangeKeys(const Draft& m, const KeyChange& change, const store::PredicatePtr& rows) {
  RunCascaded(m.Running(), m.Handle().store->TypeOf(change.key.Holder()), Op::Update,
              [&](Draft& update) {
                update.where = rows;
                update.ChangeKey(change);
              });
}

/// Asks now which hooks run for the neighbours whose keys the mutation changes.
inline void ForeseeNeighbours(const Draft& m) {
  for (const EdgeChange& change : m.edges) {
    const Relation& relation = m.table->edges[change.edge].relation();
    if (relation.kind == Relation::Kind::Join) continue;
    m.Running().plan->Of(m.Handle().store->TypeOf(*relation.target));
  }
}

/// Whether rules of types may leave rows out for the mutation: not where its caller has decided,
/// and a cascade's are those of the mutation that began it.
inline bool MayBeHidden(const Draft& m) {
  return m.cause != Cause::Cascade && m.Running().decision == nullptr && IsIntercepted(m.Handle());
}
/// Whether rules say who may read or write rows of the type. Then nobody is told how many there are
/// that he could not change.
inline bool IsGuarded(const Draft& m, const Table& table) {
  const TypeEntry& type = m.Handle().store->TypeOf(table);
  const core::detail::ListedHooks readers = type.readers.Load();
  HookPlan* const plan = m.Running().plan;
  return (plan != nullptr && !plan->Of(type).Rules().empty()) ||
         !readers.All().Before(kRuntime).empty();
}
/// "2 Ticket", or of such a type "rows of Ticket".
inline std::string CountedRows(const Draft& m, const Table& table, std::int64_t count) {
  return IsGuarded(m, table) ? core::Concat({"rows of ", table.entity})
                             : core::Concat({std::to_string(count), " ", table.entity});
}
/// The same with what they do: "1 Ticket refers", "2 Ticket refer".
inline std::string CountedRows(const Draft& m, const Table& table, std::int64_t count,
                               std::string_view one_does, std::string_view they_do) {
  const bool is_one = count == 1 && !IsGuarded(m, table);
  return core::Concat({CountedRows(m, table, count), " ", is_one ? one_does : they_do});
}
/// "a hook kept 2 Ticket as it was that would go", or that they may not be changed.
inline std::string KeptRowsText(const Draft& m, const Table& table, std::int64_t count,
                                std::string_view what) {
  return core::Concat({IsGuarded(m, table) ? "a guard or a hook kept " : "a hook kept ",
                       CountedRows(m, table, count), what});
}

/// Changes one edge, of one row or, together, of several.
///
/// A neighbour that holds the foreign key is updated by a mutation of its own where anything could
/// look at it, and by the database alone otherwise.
class EdgeWriter {
 public:
  /// `is_new`: the row has just been created, and has no neighbours.
  EdgeWriter(const Draft& m, const EdgeChange& change, const FieldValue& source, bool is_new)
      : EdgeWriter(m, change, source, nullptr) {
    is_new_ = is_new;
  }

  /// Of the rows of the list those neighbours go that the change takes away, by one mutation for
  /// all. Returns: false, and does nothing, where it does not take one.
  static bool Release(const Draft& m, const EdgeChange& change, const RowLists& lists,
                      std::int64_t list) {
    const FieldValue none;
    const Relation& relation = m.table->edges[change.edge].relation();
    EdgeWriter writer(m, change, none, nullptr);
    if (!writer.IsSeen()) return false;
    writer.mine_ = lists.Refers(relation, list);
    writer.Take();
    return true;
  }

  /// `released`: by Release.
  void Write(bool released = false) {
    if (!released) Take();
    if (relation_.kind == Relation::Kind::Join) {
      for (const FieldValue& target : change_.added) AddPair(target);
    } else if (!change_.added.empty()) {
      IsSeen() ? JoinKeys() : AddKeys();
    }
    const bool took = TakesAll() || !change_.removed.empty();
    if (took && edge_.required && !HasNeighbour()) {
      m_.RefuseEdge(edge_, "the edge is required: it keeps no neighbour");
    }
  }

 private:
  using Do = store::EdgeWrite::Do;

  EdgeWriter(const Draft& m, const EdgeChange& change, const FieldValue& source,
             store::PredicatePtr mine)
      : m_(m),
        change_(change),
        edge_(m.table->edges[change.edge]),
        relation_(edge_.relation()),
        source_(source),
        mine_(std::move(mine)) {}

  /// Whether anything could look at an update of the neighbours.
  bool IsSeen() const {
    if (relation_.kind == Relation::Kind::Join) return false;
    return m_.Running().plan->IsSeen(m_.Session().TypeOf(*relation_.target), Op::Update);
  }
  bool TakesAll() const noexcept { return !is_new_ && (change_.cleared || change_.replaces); }

  std::int64_t Run(Do what, const FieldValue& source, std::span<const FieldValue> targets) {
    store::EdgeWrite write{{m_.table, m_.op}, what, &relation_, &source, targets};
    return m_.Session().Write(m_.GetLevel(), m_.Session().TypeOf(*relation_.target),
                              m_.Handle().context,
                              [&](store::Connection& connection) { return connection.Run(write); });
  }

  void Take() {
    if (TakesAll()) Take(Do::RemoveAll, {});
    if (!change_.removed.empty()) Take(Do::Remove, change_.removed);
  }
  void Take(Do what, std::span<const FieldValue> targets) {
    std::vector<FieldValue> shown;
    if (MayBeHidden(m_)) {  // rows that the rules of their type leave out stay where they are
      Narrower narrower(m_.GetHandle(), nullptr);
      if (const auto& rules = narrower.Joined(*relation_.target)) {
        shown = SelectIds(m_, *relation_.target, store::Both(Going(what, targets), rules));
        if (shown.empty()) return;
        what = Do::Remove;
        targets = shown;
      }
    }
    if (relation_.inverse != nullptr && relation_.inverse->immutable) RefuseFixed(what, targets);
    if (relation_.kind == Relation::Kind::TheirKey) {
      if (relation_.required) return RefuseKept(what, targets);
      if (IsSeen()) return ReleaseKeys(Going(what, targets));
    }
    // Of a mirrored edge the other half first, while the pairs still tell which rows they are of.
    std::vector<FieldValue> partners;
    if (relation_.mirrored) {
      partners = what == Do::RemoveAll ? SelectIds(m_, *relation_.target, Mine())
                                       : std::vector(targets.begin(), targets.end());
      for (const FieldValue& partner : partners) Run(Do::Remove, partner, {&source_, 1});
    }
    Run(what, source_, targets);
    if (m_.Session().WritesPlainly(relation_)) return;
    if (CountRows(m_, *relation_.target, Going(what, targets)) != 0) RefuseSkipped();
    for (const FieldValue& partner : partners) {
      const bool stays =
          what == Do::RemoveAll && std::ranges::find(change_.added, partner) != change_.added.end();
      if (!stays && HasPair(partner, source_)) RefuseSkipped();
    }
  }

  /// The neighbours that there are.
  const store::PredicatePtr& Mine() {
    if (!mine_) {
      mine_ = relation_.kind == Relation::Kind::TheirKey
                  ? store::KeyIn(relation_, {source_})
                  : store::NeighboursOf(relation_, {store::IdIn(*relation_.source, {source_})});
    }
    return mine_;
  }
  /// Those of them that the change does not keep.
  store::PredicatePtr Going(Do what, std::span<const FieldValue> targets) {
    const Table& target = *relation_.target;
    if (what == Do::Remove) {
      return store::Both(Mine(), store::IdIn(target, {targets.begin(), targets.end()}));
    }
    if (change_.added.empty()) return Mine();
    return store::Both(Mine(), store::Negated(store::IdIn(target, change_.added)));
  }

  /// The neighbours' key is never NULL: those that the mutation does not keep cannot be let go.
  void RefuseKept(Do what, std::span<const FieldValue> targets) {
    if (CountRows(m_, *relation_.target, Going(what, targets)) == 0) return;
    RefuseEdge(m_, ConstraintKind::NotNull, edge_,
               core::Concat({relation_.target->entity,
                             " requires the other end: a neighbour cannot be taken away"}));
  }
  /// The other end is immutable: what is set stays.
  void RefuseFixed(Do what, std::span<const FieldValue> targets) {
    if (CountRows(m_, *relation_.target, Going(what, targets)) == 0) return;
    m_.RefuseEdge(edge_, core::Concat({"the other end, ", relation_.target->entity, ".",
                                       relation_.inverse->name,
                                       ", is immutable: a neighbour cannot be taken away"}));
  }

  void AddPair(const FieldValue& target) {
    try {
      AddHalf(source_, target);
      if (relation_.mirrored) AddHalf(target, source_);
    } catch (const ConstraintError& error) {
      if (error.Kind() != ConstraintKind::ForeignKey) throw;
      RefuseMissing(target);
    }
    if (!m_.Session().DefersKeys()) return;
    if (CountRows(m_, *relation_.target, store::IdIn(*relation_.target, {target})) == 0) {
      RefuseMissing(target);
    }
  }

  void AddHalf(const FieldValue& source, const FieldValue& target) {
    if (Run(Do::Add, source, {&target, 1}) == 0 && !HasPair(source, target)) RefuseSkipped();
  }
  bool HasPair(const FieldValue& source, const FieldValue& target) {
    const auto mine = store::NeighboursOf(relation_, {store::IdIn(*relation_.source, {source})});
    return CountRows(m_, *relation_.target,
                     store::Both(mine, store::IdIn(*relation_.target, {target}))) > 0;
  }
  [[noreturn]] void RefuseSkipped() {
    RefuseEdge(m_, ConstraintKind::Skipped, edge_,
               "a trigger that others made kept the edge as it was");
  }

  void AddKeys() {
    const auto wanted = static_cast<std::int64_t>(change_.added.size());
    try {
      if (Run(Do::Add, source_, change_.added) == wanted) return;
    } catch (const ConstraintError& error) {
      RefuseEdge(m_, error.Kind(), edge_, error.Detail());
    }
    RefuseAdded();
  }
  [[noreturn]] void RefuseAdded() {
    for (const FieldValue& target : change_.added) {
      if (CountRows(m_, *relation_.target, store::IdIn(*relation_.target, {target})) == 0) {
        RefuseMissing(target);
      }
    }
    const auto of_others = store::Both(store::Negated(store::KeyIsNull(relation_)),
                                       store::Negated(store::KeyIn(relation_, {source_})));
    const auto added = store::IdIn(*relation_.target, change_.added);
    if (CountRows(m_, *relation_.target, store::Both(added, of_others)) == 0) RefuseSkipped();
    RefuseEdge(m_, ConstraintKind::Unique, edge_,
               core::Concat({"a ", relation_.target->entity, " already belongs to another ",
                             relation_.source->entity, ": move it by setting its own end"}));
  }
  [[noreturn]] void RefuseMissing(const FieldValue& target) {
    RefuseEdge(m_, ConstraintKind::ForeignKey, edge_,
               core::Concat({"there is no ", relation_.target->entity, " with id ",
                             relation_.target->ShowId(target)}));
  }

  // By mutations of the neighbours.

  /// Those that are there already are not touched.
  void JoinKeys() {
    const Table& target = *relation_.target;
    const auto added = store::IdIn(target, change_.added);
    const auto free = SelectIds(m_, target, store::Both(added, store::KeyIsNull(relation_)));
    const auto joined = store::Both(added, store::KeyIn(relation_, {source_}));
    const auto missing = [&] {
      return static_cast<std::int64_t>(change_.added.size()) - CountRows(m_, target, joined);
    };
    if (missing() != static_cast<std::int64_t>(free.size())) RefuseAdded();
    if (free.empty()) return;
    ChangeKeys(m_, {relation_, source_, m_, &edge_}, store::IdIn(target, free));
    if (const auto kept = missing(); kept != 0) RefuseKeptByHook(kept, "would be added");
  }
  void ReleaseKeys(const store::PredicatePtr& going) {
    const Table& target = *relation_.target;
    RowLists lists(m_);
    const std::int64_t list = lists.KeepApart(target, going);
    if (lists.Size(list) == 0) return;
    const auto listed = lists.In(list);
    const FieldValue none;
    ChangeKeys(m_, {relation_, none, m_, &edge_}, listed);
    const auto kept = CountRows(m_, target, store::Both(listed, Mine()));
    if (kept != 0) RefuseKeptByHook(kept, "would be taken away");
  }
  [[noreturn]] void RefuseKeptByHook(std::int64_t kept, std::string_view what) {
    RefuseEdge(m_, ConstraintKind::ForeignKey, edge_,
               KeptRowsText(m_, *relation_.target, kept, core::Concat({" as it was that ", what})));
  }

  bool HasNeighbour() {
    return CountRows(m_, *relation_.target,
                     store::NeighboursOf(relation_, {store::IdIn(*relation_.source, {source_})})) >
           0;
  }

  const Draft& m_;
  const EdgeChange& change_;
  const EdgeEnd& edge_;
  const Relation& relation_;
  const FieldValue& source_;
  store::PredicatePtr mine_;
  bool is_new_ = false;
};

/// Changes the edges of the row with this id.
inline void WriteEdges(const Draft& m, const FieldValue& id, bool is_new = false) {
  for (const EdgeChange& change : m.edges) {
    if (!change.IsEmpty()) EdgeWriter(m, change, id, is_new).Write();
  }
}
/// Changes the edges of the rows of a list.
inline void WriteEdges(const Draft& m, const RowLists& lists, std::int64_t list) {
  std::vector<std::pair<const EdgeChange*, bool>> changes;  // released together?
  for (const EdgeChange& change : m.edges) {
    if (!change.IsEmpty()) {
      changes.emplace_back(&change, EdgeWriter::Release(m, change, lists, list));
    }
  }
  lists.ForEachPart(*m.table, list, [&](const std::vector<FieldValue>& ids, const auto&) {
    for (const FieldValue& id : ids) {
      for (const auto& [change, released] : changes) {
        EdgeWriter(m, *change, id, false).Write(released);
      }
    }
  });
}

/// Throws: ValidationError when the mutation would change a foreign key of its rows, `rows()`,
/// which is set and whose other end is immutable.
inline void RefuseFixedKeys(const Draft& m, core::FunctionRef<store::PredicatePtr()> rows) {
  for (const EdgeEnd& edge : m.table->edges) {
    if (!edge.HoldsKey() || !(m.set | m.cleared).test(edge.key)) continue;
    const Relation& relation = edge.relation();
    if (relation.inverse == nullptr || !relation.inverse->immutable) continue;
    if (m.key_change != nullptr && m.key_change->key.KeyPlace() == edge.key) continue;
    auto kept = store::Both(rows(), store::Negated(store::KeyIsNull(relation)));
    if (m.set.test(edge.key)) {
      const Column& column = m.table->columns[edge.key];
      kept = store::Both(kept, store::Negated(store::KeyIn(
                                   relation, {column.ops->to_value(column.at_const(m.entity))})));
    }
    if (CountRows(m, *m.table, kept) == 0) continue;
    m.RefuseEdge(
        edge, core::Concat({"the other end, ", relation.target->entity, ".", relation.inverse->name,
                            ", is immutable: a neighbour that is set stays"}));
  }
}

/// Throws: the error as one of the edge, when it is about the key that the mutation was begun for.
inline void ExplainKeyChange(const Draft& m, const ConstraintError& error) {
  const KeyChange* change = m.key_change;
  if (change == nullptr || change->edge == nullptr || change->IsHidden()) return;
  const Column& key = m.table->columns[change->key.KeyPlace()];
  if (error.Fields() != std::vector{std::string(key.name)}) return;
  RefuseEdge(change->cause, error.Kind(), *change->edge, error.Detail());
}

[[noreturn]] inline void RefuseMissingNeighbour(const Draft& m, const EdgeEnd& edge,
                                                const FieldValue& id) {
  RefuseEdge(
      m, ConstraintKind::ForeignKey, edge,
      core::Concat({"there is no ", edge.target().entity, " with id ", edge.target().ShowId(id)}));
}

/// After the row's own write, where the engine does not check its keys now. Throws: ConstraintError
/// when a neighbour that it sets is not there.
inline void CheckNeighbours(const Draft& m) {
  for (const EdgeEnd& edge : m.table->edges) {
    if (!edge.HoldsKey() || !m.set.test(edge.key)) continue;
    const Column& column = m.table->columns[edge.key];
    const FieldValue id = column.ops->to_value(column.at_const(m.entity));
    if (CountRows(m, edge.target(), store::IdIn(edge.target(), {id})) == 0) {
      RefuseMissingNeighbour(m, edge, id);
    }
  }
}

/// Says more of a foreign key that refused the row's own write, and throws it on.
[[noreturn]] inline void ExplainMissingNeighbour(const Draft& m, const ConstraintError& error) {
  if (error.Kind() == ConstraintKind::ForeignKey) {
    const auto& told = error.Fields();
    for (const EdgeEnd& edge : m.table->edges) {
      if (!edge.HoldsKey() || !m.set.test(edge.key)) continue;
      const Column& column = m.table->columns[edge.key];
      const FieldValue id = column.ops->to_value(column.at_const(m.entity));
      if (told.empty()) {
        if (!m.Session().GoesOn()) break;
        if (CountRows(m, edge.target(), store::IdIn(edge.target(), {id})) > 0) continue;
      } else if (told.size() != 1 || (told[0] != edge.name && told[0] != column.name)) {
        continue;
      }
      RefuseMissingNeighbour(m, edge, id);
    }
  }
  throw error;
}

/// Throws: ConstraintError that says which rows stand in the way of deleting rows of `table`,
/// themselves or what hangs on them; nothing when none is found.
inline void FindRestricting(const Draft& m, const Table& table, const store::PredicatePtr& rows) {
  const Graph& graph = *m.Handle().store->graph;
  for (const Relation* key : graph.Referrers(table)) {
    if (graph.IsCyclic(*key) || key->on_delete == SetNull) continue;
    const auto holders = store::HoldersOf(*key, rows);
    if (key->on_delete == Cascade) {
      FindRestricting(m, key->Holder(), holders);
    } else if (const auto count = CountRows(m, key->Holder(), holders); count > 0) {
      throw ConstraintError(
          m.table->entity, m.op, ConstraintKind::ForeignKey, {key->Name()},
          core::Concat({CountedRows(m, key->Holder(), count),
                        count == 1 && !IsGuarded(m, key->Holder()) ? " refers to " : " refer to ",
                        &table == m.table ? "it" : "what hangs on it"}));
    }
  }
}

/// Says more of a foreign key that refused a deletion, and throws it on.
[[noreturn]] inline void ExplainRestricted(const Draft& m, const store::PredicatePtr& rows,
                                           const ConstraintError& error) {
  if (error.Kind() == ConstraintKind::ForeignKey && m.Session().GoesOn()) {
    FindRestricting(m, *m.table, rows);
  }
  throw error;
}

}  // namespace grapnel::detail
