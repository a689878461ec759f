#pragma once

/// What the tests of the avatar sync share: a world of its own, a bucket that can be watched, and
/// the look whether database and bucket are in step.

#include "../../examples/avatar_sync/buckets/folder.hpp"
#include "../../examples/avatar_sync/buckets/memory.hpp"
#include "../../examples/avatar_sync/images.hpp"

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/fixture.hpp"

namespace avatars {

namespace outbox = grapnel::extras::outbox;
using grapnel::F;
using Db = grapnel::Database<User, Upload, outbox::Event, outbox::Lane>;

/// Tells of each call, before it and behind it: "write", "wrote", "delete", "deleted", "exists",
/// "existed", with the key.
class WatchedBucket final : public Bucket {
 public:
  explicit WatchedBucket(std::unique_ptr<Bucket> bucket) : bucket_(std::move(bucket)) {}

  std::function<void(std::string_view what, const std::string& key)> on{};

  bool Exists(const std::string& key) const override {
    Tell("exists", key);
    const bool does = bucket_->Exists(key);
    Tell("existed", key);
    return does;
  }
  void Write(const std::string& key, std::string_view bytes) override {
    Tell("write", key);
    bucket_->Write(key, bytes);
    Tell("wrote", key);
  }
  std::string Read(const std::string& key) const override { return bucket_->Read(key); }
  void Delete(const std::string& key) override {
    Tell("delete", key);
    bucket_->Delete(key);
    Tell("deleted", key);
  }
  std::vector<std::string> Keys() const override { return bucket_->Keys(); }

 private:
  void Tell(std::string_view what, const std::string& key) const {
    if (on) on(what, key);
  }

  std::unique_ptr<Bucket> bucket_;
};

/// A database and a bucket in a folder, and all that the program has.
struct World {
  Scratch scratch{};
  WatchedBucket bucket{std::make_unique<FolderBucket>(scratch.File("photos"))};
  Db client = engine::Open<User, Upload, outbox::Event, outbox::Lane>(scratch.File("users.db"));
  Images images{client, bucket};

  World() { client.Migrate(); }

  outbox::Relay Relay(outbox::RelayOptions options = {}) {
    return outbox::Relay(
        client, kRemovals, [this](const outbox::Event& event, auto) { images.Remove(event.key); },
        std::move(options));
  }
  /// Delivers whatever is due.
  void Deliver() {
    auto relay = Relay();
    while (relay.RunOnce() != outbox::Relayed()) {
    }
  }
  template <class C>
  static User Add(const C& of, const std::string& key) {
    return of.template Of<User>().Create({.name = "x", .avatar_url = key}).Save();
  }
  User Add() const { return Add(client, images.Stage("a.png", "a")); }
  std::int64_t Users() const { return client.Of<User>().Query().Count(); }
  std::int64_t Uploads() const { return client.Of<Upload>().Query().Count(); }
};

}  // namespace avatars
