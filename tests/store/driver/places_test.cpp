#include <grapnel/store/driver/places.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using grapnel::core::Context;
using grapnel::store::Places;
using namespace std::chrono_literals;

namespace {

constexpr auto kLong = 30s;  // never reached, unless something is wrong

/// The text of the error with which a place is not had.
template <class Error>
std::string Refusal(Places& places, const Context& context, std::chrono::milliseconds longest) {
  try {
    places.Take(context, longest, "app.db");
    return "had";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a free place is had at once, also after it was given back") {
  Places places{1, "the one place was taken for too long"};
  for (int i = 0; i < 3; ++i) {
    CHECK(places.Take({}, 0ms, "app.db").Nanoseconds() == 0);
    places.Give();
  }
}

TEST_CASE("B209 of a place that was not free it is told how long that took") {
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  std::jthread giving([&] {
    std::this_thread::sleep_for(30ms);
    places.Give();
  });
  CHECK(places.Take({}, kLong, "app.db") >= 10ms);
}

TEST_CASE("a wait ends after the longest time with BusyError, which names what was asked for") {
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  const auto start = std::chrono::steady_clock::now();
  CHECK(Refusal<grapnel::BusyError>(places, {}, 30ms) ==
        "app.db: the one place was taken for too long");
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  places.Give();
  CHECK(Refusal<grapnel::BusyError>(places, {}, 0ms) == "had");
}

TEST_CASE("B208 a LockWait counts instead of the longest time, and besides a deadline") {
  using grapnel::LockWait;
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  const auto start = std::chrono::steady_clock::now();
  const Context patient = Context().With(LockWait(30ms));
  CHECK(Refusal<grapnel::BusyError>(places, patient, kLong) ==
        "app.db: the one place was taken for too long");
  CHECK(Refusal<grapnel::BusyError>(places, patient.With(kLong), kLong) ==
        "app.db: the one place was taken for too long");
  CHECK(std::chrono::steady_clock::now() - start >= 60ms);
  CHECK(Refusal<grapnel::CancelledError>(places, Context().With(LockWait(kLong)).With(20ms), 1ms) ==
        "the operation was cancelled: its deadline has passed");
  CHECK(Refusal<grapnel::BusyError>(places, Context().With(LockWait(-1ms)), kLong) ==
        "app.db: the one place was taken for too long");
  // The last one that was given, which may be longer than the usual.
  const Context longer = patient.With(LockWait(kLong));
  std::jthread giving([&] {
    std::this_thread::sleep_for(60ms);
    places.Give();
  });
  CHECK(Refusal<grapnel::BusyError>(places, longer, 1ms) == "had");
  CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("a deadline counts instead of the longest time, and ends the wait with CancelledError") {
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  CHECK(Refusal<grapnel::CancelledError>(places, Context().With(20ms), kLong) ==
        "the operation was cancelled: its deadline has passed");
  // A deadline beyond the longest time is waited for.
  const auto start = std::chrono::steady_clock::now();
  CHECK(Refusal<grapnel::CancelledError>(places, Context().With(50ms), 1ms) ==
        "the operation was cancelled: its deadline has passed");
  CHECK(std::chrono::steady_clock::now() - start >= 50ms);
}

TEST_CASE("a stop request ends the wait") {
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  std::stop_source source;
  std::string said;
  std::thread waits([&] {
    said = Refusal<grapnel::CancelledError>(places, Context().With(source.get_token()), kLong);
  });
  source.request_stop();
  waits.join();
  CHECK(said == "the operation was cancelled: a stop was requested");
  places.Give();
  CHECK(Refusal<grapnel::BusyError>(places, {}, 0ms) == "had");  // nobody is left in the queue
}

TEST_CASE("it is handed on in the order of asking") {
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&places, &order, i] {
      places.Take({}, kLong, "app.db");
      order.push_back(i);
      places.Give();
    });
    std::this_thread::sleep_for(20ms);  // by now it waits
  }
  places.Give();
  for (std::thread& thread : threads) thread.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("who gave up is passed over") {
  Places places{1, "the one place was taken for too long"};
  places.Take({}, kLong, "app.db");
  std::atomic<bool> had{false};
  std::string said;
  std::thread gives_up([&] { said = Refusal<grapnel::BusyError>(places, {}, 1ms); });
  std::this_thread::sleep_for(1ms);
  std::thread stays([&] {
    places.Take({}, kLong, "app.db");
    had = true;
    places.Give();
  });
  gives_up.join();
  places.Give();
  stays.join();
  CHECK(had);
  CHECK(said.starts_with("app.db: the one place"));
}

TEST_CASE("another thread may give it back, and holds back the others all the while") {
  Places places{1, "the one place was taken for too long"};
  int inside = 0, most = 0, total = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        places.Take({}, kLong, "app.db");
        most = std::max(most, ++inside);
        ++total;
        --inside;
        places.Give();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most == 1);
  CHECK(total == 800);

  places.Take({}, kLong, "app.db");
  std::thread([&] { places.Give(); }).join();
  CHECK(Refusal<grapnel::BusyError>(places, {}, 0ms) == "had");
}

TEST_CASE("as many have a place as there are") {
  Places places{3, "all places were taken for too long"};
  for (int i = 0; i < 3; ++i) places.Take({}, 0ms, "db");
  CHECK(Refusal<grapnel::BusyError>(places, {}, 0ms) ==
        "app.db: all places were taken for too long");
  places.Give();
  places.Take({}, 0ms, "db");
  CHECK_THROWS_AS(places.Take({}, 0ms, "db"), grapnel::BusyError);
}

TEST_CASE("B208 a wait ends as the call says, at its deadline, or as usual") {
  using grapnel::LockWait;
  const auto now = std::chrono::steady_clock::now();
  const auto at = now + 1h;
  const auto end = [&](const Context& context) {
    return grapnel::store::EndOfLockWait(context, now, 5s) - now;
  };
  CHECK(end(Context()) == 5s);
  CHECK(end(Context().With(at)) == 1h);
  CHECK(end(Context().With(LockWait(1s))) == 1s);
  CHECK(end(Context().With(LockWait(1s)).With(LockWait(7s))) == 7s);
  CHECK(end(Context().With(LockWait(1s)).With(at)) == 1s);
  CHECK(end(Context().With(LockWait(2h)).With(at)) == 1h);
}
