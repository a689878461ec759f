#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>

namespace grapnel::detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void RefuseMoved(std::string_view entity,
                                                               std::string_view what) {
  throw Error(
      core::Concat({entity, entity.empty() ? "" : ": ", what,
                    " was used after it was moved from; use the one that it was moved to"}));
}

[[gnu::hot]] GRAPNEL_DEFINE const HandlePtr& CheckHeld(const HandlePtr& handle,
                                                       std::string_view entity,
                                                       std::string_view what) {
  if (handle == nullptr) [[unlikely]]
    RefuseMoved(entity, what);
  handle->store->driver->CheckNotInherited();
  return handle;
}

GRAPNEL_DEFINE const core::Context& ContextOf(const Handle& handle) noexcept {
  return handle.context;
}

GRAPNEL_DEFINE Dependencies& DependenciesOf(const Handle& handle) noexcept {
  return handle.store->dependencies;
}

GRAPNEL_DEFINE bool HasTransaction(const Handle& handle) noexcept {
  return handle.transaction != nullptr;
}

GRAPNEL_DEFINE bool IsInTx(const Handle& handle) noexcept {
  return handle.nested != nullptr ||
         (handle.transaction && handle.transaction->GetKind() == Session::Kind::Explicit);
}

GRAPNEL_DEFINE bool IsSame(const Handle& one, const Handle& other) noexcept {
  return one.store == other.store && one.transaction == other.transaction &&
         one.nested == other.nested && one.context == other.context;
}

GRAPNEL_DEFINE HandlePtr WithContext(const Handle& handle, core::Context context) {
  return MakeHandle({handle.store, handle.transaction, handle.nested, std::move(context)});
}

GRAPNEL_DEFINE HandlePtr OutsideOf(const Handle& handle) {
  return MakeHandle({handle.store, nullptr, nullptr, handle.context.WithoutLimits()});
}

GRAPNEL_DEFINE void PrintStatement(std::string_view sql) {
  std::fprintf(stderr, "grapnel: %.*s\n", static_cast<int>(sql.size()), sql.data());
}

GRAPNEL_DEFINE void SetErrorSink(const Handle& handle,
                                 core::Callable<void(const std::exception&)> sink) {
  handle.store->SetErrorSink(std::move(sink));
}

}  // namespace grapnel::detail
