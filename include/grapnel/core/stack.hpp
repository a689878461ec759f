#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__linux__)
#include <pthread.h>
#endif

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
  [[noreturn, gnu::cold, gnu::noinline]] static void Refuse(std::string_view what) {
    throw RecursionError(Concat({what, ": hooks run inside one another so deep that only ",
                                 std::to_string(reserve / 1024),
                                 " kB of this thread's stack are left. Either a hook begins anew "
                                 "without end, or there are more "
                                 "hooks than the stack has room for: write those that have no "
                                 "after-part as hook::Before, which "
                                 "need none, or give the thread a larger stack"}));
  }

 private:
#if defined(__SANITIZE_ADDRESS__)
  static constexpr std::size_t kMostReserved = std::size_t{192} * 1024;  // its frames are larger
#else
  static constexpr std::size_t kMostReserved = std::size_t{96} * 1024;
#endif

  [[gnu::cold, gnu::noinline]] static bool IsLowOnceMeasured(std::uintptr_t here) noexcept {
    measured = true;
    reserve = 0;
#if defined(__linux__)
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
    void* low = nullptr;
    std::size_t size = 0;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
      lowest = reinterpret_cast<std::uintptr_t>(low);
      reserve = size / 3 < kMostReserved ? size / 3 : kMostReserved;
    }
    pthread_attr_destroy(&attributes);
#endif
    return here - lowest < reserve;
  }

  // Measured at the first check of each thread: until then everything is in the reserve.
  static inline thread_local constinit std::uintptr_t lowest = 0;
  static inline thread_local constinit std::uintptr_t reserve = UINTPTR_MAX;
  static inline thread_local constinit bool measured = false;
};

}  // namespace grapnel::core
