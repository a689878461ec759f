#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_handle.hpp>
#include <grapnel/store/driver/statement_info.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <exception>
#include <string_view>

/// What the objects of the public face ask of the handle that they hold.
namespace grapnel::detail {

class Dependencies;

/// The handle that an object of the public face holds, which every one of its calls passes here.
/// Throws: Error, which says `what` of which entity type it is, when the object was moved from;
/// StorageError in a child of fork().
GRAPNEL_DECLARE const HandlePtr& CheckHeld(const HandlePtr& handle, std::string_view entity,
                                           std::string_view what);

/// Valid as long as the handle.
GRAPNEL_DECLARE const core::Context& ContextOf(const Handle& handle) noexcept;
GRAPNEL_DECLARE Dependencies& DependenciesOf(const Handle& handle) noexcept;

GRAPNEL_DECLARE bool HasTransaction(const Handle& handle) noexcept;
/// Whether the caller began the handle's transaction, as opposed to one of a mutation's own.
GRAPNEL_DECLARE bool IsInTx(const Handle& handle) noexcept;
/// Whether both are of one client, transaction and view.
GRAPNEL_DECLARE bool IsSame(const Handle& one, const Handle& other) noexcept;

/// The same store and transaction with another context.
GRAPNEL_DECLARE HandlePtr WithContext(const Handle& handle, core::Context context);
/// The same store outside of any transaction, with the values of the context but without its
/// limits.
GRAPNEL_DECLARE HandlePtr OutsideOf(const Handle& handle);

/// Prints a statement to standard error.
GRAPNEL_DECLARE void PrintStatement(std::string_view sql);

/// Where the store hands what nobody can catch.
GRAPNEL_DECLARE void SetErrorSink(const Handle& handle,
                                  core::Callable<void(const std::exception&)> sink);

/// Tells `tell` of the statements of the handle's store from now on. Throws: std::bad_alloc.
GRAPNEL_DECLARE core::HookHandle AddObserver(const HandlePtr& handle,
                                             core::Callable<void(const store::StatementInfo&)> tell,
                                             bool with_values);

/// A callback for after the transaction, as it is kept: one that takes a client is given the base
/// client of `handle`'s store, with the values of its context.
template <class F>
core::Callable<void()> Deferred(const HandlePtr& handle, F callback);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/handle.hpp>  // IWYU pragma: keep
#endif
