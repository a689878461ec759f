#pragma once

#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/changes.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// What a mutation came to: its rows after the write, and how these differ from before.
namespace grapnel::detail {

/// The neighbours of some rows by one edge.
struct NeighboursOf {
  using Ids = std::vector<FieldValue>;

  std::size_t edge;  // its place in Table::edges
  std::unordered_map<FieldValue, Ids, HashOfValue> ids{};

  const Ids& At(const FieldValue& row) const {
    static const Ids none;
    const auto found = ids.find(row);
    return found != ids.end() ? found->second : none;
  }
};

/// What is known of it, once somebody asked.
struct Written {
  explicit Written(const EntityOps& ops) noexcept : rows(ops) {}

  EntityRows rows;  // as they are after the write
  bool has_rows = false;
  std::uint64_t writes_then = 0;  // of the session, where the write itself has returned them
  std::vector<store::RowChanges> changes{};
  bool has_changes = false;
  std::vector<NeighboursOf> before{};  // by the edges that it may change

  /// After the write was undone.
  void Forget() noexcept {
    rows.Clear();
    changes.clear();
    before.clear();
    has_rows = has_changes = false;
    writes_then = 0;
  }
};

inline FieldValue IdOfRow(const Table& table, const void* row) {
  return table.Id().ops->to_value(table.Id().at_const(row));
}

/// Reads the rows with these ids, those that are there, in the order of the ids.
inline void ReadRowsNow(const Draft& m, const std::vector<FieldValue>& ids, EntityRows& to) {
  const Table& table = *m.table;
  if (ids.empty()) return;
  std::unordered_map<FieldValue, std::size_t, HashOfValue> places;
  for (const FieldValue& id : ids) places.emplace(id, places.size());
  const auto where = store::IdIn(table, ids);
  store::Select select{{&table, m.op}};
  select.where = where.Get();
  EntityRows found(table.ops);
  std::vector<std::size_t> place_of;
  ReadIn(m, table, [&](store::Connection& connection) {
    found.Clear();
    place_of.clear();
    connection.Run(select, [&](Row& row) {
      const auto place = places.find(LoadId(table, row, 0));
      if (place == places.end()) return;  // equal by a collation of others
      LoadRow(table, found.Append(), row);
      place_of.push_back(place->second);
    });
    return 0;
  });
  std::vector<std::size_t> order(place_of.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t left, std::size_t right) { return place_of[left] < place_of[right]; });
  for (const std::size_t at : order) table.ops.AppendMoved(to.Get(), found.At(at));
}

/// The neighbours that these rows have by an edge whose key is not in them.
inline NeighboursOf ReadNeighbours(const Draft& m, std::size_t edge,
                                   std::span<const FieldValue> rows) {
  const Relation& relation = m.table->edges[edge].relation();
  const Table& target = *relation.target;
  NeighboursOf found{edge};
  if (rows.empty()) return found;
  store::Select select{{&target, m.op}};
  select.through = &relation;
  select.sources = rows;
  const int place_at = static_cast<int>(target.columns.size());
  ReadIn(m, target, [&](store::Connection& connection) {
    found.ids.clear();
    connection.Run(select, [&](Row& row) {
      const FieldValue& source = rows[static_cast<std::size_t>(row.Int(place_at))];
      found.ids[source].push_back(LoadId(target, row, 0));
    });
    return 0;
  });
  return found;
}

/// The places of the edges whose neighbours the mutation may change, and which no column of its
/// rows tells of.
inline std::vector<std::size_t> EdgesAtStake(const Draft& m) {
  const auto is_at_stake = [&](std::size_t place, const EdgeEnd& edge) {
    // Of a deletion those that the neighbours' own rows do not tell of.
    if (Is(m.op, Op::Delete | Op::DeleteOne)) {
      const Relation& relation = edge.relation();
      return relation.kind == Relation::Kind::Join || relation.KeyPlace() == EdgeEnd::kNoKey;
    }
    // What the update of a row in conflict says of edges, its own hooks decide.
    return m.conflict || m.edges.Find(place) != nullptr;
  };
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < m.table->edges.size(); ++i) {
    const EdgeEnd& edge = m.table->edges[i];
    if (!edge.HoldsKey() && is_at_stake(i, edge)) places.push_back(i);
  }
  return places;
}

