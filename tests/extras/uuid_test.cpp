#include <grapnel/extras/uuid.hpp>

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using grapnel::extras::Clock;
using grapnel::extras::IsUuid;
using grapnel::extras::NewUuid;
using grapnel::extras::ScopedClock;
using namespace std::chrono_literals;

/// The milliseconds that it tells.
long long MillisecondsOf(const std::string& uuid) {
  return std::stoll(uuid.substr(0, 8) + uuid.substr(9, 4), nullptr, 16);
}

TEST_CASE("B207 a UUID has the form, version and variant of RFC 9562, and the time") {
  const auto time = std::chrono::sys_days(std::chrono::year(2100) / 2 / 22) + 19h + 123ms + 999us;
  const ScopedClock clock([&] { return Clock::Time(time); });
  std::set<std::string> tails;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = NewUuid();
    CAPTURE(uuid);
    REQUIRE(IsUuid(uuid));
    REQUIRE(uuid[14] == '7');
    REQUIRE(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
    REQUIRE(MillisecondsOf(uuid) ==
            std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
    tails.insert(uuid.substr(19));
  }
  REQUIRE(tails.size() == 100);
  std::string digits;
  for (const std::string& tail : tails) digits += tail.substr(1);
  for (const char digit : std::string_view("0123456789abcdef")) {
    REQUIRE(digits.find(digit) != digits.npos);
  }
}

TEST_CASE("B207 UUIDs of a process are ordered: in one millisecond, and when the clock jumps") {
  auto now = Clock::Time(std::chrono::sys_days(std::chrono::year(2101) / 1 / 1));
  const ScopedClock clock([&] { return now; });
  std::string last = NewUuid();
  const auto next = [&] {
    std::string uuid = NewUuid();
    REQUIRE(last < uuid);
    last = std::move(uuid);
  };
  const auto start = MillisecondsOf(last);
  for (int i = 0; i < 10'000; ++i) next();  // more than a millisecond holds: it goes on in the next
  REQUIRE(MillisecondsOf(last) == start + 2);
  now += 1ms;
  next();
  now -= 24h;
  for (int i = 0; i < 10; ++i) next();
  REQUIRE(MillisecondsOf(last) == start + 2);
  now = Clock::Time(-1h);
  next();
  now = Clock::Time::min();
  next();
  now = Clock::Time(std::chrono::sys_days(std::chrono::year(2102) / 1 / 1));
  next();
  REQUIRE(MillisecondsOf(last) == now.time_since_epoch() / 1ms);
}

TEST_CASE("B207 UUIDs of threads differ, and each thread's are ordered") {
  constexpr std::size_t each = 5'000;
  std::array<std::vector<std::string>, 4> made;
  {
    std::vector<std::jthread> threads;
    for (auto& own : made) {
      threads.emplace_back([&own] {
        for (std::size_t i = 0; i < each; ++i) own.push_back(NewUuid());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& own : made) {
    REQUIRE(std::is_sorted(own.begin(), own.end()));
    all.insert(own.begin(), own.end());
  }
  REQUIRE(all.size() == made.size() * each);
}

TEST_CASE("B207 a child of fork() does not repeat the UUIDs of its parent") {
  const ScopedClock clock([] { return Clock::Time(5'000'000s); });
  static_cast<void>(NewUuid());
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string uuid = NewUuid();
    ::_exit(::write(ends[1], uuid.data(), 36) == 36 ? 0 : 1);
  }
  const std::string own = NewUuid();
  std::string theirs(36, ' ');
  REQUIRE(::read(ends[0], theirs.data(), 36) == 36);
  int status = -1;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  REQUIRE(status == 0);
  REQUIRE(IsUuid(theirs));
  REQUIRE(theirs != own);
  REQUIRE(theirs.substr(0, 18) == own.substr(0, 18));  // what chance alone tells apart
}

TEST_CASE("B207 what is a UUID, and what is none") {
  REQUIRE(IsUuid("0190163d-8694-739b-aea5-966c26f8ad91"));
  REQUIRE(IsUuid("00000000-0000-0000-0000-000000000000"));
  for (const std::string_view text :
       {"", "0190163d8694739baea5966c26f8ad91", "0190163D-8694-739b-aea5-966c26f8ad91",
        "0190163d-8694-739b-aea5-966c26f8ad9", "0190163d-8694-739b-aea5-966c26f8ad911",
        "0190163d-8694-739b-aea5 966c26f8ad91", "0190163g-8694-739b-aea5-966c26f8ad91",
        "{190163d-8694-739b-aea5-966c26f8ad9}"}) {
    CAPTURE(text);
    REQUIRE_FALSE(IsUuid(text));
  }
}

TEST_CASE("B207 a clock that throws makes no UUID") {
  const ScopedClock clock([]() -> Clock::Time { throw std::runtime_error("stopped"); });
  REQUIRE_THROWS_WITH(NewUuid(), "stopped");
}

}  // namespace
