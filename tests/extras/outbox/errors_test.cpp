// B245: what a sink can say of a failure. What a relay makes of it: extras/outbox/relay_test.cpp.
#include <grapnel/extras/outbox/errors.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace outbox = grapnel::extras::outbox;
using namespace std::chrono_literals;

TEST_CASE("B245 a failure says for how long to wait, or that no try helps") {
  const outbox::RetryAfter later("503 busy", 90s);
  CHECK(later.Wait() == 90s);
  CHECK(std::string(later.what()) == "503 busy");
  CHECK(outbox::RetryAfter("", -1ms).Wait() == 0ms);
  CHECK_THROWS_AS(throw outbox::Rejected("400"), grapnel::Error);
}
