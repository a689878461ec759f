#include <grapnel/core/hook_handle.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using grapnel::core::HookHandle;
using grapnel::core::JoinHandles;

TEST_CASE("copies of a handle remove once, all together; one that was moved from still does") {
  int removed = 0;
  const HookHandle handle([&] { ++removed; });
  HookHandle copy = handle;
  const HookHandle moved = std::move(copy);
  copy.Remove();  // NOLINT(bugprone-use-after-move)
  moved.Remove();
  handle.Remove();
  CHECK(removed == 1);
  HookHandle none;
  none.Remove();
  none = handle;
  none.Remove();
  CHECK(removed == 1);
}

TEST_CASE("a removal that throws may be tried again") {
  int tries = 0;
  const HookHandle handle([&] {
    if (++tries == 1) throw std::runtime_error("no");
  });
  CHECK_THROWS_AS(handle.Remove(), std::runtime_error);
  handle.Remove();
  handle.Remove();
  CHECK(tries == 2);
}

TEST_CASE("handles that are joined remove in their order, and own what they capture") {
  std::vector<int> removed;
  auto owned = std::make_unique<int>(2);
  const HookHandle first([&] { removed.push_back(1); });
  const HookHandle second([&, owned = std::move(owned)] { removed.push_back(*owned); });
  const HookHandle third([&] { removed.push_back(3); });
  const HookHandle all = JoinHandles({first, second, third});
  second.Remove();
  all.Remove();
  all.Remove();
  CHECK(removed == std::vector<int>{2, 1, 3});
  JoinHandles({}).Remove();
}

TEST_CASE("several threads may remove at once") {
  std::atomic<int> removed{0};
  const HookHandle handle([&] { ++removed; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([handle] { handle.Remove(); });
  for (std::thread& thread : threads) thread.join();
  CHECK(removed >= 1);
  const int before = removed;
  handle.Remove();
  CHECK(removed == before);
}
