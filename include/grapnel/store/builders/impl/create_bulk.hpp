#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/builders/create_bulk.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/as_given.hpp>
#include <grapnel/store/write/run.hpp>
#include <grapnel/store/write/turn.hpp>

#include <cstddef>
#include <memory>
#include <utility>

/// Bulks, compiled once for all types.
namespace grapnel::detail {

GRAPNEL_DEFINE AnyBulk::AnyBulk(const HandlePtr& of, const Table& table)
    : handle_(CheckHeld(of, table.entity, "this access to the entities")), table_(&table) {}

GRAPNEL_DEFINE void AnyBulk::OmitEdge(void (*reset)(void* entity)) {
  omitted_edges_.push_back(reset);
}

GRAPNEL_DEFINE bool AnyBulk::MayRunAgain() const {
  return handle_ != nullptr && !handle_->transaction &&
         !handle_->store->driver->SerialisesWriters();
}

GRAPNEL_DEFINE void AnyBulk::Save(void* made, core::FunctionRef<void(Rows&)> rows,
                                  bool of_builders) {
  if (handle_ == nullptr) {
    throw Error(
        core::Concat({table_->entity,
                      ": this bulk is spent: it ran already, or was moved from; make a new one"}));
  }
  handle_->store->driver->CheckNotInherited();
  AllAsGiven given;
  AllAsGiven* const keeps = MayRunAgain() ? &given : nullptr;
  const HandlePtr handle = std::move(handle_);
  const TypeActions& actions = handle->store->TypeOf(*table_).actions;
  TurnFinder finder(*table_);
  if (keeps != nullptr && of_builders) {
    Rows to(*this, handle, nullptr, actions, nullptr, &finder);
    try {
      rows(to);
    } catch (const CancelledError&) {
      throw;
    } catch (
        ...) {  // NOLINT(bugprone-empty-catch): the range fails again where its rows are written
    }
  }
  const auto run_all = [&](BulkRun& run) {
    Rows to(*this, handle, &run, actions, keeps, nullptr);
    rows(to);
  };
  RunBulk(handle, *table_, made, run_all, finder.Find());
}

GRAPNEL_DEFINE void AnyBulk::Rows::Add(AnyBuilder& builder) {
  if (finder_ != nullptr) {
    handle_->context.ThrowIfCancelled();  // the range may have no end
    const AnyMutation* said = builder.Said();
    if (said != nullptr) finder_->Note(said->Core());
    return;
  }
  if (given_ == nullptr) return run_->Run(builder.TakeFor(handle_));
  AnyMutation* m = nullptr;
  if (builders_ == given_->rows.size()) {
    m = &builder.TakeFor(handle_);
    given_->rows.push_back(std::make_unique<AsGiven>(*m));
  } else {
    m = &builder.TakeAgain();
    given_->rows[builders_]->PutBack(*m);
  }
  ++builders_;
  run_->Run(*m);
}

GRAPNEL_DEFINE void AnyBulk::Rows::Add(const void* entity) {
  const Table& table = *bulk_.table_;
  actions_.with_mutation(Op::Create, [&](AnyMutation& m) {
    table.ops.Assign(m.Entity(), entity);
    const auto omit = [&](std::size_t place) {
      const Column& column = table.columns[place];
      column.ops->reset(column.at(m.Entity()));
    };
    bulk_.omitted_.ForEach(omit);
    for (void (*const reset)(void*) : bulk_.omitted_edges_) reset(m.Entity());
    m.Core().SetAll();
    bulk_.omitted_.ForEach([&](std::size_t place) { m.Core().Reset(place); });
    run_->Run(m);
  });
}

}  // namespace grapnel::detail
