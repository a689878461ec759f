#include <grapnel/store/sqlite/fair_lock.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using grapnel::core::Context;
using grapnel::sqlite::detail::FairLock;
using namespace std::chrono_literals;

namespace {

constexpr auto kLong = 30s;  // never reached, unless something is wrong

/// The text of the error with which a lock is not had.
template <class Error>
std::string Refusal(FairLock& lock, const Context& context, std::chrono::milliseconds longest) {
  try {
    lock.Lock(context, longest, "app.db");
    return "locked";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a free lock is had at once, also after its release") {
  FairLock lock;
  for (int i = 0; i < 3; ++i) {
    lock.Lock({}, 0ms, "app.db");
    lock.Unlock();
  }
  SUCCEED();
}

TEST_CASE("a wait ends after the longest time with BusyError, which names what is locked") {
  FairLock lock;
  lock.Lock({}, kLong, "app.db");
  const auto start = std::chrono::steady_clock::now();
  CHECK(Refusal<grapnel::BusyError>(lock, {}, 30ms) ==
        "app.db: another transaction of this program held the lock for too long");
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  lock.Unlock();
  CHECK(Refusal<grapnel::BusyError>(lock, {}, 0ms) == "locked");
}

TEST_CASE("a deadline counts instead of the longest time, and ends the wait with CancelledError") {
  FairLock lock;
  lock.Lock({}, kLong, "app.db");
  CHECK(Refusal<grapnel::CancelledError>(lock, Context().With(20ms), kLong) ==
        "the operation was cancelled: its deadline has passed");
  // A deadline beyond the longest time is waited for.
  const auto start = std::chrono::steady_clock::now();
  CHECK(Refusal<grapnel::CancelledError>(lock, Context().With(50ms), 1ms) ==
        "the operation was cancelled: its deadline has passed");
  CHECK(std::chrono::steady_clock::now() - start >= 50ms);
}

TEST_CASE("a stop request ends the wait") {
  FairLock lock;
  lock.Lock({}, kLong, "app.db");
  std::stop_source source;
  std::string said;
  std::thread waits([&] {
    said = Refusal<grapnel::CancelledError>(lock, Context().With(source.get_token()), kLong);
  });
  source.request_stop();
  waits.join();
  CHECK(said == "the operation was cancelled: a stop was requested");
  lock.Unlock();
  CHECK(Refusal<grapnel::BusyError>(lock, {}, 0ms) == "locked");  // nobody is left in the queue
}

TEST_CASE("it is handed on in the order of asking") {
  FairLock lock;
  lock.Lock({}, kLong, "app.db");
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&lock, &order, i] {
      lock.Lock({}, kLong, "app.db");
      order.push_back(i);
      lock.Unlock();
    });
    std::this_thread::sleep_for(20ms);  // by now it waits
  }
  lock.Unlock();
  for (std::thread& thread : threads) thread.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("who gave up is passed over") {
  FairLock lock;
  lock.Lock({}, kLong, "app.db");
  std::atomic<bool> had{false};
  std::string said;
  std::thread gives_up([&] { said = Refusal<grapnel::BusyError>(lock, {}, 1ms); });
  std::this_thread::sleep_for(1ms);
  std::thread stays([&] {
    lock.Lock({}, kLong, "app.db");
    had = true;
    lock.Unlock();
  });
  gives_up.join();
  lock.Unlock();
  stays.join();
  CHECK(had);
  CHECK(said.starts_with("app.db: another transaction"));
}

TEST_CASE("it may be unlocked by another thread, and holds back the others all the while") {
  FairLock lock;
  int inside = 0, most = 0, total = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        lock.Lock({}, kLong, "app.db");
        most = std::max(most, ++inside);
        ++total;
        --inside;
        lock.Unlock();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most == 1);
  CHECK(total == 800);

  lock.Lock({}, kLong, "app.db");
  std::thread([&] { lock.Unlock(); }).join();
  CHECK(Refusal<grapnel::BusyError>(lock, {}, 0ms) == "locked");
}
