// B242, B243, B244, B246, B256: writers and relays that are killed at any instant.
#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/processes.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace crash;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

/// A lease long enough for a machine that is busy, and short enough to wait for those of the dead.
outbox::RelayOptions Options() {
  return {.lease = 1500ms,
          .attempts = 1000,
          .backoff = 1ms,
          .longest_backoff = 20ms,
          .lanes = 8,
          .events = 16,
          .poll = 2ms};
}

/// A database, two sinks, and the processes that write to them.
class World {
 public:
  World(std::uint32_t seed, Appends appends) : workers_(seed) {
    OpenAt(path_).Migrate();
    for (int i = 0; i < 2; ++i) {
      workers_.Add("a writer", [this, appends](std::atomic<int>& steps, std::uint32_t chance) {
        const Db db = OpenAt(path_);
        Writer writer(db, chance, appends);
        while (true) steps += writer.Step() ? 1 : 0;
      });
    }
    for (int i = 0; i < 2; ++i) {
      workers_.Add("a relay", [this](std::atomic<int>& steps, std::uint32_t chance) {
        const Db db = OpenAt(path_);
        const auto run = [&](std::size_t sink) {
          outbox::Relay relay(db, kSinks.at(sink), Counted(FileSink(Log(sink), chance), steps),
                              Options());
          relay.Run({});
        };
        const std::jthread other([&] { run(1); });
        run(0);
      });
    }
  }

  void Kill(int kills) {
    workers_.Start();
    workers_.KillAtRandom(kills);
    workers_.KillAll();
  }
  /// Delivers what is left. Returns: what each sink was told in all.
  std::vector<Account> Drain() {
    const Db db = OpenAt(path_);
    const auto end = std::chrono::steady_clock::now() + 60s;
    std::vector<Account> accounts;
    for (std::size_t sink = 0; sink < 2; ++sink) {
      outbox::Relay relay(db, kSinks.at(sink), FileSink(Log(sink), 1, false), Options());
      const auto left = [&] {
        return db.Of<outbox::Event>().Query().Where(F<&outbox::Event::sink> == kSinks.at(sink));
      };
      while (left().Exist() && std::chrono::steady_clock::now() < end) {
        if (relay.RunOnce() == outbox::Relayed()) std::this_thread::sleep_for(5ms);
      }
    }
    const Stored stored = Read(db);
    CHECK(stored.rows_fit);
    CHECK(stored.events == 0);
    CHECK(stored.waiting == 0);
    for (std::size_t sink = 0; sink < 2; ++sink) {
      accounts.push_back(Compare(stored.journal, ReadLog(Log(sink))));
    }
    return accounts;
  }
  int Kills() const { return workers_.Kills(); }

 private:
  static outbox::Sink Counted(FileSink sink, std::atomic<int>& steps) {
    return [sink, &steps](const outbox::Event& event, const std::stop_token& stop) mutable {
      sink(event, stop);
      ++steps;
    };
  }
  std::string Log(std::size_t sink) const { return scratch_.File(kSinks.at(sink)); }

  Scratch scratch_{};
  std::string path_ = scratch_.File("db");
  Workers workers_;
};

}  // namespace

TEST_CASE("B242 B243 B244 B246 what is committed is delivered, whoever is killed at any instant") {
  World world(20240229, Appends::Within);
  world.Kill(100);
  const auto accounts = world.Drain();
  for (std::size_t sink = 0; sink < 2; ++sink) {
    const Account& account = accounts.at(sink);
    const std::string shown =
        fmt::format("{}: {} kills, {}", kSinks.at(sink), world.Kills(), Shown(account));
    std::puts(shown.c_str());
    INFO(shown);
    CHECK(account.IsRight());
    CHECK(account.committed > 100);
    CHECK(account.delivered == account.committed);
    CHECK(account.duplicates > 0);
  }
}

TEST_CASE("B256 an event in a transaction of its own is lost, or out of order, or of nothing") {
  for (const Appends appends : {Appends::Behind, Appends::Before}) {
    World world(7, appends);
    Account found;
    for (int round = 0; round < 10; ++round) {  // until all of it was seen
      world.Kill(8);
      found = world.Drain().front();
      if (found.disorder > 0 && (appends == Appends::Before ? found.phantoms : found.lost) > 0) {
        break;
      }
    }
    const std::string shown =
        fmt::format("{} the mutation: {} kills, {}",
                    appends == Appends::Behind ? "behind" : "before", world.Kills(), Shown(found));
    std::puts(shown.c_str());
    INFO(shown);
    CHECK(found.disorder > 0);
    CHECK((appends == Appends::Behind ? found.lost : found.phantoms) > 0);
    CHECK(found.differing + found.together == 0);
  }
}
