#include <grapnel/store/postgres/pool.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using grapnel::core::Context;
using grapnel::postgres::detail::Pool;
using namespace std::chrono_literals;

TEST_CASE("a place is had at once as long as there is one, the connection used last first") {
  Pool<int> pool(2);
  auto one = pool.Take({}, 0ms, "db"), two = pool.Take({}, 0ms, "db");
  CHECK(one == nullptr);
  pool.Put(std::make_unique<int>(1));
  pool.Put(std::make_unique<int>(2));
  CHECK(*pool.Take({}, 0ms, "db") == 2);
  CHECK(*pool.Take({}, 0ms, "db") == 1);
}

TEST_CASE("without a place it is a BusyError in the end, or the context's") {
  Pool<int> pool(1);
  pool.Take({}, 0ms, "db");
  try {
    pool.Take({}, 10ms, "db");
    FAIL();
  } catch (const grapnel::BusyError& error) {
    CHECK(std::string(error.what()) ==
          "db: 1 connection of the pool was in use for too long: raise .pool, or hold transactions "
          "shorter");
    CHECK_FALSE(error.Retryable());
  }
  CHECK_THROWS_AS(pool.Take(Context().With(10ms), 30s, "db"), grapnel::CancelledError);
  std::stop_source source;
  source.request_stop();
  CHECK_THROWS_AS(pool.Take(Context().With(source.get_token()), 30s, "db"),
                  grapnel::CancelledError);
}

TEST_CASE("who asked first is given first, also a place without a connection") {
  Pool<int> pool(1);
  pool.Take({}, 0ms, "db");
  std::vector<int> order;
  std::vector<std::jthread> threads;
  std::atomic<int> next{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      while (next.load() != i) std::this_thread::yield();
      std::jthread follow([&] {
        std::this_thread::sleep_for(50ms);
        ++next;
      });
      auto place = pool.Take({}, 30s, "db");
      order.push_back(i);
      pool.Put(std::move(place));
    });
  }
  std::this_thread::sleep_for(300ms);
  pool.Put(nullptr);
  threads.clear();
  CHECK(order == std::vector<int>{0, 1, 2});
}
