#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/stack.hpp>

#include <string_view>

namespace grapnel::detail {

/// One of the mutations that run inside one another.
struct RunningMutation {
  std::string_view type;
  grapnel::Op op;
  const RunningMutation* outer;
  bool counted;   // by the depth limit
  int depth = 0;  // of those that are counted, this one included
};

/// The mutations of a transaction that run inside one another, and how deep that may go.
class RunningMutations {
 public:
  static constexpr int kDepthLimit = 64;
  /// Hooks that catch what ended a recursion, and begin another one, are given up after so many.
  static constexpr int kMostRecursions = 1'000;

  bool IsAny() const noexcept { return innermost_ != nullptr; }

  /// Throws: RecursionError past the limit, and where the thread's stack is nearly used up.
  [[gnu::always_inline]] void Enter(RunningMutation& running) {
    running.outer = innermost_;
    running.depth = (innermost_ != nullptr ? innermost_->depth : 0) + (running.counted ? 1 : 0);
    if (running.depth > depth_limit_ || core::Stack::IsLow()) [[unlikely]]
      ThrowTooDeep(running);
    innermost_ = &running;
  }
  void Leave(const RunningMutation& running) noexcept { innermost_ = running.outer; }

 private:
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void ThrowTooDeep(const RunningMutation& innermost);

  const RunningMutation* innermost_ = nullptr;
  int depth_limit_ = kDepthLimit;
  int recursions_ = 0;  // that ended at the limit
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/running_mutations.hpp>  // IWYU pragma: keep
#endif
