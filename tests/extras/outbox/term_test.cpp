// B245, B249: for how long the deliveries of one claim go on.
#include <grapnel/extras/outbox/term.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <semaphore>
#include <stop_token>

using grapnel::extras::outbox::Term;
using namespace std::chrono_literals;

namespace {
auto In(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }
}  // namespace

TEST_CASE("B249 a term ends when a stop is requested") {
  std::stop_source stop;
  const Term term(stop.get_token(), In(1h));
  CHECK_FALSE(term.IsOver());
  stop.request_stop();
  CHECK(term.IsOver());
  CHECK(term.Token().stop_requested());
  const Term late(stop.get_token(), In(1h));
  CHECK(late.IsOver());
}

TEST_CASE("B245 a term ends before its lease does") {
  const auto begun = std::chrono::steady_clock::now();
  const auto lease_ends = begun + 1h;
  const Term long_one({}, lease_ends);
  CHECK(long_one.End() < lease_ends);
  CHECK(long_one.End() >= begun + 48min);
  CHECK_FALSE(long_one.IsOver());
  const Term term({}, In(50ms));
  std::binary_semaphore over(0);
  const std::stop_callback ended(term.Token(), [&] { over.release(); });
  over.acquire();
  CHECK(std::chrono::steady_clock::now() >= term.End());
  CHECK(term.IsOver());
}
