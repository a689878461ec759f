#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstdint>
#include <string>

/// Reading rows, with their types forgotten.
namespace grapnel {
namespace store {
class Connection;
struct PredicateNode;
struct Select;
}  // namespace store

namespace detail {

/// "id 7"; "id ***" of a sensitive one.
GRAPNEL_DECLARE std::string DescribeId(const Table& table, const void* entity);

/// Whether rows may have no id, in a table that others made: lists of rows pass them by.
inline bool MayLackIds(const Table& table) noexcept { return !table.generates_ids; }

/// Runs a statement that reads, inside the handle's transaction or on a connection of its own.
GRAPNEL_DECLARE std::int64_t RunRead(const HandlePtr& handle, const Table& table,
                                     core::FunctionRef<std::int64_t(store::Connection&)> statement);

/// Reads rows into the entities that `next()` makes for them.
GRAPNEL_DECLARE void ReadRows(const HandlePtr& handle, const store::Select& select,
                              core::FunctionRef<void*()> next);
/// Reads the row with the id of `key` into `into`; false when there is none, or it does not match
/// `where`, which may be null.
GRAPNEL_DECLARE bool ReadById(const HandlePtr& handle, const Table& table, const void* key,
                              void* into, const store::PredicateNode* where = nullptr);

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/rows.hpp>  // IWYU pragma: keep
#endif
