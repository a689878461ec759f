#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/store/describe/types.hpp>
#include <grapnel/store/driver/owned_driver.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/type_actions.hpp>
#include <grapnel/store/write/explanation.hpp>

#include <initializer_list>
#include <optional>
#include <span>

/// A store with its types, and the hooks of these.
namespace grapnel::detail {

/// A store of these types, in the order of `Open<...>`, and a handle to it.
GRAPNEL_DECLARE HandlePtr OpenStore(store::OwnedDriver driver,
                                    std::initializer_list<const TypeActions*> types);

GRAPNEL_DECLARE store::Explanation Explain(const HandlePtr& handle, const Table& table,
                                           grapnel::Op ops);
/// The types of the handle's store.
GRAPNEL_DECLARE store::EntityGraph DescribeTypes(const HandlePtr& handle);

/// Puts runtime hooks behind those of the type.
GRAPNEL_DECLARE core::HookHandle AddHooks(const HandlePtr& handle, const Table& table,
                                          std::initializer_list<core::StoredHook> hooks);

/// Hooks that are about to be registered: what that takes of memory has been had.
struct HookAddition {
  core::HookStack& to;
  core::HookStack::Addition hooks;
  core::HookHandle handle;
};

/// Prepares to put runtime hooks behind those of the type, for hooks of several types.
GRAPNEL_DECLARE HookAddition PrepareHooks(const HandlePtr& handle, const Table& table,
                                          std::span<const core::StoredHook> hooks,
                                          Stage stage = kRuntime);
/// Registers what was prepared, all of it or nothing. Requires: there is some.
GRAPNEL_DECLARE core::HookHandle AddHooks(std::initializer_list<HookAddition> additions);
/// Rules of a type that are about to be registered, about its mutations and its reads.
struct GuardAddition {
  HookAddition mutations;
  std::optional<ReaderAddition> reads;
};
GRAPNEL_DECLARE GuardAddition PrepareGuard(const HandlePtr& handle, const Table& table,
                                           const ReadActions& reads,
                                           const guard::detail::Rules& rules);
/// Registers what was prepared, all of it or nothing. Requires: there is some.
GRAPNEL_DECLARE core::HookHandle AddGuard(std::initializer_list<GuardAddition> additions);

/// Puts hooks behind those of the handle's transaction.
GRAPNEL_DECLARE core::HookHandle AddTxHooks(const HandlePtr& handle, const Table& table,
                                            std::initializer_list<core::StoredHook> hooks);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/write/impl/hooks.hpp>  // IWYU pragma: keep
#endif
