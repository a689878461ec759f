#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct BucketError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A bucket: named blobs somewhere outside of the database. The kinds are in buckets/, where
/// OpenBucket makes one of a URL.
///
/// Throws, from every call: BucketError, also for a key that CheckKey refuses, and
/// std::system_error. Threads: any.
class Bucket {
 public:
  virtual ~Bucket() = default;

  virtual bool Exists(const std::string& key) const = 0;
  /// Puts `bytes` under `key`, in place of what was there: whole or not at all. Where it throws
  /// they may be there or not, and it can be tried again.
  virtual void Write(const std::string& key, std::string_view bytes) = 0;
  /// Throws: BucketError when there is no such key.
  virtual std::string Read(const std::string& key) const = 0;
  /// Succeeds as well when there is no such key, so that it can be tried again.
  virtual void Delete(const std::string& key) = 0;
  /// All keys, sorted.
  virtual std::vector<std::string> Keys() const = 0;

  /// A key is one name or several, with a '/' between: "a8m.png", "2024/a8m.png". A name has 1 to
  /// 255 bytes, does not start with '.' and holds no control characters; a key has up to 1024
  /// bytes. So it is a path in any kind of bucket, which leads nowhere else.
  static void CheckKey(std::string_view key) {
    bool good = key.size() <= 1024;
    for (std::size_t begin = 0; begin <= key.size();) {
      const std::size_t end = std::min(key.find('/', begin), key.size());
      good = good && IsName(key.substr(begin, end - begin));
      begin = end + 1;
    }
    if (!good) throw BucketError(fmt::format("{:?} cannot be a key in a bucket", key));
  }

 protected:
  [[noreturn]] static void Missing(const std::string& key) {
    throw BucketError(fmt::format("{:?} is not in the bucket", key));
  }

 private:
  static bool IsName(std::string_view name) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
    return !name.empty() && name.size() <= 255 && name.front() != '.' &&
           std::none_of(name.begin(), name.end(), is_control);
  }
};
