#pragma once

#include "../bucket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// file://DIR: each blob is a file, whose path in the folder is its key. Symbolic links are not
/// followed and are no blobs, so that nothing outside of the folder is ever touched.
///
/// A write goes to a file of its own first, whose name starts with a dot as no key's does, and
/// takes the key's place once it is on the disk: after a crash there is the old blob or the new
/// one, and never half of one. A folder that a deletion leaves empty goes too.
class FolderBucket final : public Bucket {
 public:
  /// Makes the folder when it is not there.
  explicit FolderBucket(std::filesystem::path folder)
      : folder_(std::move(folder)), root_(Opened(folder_)) {
    root_.Sync();  // a first use, so that a folder of no use fails here
  }

  bool Exists(const std::string& key) const override {
    const Place place = Find(key, Absent::Stop);
    return place.IsFile();
  }
  void Write(const std::string& key, std::string_view bytes) override {
    CheckKey(key);
    const Temporary temporary(folder_, bytes);
    for (int tries = 1;; ++tries) {
      const Place place = Find(key, Absent::Make);
      if (renameat(AT_FDCWD, temporary.name.c_str(), place.Fd(), place.name.c_str()) == 0) {
        return place.Sync();
      }
      if (errno != ENOENT || tries == kTries) Fail("write", key);
    }
  }
  std::string Read(const std::string& key) const override {
    const Place place = Find(key, Absent::Stop);
    if (!place.IsFile()) Missing(key);
    const Handle file(openat(place.Fd(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (file.fd < 0 && errno == ENOENT) Missing(key);
    if (file.fd < 0) Fail("read", key);
    std::string bytes;
    char buffer[1 << 16];
    for (ssize_t size = 0; (size = read(file.fd, buffer, sizeof buffer)) != 0;) {
      if (size > 0) bytes.append(buffer, static_cast<std::size_t>(size));
      if (size < 0 && errno != EINTR) Fail("read", key);
    }
    return bytes;
  }
  void Delete(const std::string& key) override {
    Place place = Find(key, Absent::Stop);
    if (!place.IsFile()) return;
    if (unlinkat(place.Fd(), place.name.c_str(), 0) != 0 && errno != ENOENT) Fail("delete", key);
    place.Sync();
    while (place.Leave() && unlinkat(place.Fd(), place.name.c_str(), AT_REMOVEDIR) == 0) {
      place.Sync();
    }
  }
  std::vector<std::string> Keys() const override {
    std::vector<std::string> keys;
    List(folder_, "", keys);
    std::sort(keys.begin(), keys.end());
    return keys;
  }

 private:
  [[noreturn]] static void Fail(const char* what, const std::string& name) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("cannot {} {}", what, name));
  }

  struct Handle {
    int fd;

    explicit Handle(int opened) : fd(opened) {}
    Handle(Handle&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
    Handle& operator=(Handle&&) = delete;
    ~Handle() {
      if (fd >= 0) close(fd);
    }
    /// What was renamed or deleted in a folder is so on the disk once the folder is.
    void Sync() const {
      if (fsync(fd) != 0) Fail("sync", "a folder");
    }
  };
  static Handle Opened(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    Handle opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.fd < 0) Fail("open the folder", folder.string());
    return opened;
  }

  /// A file that holds these bytes, on the disk. Its name is gone in the end.
  struct Temporary {
    std::string name;

    Temporary(const std::filesystem::path& folder, std::string_view bytes)
        : name(folder / ".write-XXXXXX") {
      const Handle file(mkstemp(name.data()));
      if (file.fd < 0) Fail("create", name);
      try {
        for (std::string_view rest = bytes; !rest.empty();) {
          const ssize_t written = write(file.fd, rest.data(), rest.size());
          if (written < 0 && errno != EINTR) Fail("write", name);
          if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
        }
        if (fsync(file.fd) != 0) Fail("sync", name);
      } catch (...) {
        unlink(name.c_str());
        throw;
      }
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() { unlink(name.c_str()); }  // after a rename there is none
  };

  /// Where a key's file is: the folders on the way to it, opened one in the other, and its name.
  struct Place {
    int root;
    std::vector<Handle> folders{};
    std::vector<std::string> names{};
    std::string name{};
    bool reached = true;

    int Fd() const { return folders.empty() ? root : folders.back().fd; }
    void Sync() const {
      if (fsync(Fd()) != 0) Fail("sync", "a folder");
    }
    bool IsFile() const {
      struct stat file {};
      return reached && fstatat(Fd(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISREG(file.st_mode);
    }
    /// One folder up, so that `name` is the one that it was in. False at the top.
    bool Leave() {
      if (folders.empty()) return false;
      folders.pop_back();
      name = std::move(names.back());
      names.pop_back();
      return true;
    }
  };

  enum class Absent { Stop, Make };

  /// A deletion may take a folder between its making and its use: then it is made again.
  static constexpr int kTries = 100;

  /// Makes the folders on the way, or does not reach the place, where they are not there.
  Place Find(const std::string& key, Absent absent, int tries = 1) const {
    CheckKey(key);
    Place place{root_.fd};
    place.name = key;
    for (std::size_t slash = 0; (slash = place.name.find('/')) != std::string::npos;) {
      std::string folder = place.name.substr(0, slash);
      if (absent == Absent::Make && mkdirat(place.Fd(), folder.c_str(), 0777) == 0) place.Sync();
      Handle opened(
          openat(place.Fd(), folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (opened.fd < 0) {
        const bool absent_now = errno == ENOENT, blocked = errno == ENOTDIR || errno == ELOOP;
        if (absent == Absent::Make && absent_now && tries < kTries) {
          return Find(key, absent, tries + 1);
        }
        if (absent == Absent::Make || !(absent_now || blocked)) Fail("open the folder of", key);
        place.reached = false;
        return place;
      }
      place.folders.push_back(std::move(opened));
      place.names.push_back(std::move(folder));
      place.name.erase(0, slash + 1);
    }
    return place;
  }

  static void List(const std::filesystem::path& folder, const std::string& prefix,
                   std::vector<std::string>& keys) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename();
      if (name.front() == '.') continue;
      std::error_code gone;
      const auto type = entry->symlink_status(gone).type();
      if (type == std::filesystem::file_type::regular) keys.push_back(prefix + name);
      if (type == std::filesystem::file_type::directory) {
        List(entry->path(), prefix + name + "/", keys);
      }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      throw std::system_error(error, "cannot list " + folder.string());
    }
  }

  std::filesystem::path folder_;
  Handle root_;
};
