#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/edges.hpp>
#include <grapnel/store/write/kept_rows.hpp>
#include <grapnel/store/write/row_lists.hpp>
#include <grapnel/store/write/stages.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Deletes what hangs on rows that are about to be deleted, and takes their key from the rows that
/// lose a neighbour, through the hooks of their types: level by level, the deepest first. Where
/// nothing could look the database does it alone.
///
/// Of rows that only seem to be deleted, KeepRows, what hangs on them goes in the same way, where
/// interceptors show it, and has to stay too, or nothing could bring it back; no key is taken from
/// anybody.
class Cascade {
 public:
  /// Whether a deletion of rows of the mutation's type needs this at all.
  static bool IsNeeded(const Draft& m) {
    if (m.keeps) return !m.Running().type.referrers.empty();
    for (const Relation* key : m.Running().type.referrers) {
      if (Matters(m, *key)) return true;
    }
    return false;
  }

  Cascade(Draft& m, RowLists& lists)
      : m_(m),
        graph_(*m.Handle().store->graph),
        lists_(lists),
        shown_(m.GetHandle(), &guard::Allow) {}

  /// Does so for all that hangs on the rows of the list, which are of the mutation's type.
  void Run(std::int64_t list) {
    Collect({m_.table, list});
    if (m_.keeps) {
      RefuseRestricting();
    } else {
      FindDeferred();
      DeleteNameless(list);
    }
    for (std::size_t level = levels_.size() - 1; level > 0; --level) {
      for (Rows& rows : levels_[level]) Delete(rows);
    }
    if (m_.keeps) return RefuseNewOfKept();
    KeptRows(m_, graph_, lists_, levels_).LetGo();
    for (const Relation* key : graph_.Referrers(*m_.table)) {
      if (key->on_delete == SetNull && Matters(m_, *key)) Release(*key, list);
    }
    RefuseNew(list);
  }

  /// Whether the mutation's own rows have to be deleted with foreign keys deferred.
  bool IsDeferred() const noexcept { return !deferred_.empty(); }

  /// Throws: ConstraintError when rows that stay refer to rows that are gone. To be called once the
  /// mutation's own rows are gone as well.
  void Finish() const {
    for (const Relation* key : deferred_) {
      std::int64_t left = 0;
      for (const Level& level : levels_) {
        for (const Rows& rows : level) {
          if (rows.table != &key->Referred() || rows.Gone() == 0) continue;
          left += CountRows(m_, key->Holder(),
                            store::Both(lists_.Refers(*key, rows.Gone()),
                                        store::Negated(lists_.InOthers(key->Holder()))));
        }
      }
      if (left == 0) continue;
      throw ConstraintError(
          m_.table->entity, Told(), ConstraintKind::ForeignKey, {key->Name()},
          core::Concat({CountedRows(m_, key->Holder(), left, "still refers", "still refer"),
                        " to what would be deleted"}));
    }
  }

 private:
  using Rows = CascadeRows;
  using Level = std::vector<Rows>;

  /// Whether anything could look at what happens to rows along this key, or the engine does not do
  /// it.
  static bool Matters(const Draft& m, const Relation& key) {
    if (key.on_delete == Restrict) return false;
    const Store& store = *m.Handle().store;
    const TypeEntry& holder = store.TypeOf(key.Holder());
    if (key.on_delete == SetNull) return m.Running().plan->IsSeen(holder, Op::Update);
    if (store.graph->IsCyclic(key)) return true;
    if (m.Running().plan->IsSeen(holder, Op::Delete)) return true;
    for (const Relation* next : store.graph->Referrers(key.Holder())) {
      if (Matters(m, *next)) return true;
    }
    return false;
  }

  /// Besides, rows that would restrict others that are deleted before them.
  bool Follows(const Relation& key) const {
    if (key.on_delete != grapnel::Cascade) return false;
    if (m_.keeps || Matters(m_, key)) return true;
    for (const Relation* held : graph_.Keys()) {
      if (held->on_delete == Restrict && &held->Holder() == &key.Holder()) return true;
    }
    for (const Relation* next : graph_.Referrers(key.Holder())) {
      if (Follows(*next)) return true;
    }
    return false;
  }

  /// A row goes at the deepest level at which it is reached, before all that it refers to. Only
  /// along a cycle, which has no deepest level, it is reached once.
  void Collect(Rows own) {
    Level frontier{own};
    levels_.push_back(frontier);
    while (!frontier.empty()) {
      Level next;
      for (const Rows& rows : frontier) {
        for (const Relation* key : graph_.Referrers(*rows.table)) {
          if (Follows(*key)) Reach(*key, rows.list, next);
        }
      }
      if (!next.empty()) levels_.push_back(next);
      frontier = std::move(next);
    }
    lists_.KeepLast();
  }

