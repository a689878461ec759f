#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/describe/types.hpp>
#include <grapnel/store/driver/owned_driver.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/explanation.hpp>
#include <grapnel/store/write/hooks.hpp>
#include <grapnel/store/write/impl/stages.hpp>
#include <grapnel/store/write/stages.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What people are told of some hooks, of those that do something for these Ops.
inline std::vector<store::HookInfo> Describe(const core::detail::ListedHooks& hooks,
                                             grapnel::Op ops) {
  static constexpr std::string_view kStages[] = {"runtime", "schema", "runtime", "transaction",
                                                 "schema"};
  std::vector<store::HookInfo> described;
  for (const core::detail::ListedHook& each : hooks.All()) {
    const core::StoredHook& hook = each.hook;
    if (!Is(hook.Ops(), ops)) continue;
    std::string origin(kStages[each.stage]);
    if (!hook.Mixin().empty()) origin = core::Concat({"mixin ", hook.Mixin()});
    described.push_back({std::string(hook.Name()), std::move(origin), hook.Ops(),
                         each.stage < kRuntime ? std::string_view("rule") : hook.FormName()});
  }
  return described;
}

GRAPNEL_DEFINE store::Explanation Explain(const HandlePtr& handle, const Table& table,
                                          grapnel::Op ops) {
  if (handle->transaction) handle->transaction->CheckThread(*handle->GetLevel());
  const TypeEntry& type = handle->store->TypeOf(table);
  return {table.entity, ops, Describe(HookChain(type, handle->GetLevel()).Listed(), ops),
          Describe(type.readers.Load(), AnyOp)};
}

GRAPNEL_DEFINE store::EntityGraph DescribeTypes(const HandlePtr& handle) {
  return DescribeTypes(*handle->store->graph);
}

/// Notes the types whose rows go, or lose a key, when rows of the type are deleted.
inline void FindReached(const Store& store, TypeEntry& type) {
  std::vector<const Table*> gone{type.table};
  for (std::size_t at = 0; at < gone.size(); ++at) {
    for (const Relation* key : store.graph->Referrers(*gone[at])) {
      if (key->on_delete == Restrict) continue;
      const TypeEntry& holder = store.TypeOf(key->Holder());
      if (!Contains(type.reached, &holder)) type.reached.push_back(&holder);
      if (key->on_delete == DeleteAction::Cascade && !Graph::Holds(gone, key->Holder())) {
        gone.push_back(&key->Holder());
      }
    }
  }
}

GRAPNEL_DEFINE HookAddition PrepareHooks(const HandlePtr& handle, const Table& table,
                                         std::span<const core::StoredHook> hooks, Stage stage) {
  TypeEntry& type = handle->store->TypeOf(table);
  auto addition = type.hooks.Prepare(hooks, stage);
  core::HookHandle remove([store = std::weak_ptr(handle->store), &type, id = addition.Id()] {
    const auto alive = store.lock();
    if (alive && !alive->IsInherited()) type.hooks.Remove(id);
  });
  return {type.hooks, std::move(addition), remove};
}
GRAPNEL_DEFINE core::HookHandle AddHooks(const HandlePtr& handle, const Table& table,
                                         std::initializer_list<core::StoredHook> hooks) {
  HookAddition addition = PrepareHooks(handle, table, {hooks.begin(), hooks.size()});
  addition.to.Add(std::move(addition.hooks));
  return addition.handle;
}
GRAPNEL_DEFINE core::HookHandle AddHooks(std::initializer_list<HookAddition> additions) {
  core::HookHandle all = additions.begin()->handle;
  for (const HookAddition& each : additions) {
    if (&each != additions.begin()) all = core::JoinHandles({all, each.handle});
  }
  try {
    for (const HookAddition& each : additions) each.to.Add(each.hooks);
  } catch (...) {  // others have registered theirs meanwhile, and there is no memory to join them
    all.Remove();
    throw;
  }
  return all;
}
GRAPNEL_DEFINE GuardAddition PrepareGuard(const HandlePtr& handle, const Table& table,
                                          const ReadActions& reads,
                                          const guard::detail::Rules& rules) {
  GuardAddition addition{PrepareHooks(handle, table, rules.mutations, kGuard), {}};
  if (rules.reads.empty()) return addition;
  addition.reads.emplace(PrepareReaders(handle, table, reads, {rules.reads}, kGuard));
  return addition;
}
GRAPNEL_DEFINE core::HookHandle AddGuard(std::initializer_list<GuardAddition> additions) {
  core::HookHandle all;
  for (const GuardAddition& each : additions) {
    all = core::JoinHandles({all, each.mutations.handle});
    if (each.reads) all = core::JoinHandles({all, each.reads->handle});
  }
  try {
    for (const GuardAddition& each : additions) {
      if (each.reads) AddReaders({*each.reads});
      each.mutations.to.Add(each.mutations.hooks);
    }
  } catch (...) {  // others have registered theirs meanwhile, and there is no memory to join them
    all.Remove();
    throw;
  }
  return all;
}

GRAPNEL_DEFINE core::HookHandle AddTxHooks(const HandlePtr& handle, const Table& table,
                                           std::initializer_list<core::StoredHook> hooks) {
  handle->transaction->Check(*handle->GetLevel());
  core::HookStack& list = *LocalHooks(*handle->GetLevel(), table.type, true);
  auto addition = list.Prepare({hooks.begin(), hooks.size()}, kTransaction);
  core::HookHandle remove([handle = core::Weak(handle), &list, id = addition.Id()] {
    const auto alive = handle.Lock();
    if (alive && !alive->store->IsInherited()) list.Remove(id);
  });
  list.Add(std::move(addition));
  return remove;
}

GRAPNEL_DEFINE HandlePtr OpenStore(store::OwnedDriver driver,
                                   std::initializer_list<const TypeActions*> types) {
  auto store = std::make_shared<Store>();
  store->driver.reset(driver.Release());
  std::vector<const Table*> tables;
  for (const TypeActions* type : types) {
    tables.push_back(&type->table);
    store->types.emplace(type->table.type, std::make_unique<TypeEntry>(*type));
  }
  store->graph = std::make_unique<const Graph>(tables);
  for (auto& [id, type] : store->types) {
    type->referrers = store->graph->Referrers(*type->table);
    AddSchemaReaders(*type);
    if (type->readers.HasAny()) store->intercepts = true;
    FindReached(*store, *type);
    type->runs_nothing = type->referrers.empty() && type->table->defaulted.none() &&
                         type->table->update_defaulted.none() && type->table->validated.none();
  }
  return MakeHandle({std::move(store), {}, {}, {}});
}

}  // namespace grapnel::detail
