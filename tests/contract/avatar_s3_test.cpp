// The avatar sync on a bucket of S3: a real server, OpenStack's Swift, that verifies signatures.
#include <cstdio>
#include <cstdlib>

#ifndef AVATAR_SYNC_WITH_S3
[[maybe_unused]] static const bool skipped = [] {
  std::printf("skipped: built without libcurl and OpenSSL\n");
  std::fflush(stdout);
  std::_Exit(77);
  return true;
}();
#else

#define main RunAvatarSync
#include "../../examples/avatar_sync/main.cpp"
#undef main

#include "contract/avatar_processes.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/swift.hpp"

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

const Swift::Needed needed;

/// One server for all tests, which each have a bucket of their own in it.
struct World {
  static Swift& Server() {
    static Swift server;
    return server;
  }
  static inline int count = 0;

  Scratch scratch{};
  S3Options options{.bucket = "photos" + std::to_string(++count),
                    .endpoint = Server().Url(),
                    .region = Swift::kRegion,
                    .who = {Swift::kUser, Swift::kSecret, ""}};
  S3Bucket bucket{options};

  World() {
    setenv("no_proxy", "127.0.0.1", 1);
    setenv("AWS_ACCESS_KEY_ID", Swift::kUser, 1);
    setenv("AWS_SECRET_ACCESS_KEY", Swift::kSecret, 1);
    REQUIRE(bucket.Send("PUT", "").status == 200);
  }
  std::string Url() const {
    return fmt::format("s3://{}?endpoint={}&region={}", options.bucket, options.endpoint,
                       options.region);
  }
  int Run(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"avatar_sync", "--bucket", Url(), "--db",
                                   scratch.File("users.db")};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    return RunAvatarSync(static_cast<int>(argv.size()), argv.data());
  }
};