  /// Lists the rows that refer to rows of the list, but those that a deletion further out takes.
  void Reach(const Relation& key, std::int64_t list, Level& level) {
    const Table& holder = key.Holder();
    auto where = store::Both(lists_.Refers(key, list), store::Negated(lists_.InOthers(holder)));
    if (graph_.IsCyclic(key)) where = store::Both(where, store::Negated(lists_.InAny(holder)));
    for (const Rows& rows : level) {
      if (rows.table == &holder) return void(lists_.Keep(holder, where, nullptr, rows.list));
    }
    const std::int64_t reached = lists_.Keep(holder, where);
    if (lists_.Size(reached) > 0) level.push_back({&holder, reached});
  }

  /// Rows that are deleted may refer to one another against the order in which they go. Then
  /// nothing but Finish checks the keys that refer to them and have no action.
  void FindDeferred() {
    bool needed = m_.deferred;
    for (const Relation* key : graph_.Keys()) {
      const bool without_action = key->on_delete == Restrict || graph_.IsCyclic(*key);
      if (!without_action || !Deletes(key->Referred())) continue;
      deferred_.push_back(key);
      needed = needed || Deletes(key->Holder());
    }
    if (!needed) deferred_.clear();
  }
  bool Deletes(const Table& table) const {
    for (const Level& level : levels_) {
      for (const Rows& rows : level) {
        if (rows.table == &table) return true;
      }
    }
    return false;
  }

  /// Rows without an id stand in no list, and nothing refers to them: where the engine does not
  /// cascade to them they are deleted here.
  void DeleteNameless(std::int64_t list) const {
    for (const Relation* key : graph_.Referrers(*m_.table)) {
      const Table& holder = key->Holder();
      if (!graph_.IsCyclic(*key) || !MayLackIds(holder)) continue;
      const auto where = store::Both(lists_.Refers(*key, list), store::IdIsNull(holder));
      const store::Delete nameless{{&holder, m_.op}, nullptr, false, where.Get()};
      m_.Session().Write(m_.GetLevel(), m_.Session().TypeOf(holder), m_.Handle().context,
                         [&](store::Connection& connection) { return connection.Run(nameless); });
    }
  }

  void Delete(Rows& rows) {
    const store::PredicatePtr& shown = shown_.Reached(*rows.table);
    auto listed = lists_.In(rows.list);
    if (m_.keeps) listed = store::Both(listed, shown);
    const auto listed_count = CountRows(m_, *rows.table, listed);
    if (listed_count == 0) return;  // all of them go at a deeper level
    const auto shown_count =
        m_.keeps || !shown ? listed_count : CountRows(m_, *rows.table, store::Both(listed, shown));
    const auto kept_count = RunCascaded(m_.Running(), m_.Handle().store->TypeOf(*rows.table),
                                        Op::Delete, [&](Draft& deletion) {
                                          deletion.uncounted = true;
                                          deletion.deferred = IsDeferred();
                                          deletion.where = listed;
                                        });
    rows.kept = kept_count.has_value();
    if (kept_count && *kept_count >= shown_count) return;
    if (kept_count) RefuseLeftOut(rows, shown_count - *kept_count);
    const auto kept = CountRows(m_, *rows.table, listed);
    if (m_.keeps && kept != listed_count && !IsInsideDeletion())
      RefuseGone(rows, listed_count - kept);
    if (kept != 0) RefuseLeftOut(rows, kept);
  }
  /// Throws: ConstraintError for rows that would be left without what they hang on.
  [[noreturn]] void RefuseLeftOut(const Rows& rows, std::int64_t count) const {
    throw ConstraintError(m_.table->entity, Told(), ConstraintKind::ForeignKey, {},
                          KeptRowsText(m_, *rows.table, count, " that would be deleted with it"));
  }

