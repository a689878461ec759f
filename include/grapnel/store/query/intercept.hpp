#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/hook_handle.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/type_actions.hpp>

#include <cstdint>
#include <initializer_list>
#include <vector>

/// How the reads of callers pass the interceptors. What the machine reads for itself never comes by
/// here: it has statements, and a caller has what was `Asked`, of which no statement is made but
/// here.
namespace grapnel::detail {

/// Carries out a read of its caller's, through the interceptors of the type: `read(rows, into)`
/// reads these rows, which nobody narrows any more. Throws: what they throw; RecursionError for
/// interceptors whose own reads come back to themselves without end.
GRAPNEL_DECLARE void RunReading(
    const HandlePtr& handle, const Table& table, ReadStep step, ReadKind kind, const Asked& asked,
    const ReadInto& into,
    core::FunctionRef<void(const store::Rows& rows, const ReadInto& into)> read);

/// The interceptors of a type as they are now, those that only run behind the rest alone.
GRAPNEL_DECLARE core::detail::ListedHooks AfterOf(const core::detail::ListedHooks& readers);
/// Whether rows may be handed out before all of them are found: none of these stands around the
/// whole read.
GRAPNEL_DECLARE bool MayStream(const core::detail::ListedHooks& readers) noexcept;
/// Rows of a stream, as RunReading would read them.
GRAPNEL_DECLARE store::Rows NarrowStream(const HandlePtr& handle, const Table& table,
                                         const Asked& asked);
/// Some rows, a std::vector of the type's, pass its interceptors that only run behind the rest.
/// They may come back more or fewer.
GRAPNEL_DECLARE void PassAfter(const HandlePtr& handle, TypeEntry& type,
                               const core::detail::ListedHooks& after, ReadStep step, void* rows);

/// As RunReading, of a row by its id, which is in `key`. Returns whether there is such a row.
GRAPNEL_DECLARE bool FindById(const HandlePtr& handle, const Table& table, const void* key,
                              void* into);
/// Of a row that interceptors may have changed on its way to the caller: reads it as they show it,
/// and behind that as it is stored, into `rows`, which holds none. Returns whether there is such a
/// row, and they show it.
GRAPNEL_DECLARE bool FindAsStored(const HandlePtr& handle, const Table& table, const void* key,
                                  EntityRows& rows);
/// Reads the row with the id that is in `entity` into it. Throws: NotFoundError that names the id,
/// when there is none.
GRAPNEL_DECLARE void GetById(const HandlePtr& handle, const Table& table, void* entity);

/// Interceptors that are about to be registered: what that takes of memory has been had.
struct ReaderAddition {
  TypeEntry& type;
  const ReadActions& actions;
  core::HookStack::Addition hooks;
  core::HookHandle handle;
};
GRAPNEL_DECLARE ReaderAddition PrepareReaders(const HandlePtr& handle, const Table& table,
                                              const ReadActions& actions, const ReaderHooks& hooks,
                                              Stage stage = kRuntime);
/// Registers what was prepared, all of it or nothing. Requires: there is some.
GRAPNEL_DECLARE core::HookHandle AddReaders(std::initializer_list<ReaderAddition> additions);

/// Puts the schema's own rules and interceptors into the type's.
GRAPNEL_DECLARE void AddSchemaReaders(TypeEntry& type);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/intercept.hpp>  // IWYU pragma: keep
#endif
