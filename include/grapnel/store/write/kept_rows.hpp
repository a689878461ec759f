#pragma once

#include <grapnel/model/graph.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/edges.hpp>
#include <grapnel/store/write/row_lists.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Rows of one type, at one level of a cascade.
struct CascadeRows {
  const Table* table;
  std::int64_t list;
  bool kept = false;      // on purpose, by a hook that has said KeepRows
  std::int64_t gone = 0;  // of those that are kept the list of some that go all the same, or none

  /// The list of those that are not there any more; 0: all stay.
  std::int64_t Gone() const noexcept { return kept ? gone : list; }
};
using CascadeLevels = std::vector<std::vector<CascadeRows>>;

/// Rows that hooks kept on purpose, where what they refer to is gone: they lose the key, by an
/// Update of their type, and where they cannot be without it they are deleted for good, which their
/// hooks have seen already.
class KeptRows {
 public:
  KeptRows(const Draft& m, const Graph& graph, RowLists& lists, CascadeLevels& levels) noexcept
      : m_(m), graph_(graph), lists_(lists), levels_(levels) {}

  void LetGo() {
    bool any = false;
    ForEach([&](CascadeRows& rows) { any = any || rows.kept; });
    if (!any) return;
    while (FindGone()) {
    }
    for (std::size_t level = levels_.size() - 1; level > 0; --level) {
      for (const CascadeRows& rows : levels_[level]) {
        if (rows.kept) LetGo(rows);
      }
    }
  }

 private:
  template <class F>
  void ForEach(F use) {
    for (auto& level : levels_) {
      for (CascadeRows& rows : level) use(rows);
    }
  }

  /// Finds rows that cannot stay, for they cannot be without what is gone. Returns: whether there
  /// are more than before.
  bool FindGone() {
    bool found = false;
    ForEach([&](CascadeRows& rows) {
      if (!rows.kept) return;
      store::PredicatePtr where;
      ForEachKey(*rows.table, true, [&](const Relation& key, std::int64_t gone) {
        auto refers = lists_.Refers(key, gone);
        where = where ? store::Either(std::move(where), std::move(refers)) : std::move(refers);
      });
      if (!where) return;
      const std::int64_t gone =
          lists_.KeepApart(*rows.table, store::Both(lists_.In(rows.list), where));
      const std::int64_t before = rows.gone == 0 ? 0 : lists_.Size(rows.gone);
      if (lists_.Size(gone) == before) return;
      rows.gone = gone;
      found = true;
    });
    return found;
  }

  /// `use(key, gone)` for the keys of a type to rows of the cascade, and the lists of those of them
  /// that are gone.
  template <class F>
  void ForEachKey(const Table& holder, bool required, F use) {
    for (const Relation* key : graph_.Keys()) {
      if (&key->Holder() != &holder || key->required != required) continue;
      ForEach([&](const CascadeRows& rows) {
        if (rows.table == &key->Referred() && rows.Gone() != 0) use(*key, rows.Gone());
      });
    }
  }

  void LetGo(const CascadeRows& rows) {
    auto stays = lists_.In(rows.list);
    if (rows.gone != 0) stays = store::Both(stays, store::Negated(lists_.In(rows.gone)));
    ForEachKey(*rows.table, false, [&](const Relation& key, std::int64_t gone) {
      const std::int64_t losing =
          lists_.KeepApart(*rows.table, store::Both(stays, lists_.Refers(key, gone)));
      if (lists_.Size(losing) == 0) return;
      const FieldValue none;
      ChangeKeys(m_, {key, none, m_, nullptr}, lists_.In(losing));
    });
    if (rows.gone == 0) return;
    const auto where = lists_.In(rows.gone);
    const store::Delete deletion{{rows.table, m_.op}, nullptr, false, where.Get()};
    m_.Session().Write(m_.GetLevel(), m_.Session().TypeOf(*rows.table), m_.Handle().context,
                       [&](store::Connection& connection) { return connection.Run(deletion); });
  }

  const Draft& m_;
  const Graph& graph_;
  RowLists& lists_;
  CascadeLevels& levels_;
};

}  // namespace grapnel::detail
