#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>

#include <initializer_list>

namespace grapnel::core {

/// What `Use` returns: takes the hook out again. Ignoring it keeps the hook. Copies are alike.
class HookHandle {
 public:
  HookHandle() = default;
  /// Threads: `remove` may be called by several at once, which all want the same.
  GRAPNEL_DECLARE explicit HookHandle(Callable<void()> remove);
  // Copied only: one that was moved from still takes the hook out.
  HookHandle(const HookHandle&) = default;
  HookHandle& operator=(const HookHandle&) = default;

  /// Takes the hook out of the chains that it was put in; a second call does nothing. Throws:
  /// std::bad_alloc, and the hook is still in some of them, from which a further call takes it.
  /// Threads: any. It does not wait for runs already under way, which still call the hook: what the
  /// hook captured by reference must outlive them.
  GRAPNEL_DECLARE void Remove() const;

 private:
  struct Removal;

  Shared<Removal> removal_;
};

/// One handle for several.
[[gnu::cold]] GRAPNEL_DECLARE HookHandle JoinHandles(std::initializer_list<HookHandle> handles);

}  // namespace grapnel::core

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/hook_handle.hpp>  // IWYU pragma: keep
#endif
