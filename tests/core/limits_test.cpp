#include <grapnel/core/limits.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

using grapnel::core::Elapsed;
using grapnel::core::Moment;
using grapnel::core::StopSignal;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

TEST_CASE("a moment is one of the steady clock, to its last digit") {
  const Clock::time_point before = Clock::now();
  const Moment now = Moment::Now();
  CHECK(now >= before);
  CHECK(now <= Clock::now());
  const Clock::time_point exact = Moment::Of(before);
  CHECK(exact == before);
  CHECK(Moment::Of(Clock::time_point::max()) == Clock::time_point::max());
  CHECK(Moment::Of(Clock::time_point::min()) == Clock::time_point::min());
  CHECK(Moment::Of(Clock::time_point(1ns)) == Moment(1));
  CHECK(Moment::Of(Clock::time_point(-3s)) == Moment(-3'000'000'000));
}

TEST_CASE("moments compare with one another and with time points, on either side") {
  const Clock::time_point point(5s);
  CHECK(Moment(1) < Moment(2));
  CHECK(Moment(5'000'000'000) == point);
  CHECK(point == Moment(5'000'000'000));
  CHECK(point > Moment(4'999'999'999));
  CHECK(Moment(5'000'000'001) > point);
  CHECK(Moment(5'000'000'001) - point == 1ns);
  CHECK(std::optional(Moment(5'000'000'000)) == point);
  STATIC_REQUIRE(std::is_convertible_v<Moment, Clock::time_point>);
  STATIC_REQUIRE(std::is_convertible_v<
                 Moment, std::chrono::time_point<Clock, std::chrono::duration<double, std::nano>>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Moment, std::chrono::system_clock::time_point>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Moment, std::int64_t>);
}

TEST_CASE("a duration from now ends where the clock does") {
  const Moment before = Moment::Now();
  CHECK(Moment::In(0s) >= before);
  CHECK(Moment::In(1h) >= Moment(std::int64_t{3'600'000'000'000}));
  CHECK(Moment::In(std::chrono::hours::max()) == Clock::time_point::max());
  CHECK(Moment::In(std::chrono::hours::min()) == Clock::time_point::min());
}

TEST_CASE("a signal is the token that it was made of") {
  std::stop_source source, other;
  const StopSignal signal(source.get_token());
  CHECK(signal.stop_possible());
  CHECK_FALSE(signal.stop_requested());
  const std::stop_token token = signal;
  CHECK(token == source.get_token());
  CHECK(signal == StopSignal(source.get_token()));
  CHECK_FALSE(signal == StopSignal(other.get_token()));
  CHECK_FALSE(signal == StopSignal());
  source.request_stop();
  CHECK(signal.stop_requested());
  CHECK(StopSignal(signal).stop_requested());
}

TEST_CASE("without a token nothing stops") {
  const StopSignal none;
  CHECK_FALSE(none.stop_possible());
  CHECK_FALSE(none.stop_requested());
  CHECK(none == StopSignal());
  CHECK_FALSE(static_cast<std::stop_token>(none).stop_possible());
  const StopSignal impossible{std::stop_token()};
  CHECK_FALSE(impossible.stop_possible());
  StopSignal ended = [] {
    std::stop_source source;
    return StopSignal(source.get_token());
  }();
  CHECK_FALSE(ended.stop_possible());  // nobody is left to ask for it
  STATIC_REQUIRE_FALSE(std::is_constructible_v<StopSignal, std::stop_source>);
}

TEST_CASE("what elapsed is a duration, and compares with all of them") {
  constexpr Elapsed took(1'500'000);
  CHECK(took > 1ms);
  CHECK(took == 1'500us);
  CHECK(1h > took);
  CHECK(took < Elapsed(1'500'001));
  CHECK(took < std::chrono::hours::max());
  const std::chrono::nanoseconds exact = took;
  CHECK(exact == 1'500us);
  const std::chrono::duration<double, std::milli> real = took;
  CHECK(real.count() == 1.5);
  CHECK(std::chrono::duration<std::int64_t, std::pico>(took).count() == 1'500'000'000);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Elapsed, std::chrono::milliseconds>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Elapsed, std::int64_t>);
  CHECK(Elapsed() == 0s);
}
