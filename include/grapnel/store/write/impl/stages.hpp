#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/effective_chain.hpp>
#include <grapnel/store/write/stages.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

inline bool Contains(const std::vector<const TypeEntry*>& types, const TypeEntry* type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// The hook list of a type that lasts as long as `level`; null unless it was used, or is to be
/// `made`.
inline core::HookStack* LocalHooks(Level& level, core::TypeId type, bool make = false) {
  for (auto& [of, list] : level.local_hooks) {
    if (of == type) return list.get();
  }
  if (!make) return nullptr;
  level.transaction->SetHasLocalHooks();
  return level.local_hooks.emplace_back(type, std::make_unique<core::HookStack>()).second.get();
}

GRAPNEL_DEFINE void HookChain::AddLocal(const TypeEntry& type, Level& level) {
  std::vector<core::detail::ListedHooks> parts;
  for (Level* each = &level; each != nullptr; each = each->outer) {
    auto* list = LocalHooks(*each, type.table->type);
    if (list != nullptr && list->HasAny()) parts.insert(parts.begin(), list->Load());
  }
  if (parts.empty()) return;
  parts.push_back(std::move(hooks_));
  hooks_ = core::detail::Merge(parts);
}

GRAPNEL_DEFINE store::EffectiveChain DescribeChain(const HandlePtr& handle, const Table& table) {
  if (handle->transaction) handle->transaction->CheckThread(*handle->GetLevel());
  const TypeEntry& type = handle->store->TypeOf(table);
  store::EffectiveChain chain{table.entity, {}};
  HookChain(type, handle->GetLevel())
      .ForEach([&](std::string_view stage, const core::StoredHook& hook) {
        chain.hooks.push_back({stage, hook.Name(), hook.Mask()});
      });
  return chain;
}

GRAPNEL_DEFINE const HookChain& HookPlan::Of(const TypeEntry& type) {
  static const HookChain none;
  if (&type == &type_) return own_;
  for (const auto& [of, chain] : asked_) {
    if (of == &type) return *chain;
  }
  if (foreseen_ && Contains(type_.reached, &type)) return none;
  return *asked_.emplace_back(&type, std::make_unique<const HookChain>(type, &level_)).second;
}

GRAPNEL_DEFINE bool HookPlan::IsSeen(const TypeEntry& type, Op op) {
  bool seen = op == Op::Update && type.table->update_defaulted.any();
  Of(type).ForEach(
      [&](std::string_view, const core::StoredHook& hook) { seen = seen || Is(op, hook.Mask()); });
  return seen;
}

GRAPNEL_DEFINE void HookPlan::AskReached() {
  foreseen_ = true;
  for (const TypeEntry* type : type_.reached) {
    if (type == &type_) continue;
    auto chain = std::make_unique<const HookChain>(*type, &level_);
    if (!chain->IsEmpty()) asked_.emplace_back(type, std::move(chain));
  }
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

GRAPNEL_DEFINE core::HookHandle AddHooks(const HandlePtr& handle, const Table& table,
                                         std::initializer_list<core::StoredHook> hooks) {
  TypeEntry& type = handle->store->TypeOf(table);
  const auto id = type.hooks.Add({hooks.begin(), hooks.size()}, HookChain::kRuntime);
  return core::HookHandle([store = std::weak_ptr(handle->store), &type, id] {
    const auto alive = store.lock();
    if (alive && !alive->IsInherited()) type.hooks.Remove(id);
  });
}
GRAPNEL_DEFINE core::HookHandle AddTxHooks(const HandlePtr& handle, const Table& table,
                                           std::initializer_list<core::StoredHook> hooks) {
  handle->transaction->Check(*handle->GetLevel());
  core::HookStack& list = *LocalHooks(*handle->GetLevel(), table.type, true);
  const auto id = list.Add({hooks.begin(), hooks.size()}, HookChain::kTransaction);
  return core::HookHandle([handle = core::Weak(handle), &list, id] {
    const auto alive = handle.Lock();
    if (alive && !alive->store->IsInherited()) list.Remove(id);
  });
}

GRAPNEL_DEFINE HandlePtr OpenStore(std::unique_ptr<store::Driver> driver,
                                   std::span<std::unique_ptr<TypeEntry>> types) {
  auto store = std::make_shared<Store>();
  store->driver.reset(driver.release());
  std::vector<const Table*> tables;
  for (auto& type : types) {
    tables.push_back(type->table);
    store->types.emplace(type->table->type, std::move(type));
  }
  store->graph = std::make_unique<const Graph>(tables);
  for (auto& [id, type] : store->types) {
    type->referrers = store->graph->Referrers(*type->table);
    FindReached(*store, *type);
    type->runs_nothing = type->referrers.empty() && type->table->defaulted.none() &&
                         type->table->update_defaulted.none() && type->table->validated.none();
  }
  return MakeHandle({std::move(store), {}, {}, {}});
}

}  // namespace grapnel::detail
