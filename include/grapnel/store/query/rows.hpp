#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

/// Reading rows, with their types forgotten.
namespace grapnel::detail {

/// What is stored in a column, whatever it is, for messages.
inline std::string DescribeStored(Row& row, int at) {
  if (row.IsNull(at)) return "NULL";
  try {
    return ToString(FieldValue(row.Int(at)));
  } catch (const BadValue&) {  // NOLINT(bugprone-empty-catch): it is something else
  }
  try {
    return ToString(FieldValue(std::string(row.Text(at))));
  } catch (const BadValue&) {
    return "that is neither a number nor a text";
  }
}

/// The error of a value that cannot be read, in a row that begins with its id.
inline SchemaError Unreadable(const Table& table, const Column& column, Row& row,
                              std::string_view reason) {
  return {table.entity, column.name,
          core::Concat({"in the row with id ",
                        table.Id().sensitive ? "(not shown)" : DescribeStored(row, 0),
                        " a stored value cannot be read: ",
                        column.sensitive ? "it is not valid" : reason})};
}

/// Reads one column of a row that begins with its id into a member. Throws: SchemaError, which names the
/// field and the row.
inline void LoadColumn(const Table& table, const Column& column, void* member, Row& row, int at) {
  try {
    if (column.nullable && row.IsNull(at)) {
      column.ops->reset(member);
    } else {
      column.ops->load(member, row, at);
    }
  } catch (const StorageError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw Unreadable(table, column, row, error.what());
  }
}

/// Fills `entity` from a row that holds all columns of its table.
GRAPNEL_DECLARE void LoadRow(const Table& table, void* entity, Row& row);

/// Reads the id that a row begins with. Throws: SchemaError for one that is of another type.
inline FieldValue LoadId(const Table& table, Row& row, int at) {
  try {
    switch (table.Id().Kind()) {
      case FieldKind::Text:
        return row.Text(at);
      case FieldKind::Blob: {
        const auto bytes = row.Blob(at);
        return FieldValue::Bytes(bytes.begin(), bytes.end());
      }
      default:
        return row.Int(at);
    }
  } catch (const BadValue& error) {
    throw Unreadable(table, table.Id(), row, error.what());
  }
}

inline std::string DescribeId(const Table& table, const void* entity) {
  const FieldValue id = table.Id().ops->to_value(table.Id().at_const(entity));
  return core::Concat({"id ", ToString(id)});
}

/// Whether rows may have no id, in a table that others made: lists of rows pass them by.
inline bool MayLackIds(const Table& table) noexcept { return !table.generates_ids; }

/// Runs a statement that reads, inside the handle's transaction or on a connection of its own.
GRAPNEL_DECLARE std::int64_t RunRead(const HandlePtr& handle, const Table& table,
                                     Transaction::Statement statement);

/// Reads rows into the entities that `next()` makes for them.
GRAPNEL_DECLARE void ReadRows(const HandlePtr& handle, const store::Select& select,
                              core::FunctionRef<void*()> next);
/// Reads the row with the id of `key` into `into`; false when there is none.
GRAPNEL_DECLARE bool ReadById(const HandlePtr& handle, const Table& table, const void* key, void* into);
/// Throws: NotFoundError that names the id of `key`.
[[noreturn]] GRAPNEL_DECLARE void RefuseAbsent(const Table& table, const void* key);

/// Begins a transaction that its caller holds. Throws: TxError when the base client is used inside
/// one.
GRAPNEL_DECLARE HandlePtr BeginTransaction(const HandlePtr& handle, Transaction::Kind kind);

/// As RunRead, inside a mutation's transaction.
inline std::int64_t ReadIn(const MutationCore& m, const Table& table,
                           Transaction::Statement statement) {
  TypeEntry& type = m.Transaction().TypeOf(table);
  return m.Transaction().Read(m.GetLevel(), type, m.Handle().context, statement);
}

/// The ids of the rows of `table` that match.
inline std::vector<FieldValue> SelectIds(const MutationCore& m, const Table& table,
                                         const store::PredicatePtr& where) {
  std::vector<FieldValue> ids;
  store::Select select{{&table, m.op}};
  select.want = store::Select::Want::Ids;
  select.where = where.get();
  ReadIn(m, table, [&](store::Connection& connection) {
    ids.clear();
    connection.Run(select, [&](Row& row) { ids.push_back(LoadId(table, row, 0)); });
    return 0;
  });
  return ids;
}

inline std::int64_t CountRows(const MutationCore& m, const Table& table,
                              const store::PredicatePtr& where) {
  store::Select select{{&table, m.op}};
  select.want = store::Select::Want::Count;
  select.where = where.get();
  return ReadIn(m, table, [&](store::Connection& connection) { return connection.Count(select); });
}

/// Hands `add` the rows that the mutation is about to touch, one after the other.
inline void SelectTouched(const MutationCore& m, const void* entity, store::Select::Want want,
                          store::Connection::RowSink add) {
  store::Select select{{m.table, m.op}};
  select.want = want;
  select.entity = entity;
  select.by_id = m.IsOne();
  select.where = m.where.get();
  ReadIn(m, *m.table, [&](store::Connection& connection) {
    connection.Run(select, add);
    return 0;
  });
}

/// Says why a One form touched nothing. Throws: NotFoundError when its row is not there, StaleError when
/// it is and does not match, ConstraintError of kind Skipped when it does.
/// `alive`: what rows have to match to count as there; null: nothing.
[[noreturn]] GRAPNEL_DECLARE void RefuseUntouched(MutationCore& m, const void* entity,
                                                  const store::PredicateNode* alive = nullptr);

/// Throws: NotLoadedError when the rows are no longer as they were before the write.
inline void BeforeWrite(const MutationCore& m) {
  if (!m.executed) return;
  throw NotLoadedError(
      core::Concat({m.table->entity, " ", ToString(m.op)}),
      "Old, OldRows and IDs were first asked for after the write: read them before "
      "next");
}

/// From now on the mutation touches these rows, those of them that match predicates added later. A One form
/// names its row already. `and_nameless`: and those that it touches and that have no id.
inline void Pin(MutationCore& m, std::vector<FieldValue> ids, bool and_nameless = false) {
  auto rows = m.IsOne() && !ids.empty() ? nullptr : store::IdIn(*m.table, ids);
  if (and_nameless) {
    rows = store::Either(std::move(rows), store::Both(m.where, store::IdIsNull(*m.table)));
  }
  m.where = std::move(rows);
  m.pinned.emplace(MutationCore::Pinned{std::move(ids), m.where, m.Transaction().Writes(), {}});
}

/// The ids of the rows that an Update or Delete, or a One form, touches; read once, and then
/// pinned. After the write those that it touched.
inline const std::vector<FieldValue>& PinnedIds(MutationCore& m, const void* entity) {
  if (!m.pinned) {
    BeforeWrite(m);
    std::vector<FieldValue> ids;
    bool nameless = false;  // rows without an id, which are touched as well
    SelectTouched(m, entity, store::Select::Want::Ids, [&](Row& row) {
      row.IsNull(0) ? void(nameless = true) : ids.push_back(LoadId(*m.table, row, 0));
    });
    Pin(m, std::move(ids), nameless);
  }
  return m.executed && m.pinned->touched ? *m.pinned->touched : m.pinned->ids;
}

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/rows.hpp>  // IWYU pragma: keep
#endif
