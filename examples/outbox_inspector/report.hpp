#pragma once

#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using Outbox = grapnel::Database<grapnel::extras::outbox::Event, grapnel::extras::outbox::Lane>;
using Time = grapnel::extras::Clock::Time;

/// How long ago that was. A clock that has jumped, and a time that makes no sense, do no harm.
inline std::chrono::seconds Age(Time now, Time time) {
  using std::chrono::floor, std::chrono::seconds;
  return std::max(floor<seconds>(now) - floor<seconds>(time), seconds::zero());
}

/// Events up to an age, and from the age before it on.
struct AgeGroup {
  std::string_view name;
  std::chrono::seconds below;
  std::int64_t count = 0;
};

/// A key with events that wait.
struct WaitingKey {
  std::string sink{}, key{};
  std::int64_t pending = 0;
  std::chrono::seconds lag{};  // the age of the first of them
  std::string state{};         // why it waits
};

/// A dead letter; its payload only where it was asked for.
struct Letter {
  std::int64_t id = 0;
  std::string sink{}, key{}, type{}, error{}, payload{};
  std::int64_t attempts = 0;
  std::chrono::seconds age{};
};

/// What there is to see of an outbox.
struct Report {
  std::string database{};
  Time at{};
  std::vector<grapnel::extras::outbox::SinkState> sinks{};
  std::vector<grapnel::extras::outbox::DeadLetters> dead{};
  std::array<AgeGroup, 6> ages{{{"up to 10 s", std::chrono::seconds(10)},
                                {"10 s to 1 min", std::chrono::minutes(1)},
                                {"1 to 10 min", std::chrono::minutes(10)},
                                {"10 min to 1 h", std::chrono::hours(1)},
                                {"1 h to 1 day", std::chrono::days(1)},
                                {"1 day and more", std::chrono::seconds::max()}}};
  std::vector<WaitingKey> keys{};  // the longest waits first
  std::vector<Letter> letters{};   // the oldest first
  bool with_payloads = false;
};

struct ReportOptions {
  std::int64_t most = 20;      // keys, and letters
  bool with_payloads = false;  // they may hold what not everybody is to see
};

/// Reads all of it; each part as it is at one moment, and no two at the same.
Report Look(const Outbox& outbox, std::string database, const ReportOptions& options);
