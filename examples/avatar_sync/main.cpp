// Users whose avatar images live in a bucket outside of the database, and are in step with it
// whatever fails when: a user without an image is refused, and the image of a deleted user goes as
// well, by an outbox. What can be lost without one, and how, is in lossy.hpp.
//
//   avatar_sync [--bucket URL] [--db PATH] [--import N | --check]
//
// Output:
//   ["a8m.png"]
//   []

#include "hooks.hpp"
#include "images.hpp"
#include "options.hpp"
#include "sync.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;

namespace {

constexpr std::string_view kImage = "\xff\xff\xff";

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
  for (const std::string& key : report.unused) fmt::print("unused: {}\n", key);
  for (const std::string& key : report.stranger) fmt::print("not made here: {}\n", key);
  fmt::print("{} missing, {} unused, {} not made here\n", report.missing.size(),
             report.unused.size(), report.stranger.size());
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
