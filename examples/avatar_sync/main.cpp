// Users whose avatar images live in a bucket outside of the database, and are in step with it
// whatever fails when: a user without an image is refused, and the image of a deleted user goes as
// well, by an outbox. What can be lost without one, and how, is in lossy.hpp.
//
//   avatar_sync [--bucket URL] [--db PATH] [--import N | --check]
//
// Output:
//   ["a8m.png"]
//   []

#include "bucket.hpp"
#include "buckets/open.hpp"
#include "hooks.hpp"
#include "images.hpp"
#include "options.hpp"
#include "upload.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
namespace outbox = grapnel::extras::outbox;

namespace {

constexpr std::string_view kImage = "\xff\xff\xff";

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
    outbox::Prune(client, std::chrono::hours(24));  // what it keeps of keys that are gone
  }
  /// Delivers what is due. Throws: where that fails; it stays in the outbox, for the next run.
  std::int64_t Deliver() {
    const outbox::Relayed done = relay.RunOnce();
    if (done.failed == 0) return done.delivered;
    const outbox::Event event =
        client.Of<outbox::Event>().Query().Where(F<&outbox::Event::error> != "").First();
    throw std::runtime_error(fmt::format("an image waits to be removed: {}", event.error));
  }
};

void Demonstrate(AvatarSync& sync) {
  try {
    sync.Create("a8m", "a8m.png");
    throw std::logic_error("a user was created whose image does not exist");
  } catch (const MissingImageError&) {  // as it should be
  }
  const std::string image = sync.images.Stage("a8m.png", kImage);
  const User user = sync.Create("a8m", image);
  fmt::print("{}\n", sync.Names());

  sync.client.Of<User>().DeleteOne(user).Exec();
  sync.Deliver();
  fmt::print("{}\n", sync.Names());
}

void Import(AvatarSync& sync, std::int64_t count) {
  const std::int64_t step = std::max<std::int64_t>(1, count / 10);
  const auto tell = [&](std::string_view what, std::int64_t done) {
    fmt::print("{}: {} of {}\n", what, done, count);
    std::fflush(stdout);
  };
  std::vector<std::int64_t> ids;
  for (std::int64_t done = 1; done <= count; ++done) {
    const std::string name = fmt::format("user {}", done);
    ids.push_back(sync.Create(name, sync.images.Stage(name + ".png", kImage)).id);
    if (done % step == 0 || done == count) tell("users with an image", done);
  }
  sync.client.Of<User>().Delete().Where(F<&User::id>.In(ids)).Exec();
  std::int64_t removed = 0, told = 0;
  while (const std::int64_t some = sync.Deliver()) {
    removed += some;
    if (removed - told >= step || removed == count) tell("images removed", told = removed);
  }
}

void Check(const AvatarSync& sync) {
  const Images::Report report = sync.images.Reconcile();
  for (const std::string& key : report.missing) fmt::print("missing: {}\n", key);
  for (const std::string& key : report.stranger) fmt::print("not made here: {}\n", key);
  fmt::print("{} missing, {} not made here\n", report.missing.size(), report.stranger.size());
}

void Run(const Options& options) {
  AvatarSync sync(options);
  if (options.check) return Check(sync);
  sync.CleanUp();
  if (options.import > 0) {
    Import(sync, options.import);
  } else {
    Demonstrate(sync);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = Options::Parse(argc, argv);
    if (options.help) {
      fmt::print("{}", kUsage);
    } else {
      Run(options);
    }
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to standard output");
    return 0;
  } catch (const UsageError& error) {
    fmt::print(stderr, "avatar_sync: {}\n\n{}", error.what(), kUsage);
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "avatar_sync: {}\n", error.what());
    return 1;
  }
}
