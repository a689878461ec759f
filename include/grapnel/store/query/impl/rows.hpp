#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/impl/tx.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace grapnel::detail {

GRAPNEL_DEFINE std::string DescribeId(const Table& table, const void* entity) {
  const FieldValue id = table.Id().ops->to_value(table.Id().at_const(entity));
  return core::Concat({"id ", table.ShowId(id)});
}

/// The statement that reads these rows.
inline store::Select Describe(const Table& table, const store::Rows& rows) {
  store::Select statement{{&table}};
  statement.where = rows.where.Get();
  statement.order = rows.order;
  statement.limit = rows.limit;
  statement.offset = rows.offset;
  return statement;
}

GRAPNEL_DEFINE std::int64_t RunRead(const HandlePtr& handle, const Table& table,
                                    Session::Statement statement) {
  TypeEntry& type = TypeOf(*handle, table);
  if (handle->transaction) {
    const Tx::Access::Finish finish{handle};
    return handle->transaction->Read(*handle->GetLevel(), type, handle->context, statement);
  }
  Marks::Guard(*handle->store);
  handle->context.ThrowIfCancelled();
  const store::Lease lease = handle->store->driver->Reader(handle->context);
  lease->Watch(&handle->context);
  type.Verify(*lease);
  return statement(*lease);
}

GRAPNEL_DEFINE void ReadRows(const HandlePtr& handle, const store::Select& select,
                             core::FunctionRef<void*()> next) {
  RunRead(handle, *select.table, [&](store::Connection& connection) {
    connection.Run(select, [&](Row& row) { LoadRow(*select.table, next(), row); });
    return 0;
  });
}

GRAPNEL_DEFINE bool ReadById(const HandlePtr& handle, const Table& table, const void* key,
                             void* into, const store::PredicateNode* where) {
  const store::Find find{{&table}, key, into, where};
  return RunRead(handle, table, [&](store::Connection& connection) -> std::int64_t {
           return connection.Run(find) ? 1 : 0;
         }) != 0;
}

}  // namespace grapnel::detail