/// What a call is refused with.
template <class F>
std::string Refusal(F call) {
  try {
    call();
    return "";
  } catch (const BucketError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("B255 a bucket of S3 does what the others do") {
  World world;
  avatars::CheckBucket(world.bucket);
}

TEST_CASE("B255 a bucket of S3 lists its keys page by page") {
  World world;
  std::vector<std::string> keys;
  for (int i = 0; i < 3 * Swift::kPage + 1; ++i) {
    keys.push_back(fmt::format("folder {}/\xc3\xbc+{}.png", i % 3, i));
    world.bucket.Write(keys.back(), "x");
  }
  std::sort(keys.begin(), keys.end());
  CHECK(world.bucket.Keys() == keys);
  for (int i = 0; i < Swift::kPage + 1; ++i) world.bucket.Delete(keys[static_cast<std::size_t>(i)]);
  keys.erase(keys.begin(), keys.begin() + Swift::kPage + 1);
  CHECK(world.bucket.Keys() == keys);  // two pages, the last one full
}

TEST_CASE("B255 S3 refuses who does not know the secret, and says what is not there") {
  World world;
  CHECK_NOTHROW(OpenBucket(world.Url()));
  S3Options options = world.options;
  options.who.secret = "wrong";
  S3Bucket stranger(options);
  for (const std::string& refusal :
       {Refusal([&] { stranger.Check(); }), Refusal([&] { stranger.Write("a", "a"); }),
        Refusal([&] { stranger.Delete("a"); }), Refusal([&] { stranger.Read("a"); }),
        Refusal([&] { static_cast<void>(stranger.Keys()); })}) {
    CHECK(refusal.find("403 SignatureDoesNotMatch") != std::string::npos);
  }
  CHECK(Refusal([&] { static_cast<void>(stranger.Exists("a")); }).find("403") != std::string::npos);
  options = world.options;
  options.region = "eu-west-1";
  CHECK_FALSE(Refusal([&] { S3Bucket(options).Check(); }).empty());

  options = world.options;
  options.bucket = "nowhere";
  S3Bucket nowhere(options);
  for (const std::string& refusal :
       {Refusal([&] { nowhere.Check(); }), Refusal([&] { nowhere.Write("a", "a"); }),
        Refusal([&] { nowhere.Delete("a"); }), Refusal([&] { nowhere.Read("a"); }),
        Refusal([&] { static_cast<void>(nowhere.Keys()); })}) {
    CHECK(refusal.find("404 NoSuchBucket") != std::string::npos);
  }
  CHECK(Refusal([&] { static_cast<void>(nowhere.Exists("a")); }).find("404") != std::string::npos);

  for (const std::string endpoint : {"nowhere", "ftp://a", "http://", "http://a/b", "http://a?b"}) {
    options.endpoint = endpoint;
    CHECK(Refusal([&] { S3Bucket bucket(options); }).find("no endpoint") != std::string::npos);
  }
  options.endpoint = "http://127.0.0.1:1";
  CHECK(Refusal([&] { S3Bucket(options).Check(); }).find("does not answer") != std::string::npos);
  CHECK(Refusal([&] { OpenBucket(world.Url() + "&acl=public"); }).find("no parameter \"acl\"") !=
        std::string::npos);
  unsetenv("AWS_SECRET_ACCESS_KEY");
  CHECK(Refusal([&] { OpenBucket(world.Url()); }).find("are not set") != std::string::npos);
}

TEST_CASE("B255 the demo runs on S3 and leaves what others have there") {
  World world;
  world.bucket.Write("a8m.png", "theirs");
  CHECK(world.Run() == 0);
  CHECK(world.Run({"--import", "12"}) == 0);
  CHECK(world.Run({"--check"}) == 0);
  CHECK(world.bucket.Keys() == std::vector<std::string>{"a8m.png"});
  CHECK(world.bucket.Read("a8m.png") == "theirs");
}

TEST_CASE("B255 an image that S3 cannot be told of waits until it can") {
  World world;
  const auto client = grapnel::Open<User, Upload, outbox::Event, outbox::Lane>(":memory:");
  client.Migrate();
  const Images images(client, world.bucket);
  outbox::Relay relay(client, kRemovals,
                      [&](const outbox::Event& event, auto) { images.Remove(event.key); },
                      {.backoff = std::chrono::seconds(0)});
  const auto users = client.Of<User>();
  const User user =
      users.Create({.name = "x", .avatar_url = images.Stage("\xc3\xa4 b.png", "x")}).Save();
  World::Server().Kill();
  CHECK_THROWS_AS(images.Stage("c.png", "c"), BucketError);
  users.DeleteOne(user).Exec();
  CHECK(relay.RunOnce().failed == 1);
  CHECK(client.Of<outbox::Event>().Query().Only().error.find("does not answer") !=
        std::string::npos);
  World::Server().Start();
  CHECK(world.bucket.Keys() == std::vector<std::string>{user.avatar_url});
  CHECK(relay.RunOnce().delivered == 1);
  CHECK(world.bucket.Keys().empty());
  CHECK(client.Of<Upload>().Query().Only().state == UploadState::Writing);
}

TEST_CASE("B255 on S3 all is in step again, whoever is killed at whatever point") {
  const World world;
  const avatars::Place place([&] { return std::make_unique<S3Bucket>(world.options); });
  int deaths = 0, servers = 0;
  // The server is the parent's, and so is its end.
  const auto live = [&](int last, auto die) {
    return InChild([&] {
      int code = 1;
      try {
        code = avatars::LiveUntil(place, last, die);
      } catch (const BucketError&) {
      }
      _exit(code);
      return code;
    });
  };
  for (int last = 2;; last += 4) {
    INFO("it died at point " << last);
    const Ended ended = live(last, [] { kill(getpid(), SIGKILL); });
    avatars::Settle(place);
    if (ended.code == 0) break;
    REQUIRE(ended.code == -SIGKILL);
    ++deaths;
    if (deaths % 4 != 1) continue;
    REQUIRE(live(last, [] { kill(World::Server().Pid(), SIGKILL); }).code == 1);
    World::Server().Kill();
    World::Server().Start();
    avatars::Settle(place);
    ++servers;
  }
  INFO(deaths << " deaths of processes, " << servers << " of the server");
  CHECK(deaths > 10);
  CHECK(servers > 2);
}
#endif
