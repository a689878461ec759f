#include <grapnel/store/tx/ending.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <thread>
#include <vector>

using grapnel::detail::Ending;

TEST_CASE("what happens at the end of a transaction happens once") {
  Ending ending;
  CHECK((!ending.IsCommitting() && !ending.TookRollbackHooks()));
  CHECK((ending.StartCommit() && !ending.StartCommit()));
  CHECK((ending.TakeRollbackHooks() && !ending.TakeRollbackHooks()));
  CHECK((ending.IsCommitting() && ending.TookRollbackHooks()));
}

TEST_CASE("of several threads that end it in place of a call one does") {
  Ending ending;
  std::atomic<int> claimed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { claimed += ending.Claim() ? 1 : 0; });
  for (auto& each : threads) each.join();
  CHECK(claimed == 1);
}
