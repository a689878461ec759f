#pragma once

/// A database, two sinks, and the processes that write to them, which are killed.

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/processes.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

namespace crash {

/// A lease long enough for a machine that is busy, and short enough to wait for those of the dead.
inline outbox::RelayOptions Options() {
  using std::chrono_literals::operator""ms;
  return {.lease = 1500ms,
          .attempts = 100'000,
          .backoff = 1ms,
          .longest_backoff = 20ms,
          .lanes = 8,
          .events = 16,
          .poll = 2ms};
}

/// What a relay is made for.
struct Role {
  std::size_t sink;
  std::uint32_t chance;
  bool drains;  // the last one, in which nothing fails by intent
  std::atomic<int>& steps;

  const std::string& Sink() const { return kSinks.at(sink); }
  /// The sink, whose deliveries count as steps.
  outbox::Sink Counted(outbox::Sink inner) const {
    return [inner = std::move(inner), &count = steps](const outbox::Event& event,
                                                      const std::stop_token& stop) {
      inner(event, stop);
      ++count;
    };
  }
};

/// Whether each process has a clock of its own, which is hours ahead or behind at times.
enum class Clocks { Right, Jumping };

/// Put in place of the process's clock.
inline grapnel::extras::Clock::Time Jumped(std::uint32_t chance) {
  using std::chrono_literals::operator""ms;
  constexpr std::array kOffsets{0, 0, 3600, -3600, 4, -4};
  const auto now = std::chrono::system_clock::now();
  const auto turn = static_cast<std::uint64_t>(now.time_since_epoch() / 30ms);
  const std::size_t which = ((chance + turn) * 2654435761U >> 7U) % kOffsets.size();
  return now + std::chrono::seconds(kOffsets.at(which));
}

class World {
 public:
  using Make = std::function<std::unique_ptr<outbox::Relay>(const Db&, const Role&)>;

  /// Two writers, and two processes with the relays of both sinks, which `make` makes there.
  World(std::uint32_t seed, Appends appends, Make make, Clocks clocks = Clocks::Right)
      : make_(std::move(make)), clocks_(clocks), workers_(seed) {
    OpenAt(path_).Migrate();
    for (int i = 0; i < 2; ++i) {
      workers_.Add("a writer", [this, appends](std::atomic<int>& steps, std::uint32_t chance) {
        const auto clock = Clock(chance);
        const Db db = OpenAt(path_);
        Writer writer(db, chance, appends);
        while (true) steps += writer.Step() ? 1 : 0;
      });
      workers_.Add("a relay", [this](std::atomic<int>& steps, std::uint32_t chance) {
        const auto clock = Clock(chance);
        const Db db = OpenAt(path_);
        const auto run = [&](std::size_t sink) {
          make_(db, {sink, chance, false, steps})->Run({});
        };
        const std::jthread other([&] { run(1); });
        run(0);
      });
    }
  }

  /// As Workers::KillAtRandom, and all of them in the end.
  void Kill(int kills, const std::function<void(int)>& between = {}) {
    workers_.Start();
    workers_.KillAtRandom(kills, between);
    workers_.KillAll();
  }
  /// The same beside a server, which is killed as well, and started again, after every few of them.
  template <class Server>
  void KillWith(Server& server, int kills) {
    Kill(kills, [&](int n) {
      if (n % 5 != 4) return;
      server.Kill();
      server.Start();
      ++server_kills_;
    });
  }
  /// Delivers what is left, in a process of its own. Returns: what is stored then.
  Stored Drain() {
    Worker drain("the last relay", [this](std::atomic<int>& steps, std::uint32_t chance) {
      const Db db = OpenAt(path_);
      for (std::size_t sink = 0; sink < kSinks.size(); ++sink) {
        const auto relay = make_(db, {sink, chance, true, steps});
        // A Handler's lane may be leased by who has died, though it is empty.
        const auto waits =
            F<&outbox::Lane::sink> == kSinks[sink] && F<&outbox::Lane::waiting> == true;
        while (db.Of<outbox::Lane>().Query().Where(waits).Exist()) {
          relay->RunOnce();
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
      }
      steps = 1'000'000'000;
      while (true) pause();
    });
    drain.Start(1);
    drain.Await(1'000'000'000);
    drain.Kill();
    Stored stored = Read(OpenAt(path_));
    CHECK(stored.rows_fit);
    CHECK(stored.events == 0);
    CHECK(stored.waiting == 0);
    return stored;
  }
  int Kills() const { return workers_.Kills() + server_kills_; }
  const std::string& Path() const { return path_; }
  std::string File(const std::string& name) const { return scratch_.File(name); }

 private:
  grapnel::extras::ScopedClock Clock(std::uint32_t chance) const {
    return grapnel::extras::ScopedClock([jumps = clocks_ == Clocks::Jumping, chance] {
      return jumps ? Jumped(chance) : std::chrono::system_clock::now();
    });
  }

  Scratch scratch_{};
  std::string path_ = scratch_.File("db");
  Make make_;
  Clocks clocks_;
  Workers workers_;
  int server_kills_ = 0;
};

/// Prints the numbers, and requires that all of it has arrived, and more than `least`.
inline void Require(const std::string& name, int kills, const Account& account, int least) {
  const std::string shown = fmt::format("{}: {} kills, {}", name, kills, Shown(account));
  std::puts(shown.c_str());
  INFO(shown);
  CHECK(account.IsRight());
  CHECK(account.committed > least);
  CHECK(account.delivered == account.committed);
}

}  // namespace crash
