#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>

#include <cstdint>
#include <string_view>

namespace grapnel::core {

/// How much of its stack a thread has left: hooks run inside one another, to no fixed depth.
/// Where the stack cannot be measured, and on one that is not the thread's own (of a coroutine),
/// there is always enough.
class Stack {
 public:
  /// Throws: RecursionError, which names `what` runs, when too little is left for what a hook, a
  /// write and an exception need. Costs a comparison.
  template <class What>
  static void Check(What what) {
    if (!IsLow()) [[likely]]
      return;
    Refuse(what());
  }
  [[gnu::always_inline]] static bool IsLow() noexcept {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return here - lowest < reserve && (measured || IsLowOnceMeasured(here));
  }

  /// Throws: RecursionError, which names `what` runs.
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE static void Refuse(std::string_view what);
  /// The same of a subject's type and Op.
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE static void Refuse(std::string_view type, Op op);

 private:
  [[gnu::cold]] GRAPNEL_DECLARE static bool IsLowOnceMeasured(std::uintptr_t here) noexcept;

  // Measured at the first check of each thread: until then everything is in the reserve.
  static inline thread_local constinit std::uintptr_t lowest = 0;
  static inline thread_local constinit std::uintptr_t reserve = UINTPTR_MAX;
  static inline thread_local constinit bool measured = false;
};

}  // namespace grapnel::core

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/stack.hpp>  // IWYU pragma: keep
#endif
