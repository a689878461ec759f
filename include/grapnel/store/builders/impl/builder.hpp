#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/builders/builder.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/run.hpp>

#include <cstdint>
#include <utility>

/// What builders do, compiled once for all types.
namespace grapnel::detail {

[[gnu::hot]] GRAPNEL_DEFINE void AnyBuilder::CheckNotSpent(const AnyMutation& m) const {
  if (handle_ == nullptr || handle_->store->driver->IsInherited()) [[unlikely]]
    Refuse(m);
}

GRAPNEL_DEFINE void AnyBuilder::Refuse(const AnyMutation& m) const {
  if (handle_ != nullptr) handle_->store->driver->CheckNotInherited();
  throw Error(core::Concat(
      {m.Type(), ": this builder is spent: it ran already, or was moved from; make a new one"}));
}

GRAPNEL_DEFINE void AnyBuilder::SpendFor(const AnyMutation& m, const HandlePtr& bulk) {
  CheckNotSpent(m);
  if (handle_ != bulk && !IsSame(*handle_, *bulk)) {
    throw Error(core::Concat({m.Type(),
                              ": this builder was made by another client, transaction or view "
                              "than the CreateBulk that is to run it: make both with the same "
                              "one"}));
  }
  handle_.Reset();
}

[[gnu::hot]] GRAPNEL_DEFINE void AnyBuilder::Run(AnyMutation& m, void* entity) {
  CheckNotSpent(m);
  const HandlePtr handle = std::move(handle_);
  AnyResult result(*m.Core().table, entity);
  RunMutation(handle, m, result);
  result.MoveOut();
}

[[gnu::hot]] GRAPNEL_DEFINE std::int64_t AnyBuilder::Run(AnyMutation& m) {
  CheckNotSpent(m);
  const HandlePtr handle = std::move(handle_);
  AnyResult result(*m.Core().table);
  RunMutation(handle, m, result);
  return result.Count();
}

}  // namespace grapnel::detail
