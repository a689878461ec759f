#pragma once

/// A bucket: named blobs somewhere outside of the database. Two kinds: one in memory, one in a
/// folder.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

struct BucketError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws, from every call with a key: BucketError for a key that no bucket takes: an empty one,
/// one that starts with '.', or one that holds '/' or NUL. Every other key of up to 255 bytes is a
/// good file name and nothing but a file name. Threads: any.
class Bucket {
 public:
  virtual ~Bucket() = default;

  virtual bool Exists(const std::string& key) const = 0;
  /// Puts `bytes` under `key`, in place of what was there: whole or not at all.
  virtual void Write(const std::string& key, std::string_view bytes) = 0;
  /// The same, but false, and nothing is changed, where anything has that name already.
  virtual bool WriteNew(const std::string& key, std::string_view bytes) = 0;
  /// Throws: BucketError when there is no such key.
  virtual std::string Read(const std::string& key) const = 0;
  /// Succeeds as well when there is no such key, so that it can be tried again.
  virtual void Delete(const std::string& key) = 0;
  /// All keys, sorted.
  virtual std::vector<std::string> Keys() const = 0;

 protected:
  static void CheckKey(const std::string& key) {
    const bool good = !key.empty() && key.size() <= 255 && key.front() != '.' &&
                      key.find('/') == key.npos && key.find('\0') == key.npos;
    if (!good) throw BucketError(fmt::format("{:?} cannot be a key in a bucket", key));
  }
  [[noreturn]] static void Missing(const std::string& key) {
    throw BucketError(fmt::format("{:?} is not in the bucket", key));
  }
};

class MemoryBucket final : public Bucket {
 public:
  bool Exists(const std::string& key) const override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    return blobs_.count(key) != 0;
  }
  void Write(const std::string& key, std::string_view bytes) override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    blobs_.insert_or_assign(key, std::string(bytes));
  }
  bool WriteNew(const std::string& key, std::string_view bytes) override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    return blobs_.try_emplace(key, bytes).second;
  }
  std::string Read(const std::string& key) const override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(key);
    if (found == blobs_.end()) Missing(key);
    return found->second;
  }
  void Delete(const std::string& key) override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    blobs_.erase(key);
  }
  std::vector<std::string> Keys() const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> keys;
    for (const auto& [key, bytes] : blobs_) keys.push_back(key);
    return keys;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> blobs_;
};

/// Each blob is a file, named as its key. A write goes to a file beside it first, whose name starts
/// with a dot as no key does, and takes the key's name once it is on the disk: after a crash there
/// is the old blob or the new one, and never half of one.
class FolderBucket final : public Bucket {
 public:
  /// Makes the folder when it is not there.
  explicit FolderBucket(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    Sync(folder_);  // a first use, so that a folder of no use fails here
  }

  bool Exists(const std::string& key) const override {
    return std::filesystem::is_regular_file(PathOf(key));
  }
  void Write(const std::string& key, std::string_view bytes) override {
    const std::filesystem::path path = PathOf(key);
    const Temporary temporary(folder_, bytes);
    std::filesystem::rename(temporary.name, path);
    Sync(folder_);
  }
  bool WriteNew(const std::string& key, std::string_view bytes) override {
    const std::filesystem::path path = PathOf(key);
    const Temporary temporary(folder_, bytes);
    if (link(temporary.name.c_str(), path.c_str()) != 0) {
      if (errno == EEXIST) return false;
      Fail("create", path);
    }
    Sync(folder_);
    return true;
  }
  std::string Read(const std::string& key) const override {
    if (!Exists(key)) Missing(key);
    std::ifstream file(PathOf(key), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) Fail("read", PathOf(key));
    return bytes;
  }
  void Delete(const std::string& key) override {
    if (unlink(PathOf(key).c_str()) == 0) {
      Sync(folder_);
    } else if (errno != ENOENT) {
      Fail("delete", PathOf(key));
    }
  }
  std::vector<std::string> Keys() const override {
    std::vector<std::string> keys;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      if (name.front() != '.' && entry.is_regular_file()) keys.push_back(name);
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }

 private:
  /// A file of no key that holds these bytes, on the disk. Its name is gone in the end.
  struct Temporary {
    std::string name;

    Temporary(const std::filesystem::path& folder, std::string_view bytes)
        : name(folder / ".write-XXXXXX") {
      const int file = mkstemp(name.data());
      if (file < 0) Fail("create", name);
      try {
        for (std::string_view rest = bytes; !rest.empty();) {
          const ssize_t written = write(file, rest.data(), rest.size());
          if (written < 0 && errno != EINTR) Fail("write", name);
          if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
        }
        if (fsync(file) != 0) Fail("sync", name);
      } catch (...) {
        close(file);
        unlink(name.c_str());
        throw;
      }
      close(file);
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() { unlink(name.c_str()); }  // after a rename there is none
  };

  std::filesystem::path PathOf(const std::string& key) const {
    CheckKey(key);
    return folder_ / key;
  }

  [[noreturn]] static void Fail(const char* what, const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("cannot {} {}", what, path.string()));
  }
  /// A rename or deletion is on the disk once its folder is.
  static void Sync(const std::filesystem::path& folder) {
    const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) Fail("open the folder", folder);
    const bool synced = fsync(file) == 0;
    close(file);
    if (!synced) Fail("sync", folder);
  }

  std::filesystem::path folder_;
};

/// The bucket that a URL names: "mem://NAME", a new and empty one, or "file://DIR".
/// Throws: BucketError with the URL in it.
inline std::unique_ptr<Bucket> OpenBucket(std::string_view url) {
  constexpr std::string_view memory = "mem://", folder = "file://";
  try {
    if (url.starts_with(memory) && url.size() > memory.size()) {
      return std::make_unique<MemoryBucket>();
    }
    if (url.starts_with(folder) && url.size() > folder.size()) {
      return std::make_unique<FolderBucket>(url.substr(folder.size()));
    }
  } catch (const std::system_error& error) {
    throw BucketError(fmt::format("cannot open the bucket {:?}: {}", url, error.what()));
  }
  throw BucketError(
      fmt::format("cannot open the bucket {:?}: write mem://NAME or file://DIR", url));
}
