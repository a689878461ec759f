#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/guard.hpp>

#include <optional>
#include <string_view>

namespace grapnel::guard::detail {

GRAPNEL_DEFINE void Judge(core::detail::HookRange rules, const Verdict* decision,
                          std::string_view type, std::optional<Op> op, void* subject) {
  if (decision != nullptr) {
    if (decision->Denies()) throw PolicyError(type, op, "decision", decision->Reason());
    return;
  }
  Case asked{subject};
  for (const core::detail::ListedHook& each : rules) {
    if (op && !Is(*op, each.hook.Mask())) continue;
    core::Hook<Case, void>::RunBefore(each.hook, asked);
    if (asked.verdict.Allows()) return;
    if (asked.verdict.Denies()) {
      throw PolicyError(type, op, each.hook.Name(), asked.verdict.Reason());
    }
  }
}

}  // namespace grapnel::guard::detail
