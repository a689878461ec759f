#include <grapnel/base/lock.hpp>

#include "support/catch.hpp"

#include <thread>
#include <type_traits>
#include <vector>

using grapnel::core::Lock;
using grapnel::core::Locked;

TEST_CASE("one thread at a time is in") {
  Lock lock;
  long long number = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int step = 0; step < 5000; ++step) {
        const Locked in(lock);
        number += 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(number == 20000);
}

TEST_CASE("what is thrown inside leaves the lock to others") {
  Lock lock;
  try {
    const Locked in(lock);
    throw 1;
  } catch (int) {
  }
  const Locked again(lock);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Lock>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Locked>);
}
