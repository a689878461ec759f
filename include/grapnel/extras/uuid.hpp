#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>

#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::extras {

/// A new UUID of version 7, "0190163d-8694-739b-aea5-966c26f8ad91": of the Clock's milliseconds, a
/// count of 12 bits and 62 bits by chance.
///
/// Each one of a process sorts behind all that it has made before, as text too: within one
/// millisecond, where there are more than 4,096 in one, and where the clock stands still or jumps
/// back, when they go on counting from the last one. Those of several processes sort by their
/// clocks. It tells whoever sees it when it was made.
/// Throws: what a ScopedClock throws; Error where the system has no random numbers to give.
/// Threads: any.
/// Source: RFC 9562, sections 5.7 and 6.2.
inline std::string NewUuid() {
  static constinit std::atomic<std::uint64_t> last{0};
  using Milliseconds = std::chrono::milliseconds;
  const auto now = std::chrono::floor<Milliseconds>(Clock::Now().time_since_epoch()).count();
  const std::uint64_t tick = static_cast<std::uint64_t>(std::max<Milliseconds::rep>(now, 0)) << 12;
  std::uint64_t before = last.load(std::memory_order_relaxed);
  std::uint64_t made = 0;
  do {
    made = std::max(tick, before + 1);
  } while (!last.compare_exchange_weak(before, made, std::memory_order_relaxed));

  std::uint64_t chance = 0;  // of the system: a child of fork() would repeat what an engine says
  if (::getentropy(&chance, sizeof(chance)) != 0) {
    throw Error("extras::NewUuid: the system has no random numbers to give");
  }
  const std::uint64_t high = (made >> 12 << 16) | 0x7000 | (made & 0xfff);
  const std::uint64_t low = chance >> 2 | std::uint64_t{0b10} << 62;
  std::string text;
  text.reserve(36);
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    const std::uint64_t half = digit < 16 ? high : low;
    text += "0123456789abcdef"[half >> (60 - digit % 16 * 4) & 0xf];
  }
  return text;
}

/// Whether the text is a UUID, of any version, in the form in which NewUuid writes it.
inline bool IsUuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const char c = text[at];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

}  // namespace grapnel::extras
