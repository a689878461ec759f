#include <grapnel/store/tx/retry.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <chrono>
#include <climits>
#include <exception>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

using grapnel::BusyError;
using grapnel::F;
using grapnel::Retry;
using grapnel::Tx;
using grapnel::core::Context;
using grapnel::detail::Reruns;
using grapnel::detail::Tries;
using model::User;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// A database whose INSERTs fail as long as `failures` is not 0, in a way that may be tried again.
struct World {
  int failures = 0;
  int bodies = 0;
  int committed = 0, rolled_back = 0;  // of callbacks
  std::unique_ptr<FakeDriver> made = std::make_unique<FakeDriver>(Server());
  FakeConnection& connection = made->writer;
  grapnel::Database<User> client = grapnel::Database<User>::Adopt(std::move(made));

  World() {
    connection.before = [this](std::string_view line) {
      if (line == "INSERT" && failures > 0) {
        --failures;
        throw BusyError("deadlock", true);
      }
    };
  }
  static grapnel::store::DriverTraits Server() {
    grapnel::store::DriverTraits traits;
    traits.undoes_statements = traits.serialises_writers = false;
    return traits;
  }
  auto Body() {
    return [this](Tx& tx) {
      ++bodies;
      tx.AfterCommit([this] { ++committed; });
      tx.AfterRollback([this] { ++rolled_back; });
      tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
      return bodies;
    };
  }
};

}  // namespace

TEST_CASE("there are so many tries, with pauses that grow") {
  const Context context;
  Tries tries(context, 5);
  const auto start = Clock::now();
  int count = 0;
  while (tries.WaitForNext()) ++count;
  CHECK(count == 5);
  CHECK(Clock::now() - start >= 15ms);  // half of 1 + 2 + 4 + 8 + 16
  CHECK_FALSE(tries.WaitForNext());
}

TEST_CASE("there are none behind a deadline, and a stop ends them") {
  Context soon;
  Tries tries(soon, INT_MAX);
  for (int i = 0; i < 8; ++i) CHECK(tries.WaitForNext());
  soon = Context().With(60ms);  // the next pause is of 64 at least
  CHECK_FALSE(tries.WaitForNext());
  CHECK_FALSE(soon.IsCancelled());  // what was in the way is told, and not that time is over

  const Context context;
  Tries now(context, INT_MAX, 0);
  CHECK_FALSE(now.WaitForNext());

  std::stop_source source;
  const Context stoppable = Context().With(source.get_token());
  Tries stopped(stoppable, INT_MAX);
  const std::jthread stop([&] {
    std::this_thread::sleep_for(50ms);
    source.request_stop();
  });
  CHECK_THROWS_AS(
      [&] {
        while (stopped.WaitForNext()) {
        }
      }(),
      grapnel::CancelledError);
}

TEST_CASE_METHOD(World, "WithTx runs its body again where it is told to") {
  failures = 3;
  CHECK(client.WithTx(Body(), Retry{.times = 3}) == 4);
  CHECK((committed == 1 && rolled_back == 3));
}

TEST_CASE_METHOD(World, "it does so no more often than that, and without it not at all") {
  failures = 100;
  CHECK_THROWS_AS(client.WithTx(Body(), Retry{.times = 2}), BusyError);
  CHECK((bodies == 3 && committed == 0 && rolled_back == 3));
  try {
    client.WithTx(Body());
    FAIL("nothing was thrown");
  } catch (const BusyError& error) {
    CHECK(error.Retryable());
  }
  CHECK(bodies == 4);
}

TEST_CASE_METHOD(World, "without a number it does so for as long as it is told") {
  failures = INT_MAX;
  const auto start = Clock::now();
  CHECK_THROWS_AS(client.WithTx(Body(), Retry{.within = 300ms}), BusyError);
  CHECK((Clock::now() - start < 3s && bodies > 5));
  CHECK(failures == INT_MAX - bodies);
  failures = 15;  // the last of them behind a second
  CHECK(client.WithTx(Body(), Retry{}) > 15);
  failures = INT_MAX;
  CHECK_THROWS_AS(client.With(100ms).WithTx(Body(), Retry{}), BusyError);
}

TEST_CASE_METHOD(World, "it says how often it has tried") {
  failures = INT_MAX;
  try {
    client.WithTx(Body(), Retry{2});
    FAIL("nothing was thrown");
  } catch (const BusyError& error) {
    CHECK_THAT(error.what(), Catch::StartsWith("deadlock; tried 3 times in "));
    CHECK(error.Retryable());
  }
}

TEST_CASE_METHOD(World, "a body that makes nothing of it is run again as well") {
  failures = 3;
  const auto swallow = [&](Tx& tx) {
    try {
      Body()(tx);
    } catch (const BusyError&) {
    }
  };
  client.WithTx(swallow, Retry{});
  CHECK((bodies == 4 && committed == 1 && rolled_back == 3));
  failures = 2;
  client.WithTx(
      [&](Tx& tx) {
        swallow(tx);
        tx.Of<User>().Query().Count();  // a TxError, where that has ended
      },
      Retry{});
  CHECK((bodies == 7 && committed == 2 && rolled_back == 5));
  failures = 1;
  CHECK_THROWS_AS(client.WithTx(swallow), BusyError);
  CHECK(rolled_back == 6);
}

TEST_CASE("what is in the way each time is told instead in the end") {
  const Context context;
  Reruns reruns(context, Retry{});
  grapnel::detail::Hindrance lasting{true, std::make_exception_ptr(std::logic_error("hidden"))};
  int tries = 0;
  const auto run = [&](const grapnel::detail::Hindrance& hindrance) {
    try {
      ++tries;
      throw BusyError("a row", true);
    } catch (...) {
      reruns.WaitForNext(hindrance);
    }
  };
  run(lasting);
  run({true});  // by chance
  CHECK_THROWS_AS(
      [&] {
        while (true) run(lasting);
      }(),
      std::logic_error);
  CHECK(tries == 10);
  CHECK_THROWS_AS(run({}), BusyError);
}

TEST_CASE_METHOD(World, "it does so for nothing else, and inside a transaction not") {
  CHECK_THROWS_AS(client.WithTx(
                      [&](Tx&) {
                        ++bodies;
                        throw BusyError("it has waited already");
                      },
                      Retry{}),
                  BusyError);
  CHECK_THROWS_AS(client.WithTx(
                      [&](Tx&) {
                        ++bodies;
                        throw std::logic_error("wrong");
                      },
                      Retry{}),
                  std::logic_error);
  CHECK(bodies == 2);
  failures = 1;
  auto tx = client.Tx();
  CHECK_THROWS_AS(tx.Client().WithTx(Body(), Retry{}), BusyError);
  CHECK(bodies == 3);
  CHECK(tx.Outcome() == grapnel::TxOutcome::RolledBack);
}