/// Those of `ids` that are not among `others`.
inline std::vector<FieldValue> Without(const std::vector<FieldValue>& ids,
                                       const std::vector<FieldValue>& others) {
  const std::unordered_set<FieldValue, HashOfValue> known(others.begin(), others.end());
  std::vector<FieldValue> rest;
  for (const FieldValue& id : ids) {
    if (!known.contains(id)) rest.push_back(id);
  }
  return rest;
}

/// The columns that differ; null: no row.
inline void CompareColumns(const Table& table, const void* before, const void* after,
                           std::vector<store::FieldChange>& to) {
  const auto value_of = [](const Column& column, const void* row) {
    return row != nullptr ? column.ops->to_value(column.at_const(row)) : FieldValue();
  };
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    FieldValue old_value = value_of(column, before);
    FieldValue new_value = value_of(column, after);
    if (old_value == new_value) continue;
    to.push_back({column.name,
                  std::move(old_value),
                  std::move(new_value),
                  {},
                  {},
                  column.target != nullptr,
                  column.IsSecret()});
  }
}

/// One edge of a row, if it differs.
inline void CompareNeighbours(const EdgeEnd& edge, const std::vector<FieldValue>& before,
                              const std::vector<FieldValue>& after,
                              std::vector<store::FieldChange>& to) {
  store::FieldChange change{edge.name};
  change.is_edge = true;
  change.sensitive = edge.target().Id().sensitive;
  change.added = Without(after, before);
  change.removed = Without(before, after);
  if (change.added.empty() && change.removed.empty()) return;
  if (!edge.many) {
    if (!before.empty()) change.before = before.front();
    if (!after.empty()) change.after = after.front();
    change.added.clear();
    change.removed.clear();
  }
  to.push_back(std::move(change));
}

/// How the rows that the mutation touched differ from `old_rows`. Requires: `written` has the rows.
inline std::vector<store::RowChanges> Compare(const Draft& m, EntityRows& old_rows,
                                              Written& written) {
  const Table& table = *m.table;
  struct Pair {
    FieldValue id;
    const void* before;
    const void* after;
  };
  std::vector<Pair> pairs;
  std::unordered_map<FieldValue, std::size_t, HashOfValue> places;
  for (std::size_t i = 0; i < old_rows.Count(); ++i) {
    pairs.push_back({IdOfRow(table, old_rows.At(i)), old_rows.At(i), nullptr});
    places.emplace(pairs.back().id, i);
  }
  for (std::size_t i = 0; i < written.rows.Count(); ++i) {
    const void* const row = written.rows.At(i);
    FieldValue id = IdOfRow(table, row);
    const auto known = places.find(id);
    if (known != places.end()) {
      pairs[known->second].after = row;
    } else {
      pairs.push_back({std::move(id), nullptr, row});
    }
  }
  std::vector<FieldValue> ids;
  for (const Pair& pair : pairs) ids.push_back(pair.id);
  // Of a row that was created the edges were empty: nobody noted them.
  if (written.before.empty() && m.op == Op::Create) {
    for (const EdgeChange& change : m.edges) written.before.push_back({change.edge});
  }
  std::vector<NeighboursOf> now;
  for (const NeighboursOf& edge : written.before) now.push_back(ReadNeighbours(m, edge.edge, ids));

  std::vector<store::RowChanges> all;
  for (Pair& pair : pairs) {
    store::RowChanges row;
    row.fate = pair.before == nullptr  ? store::RowFate::Created
               : pair.after == nullptr ? store::RowFate::Deleted
                                       : store::RowFate::Updated;
    CompareColumns(table, pair.before, pair.after, row.changes);
    for (std::size_t i = 0; i < now.size(); ++i) {
      CompareNeighbours(table.edges[now[i].edge], written.before[i].At(pair.id), now[i].At(pair.id),
                        row.changes);
    }
    if (row.changes.empty() && row.fate == store::RowFate::Updated) continue;
    row.id = std::move(pair.id);
    row.sensitive = table.Id().sensitive;
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace grapnel::detail
