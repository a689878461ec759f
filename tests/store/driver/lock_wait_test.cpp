#include <grapnel/store/driver/lock_wait.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <climits>
#include <limits>

namespace {

using grapnel::LockWait;
using namespace std::chrono_literals;

TEST_CASE("B208 a LockWait is a duration of any kind, in whole milliseconds") {
  STATIC_REQUIRE(LockWait(200ms).Milliseconds() == 200);
  STATIC_REQUIRE(LockWait(3s).Milliseconds() == 3'000);
  CHECK(LockWait(1us).Milliseconds() == 1);
  CHECK(LockWait(1'500us).Milliseconds() == 2);
  CHECK(LockWait(0s).Milliseconds() == 0);
  CHECK(LockWait(-1h).Milliseconds() == 0);
  CHECK(LockWait(std::chrono::hours::max()).Milliseconds() == INT_MAX);
  CHECK(LockWait(std::chrono::nanoseconds::min()).Milliseconds() == 0);
  using Real = std::chrono::duration<double>;
  CHECK(LockWait(Real(0.25)).Milliseconds() == 250);
  CHECK(LockWait(Real(std::numeric_limits<double>::infinity())).Milliseconds() == INT_MAX);
  CHECK(LockWait(Real(std::numeric_limits<double>::quiet_NaN())).Milliseconds() == 0);
}

}  // namespace
