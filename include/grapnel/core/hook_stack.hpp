#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/lock.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/hook.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace grapnel::core {
namespace detail {

/// A hook in a stack, with the number by which it is taken out again.
struct ListedHook {
  StoredHook hook;
  std::uint64_t id;
  unsigned stage;
};

/// Some of the hooks of a stack, outermost first. Valid as long as what they are of.
struct HookRange {
  const ListedHook* first = nullptr;
  const ListedHook* last = nullptr;

  const ListedHook* begin() const noexcept { return first; }
  const ListedHook* end() const noexcept { return last; }
  bool empty() const noexcept { return first == last; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(last - first); }
  const ListedHook& operator[](std::size_t at) const noexcept { return first[at]; }

  /// Those that stand in stages before this one, and all others.
  HookRange Before(unsigned stage) const noexcept { return {first, FirstOf(stage)}; }
  HookRange From(unsigned stage) const noexcept { return {FirstOf(stage), last}; }

 private:
  const ListedHook* FirstOf(unsigned stage) const noexcept {
    const ListedHook* at = first;
    while (at != last && at->stage < stage) ++at;
    return at;
  }
};

/// The hooks of a stack as they were at one moment. Null where there is none.
class ListedHooks {
 public:
  ListedHooks() = default;
  ListedHooks(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): none
  GRAPNEL_DECLARE explicit ListedHooks(Shared<const std::vector<ListedHook>> hooks) noexcept;

  HookRange All() const noexcept { return all_; }
  explicit operator bool() const noexcept { return !all_.empty(); }
  /// Whether both are of one moment.
  bool IsSame(const ListedHooks& other) const noexcept { return owner_ == other.owner_; }
  friend bool operator==(const ListedHooks& hooks, std::nullptr_t) noexcept {
    return hooks.all_.empty();
  }

 private:
  SharedAny owner_;
  HookRange all_;
};

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

  /// Hooks that are about to be added: what that takes of memory has been had.
  class Addition {
   public:
    /// The number by which Remove takes them out again.
    std::uint64_t Id() const noexcept { return id_; }

   private:
    friend HookStack;
    std::uint64_t id_ = 0;
    detail::ListedHooks before_;
    detail::ListedHooks grown_;
  };

  /// Prepares to put hooks behind those already in the stage, in this order: all of them at once.
  /// Throws: Error for one that was moved from; std::bad_alloc. Threads: any.
  GRAPNEL_DECLARE Addition Prepare(std::span<const StoredHook> hooks, unsigned stage);
  /// The same of `hook(0)` up to the last of so many.
  GRAPNEL_DECLARE Addition Prepare(std::size_t count,
                                   FunctionRef<const StoredHook&(std::size_t)> hook,
                                   unsigned stage);
  /// The same of all of another stack's.
  GRAPNEL_DECLARE Addition Prepare(const detail::ListedHooks& others, unsigned stage);
  /// Adds what was prepared. Throws nothing, unless another thread has changed the stack meanwhile:
  /// std::bad_alloc, and nothing is added. Threads: any.
  GRAPNEL_DECLARE void Add(Addition addition);
  /// Both at once. Returns: the number by which Remove takes them out again.
  std::uint64_t Add(std::span<const StoredHook> hooks, unsigned stage) {
    Addition addition = Prepare(hooks, stage);
    const std::uint64_t id = addition.Id();
    Add(std::move(addition));
    return id;
  }
  /// The same of one.
  GRAPNEL_DECLARE std::uint64_t Add(const StoredHook& hook, unsigned stage);
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
