#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/stages.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
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
  for (const auto& each : Of(type).Listed().All()) seen = seen || Is(op, each.hook.Mask());
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

}  // namespace grapnel::detail
