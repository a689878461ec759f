#pragma once

/// A short program of a writer and two relays, of a sink and of a Handler, for a fault at each of
/// its points.

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
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
    outbox::Relay left = Told(client), right = Handled(client);
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
    std::vector<Delivery> effects = Effects(db);
    for (const std::vector<Delivery>* deliveries : {&told_, &effects}) {
      const Account account = Compare(stored.journal, *deliveries);
      if (account.IsRight() && (deliveries == &told_ || account.duplicates == 0)) continue;
      is_right = false;
      if (appends_ == Appends::Within) FAIL_CHECK(Shown(account));
    }
    return is_right;
  }

 private:
  outbox::Relay Told(const grapnel::Client& client) {
    return {client,
            kSinks[0],
            [this](const outbox::Event& e, const std::stop_token&) {
              const auto all = fmt::format("{} {} {} {} {} {}", e.id, e.key, e.type, e.seq,
                                           e.committed_at.time_since_epoch().count(), e.payload);
              told_.push_back(Delivered(e.id, e.seq, e.payload, all));
            },
            {.lanes = 4, .events = 3}};
  }
  static outbox::Relay Handled(const grapnel::Client& client) {
    return {client, kSinks[1], outbox::Handler(Cause), {.lanes = 4, .events = 3}};
  }
  void Drain(const Db& db) {
    // What relays that failed have taken is free when their leases have ended.
    const auto later = grapnel::extras::Clock::Now() + std::chrono::hours(1);
    const grapnel::extras::ScopedClock clock([later] { return later; });
    outbox::Relay left = Told(db), right = Handled(db);
    for (outbox::Relay* relay : {&left, &right}) {
      while (relay->RunOnce() != outbox::Relayed()) {
      }
    }
  }

  Appends appends_;
  std::vector<Delivery> told_{};
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
