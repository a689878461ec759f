#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/limits.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/tx/retry.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <random>
#include <string>
#include <thread>
#include <typeinfo>

namespace grapnel::detail {

GRAPNEL_DEFINE Tries::Tries(const core::Context& context, int more, int seconds) noexcept
    : context_(context), left_(more), end_(core::Moment::In(std::chrono::seconds(seconds))) {}

/// When the last try may begin.
inline core::Moment EndOf(const core::Context& context, const Retry& retry) noexcept {
  if (retry.within.IsGiven()) {
    return core::Moment::In(std::chrono::duration<long double>(retry.within.Seconds()));
  }
  return context.Deadline() ? core::Moment(INT64_MAX) : core::Moment::In(std::chrono::seconds(5));
}

GRAPNEL_DEFINE Tries::Tries(const core::Context& context, const Retry& retry) noexcept
    : context_(context), left_(retry.times), end_(EndOf(context, retry)) {}

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

GRAPNEL_DEFINE Reruns::Reruns(const core::Context& context, const Retry& retry) noexcept
    : tries_(context, retry) {}

GRAPNEL_DEFINE void Reruns::WaitForNext(const Hindrance& hindrance) {
  if (!hindrance.is_there) throw;
  ++ended_;
  lasting_ = hindrance.lasting ? lasting_ + 1 : 0;
  if (lasting_ == kLasting) std::rethrow_exception(hindrance.lasting);
  if (!tries_.WaitForNext()) Tell();
}

[[noreturn, gnu::cold]] inline void Reruns::Tell() const {
  try {
    throw;
  } catch (const BusyError& error) {
    if (typeid(error) != typeid(BusyError) || ended_ == 1) throw;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - std::chrono::steady_clock::time_point(start_));
    throw BusyError(core::Concat({error.what(), "; tried ", std::to_string(ended_), " times in ",
                                  std::to_string(took.count()), " ms"}),
                    error.Retryable());
  }
}

}  // namespace grapnel::detail
