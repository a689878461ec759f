// Users whose avatar images live in a bucket outside of the database, kept in step by two hooks: a
// user without an image is refused, and the image of a deleted user goes as well.
//
//   avatar_sync [--bucket URL] [--db PATH]
//
// Output:
//   ["a8m.png"]
//   []

#include "bucket.hpp"
#include "hooks.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grapnel/grapnel.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

using grapnel::F;

namespace {

constexpr std::string_view kUsage =
    "usage: avatar_sync [--bucket URL] [--db PATH]\n"
    "\n"
    "  --bucket URL  where the images are: mem://NAME or file://DIR (default: mem://photos)\n"
    "  --db PATH     the database file (default: a database in memory)\n"
    "  --help        print this text\n";

struct Options {
  std::string bucket = "mem://photos";
  std::string db = ":memory:";
  bool help = false;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help") {
      options.help = true;
      return options;
    }
    if (name != "--bucket" && name != "--db") {
      throw UsageError(fmt::format("there is no option {}", name));
    }
    const std::string_view value = i + 1 < argc ? argv[++i] : "";
    if (value.empty()) throw UsageError(fmt::format("{} needs a value", name));
    (name == "--db" ? options.db : options.bucket) = value;
  }
  return options;
}

/// "a8m.png", "a8m-2.png", "a8m-3.png", …
std::string ImageName(int number) {
  return number == 1 ? "a8m.png" : fmt::format("a8m-{}.png", number);
}

void Demonstrate(const Options& options) {
  const std::unique_ptr<Bucket> bucket = OpenBucket(options.bucket);  // outlives the client
  auto client = grapnel::Open<User>(options.db);
  client.Provide(*bucket);
  client.Migrate();
  const auto users = client.Of<User>();
  std::string image;
  const auto create = [&] {
    return users.Create().Set(F<&User::name>, "a8m").Set(F<&User::avatar_url>, image).Save();
  };

  // Whose images and users are there already nobody knows: they stay, and the demo takes a name
  // that nothing has.
  for (int number = 1;; ++number) {
    image = ImageName(number);
    if (bucket->Exists(image)) continue;
    if (users.Query().Where(F<&User::avatar_url> == image).Exist()) continue;
    try {
      create();
      throw std::logic_error("a user was created whose image does not exist");
    } catch (const MissingImageError&) {  // as it should be
    }
    if (bucket->WriteNew(image, "\xff\xff\xff")) break;
  }
  fmt::print("{}\n", bucket->Keys());

  const User user = create();
  users.DeleteOne(user).Exec();
  fmt::print("{}\n", bucket->Keys());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = Parse(argc, argv);
    if (options.help) {
      fmt::print("{}", kUsage);
    } else {
      Demonstrate(options);
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
