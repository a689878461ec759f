#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/stack.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__linux__)
#include <pthread.h>
#endif

namespace grapnel::core {
namespace detail {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kMostReserved = std::size_t{192} * 1024;  // its frames are larger
#else
inline constexpr std::size_t kMostReserved = std::size_t{96} * 1024;
#endif

}  // namespace detail

GRAPNEL_DEFINE void Stack::Refuse(std::string_view what) {
  throw RecursionError(Concat({what, ": hooks run inside one another so deep that only ",
                               std::to_string(reserve / 1024),
                               " kB of this thread's stack are left. Either a hook begins anew "
                               "without end, or there are more "
                               "hooks than the stack has room for: write those that have no "
                               "after-part as hook::Before, which "
                               "need none, or give the thread a larger stack"}));
}

GRAPNEL_DEFINE void Stack::Refuse(std::string_view type, Op op) {
  Refuse(Concat({type, " ", ToString(op)}));
}

GRAPNEL_DEFINE bool Stack::IsLowOnceMeasured(std::uintptr_t here) noexcept {
  measured = true;
  reserve = 0;
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    lowest = reinterpret_cast<std::uintptr_t>(low);
    reserve = size / 3 < detail::kMostReserved ? size / 3 : detail::kMostReserved;
  }
  pthread_attr_destroy(&attributes);
#endif
  return here - lowest < reserve;
}

}  // namespace grapnel::core
