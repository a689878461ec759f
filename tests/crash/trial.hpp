#pragma once

/// A short program of a writer and the relays of two sinks, for a fault at each of its points.

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "crash/account.hpp"
#include "crash/model.hpp"
#include "support/catch.hpp"

namespace crash {

class Trial {
 public:
  explicit Trial(Appends appends) : appends_(appends) {}

  /// Plays all of it by this client; what fails is passed over.
  void Play(Writer& writer, const grapnel::Client& client) {
    writer.Begin(client, 11);
    outbox::Relay left = Relay(client, kSinks[0]), right = Relay(client, kSinks[1]);
    const auto attempt = [](const std::function<void()>& step) {
      try {
        step();
      } catch (const grapnel::Error&) {
      }
    };
    for (int i = 0; i < 4; ++i) {
      attempt([&] { writer.Step(); });
      committed_.insert(writer.Last().begin(), writer.Last().end());
      attempt([&] { left.RunOnce(); });
      if (i % 2 == 1) attempt([&] { right.RunOnce(); });
    }
  }
  /// When there are no faults any more: delivers what is left. Returns: whether what was delivered
  /// is what is committed.
  bool IsRight(const Db& db) {
    Drain(db);
    const Stored stored = Read(db);
    CHECK(stored.rows_fit);
    CHECK(stored.events == 0);
    CHECK(stored.waiting == 0);
    for (const Entry& entry : stored.journal) committed_.erase(entry.said);
    CHECK(committed_.empty());  // what was said to be committed is there
    bool is_right = true;
    for (const std::string& sink : kSinks) {
      const Account account = Compare(stored.journal, told_[sink]);
      if (account.IsRight()) continue;
      is_right = false;
      if (appends_ == Appends::Within) FAIL_CHECK(sink << ": " << Shown(account));
    }
    return is_right;
  }

 private:
  outbox::Relay Relay(const grapnel::Client& client, const std::string& sink) {
    return {client,
            sink,
            [this](const outbox::Event& e, const std::stop_token&) {
              const auto all = fmt::format("{} {} {} {} {} {}", e.id, e.key, e.type, e.seq,
                                           e.committed_at.time_since_epoch().count(), e.payload);
              told_[e.sink].push_back(Delivered(e.id, e.seq, e.payload, all));
            },
            {.lanes = 4, .events = 3}};
  }
  void Drain(const Db& db) {
    // What relays that failed have taken is free when their leases have ended.
    const auto later = grapnel::extras::Clock::Now() + std::chrono::hours(1);
    const grapnel::extras::ScopedClock clock([later] { return later; });
    for (const std::string& sink : kSinks) {
      outbox::Relay relay = Relay(db, sink);
      while (relay.RunOnce() != outbox::Relayed()) {
      }
    }
  }

  Appends appends_;
  std::map<std::string, std::vector<Delivery>> told_{};
  std::set<std::string> committed_{};
};

/// At how many points there was a fault, and at how many of them it was wrong.
struct Points {
  int all = 0, wrong = 0;
};

inline const char* Name(Appends appends) {
  return appends == Appends::Within ? "within" : appends == Appends::Behind ? "behind" : "before";
}

}  // namespace crash
