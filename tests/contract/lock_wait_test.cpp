// B208: how long a lock is waited for, and what is tried again then, on each engine.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "contract/model.hpp"

namespace {

using grapnel::BusyError;
using grapnel::F;
using grapnel::LockWait;
using grapnel::Retry;
using grapnel::Tx;
using model::User;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Held : Fixture<User> {
  std::int64_t id = client.Of<User>().Create().Set(F<&User::name>, "Ada").Save().id;

  /// Runs `body()` on another thread while a transaction holds the row; returns how long it took.
  Clock::duration WhileHeld(const std::function<void()>& body) const {
    auto tx = client.Tx();
    tx.Of<User>().UpdateOne(id).Add(F<&User::age>, 1).Save();
    Clock::duration took{};
    std::thread([&] {
      const auto start = Clock::now();
      body();
      took = Clock::now() - start;
    }).join();
    tx.Commit();
    return took;
  }
  void Write(const grapnel::Client& by) const {
    by.Of<User>().UpdateOne(id).Add(F<&User::worth>, 1).Save();
  }
  std::int64_t Worth() const { return client.Of<User>().Get(id).worth; }
};

TEST_CASE_METHOD(Held, "B208 a lock is waited for as long as the call says, then BusyError") {
  const auto refused = [&](auto write) {
    const auto took = WhileHeld([&] {
      const auto error = Thrown<BusyError>(write);
      CHECK_FALSE(error.Retryable());
    });
    CHECK(took >= 150ms);
    CHECK(took < 3s);
  };
  const auto hurried = client.With(LockWait{150ms});
  refused([&] { Write(hurried); });
  refused([&] { hurried.WithTx([&](Tx& tx) { Write(tx.Client()); }); });
  refused([&] {
    auto tx = hurried.Tx();
    Write(tx.Client());
  });
  refused([&] { hurried.Of<User>().Update().Add(F<&User::worth>, 1).Save(); });
  refused([&] { hurried.Of<User>().Delete().Exec(); });
  refused([&] { Write(hurried.With(1h)); });  // beside a deadline
  CHECK(Worth() == 0);
  Write(hurried);
  Write(client);
  CHECK(Worth() == 2);
}

TEST_CASE_METHOD(Held,
                 "B208 a deadline that comes first is a CancelledError; a lock that goes is had") {
  const auto took = WhileHeld([&] {
    CHECK_THROWS_AS(Write(client.With(LockWait{1h}).With(100ms)), grapnel::CancelledError);
  });
  CHECK(took < 3s);
  auto tx = client.Tx();
  tx.Of<User>().UpdateOne(id).Set(F<&User::age>, 9).Save();
  std::thread waiting([&] { Write(client.With(LockWait{1h})); });
  std::this_thread::sleep_for(50ms);
  tx.Commit();
  waiting.join();
  CHECK(Worth() == 1);
}

TEST_CASE_METHOD(Held, "B208 it is the transaction's; those that come after it wait as usual") {
  // The connections that they have may be the same.
  WhileHeld([&] { CHECK_THROWS_AS(Write(client.With(LockWait{20ms})), BusyError); });
  std::atomic<bool> through = false;
  auto tx = client.Tx();
  tx.Of<User>().UpdateOne(id).Set(F<&User::age>, 9).Save();
  std::thread waiting([&] {
    Write(client);
    through = true;
  });
  std::this_thread::sleep_for(150ms);
  CHECK_FALSE(through);
  tx.Commit();
  waiting.join();
  CHECK(Worth() == 1);
}

TEST_CASE_METHOD(Held, "B208 of no time at all it is not waited for") {
  for (const auto none : {0ms, -5ms}) {
    const auto took =
        WhileHeld([&] { CHECK_THROWS_AS(Write(client.With(LockWait{none})), BusyError); });
    CHECK(took < 3s);
  }
  CHECK(Worth() == 0);
  Write(client.With(LockWait{0s}));
  CHECK(Worth() == 1);
}

TEST_CASE_METHOD(Held, "B208 with a Retry such a wait is tried again, so often and no more") {
  int bodies = 0, committed = 0, rolled_back = 0;
  const auto body = [&](Tx& tx) {
    ++bodies;
    tx.AfterCommit([&] { ++committed; });
    tx.AfterRollback([&] { ++rolled_back; });
    Write(tx.Client());
  };
  const auto hurried = client.With(LockWait{30ms});
  const auto took = WhileHeld([&] {
    const auto error =
        Thrown<BusyError>([&] { hurried.WithTx(body, Retry{.times = 3, .within = 1h}); });
    CHECK(std::string_view(error.what()).find("tried 4 times") != std::string_view::npos);
  });
  CHECK(took >= 120ms);
  CHECK(bodies == (engine::SerialisesWriters() ? 0 : 4));  // where it has to wait to begin
  CHECK(committed == 0);
  CHECK(rolled_back == bodies);

  WhileHeld([&] {
    CHECK_THROWS_AS(hurried.WithTx(body, Retry{.within = 200ms}), BusyError);
    CHECK_THROWS_AS(hurried.WithTx(body), BusyError);  // not where nobody asks for it
    CHECK_THROWS_AS(hurried.With(150ms).WithTx(body, Retry{}), grapnel::Error);
  });
  CHECK(Worth() == 0);

  // It gets through once the lock is gone, and once only.
  bodies = 0;
  auto tx = client.Tx();
  tx.Of<User>().UpdateOne(id).Set(F<&User::age>, 9).Save();
  std::thread waiting([&] { hurried.WithTx(body, Retry{.within = 30s}); });
  std::this_thread::sleep_for(150ms);
  tx.Commit();
  waiting.join();
  CHECK(committed == 1);
  CHECK(Worth() == 1);
}

TEST_CASE_METHOD(Held, "B208 nothing is tried again once it is committed, whatever it threw") {
  int bodies = 0;
  const auto hurried = client.With(LockWait{30ms});
  const auto run = [&](auto body) {
    bodies = 0;
    hurried.WithTx(
        [&](Tx& tx) {
          ++bodies;
          body(tx);
          Write(tx.Client());
        },
        Retry{});
  };
  const auto busy = [] { throw BusyError("a lock", true); };
  CHECK_THROWS_AS(run([&](Tx& tx) { tx.AfterCommit(busy); }), grapnel::CommittedError);
  CHECK(bodies == 1);
  CHECK_THROWS_AS(
      run([&](Tx& tx) { tx.OnCommit(grapnel::hook::After([&](const Tx&) { busy(); })); }),
      grapnel::CommittedError);
  CHECK(bodies == 1);
  CHECK(Worth() == 2);
  // Nor what nobody knows.
  CHECK_THROWS_AS(
      run([&](Tx&) { throw grapnel::TxError("lost in COMMIT", grapnel::TxOutcome::Unknown); }),
      grapnel::TxError);
  CHECK(bodies == 1);
  CHECK_THROWS_AS(run([&](Tx&) { throw std::runtime_error("wrong"); }), std::runtime_error);
  CHECK(bodies == 1);
  // But before: what is refused then was not committed.
  int left = 2;
  run([&](Tx& tx) {
    tx.OnCommit(grapnel::hook::Before([&](Tx&) {
      if (left-- > 0) busy();
    }));
  });
  CHECK(bodies == 3);
  CHECK(Worth() == 3);
}

}  // namespace
