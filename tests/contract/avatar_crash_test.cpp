// The avatar sync when its process dies at any point, and when many work at the same time.
#include "contract/avatar_processes.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/engine/traits.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

using avatars::LiveUntil;
using avatars::Place;
using avatars::Process;
using avatars::Settle;
using avatars::World;
using grapnel::F;

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
