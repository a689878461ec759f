#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/builders/builder.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/run.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

/// What builders do, compiled once for all types.
namespace grapnel::detail {

[[gnu::hot]] GRAPNEL_DEFINE AnyBuilder::AnyBuilder(const HandlePtr& of, const Table& table)
    : handle_(CheckHeld(of, table.entity, "this access to the entities")) {}

GRAPNEL_DEFINE void AnyBuilder::TakeFrom(AnyBuilder& from) {
  handle_.Reset();
  HandlePtr handle = std::move(from.handle_);
  mutation_->TakeFrom(*from.mutation_);
  handle_ = std::move(handle);
}

[[gnu::hot]] GRAPNEL_DEFINE Draft& AnyBuilder::Core() {
  if (handle_ == nullptr || handle_->store->driver->IsInherited()) [[unlikely]]
    Refuse();
  return mutation_->Core();
}

GRAPNEL_DEFINE void AnyBuilder::Refuse() const {
  if (handle_ != nullptr) handle_->store->driver->CheckNotInherited();
  throw Error(
      core::Concat({mutation_->Type(),
                    ": this builder is spent: it ran already, or was moved from; make a new one"}));
}

GRAPNEL_DEFINE AnyMutation& AnyBuilder::TakeFor(const HandlePtr& bulk) {
  Core();
  if (handle_ != bulk && !IsSame(*handle_, *bulk)) {
    throw Error(core::Concat({mutation_->Type(),
                              ": this builder was made by another client, transaction or view "
                              "than the CreateBulk that is to run it: make both with the same "
                              "one"}));
  }
  handle_.Reset();
  return *mutation_;
}

GRAPNEL_DEFINE void AnyBuilder::SetAll(void* entity) {
  Draft& core = Core();
  core.table->ops.MoveAssign(core.entity, entity);
  core.SetAll();
}

GRAPNEL_DEFINE void AnyBuilder::SetFrom(const void* entity,
                                        std::initializer_list<std::size_t> places) {
  Core().SetFrom(entity, places);
}

[[gnu::hot]] GRAPNEL_DEFINE void AnyBuilder::Run(void* entity) {
  const Table& table = *Core().table;
  const HandlePtr handle = std::move(handle_);
  AnyResult result(table, entity);
  RunMutation(handle, *mutation_, result);
  result.MoveOut();
}

[[gnu::hot]] GRAPNEL_DEFINE std::int64_t AnyBuilder::Run() {
  const Table& table = *Core().table;
  const HandlePtr handle = std::move(handle_);
  AnyResult result(table);
  RunMutation(handle, *mutation_, result);
  return result.Count();
}

}  // namespace grapnel::detail
