#include <grapnel/store/driver/observers.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

using grapnel::store::Observers;
using grapnel::store::StatementInfo;

namespace {

void Tell(const Observers& observers, std::string_view text) {
  const auto list = observers.Load();
  if (list == nullptr) return;
  for (const auto& each : *list) each.tell(StatementInfo{text, {}, 0, 0, {}});
}

}  // namespace

TEST_CASE("observers are told in the order in which they came, until they are removed") {
  Observers observers;
  CHECK_FALSE(observers.IsAny());
  CHECK(observers.Load() == nullptr);
  std::string log;
  const auto first =
      observers.Add([&](const StatementInfo& s) { log.append("1").append(s.text); }, false);
  const auto second =
      observers.Add([&](const StatementInfo& s) { log.append("2").append(s.text); }, true);
  CHECK(observers.IsAny());
  Tell(observers, "a");
  observers.Remove(first);
  observers.Remove(first);
  Tell(observers, "b");
  CHECK(observers.Load()->front().with_values);
  observers.Remove(second);
  Tell(observers, "c");
  CHECK(log == "1a2a2b");
  CHECK_FALSE(observers.IsAny());
  CHECK(Observers::None().Load() == nullptr);
}

TEST_CASE("one that is told may remove itself, and others") {
  Observers observers;
  int told = 0;
  std::uint64_t id = 0;
  id = observers.Add(
      [&](const StatementInfo&) {
        ++told;
        observers.Remove(id);
      },
      false);
  Tell(observers, "a");
  Tell(observers, "b");
  CHECK(told == 1);
}

TEST_CASE("they come and go while others are told") {
  Observers observers;
  std::atomic<bool> stop{false};
  std::atomic<int> told{0};
  std::thread other([&] {
    while (!stop) {
      if (observers.IsAny()) Tell(observers, "x");
    }
  });
  for (int i = 0; i < 200; ++i) {
    observers.Remove(observers.Add([&](const StatementInfo&) { ++told; }, false));
  }
  stop = true;
  other.join();
}
