#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

/// The rows that a mutation touches, and what else it reads in its own transaction.
namespace grapnel::detail {

struct Draft::Pinned {
  std::vector<FieldValue> ids;
  store::PredicatePtr where;  // what `where` became then: it is another one when more was added
  std::uint64_t writes;       // of the transaction until then
  std::optional<std::vector<FieldValue>> touched{};  // by the write, where these are fewer
};

/// As RunRead, inside a mutation's transaction.
inline std::int64_t ReadIn(const Draft& m, const Table& table, Session::Statement statement) {
  TypeEntry& type = m.Session().TypeOf(table);
  const auto failing = m.Running().hooked ? Session::Failing::GoesOn : Session::Failing::EndsScope;
  return m.Session().Read(m.GetLevel(), type, m.Handle().context, statement, failing);
}

/// The ids of the rows of `table` that match.
inline std::vector<FieldValue> SelectIds(const Draft& m, const Table& table,
                                         const store::PredicatePtr& where) {
  std::vector<FieldValue> ids;
  store::Select select{{&table, m.op}};
  select.want = store::Select::Want::Ids;
  select.where = where.Get();
  ReadIn(m, table, [&](store::Connection& connection) {
    ids.clear();
    connection.Run(select, [&](Row& row) { ids.push_back(LoadId(table, row, 0)); });
    return 0;
  });
  return ids;
}

inline std::int64_t CountRows(const Draft& m, const Table& table,
                              const store::PredicatePtr& where) {
  store::Select select{{&table, m.op}};
  select.want = store::Select::Want::Count;
  select.where = where.Get();
  return ReadIn(m, table, [&](store::Connection& connection) { return connection.Count(select); });
}

/// Hands `add` the rows that the mutation is about to touch, one after the other.
inline void SelectTouched(const Draft& m, store::Select::Want want,
                          store::Connection::RowSink add) {
  store::Select select{{m.table, m.op}};
  select.want = want;
  select.entity = m.entity;
  select.by_id = m.IsOne();
  select.where = m.where.Get();
  ReadIn(m, *m.table, [&](store::Connection& connection) {
    connection.Run(select, add);
    return 0;
  });
}

/// Says why a One form touched nothing. Throws: NotFoundError when its row is not there, StaleError
/// when it is and does not match, ConstraintError of kind Skipped when it does. `alive`: what rows
/// have to match to count as there; null: nothing.
[[noreturn]] GRAPNEL_DECLARE void RefuseUntouched(Draft& m,
                                                  const store::PredicatePtr& alive = nullptr);

/// Throws: NotLoadedError when the rows are no longer as they were before the write.
inline void BeforeWrite(const Draft& m) {
  if (!m.executed) return;
  throw NotLoadedError(
      core::Concat({m.table->entity, " ", ToString(m.op)}),
      "Old, OldRows and IDs were first asked for after the write: read them before "
      "next");
}

/// From now on the mutation touches these rows, those of them that match predicates added later. A
/// One form names its row already. `and_nameless`: and those that it touches and that have no id.
inline void Pin(Draft& m, std::vector<FieldValue> ids, bool and_nameless = false) {
  auto rows = m.IsOne() && !ids.empty() ? nullptr : store::IdIn(*m.table, ids);
  if (and_nameless) {
    rows = store::Either(std::move(rows), store::Both(m.where, store::IdIsNull(*m.table)));
  }
  m.where = std::move(rows);
  m.pinned = core::MakeShared<Draft::Pinned>(
      Draft::Pinned{std::move(ids), m.where, m.Session().Writes(), std::nullopt});
}

/// The ids of the rows that an Update or Delete, or a One form, touches; read once, and then
/// pinned. After the write those that it touched.
inline const std::vector<FieldValue>& PinnedIds(Draft& m) {
  if (!m.pinned) {
    BeforeWrite(m);
    std::vector<FieldValue> ids;
    bool nameless = false;  // rows without an id, which are touched as well
    SelectTouched(m, store::Select::Want::Ids, [&](Row& row) {
      row.IsNull(0) ? void(nameless = true) : ids.push_back(LoadId(*m.table, row, 0));
    });
    Pin(m, std::move(ids), nameless);
  }
  return m.executed && m.pinned->touched ? *m.pinned->touched : m.pinned->ids;
}

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/mutation/impl/touched.hpp>  // IWYU pragma: keep
#endif
