// B245 B249: how a relay works.
#include <grapnel/extras/outbox/options.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <set>

using namespace std::chrono_literals;
using grapnel::extras::outbox::RelayOptions;

TEST_CASE("B245 waits double up to the longest one, and differ by chance") {
  const RelayOptions options{.backoff = 1s, .longest_backoff = 6s};
  const auto check = [&](std::int64_t failures, std::chrono::microseconds whole) {
    std::set<std::chrono::microseconds> waits;
    for (int i = 0; i < 50; ++i) {
      const auto wait = options.WaitAfter(failures);
      CHECK(wait >= whole / 2);
      CHECK(wait <= whole);
      waits.insert(wait);
    }
    CHECK(waits.size() > 10);
  };
  check(1, 1s);
  check(2, 2s);
  check(3, 4s);
  check(4, 6s);
  check(std::numeric_limits<std::int64_t>::max(), 6s);
  CHECK(RelayOptions{.backoff = 0s}.WaitAfter(1) == 0s);
}

TEST_CASE("B245 no wait at all stays none") {
  CHECK(RelayOptions{.backoff = 0s}.WaitAfter(1'000) == 0s);
}

TEST_CASE("B249 options that make no sense are refused") {
  RelayOptions{}.Check();
  CHECK_THROWS_AS(RelayOptions{.lease = 0s}.Check(), grapnel::Error);
  CHECK_THROWS_AS(RelayOptions{.attempts = 0}.Check(), grapnel::Error);
  CHECK_THROWS_AS((RelayOptions{.backoff = 2s, .longest_backoff = 1s}.Check()), grapnel::Error);
  CHECK_THROWS_AS(RelayOptions{.backoff = -1s}.Check(), grapnel::Error);
  CHECK_THROWS_AS(RelayOptions{.lease = 24h * 400}.Check(), grapnel::Error);
  CHECK_THROWS_AS(RelayOptions{.lanes = 0}.Check(), grapnel::Error);
  CHECK_THROWS_AS(RelayOptions{.events = -1}.Check(), grapnel::Error);
  CHECK_THROWS_AS(RelayOptions{.poll = 0s}.Check(), grapnel::Error);
}
