#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/level.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

struct Bound;

/// The rules that a mutation is judged by and the hooks that it goes through, as they were when it
/// started, the outermost first.
class HookChain {
 public:
  using Hooks = core::detail::HookRange;
  HookChain() noexcept = default;
  HookChain(const TypeEntry& type, Level* level) {
    if (type.hooks.HasAny()) hooks_ = type.hooks.Load();
    if (level != nullptr && level->transaction->HasLocalHooks()) AddLocal(type, *level);
  }

  bool IsEmpty() const noexcept { return hooks_ == nullptr; }
  Hooks Rules() const noexcept { return hooks_.All().Before(kRuntime); }
  Hooks All() const noexcept { return hooks_.All().From(kRuntime); }
  /// Both.
  const core::detail::ListedHooks& Listed() const noexcept { return hooks_; }

 private:
  GRAPNEL_DECLARE void AddLocal(const TypeEntry& type, Level& level);

  core::detail::ListedHooks hooks_;
};

/// Which hooks run for a mutation and for those that Grapnel begins on its behalf. Each type is
/// asked once, so that all of it goes by one answer, whatever is registered or removed meanwhile.
class HookPlan {
 public:
  /// `own`: those of the mutation, which is of this type and runs in `level`. `decision`: its
  /// caller's, for it and for them; null where the rules are asked.
  HookPlan(const TypeEntry& type, const HookChain& own, Level& level,
           const guard::Verdict* decision) noexcept
      : type_(type), own_(own), level_(level), decision_(decision) {}
  HookPlan(const HookPlan&) = delete;
  HookPlan& operator=(const HookPlan&) = delete;

  /// Asks now for all types that a deletion of the mutation's rows reaches.
  void ForeseeDeletion() {
    if (!foreseen_ && !type_.reached.empty()) AskReached();
  }
  GRAPNEL_DECLARE const HookChain& Of(const TypeEntry& type);
  const guard::Verdict* Decision() const noexcept { return decision_; }
  /// Whether anything could look at an Update or Delete of the type: a rule, a hook, or an
  /// update-default.
  GRAPNEL_DECLARE bool IsSeen(const TypeEntry& type, Op op);

 private:
  GRAPNEL_DECLARE void AskReached();

  const TypeEntry& type_;
  const HookChain& own_;
  Level& level_;
  const guard::Verdict* decision_;
  bool foreseen_ = false;  // of the types reached those have no hooks that do not stand in `asked_`
  std::vector<std::pair<const TypeEntry*, std::unique_ptr<const HookChain>>> asked_;
};

/// Runs a mutation that Grapnel itself begins inside of another one, an Update or Delete of cause
/// Cascade: in its transaction and with the hooks that its plan has. `prepare(draft)`: says
/// what it does. Returns: of a deletion whose rows a hook has kept on purpose how many.
GRAPNEL_DECLARE std::optional<std::int64_t> RunCascaded(const Bound& cause, TypeEntry& type,
                                                        grapnel::Op op,
                                                        core::FunctionRef<void(Draft&)> prepare);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/write/impl/stages.hpp>  // IWYU pragma: keep
#endif
