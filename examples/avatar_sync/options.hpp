#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

inline constexpr std::string_view kUsage =
    "usage: avatar_sync [--bucket URL] [--db PATH] [--import N | --check]\n"
    "\n"
    "  --bucket URL  where the images are (default: mem://photos):\n"
    "                  mem://NAME   in memory\n"
    "                  file://DIR   in a folder\n"
    "                  s3://BUCKET?endpoint=URL&region=NAME\n"
    "                               Amazon S3 and what speaks its API, with AWS_ACCESS_KEY_ID,\n"
    "                               AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN\n"
    "                  gs://BUCKET  Google Cloud Storage, with HMAC keys in the same variables\n"
    "  --db PATH     the database file (default: a database in memory)\n"
    "  --import N    make so many users with images, then delete them, and tell how far it is\n"
    "  --check       compare the bucket with the database, and change nothing\n"
    "  --help        print this text\n";

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the command line says.
struct Options {
  std::string bucket = "mem://photos";
  std::string db = ":memory:";
  std::int64_t import = 0;
  bool check = false;
  bool help = false;

  /// Throws: UsageError.
  static Options Parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc && !options.help; ++i) {
      const std::string_view name = argv[i];
      if (name == "--help") {
        options.help = true;
      } else if (name == "--check") {
        options.check = true;
      } else if (name == "--bucket" || name == "--db" || name == "--import") {
        const std::string_view value = i + 1 < argc ? argv[++i] : "";
        if (value.empty()) throw UsageError(fmt::format("{} needs a value", name));
        if (name == "--import") {
          options.import = Number(value);
        } else {
          (name == "--db" ? options.db : options.bucket) = value;
        }
      } else {
        throw UsageError(fmt::format("there is no option {}", name));
      }
    }
    return options;
  }

 private:
  static std::int64_t Number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1) {
      throw UsageError(fmt::format("--import needs a number of 1 or more, not {:?}", text));
    }
    return number;
  }
};
