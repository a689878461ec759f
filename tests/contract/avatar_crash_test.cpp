// The avatar sync when its process dies at any point, and when many work at the same time.
#include "contract/avatar_model.hpp"
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/engine/traits.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

using avatars::Db;
using avatars::WatchedBucket;
using avatars::World;
using grapnel::extras::Clock;
using grapnel::extras::ScopedClock;
namespace outbox = grapnel::extras::outbox;

namespace {

/// What several processes, one after the other, have in common.
struct Place {
  Scratch scratch{};
  std::string folder = scratch.File("photos"), file = scratch.File("users.db");

  Place() {
    engine::Open<User, Upload, outbox::Event, outbox::Lane>(file).Migrate();
    FolderBucket bucket(folder);
    bucket.Write("theirs.png", "theirs");
    bucket.Write("folder/theirs.png", "theirs");
  }
};

/// One process of the program.
struct Process {
  WatchedBucket bucket;
  Db client;
  Images images{client, bucket};
  outbox::Relay relay{client, kRemovals,
                      [this](const outbox::Event& event, auto) { images.Remove(event.key); }};

  explicit Process(const Place& place)
      : bucket(std::make_unique<FolderBucket>(place.folder)),
        client(engine::Open<User, Upload, outbox::Event, outbox::Lane>(place.file)) {}

  User Add() const { return World::Add(client, images.Stage("a.png", "a")); }
  void Deliver() {
    while (relay.RunOnce() != outbox::Relayed()) {
    }
  }
  std::set<std::string> Used() const {
    std::set<std::string> keys;
    for (const User& user : client.Of<User>().Query().All()) keys.insert(user.avatar_url);
    return keys;
  }
  std::set<std::string> Kept() const {
    const auto keys = bucket.Keys();
    return {keys.begin(), keys.end()};
  }
};

/// Does all that there is to do, and dies at a point, if it comes to that one: at a call of the
/// bucket, before or behind it, or behind a COMMIT. (Before one all is as behind the last.)
int LiveUntil(const Place& place, int last) {
  Process process(place);
  int point = 0;
  const auto live = [&] {
    if (++point == last) kill(getpid(), SIGKILL);
  };
  process.bucket.on = [&](auto&&...) { live(); };
  const auto told = process.client.OnStatement([&](const grapnel::store::StatementInfo& ran) {
    if (ran.text.starts_with("COMMIT")) live();
  });
  Clock::Time now = std::chrono::floor<std::chrono::microseconds>(Clock::Now());
  const ScopedClock clock([&] { return now; });

  const auto users = process.client.Of<User>();
  const User first = process.Add();
  const User second = process.Add();
  World::Add(process.client, first.avatar_url);  // shared
  process.client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().DeleteOne(second).Exec();
    World::Add(tx, second.avatar_url);
  });
  users.DeleteOne(first).Exec();
  process.Deliver();
  process.images.Stage("left.png", "left");
  users.Delete().Exec();
  process.Deliver();
  now += Images::kStaged;
  process.images.Reap();
  process.Deliver();
  process.Add();
  process.images.Stage("late.png", "late");
  users.DeleteOne(process.Add()).Exec();
  return 0;
}

/// Takes up what others have left, and looks whether all is in step; then deletes all users.
void Settle(const Place& place) {
  Process process(place);
  std::set<std::string> used = process.Used(), kept = process.Kept();
  CHECK(std::includes(kept.begin(), kept.end(), used.begin(), used.end()));
  const ScopedClock later([] { return std::chrono::system_clock::now() + std::chrono::hours(48); });
  process.images.Reap();
  process.Deliver();
  CHECK(process.Used() == used);
  used.insert({"theirs.png", "folder/theirs.png"});
  CHECK(process.Kept() == used);
  CHECK(process.client.Of<Upload>().Query().Count() + 2 == static_cast<std::int64_t>(used.size()));
  process.client.Of<User>().Delete().Exec();
  process.Deliver();
  CHECK(process.Kept() == std::set<std::string>{"folder/theirs.png", "theirs.png"});
  CHECK(process.client.Of<Upload>().Query().Count() == 0);
  CHECK(process.client.Of<outbox::Event>().Query().Count() == 0);
}

}  // namespace

TEST_CASE("B255 the avatar sync is in step again, at whatever point its process died") {
  const Place place;
  const int step = engine::IsInProcess() ? 1 : 3;
  int deaths = 0;
  for (int last = 1;; last += step) {
    INFO("it died at point " << last);
    const Ended ended = InChild([&] { return LiveUntil(place, last); });
    Settle(place);
    if (ended.code == 0) break;
    REQUIRE(ended.code == -SIGKILL);
    ++deaths;
  }
  INFO(deaths << " deaths");
  CHECK(deaths * step > 40);
}

TEST_CASE("B255 the avatar sync stays in step while many work on the same images") {
  const Place place;
  std::atomic<bool> over{false};
  std::atomic<int> made{0}, shared{0}, refused{0}, deleted{0}, renewed{0}, looks{0}, broken{0};
  std::vector<std::jthread> threads;
  const auto work = [&](unsigned seed) {
    const Process process(place);
    const auto users = process.client.Of<User>();
    std::mt19937 chance(seed);
    while (!over) {
      try {
        const auto all = users.Query().All();
        const unsigned what = all.empty() ? 0U : static_cast<unsigned>(chance() % 6);
        if (what == 0) {
          process.Add();
          ++made;
          continue;
        }
        const User& one = all[chance() % all.size()];
        if (what == 1) {
          users.DeleteOne(one).Exec();
          ++deleted;
        } else if (what == 2) {
          users.Delete().Where(F<&User::avatar_url> == one.avatar_url).Exec();
          World::Add(process.client, one.avatar_url);  // its removal waits, or runs
          ++shared;
        } else if (what == 3) {
          process.client.WithTx([&](grapnel::Tx& tx) {
            tx.Of<User>().DeleteOne(one).Exec();
            World::Add(tx, one.avatar_url);
          });
          ++renewed;
        } else {
          World::Add(process.client, one.avatar_url);
          ++shared;
        }
        if (all.size() > 20) users.Delete().Where(F<&User::id> <= all[10].id).Exec();
      } catch (const MissingImageError&) {
        ++refused;
      } catch (const grapnel::NotFoundError&) {
      } catch (const grapnel::BusyError&) {
      }
    }
  };
  for (unsigned seed = 1; seed <= 3; ++seed) threads.emplace_back(work, seed);
  for (int relay = 0; relay < 2; ++relay) {
    threads.emplace_back([&](const std::stop_token& stop) { Process(place).relay.Run(stop); });
  }
  threads.emplace_back([&] {
    const Process process(place);
    while (!over) {
      for (const User& user : process.client.Of<User>().Query().All()) {
        ++looks;
        if (process.bucket.Exists(user.avatar_url)) continue;
        const auto again = process.client.Of<User>().Find(user.id);
        if (again && again->avatar_url == user.avatar_url) ++broken;
      }
      const Images::Report report = process.images.Reconcile();
      broken += static_cast<int>(report.missing.size() + report.unused.size());
      broken += report.stranger.size() == 2 ? 0 : 1;
    }
  });
  std::this_thread::sleep_for(std::chrono::seconds(2));
  over = true;
  for (std::jthread& thread : threads) thread.request_stop();
  threads.clear();
  INFO(made << " made, " << shared << " shared, " << refused << " refused, " << deleted
            << " deleted, " << renewed << " renewed, " << looks << " looks");
  CHECK(broken == 0);
  CHECK(made > 0);
  CHECK(looks > 0);
  Settle(place);
}