  /// Whether rows further out are really deleted: what hangs on them goes as it does then.
  bool IsInsideDeletion() const {
    for (const AnyMutation* outer = m_.caused_by; outer != nullptr; outer = outer->CausedBy()) {
      if (Is(outer->Op(), Op::Delete | Op::DeleteOne)) return true;
    }
    return false;
  }
  /// Throws: ConstraintError for rows that would go for good with some that only seem to.
  [[noreturn]] void RefuseGone(const Rows& rows, std::int64_t count) const {
    throw ConstraintError(
        m_.table->entity, Told(), ConstraintKind::ForeignKey, {},
        core::Concat({CountedRows(m_, *rows.table, count, "hangs", "hang"),
                      " on it and would be deleted for good, while it is kept: let a hook of ",
                      rows.table->entity,
                      " keep its rows too, or give the edge another OnDelete"}));
  }
  /// Throws: ConstraintError for rows that restrict the deletion of some that only seem to be
  /// deleted, those that the caller sees, for the database does not look.
  void RefuseRestricting() {
    Narrower narrower(m_.GetHandle(), m_.Running().decision);
    ForEachReferring(
        narrower, [](const Relation& key) { return key.on_delete == Restrict; },
        [&](const Relation& key, const Rows& rows, std::int64_t count) {
          throw ConstraintError(m_.table->entity, Told(), ConstraintKind::ForeignKey, {key.Name()},
                                core::Concat({std::to_string(count), " ", key.Holder().entity,
                                              count == 1 ? " refers to " : " refer to ",
                                              rows.table == m_.table ? "it" : "what hangs on it"}));
        });
  }
  /// The same of rows that hooks have created meanwhile.
  void RefuseNewOfKept() {
    if (levels_.size() < 2) return;  // no hook has run
    ForEachReferring(
        shown_, [](const Relation& key) { return key.on_delete != SetNull; },
        [&](const Relation& key, const Rows&, std::int64_t count) { RefuseMade(key, count); });
  }
  [[noreturn]] void RefuseMade(const Relation& key, std::int64_t count) const {
    throw ConstraintError(m_.table->entity, Told(), ConstraintKind::ForeignKey, {key.Name()},
                          core::Concat({"a hook made ", CountedRows(m_, key.Holder(), count),
                                        " refer to it while it is deleted"}));
  }
  /// `use(key, rows, count)` where so many rows, that `shown` shows and that stay, refer to some of
  /// the cascade by such a key.
  template <class Which, class Use>
  void ForEachReferring(Narrower& shown, Which which, Use use) {
    for (const Relation* key : graph_.Keys()) {
      if (!which(*key)) continue;
      const Table& holder = key->Holder();
      for (const Level& level : levels_) {
        for (const Rows& rows : level) {
          if (rows.table != &key->Referred()) continue;
          const auto count =
              CountRows(m_, holder,
                        store::Both(store::Both(lists_.Refers(*key, rows.list), Stays(holder)),
                                    shown.Reached(holder)));
          if (count != 0) use(*key, rows, count);
        }
      }
    }
  }

  /// Takes the key from rows that stay. They are not among those that are being deleted, here or
  /// further out.
  void Release(const Relation& key, std::int64_t list) {
    const Table& holder = key.Holder();
    const std::int64_t losing =
        lists_.KeepApart(holder, store::Both(lists_.Refers(key, list), Stays(holder)));
    if (lists_.Size(losing) == 0) return;
    const FieldValue none;
    ChangeKeys(m_, {key, none, m_, nullptr}, lists_.In(losing));
    const auto kept =
        CountRows(m_, holder, store::Both(lists_.In(losing), lists_.Refers(key, list)));
    if (kept == 0) return;
    throw ConstraintError(
        m_.table->entity, Told(), ConstraintKind::ForeignKey, {key.Name()},
        KeptRowsText(m_, holder, kept,
                     kept == 1 ? " as it was that refers to it" : " as it was that refer to it"));
  }
  store::PredicatePtr Stays(const Table& holder) const {
    return store::Both(store::Negated(lists_.InAny(holder)),
                       store::Negated(lists_.InOthers(holder)));
  }

  /// The engine would see to rows that hooks have created meanwhile, behind the back of theirs.
  void RefuseNew(std::int64_t list) const {
    for (const Relation* key : graph_.Referrers(*m_.table)) {
      if (!Matters(m_, *key) || graph_.IsCyclic(*key)) continue;
      auto rows = lists_.Refers(*key, list);
      if (key->on_delete == SetNull) rows = store::Both(rows, Stays(key->Holder()));
      if (MayLackIds(key->Holder())) {
        rows = store::Both(rows, store::Negated(store::IdIsNull(key->Holder())));
      }
      const auto created = CountRows(m_, key->Holder(), rows);
      if (created == 0) continue;
      RefuseMade(*key, created);
    }
  }

  /// The Op that errors tell.
  grapnel::Op Told() const noexcept { return m_.keeps ? m_.asked : m_.op; }

  Draft& m_;
  const Graph& graph_;
  RowLists& lists_;
  Narrower shown_;        // what interceptors show, whatever rules say
  CascadeLevels levels_;  // the mutation's own rows first
  std::vector<const Relation*> deferred_;
};

}  // namespace grapnel::detail
