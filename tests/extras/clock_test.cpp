#include <grapnel/extras/clock.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using grapnel::extras::Clock;
using grapnel::extras::ScopedClock;
using namespace std::chrono_literals;

TEST_CASE("B207 the clock is the system's, but for the life of a ScopedClock") {
  const auto is_now = [] {
    const auto before = std::chrono::system_clock::now();
    const auto now = Clock::Now();
    return before <= now && now <= std::chrono::system_clock::now();
  };
  REQUIRE(is_now());
  {
    Clock::Time now = Clock::Time(5s);
    const ScopedClock clock([&] { return now; });
    REQUIRE(Clock::Now() == now);
    now -= 10s;
    REQUIRE(Clock::Now() == Clock::Time(-5s));
    {
      const ScopedClock inner([] { return Clock::Time(1h); });
      REQUIRE(Clock::Now() == Clock::Time(1h));
    }
    REQUIRE(Clock::Now() == now);
    const ScopedClock broken([]() -> Clock::Time { throw std::runtime_error("stopped"); });
    REQUIRE_THROWS_WITH(Clock::Now(), "stopped");
  }
  REQUIRE(is_now());
  REQUIRE_THROWS_AS(ScopedClock(nullptr), grapnel::Error);
  REQUIRE(is_now());
}

TEST_CASE("B207 threads ask the clock while others replace it") {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([] {
      for (int i = 0; i < 2'000; ++i) static_cast<void>(Clock::Now());
    });
  }
  for (int i = 0; i < 2'000; ++i) {
    const ScopedClock clock([] { return Clock::Time(1s); });
  }
}

}  // namespace
