#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/lock.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/hook.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace grapnel::core {
namespace detail {

/// A hook in a stack, with the number by which it is taken out again.
struct ListedHook {
  StoredHook hook;
  std::uint64_t id;
  unsigned stage;
};

/// The hooks of a stack as they were at one moment, outermost first. Null is empty.
using ListedHooks = Shared<const std::vector<ListedHook>>;

/// The hooks of several stacks as one: stage by stage, and within one stage in the order of
/// `parts`.
GRAPNEL_DECLARE ListedHooks Merge(std::span<const ListedHooks> parts);

}  // namespace detail

/// Hooks in stages, one stage inside the other, over subjects whose type is forgotten: what every
/// HookList is made of. Stages are numbers, the lowest outermost; in each, the first registered is
/// outermost. Publishes an immutable flat array, so that nothing is put together when it runs.
class HookStack {
 public:
  HookStack() = default;
  HookStack(const HookStack&) = delete;
  HookStack& operator=(const HookStack&) = delete;

  /// Puts hooks behind those already in the stage, in this order: all of them at once.
  /// Returns: a number by which Remove takes them out again. Threads: any.
  GRAPNEL_DECLARE std::uint64_t Add(std::span<const StoredHook> hooks, unsigned stage = 0);
  /// Takes out what one Add put in. Threads: any.
  GRAPNEL_DECLARE void Remove(std::uint64_t id);

  /// Threads: any.
  bool HasAny() const noexcept { return __atomic_load_n(&has_any_, __ATOMIC_ACQUIRE); }
  GRAPNEL_DECLARE detail::ListedHooks Load() const;

 private:
  void Publish(detail::ListedHooks hooks) noexcept;

  mutable Lock lock_;
  detail::ListedHooks hooks_;
  std::uint64_t last_id_ = 0;
  bool has_any_ = false;
};

}  // namespace grapnel::core

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/hook_stack.hpp>  // IWYU pragma: keep
#endif
