#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstdint>
#include <string>

/// Reading rows, with their types forgotten.
namespace grapnel::detail {

inline std::string DescribeId(const Table& table, const void* entity) {
  const FieldValue id = table.Id().ops->to_value(table.Id().at_const(entity));
  return core::Concat({"id ", ToString(id)});
}

/// Whether rows may have no id, in a table that others made: lists of rows pass them by.
inline bool MayLackIds(const Table& table) noexcept { return !table.generates_ids; }

/// Runs a statement that reads, inside the handle's transaction or on a connection of its own.
GRAPNEL_DECLARE std::int64_t RunRead(const HandlePtr& handle, const Table& table,
                                     Session::Statement statement);

/// Reads rows into the entities that `next()` makes for them.
GRAPNEL_DECLARE void ReadRows(const HandlePtr& handle, const store::Select& select,
                              core::FunctionRef<void*()> next);
/// Reads the row with the id of `key` into `into`; false when there is none.
GRAPNEL_DECLARE bool ReadById(const HandlePtr& handle, const Table& table, const void* key,
                              void* into);
/// Reads the row with the id that is in `entity` into it. Throws: NotFoundError that names the id,
/// when there is none.
GRAPNEL_DECLARE void ReadPresent(const HandlePtr& handle, const Table& table, void* entity);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/rows.hpp>  // IWYU pragma: keep
#endif
