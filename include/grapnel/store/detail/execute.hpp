#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/detail/mutation_core.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/tx.hpp>

#include <cstdint>
#include <string>
#include <utility>

/// The terminal of every mutation, and all reads: compiled once for all types.
namespace grapnel::detail {

/// Reads one column into a member. Throws: SchemaError, which names the field.
inline void LoadColumn(const Table& table, const Column& column, void* member, Row& row, int at) {
  try {
    if (column.nullable && row.IsNull(at)) {
      column.ops->reset(member);
    } else {
      column.ops->load(member, row, at);
    }
  } catch (const std::exception& error) {
    throw SchemaError(table.entity, column.name,
                      core::Concat({"a stored value cannot be read: ",
                                    column.sensitive ? "it is not valid" : error.what()}));
  }
}

/// Fills `entity` from a row that holds all columns of its table.
inline void LoadRow(const Table& table, void* entity, Row& row) {
  int at = 0;
  for (const Column& column : table.columns) {
    LoadColumn(table, column, column.at(entity), row, at++);
  }
}

inline std::string DescribeId(const Table& table, const void* entity) {
  const FieldValue id = table.Id().ops->to_value(table.Id().at_const(entity));
  return core::Concat({"id ", ToString(id)});
}

/// Runs a statement that reads, inside the handle's transaction or on a connection of its own.
template <class F>
auto RunRead(const HandlePtr& handle, const Table& table, F statement) {
  TypeEntry& type = handle->store->TypeOf(table);
  if (handle->transaction) {
    const Tx::Access::Finish finish{handle};
    return handle->transaction->Read(*handle->GetLevel(), type, handle->context,
                                     std::move(statement));
  }
  Marks::Guard(*handle->store);
  handle->context.ThrowIfCancelled();
  const store::Lease lease = handle->store->driver->Reader(handle->context);
  lease->Watch(&handle->context);
  type.Verify(*lease);
  return statement(*lease);
}

/// Writes the mutation: validation and SQL. Returns the number of rows matched. Of Create the id is then
/// in `entity`; of UpdateOne the row as it is now stored is in `fresh`.
inline std::int64_t Execute(MutationCore& m, void* entity, void* fresh) {
  if (m.executed) {
    throw Error(core::Concat({m.table->entity,
                              ": the mutation was already carried out, by Mutate: its hook must not "
                              "call next as well"}));
  }
  m.Validate(entity);
  Transaction& transaction = *m.transaction;
  TypeEntry& type = m.Handle().store->TypeOf(*m.table);
  const core::Context& context = m.Handle().context;
  const Table& table = *m.table;
  const auto not_found = [&] {
    return NotFoundError(table.entity, core::Concat({DescribeId(table, entity),
                                                     m.where ? ", or it does not match" : ""}));
  };
  const auto write = [&](const auto& statement) {
    return transaction.Write(*m.level, type, context,
                             [&](store::Connection& connection) { return connection.Run(statement); });
  };
  const auto select = [&](store::Select::Want want) {
    store::Select statement{{&table, m.op}};
    statement.want = want;
    statement.entity = entity;
    statement.by_id = m.IsOne();
    return statement;
  };
  const auto reread = [&](const store::PredicateNode* where) {
    auto statement = select(store::Select::Want::Rows);
    statement.where = where;
    bool found = false;
    transaction.Read(*m.level, type, context, [&](store::Connection& connection) {
      connection.Run(statement, [&](Row& row) {
        LoadRow(table, fresh, row);
        found = true;
      });
      return 0;
    });
    if (!found) throw not_found();
  };

  std::int64_t count = 0;
  switch (m.op) {
    case Op::Create: {
      const std::int64_t made = write(store::Insert{{&table, m.op}, entity, m.set});
      if (!m.set.test(0)) {
        const Column& id = table.Id();
        try {
          id.ops->from_value(id.at(entity), made);
        } catch (const BadValue& error) {
          throw ValidationError(table.entity, id.name, m.op, error.what());
        }
      }
      m.has_id = true;
      count = 1;
      break;
    }
    case Op::UpdateOne:
      if (m.ChangesNothing()) {
        reread(m.where.get());
      } else {
        if (write(store::Update{{&table, m.op}, entity, m.set, m.added, m.cleared, true,
                                m.where.get()}) == 0) {
          throw not_found();
        }
        reread(nullptr);
      }
      count = 1;
      break;
    case Op::Update:
      if (m.ChangesNothing()) {
        auto statement = select(store::Select::Want::Count);
        statement.where = m.where.get();
        count = transaction.Read(
            *m.level, type, context,
            [&](store::Connection& connection) { return connection.Count(statement); });
      } else {
        count = write(store::Update{{&table, m.op}, entity, m.set, m.added, m.cleared, false,
                                    m.where.get()});
      }
      break;
    case Op::DeleteOne:
      count = write(store::Delete{{&table, m.op}, entity, true, m.where.get()});
      if (count == 0) throw not_found();
      break;
    case Op::Delete:
      count = write(store::Delete{{&table, m.op}, entity, false, m.where.get()});
      break;
  }
  m.executed = true;
  return count;
}

}  // namespace grapnel::detail
