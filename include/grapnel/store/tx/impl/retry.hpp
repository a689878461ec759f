#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>
#include <grapnel/store/tx/retry.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace grapnel::detail {

GRAPNEL_DEFINE Tries::Tries(const core::Context& context, int more, int seconds) noexcept
    : context_(context), left_(more), end_(core::Moment::In(std::chrono::seconds(seconds))) {}

GRAPNEL_DEFINE bool Tries::WaitForNext() {
  using std::chrono::nanoseconds;
  constexpr std::int64_t most = 128'000'000;
  constexpr nanoseconds glance = std::chrono::milliseconds(10);  // at what may end it
  static thread_local std::minstd_rand chance{std::random_device{}()};

  if (left_-- <= 0) return false;
  const nanoseconds pause(std::uniform_int_distribution(longest_ / 2, longest_)(chance));
  longest_ = std::min(2 * longest_, most);
  const core::Moment next = core::Moment::In(pause);
  if (next > end_ || (context_.Deadline() && next > *context_.Deadline())) return false;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point at = next;
  for (auto now = Clock::now(); now < at; now = Clock::now()) {
    std::this_thread::sleep_for(std::min<nanoseconds>(glance, at - now));
    if (context_.StopToken().stop_requested()) context_.ThrowIfCancelled();
  }
  return !context_.IsCancelled();
}

}  // namespace grapnel::detail
