#pragma once

/// Processes of the avatar sync that die, and the look whether what they leave is in step.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "contract/avatar_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

namespace avatars {

using grapnel::extras::Clock;
using grapnel::extras::ScopedClock;

/// What several processes, one after the other, have in common.
struct Place {
  using OpenBucket = std::function<std::unique_ptr<Bucket>()>;

  Scratch scratch{};
  std::string file = scratch.File("users.db");
  OpenBucket open;

  explicit Place(OpenBucket bucket = {}) : open(std::move(bucket)) {
    if (!open) {
      open = [folder = scratch.File("photos")] { return std::make_unique<FolderBucket>(folder); };
    }
    engine::Open<User, Upload, outbox::Event, outbox::Lane>(file).Migrate();
    const auto theirs = open();
    theirs->Write("theirs.png", "theirs");
    theirs->Write("folder/theirs.png", "theirs");
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
      : bucket(place.open()),
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

/// Does all that there is to do, and something dies at a point, if it comes to that one: at a call
/// of the bucket, before or behind it, or behind a COMMIT. (Before one all is as behind the last.)
inline int LiveUntil(
    const Place& place, int last,
    const std::function<void()>& die = [] { kill(getpid(), SIGKILL); }) {
  Process process(place);
  int point = 0;
  const auto live = [&] {
    if (++point == last) die();
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
inline void Settle(const Place& place) {
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

}  // namespace avatars
