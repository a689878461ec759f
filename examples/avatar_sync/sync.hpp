#pragma once

#include "bucket.hpp"
#include "buckets/open.hpp"
#include "hooks.hpp"
#include "images.hpp"
#include "options.hpp"
#include "upload.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace outbox = grapnel::extras::outbox;

/// The bucket, the database, and what keeps them in step. A program that runs for long has a thread
/// for `relay.Run(stop)` and a timer for CleanUp; this one calls them where it needs them.
struct AvatarSync {
  std::unique_ptr<Bucket> bucket;
  grapnel::Database<User, Upload, outbox::Event, outbox::Lane> client;
  Images images{client, *bucket};
  outbox::Relay relay{
      client,
      kRemovals,
      [this](const outbox::Event& event, const std::stop_token&) { images.Remove(event.key); },
      {.attempts = std::numeric_limits<int>::max()}};  // until it succeeds

  explicit AvatarSync(const Options& options)
      : bucket(OpenBucket(options.bucket)),
        client(grapnel::Open<User, Upload, outbox::Event, outbox::Lane>(options.db)) {
    client.Migrate();
  }
  AvatarSync(const AvatarSync&) = delete;
  AvatarSync& operator=(const AvatarSync&) = delete;

  User Create(const std::string& name, const std::string& image) const {
    return client.Of<User>().Create({.name = name, .avatar_url = image}).Save();
  }
  /// The names of all images, without the folders that keep them apart.
  std::vector<std::string> Names() const {
    std::vector<std::string> names = bucket->Keys();
    for (std::string& key : names) key.erase(0, key.rfind('/') + 1);
    std::sort(names.begin(), names.end());
    return names;
  }
  /// Takes up what others have left, who were interrupted.
  void CleanUp() {
    images.Reap();
    while (relay.RunOnce() != outbox::Relayed()) {
    }
    // What the outbox keeps of keys that are gone; it holds no dead letters.
    outbox::Prune(client, std::chrono::hours(24));
  }
  /// Delivers what is due. Throws: where that fails; it stays in the outbox, for the next run.
  std::int64_t Deliver() {
    const outbox::Relayed done = relay.RunOnce();
    if (done.failed == 0) return done.delivered;
    const outbox::Event event =
        client.Of<outbox::Event>().Query().Where(grapnel::F<&outbox::Event::error> != "").First();
    throw std::runtime_error(fmt::format("an image waits to be removed: {}", event.error));
  }
};
