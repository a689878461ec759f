#pragma once

#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Lists of rows by their ids that the engine keeps, on disk where they are long: memory stays
/// flat. Gone at the end of their scope.
class RowLists {
 public:
  /// How many rows one statement deletes: the engine holds their ids in memory.
  static constexpr std::int64_t kPart = 20'000;

  explicit RowLists(const Draft& m) : m_(m), first_(m.Session().LastList() + 1) {}
  RowLists(const RowLists&) = delete;
  RowLists& operator=(const RowLists&) = delete;
  ~RowLists() {
    if (m_.Session().LastList() < first_ || !m_.Session().GoesOn()) return;
    try {
      ReadIn(m_, *m_.table,
             [&](store::Connection& connection) { return connection.Forget(first_), 0; });
    } catch (...) {  // NOLINT(bugprone-empty-catch): what has ended took its lists with it
    }
  }

  /// Puts the rows of `table` that match, which are to be deleted, into a list, a new one when none
  /// is named; one row when an `entity` with its id is given. A write: what rolls it back also
  /// rolls back that it is forgotten.
  std::int64_t Keep(const Table& table, const store::PredicatePtr& where,
                    const void* entity = nullptr, std::int64_t list = 0) {
    return Keep(table, TypeOf(table), where, entity, list);
  }
  /// The same for rows that are not to be deleted: InAny and InOthers do not hold for them.
  std::int64_t KeepApart(const Table& table, const store::PredicatePtr& where) {
    return Keep(table, kApart, where, nullptr, 0);
  }
  std::int64_t Size(std::int64_t list) const {
    return sizes_[static_cast<std::size_t>(list - first_)];
  }
  /// Takes rows out of lists that stand in later ones as well, but for the first list.
  void KeepLast() {
    if (m_.Session().LastList() < first_ + 2) return;  // one list, where nothing stands twice
    ReadIn(m_, *m_.table,
           [&](store::Connection& connection) { return connection.KeepLast(first_ + 1), 0; });
  }

  store::PredicatePtr In(std::int64_t list) const { return store::InList(list); }
  /// Rows that refer to rows of the list.
  store::PredicatePtr Refers(const Relation& key, std::int64_t list) const {
    return store::InList(list, &key);
  }
  /// Rows that are to be deleted: of any of these lists; of those of others that were made before.
  store::PredicatePtr InAny(const Table& table) const {
    return store::InLists(TypeOf(table), first_, m_.Session().LastList());
  }
  store::PredicatePtr InOthers(const Table& table) const {
    return store::InLists(TypeOf(table), 0, first_ - 1);
  }

  /// Calls `use(ids, condition)` for the list in parts; `condition` holds for the rows of the part.
  template <class F>
  void ForEachPart(const Table& table, std::int64_t list, F use) const {
    FieldValue after;
    while (true) {
      std::vector<FieldValue> ids;
      store::Page page{{&table, m_.op}, list, &after, kPart};
      ReadIn(m_, table, [&](store::Connection& connection) {
        connection.Run(page, [&](Row& row) { ids.push_back(LoadId(table, row, 0)); });
        return 0;
      });
      if (ids.empty()) return;
      FieldValue last = ids.back();
      use(ids, store::InList(list, nullptr, {after, last}));
      if (static_cast<std::int64_t>(ids.size()) < kPart) return;
      after = std::move(last);
    }
  }

 private:
  static constexpr std::int64_t kApart = -1;  // in place of a type's number

  std::int64_t Keep(const Table& table, std::int64_t type, const store::PredicatePtr& where,
                    const void* entity, std::int64_t list) {
    store::Keep keep{{&table, m_.op}};
    keep.list = list != 0 ? list : m_.Session().NextList();
    keep.type = type;
    keep.entity = entity;
    keep.where = where.Get();
    sizes_.resize(static_cast<std::size_t>(m_.Session().LastList() - first_) + 1);
    sizes_[static_cast<std::size_t>(keep.list - first_)] +=
        m_.Session().Write(m_.GetLevel(), m_.Session().TypeOf(table), m_.Handle().context,
                           [&](store::Connection& connection) { return connection.Run(keep); });
    return keep.list;
  }

  /// A number for the type, by which lists tell the ids of one from those of another.
  std::int64_t TypeOf(const Table& table) const {
    const auto& tables = m_.Handle().store->graph->Tables();
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (tables[i]->type == table.type) return static_cast<std::int64_t>(i);
    }
    return -1;
  }

  const Draft& m_;
  std::int64_t first_;
  std::vector<std::int64_t> sizes_;
};

}  // namespace grapnel::detail
