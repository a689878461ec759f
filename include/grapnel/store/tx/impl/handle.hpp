#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook_handle.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
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
  return MakeHandle({handle.store, nullptr, nullptr,
                     guard::detail::WithoutDecision(handle.context).WithoutLimits()});
}

GRAPNEL_DEFINE void PrintStatement(std::string_view sql) {
  std::fprintf(stderr, "grapnel: %.*s\n", static_cast<int>(sql.size()), sql.data());
}

GRAPNEL_DEFINE core::HookHandle AddObserver(const HandlePtr& handle,
                                            core::Callable<void(const store::StatementInfo&)> tell,
                                            bool with_values) {
  core::detail::RefuseNone(tell);
  // The store outlives its driver, which holds this.
  auto guarded = [store = handle->store.get(),
                  tell = std::move(tell)](const store::StatementInfo& info) {
    if (store->IsInherited()) return;
    const Telling now(*store);
    try {
      tell(info);
    } catch (...) {
      store->Report(std::current_exception());
    }
  };
  const std::uint64_t id =
      handle->store->driver->GetObservers().Add(std::move(guarded), with_values);
  return core::HookHandle([store = std::weak_ptr(handle->store), id] {
    const auto alive = store.lock();
    if (alive && !alive->IsInherited()) alive->driver->GetObservers().Remove(id);
  });
}

GRAPNEL_DEFINE void SetErrorSink(const Handle& handle,
                                 core::Callable<void(const std::exception&)> sink) {
  handle.store->SetErrorSink(std::move(sink));
}

}  // namespace grapnel::detail
