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
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

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

/// What every bucket does. It is empty, and is left so.
inline void CheckBucket(Bucket& bucket) {
  using Keys = std::vector<std::string>;
  std::string big(3'000'000, 'x');
  for (std::size_t i = 0; i < big.size(); i += 997) big[i] = static_cast<char>(i);
  const std::map<std::string, std::string> blobs{
      {"a.png", "a"},
      {"a/b.png", ""},
      {"a/b/c d.png", std::string("\0\xff\r\n", 4)},
      {"a b/100%25+1&x=y?#;:@!$,'()*~[]^`{|}\"<>\\.png", "odd"},
      {"\xc3\xbc/\xe5\x9b\xbe\xe5\x83\x8f/\xf0\x9f\x98\x80.png", "unicode"},
      {"big", big},
      {std::string(200, 'n') + "/" + std::string(200, 'm'), "long"}};
  Keys keys;
  for (const auto& [key, bytes] : blobs) {
    CHECK_FALSE(bucket.Exists(key));
    CHECK_THROWS_AS(bucket.Read(key), BucketError);
    bucket.Delete(key);  // of what is not there
    bucket.Write(key, "before");
    bucket.Write(key, bytes);
    CHECK(bucket.Exists(key));
    CHECK((bucket.Read(key) == bytes));
    keys.push_back(key);
  }
  CHECK(bucket.Keys() == keys);
  CHECK_FALSE(bucket.Exists("a"));  // what keys have in common is no key
  CHECK_FALSE(bucket.Exists("a.png/b"));
  CHECK_THROWS_AS(bucket.Read("a"), BucketError);
  bucket.Delete("a");
  bucket.Delete("a/b.png/c");
  CHECK(bucket.Keys() == keys);
  for (const std::string key : {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..",
                                "./a", ".a", "a/.b", "a\nb", "a\x7f"}) {
    INFO(key);
    CHECK_THROWS_AS(bucket.Exists(key), BucketError);
    CHECK_THROWS_AS(bucket.Read(key), BucketError);
    CHECK_THROWS_AS(bucket.Write(key, "x"), BucketError);
    CHECK_THROWS_AS(bucket.Delete(key), BucketError);
  }
  for (const std::string& key :
       {std::string("a\0b", 3), std::string(256, 'a'), std::string(1025, 'a')}) {
    CHECK_THROWS_AS(bucket.Write(key, "x"), BucketError);
  }
  for (const std::string& key : keys) bucket.Delete(key);
  for (const std::string& key : keys) bucket.Delete(key);
  CHECK(bucket.Keys().empty());

  // Many threads, in folders that come and go.
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&bucket, thread] {
      for (int i = 0; i < 20; ++i) {
        const std::string key = "f/g/" + std::to_string(thread);
        bucket.Write(key, key);
        if (bucket.Read(key) != key) bucket.Write("wrong", key);
        bucket.Delete(key);
      }
    });
  }
  threads.clear();
  CHECK(bucket.Keys().empty());
}

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
