#pragma once

/// A sink of the outbox: a file of JSON Lines, for whoever reads along, ships logs or loads them.
///
///   extras::outbox::Relay relay(db, "log", extras::sinks::File("events.jsonl",
///                               {.rotate_at = 64 << 20, .keep = 10}));
///
/// What it guarantees. One line for each delivery, as EventJson writes it, in the order of the
/// deliveries: of one key, of the commits. When a delivery has ended well its line is on the disk,
/// with the file's name in its folder: a power cut takes nothing away (unless `sync` is off: then
/// the system writes it when it likes). Only whole lines are ever added to: what a process that
/// died, or a disk that was full, has left behind the last line break was never acknowledged, and
/// the next delivery cuts it off; where it does not look like a line of this sink it is left there,
/// and gets a line break. Several threads, processes and sinks may write to one file, on a local
/// disk: each locks it (flock) for the time of one line. At `rotate_at` bytes the file becomes
/// path.1, path.1 becomes path.2 and so on; a line is never in two of them, and a file is never
/// longer, but by a line that is longer by itself. Whoever has the file open goes on with the one
/// that he has.
///
/// What not: a delivery that is repeated is a line again, with the same id: readers drop those that
/// they know. What is older than path.`keep` is gone, read or not. The folder has to be there.
/// Network file systems that have no flock give no order to several machines.
///
/// Cost: open, lock, write, fsync and close for each delivery: what the disk takes for an fsync,
/// some 10 microseconds without it. No memory but a line's.

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/sinks/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace grapnel::extras::sinks {

struct FileOptions {
  /// The size, in bytes, that a file is not to pass; 0: it grows without end.
  std::int64_t rotate_at = 0;
  /// How many older files are kept, path.1 being the youngest.
  int keep = 5;
  /// Whether a delivery waits until its line is on the disk.
  bool sync = true;
};

/// A file could not be written: no room, no right, no folder.
class FileError : public Error {
 public:
  FileError(const std::string& what, std::filesystem::path path, int error)
      : Error("extras::sinks::File: " + path.string() + ": " + what + ": " +
              std::generic_category().message(error)),
        path_(std::move(path)),
        code_(error, std::generic_category()) {}

  const std::filesystem::path& Path() const noexcept { return path_; }
  /// std::errc::no_space_on_device, for example.
  const std::error_code& Code() const noexcept { return code_; }

 private:
  std::filesystem::path path_;
  std::error_code code_;
};

/// Appends deliveries to a file: see the top of <grapnel/extras/sinks/file.hpp>. Copies write to
/// the same file. Threads: any.
class File {
 public:
  /// A path that is relative is meant from the folder in which the program is now. Nothing is
  /// opened yet. Throws: Error for an empty path and options that make no sense.
  explicit File(const std::filesystem::path& path, FileOptions options = {}) : options_(options) {
    if (path.empty()) throw Error("extras::sinks::File: the path is empty");
    if (options.rotate_at < 0 || options.keep < 1) {
      throw Error("extras::sinks::File: rotate_at is 0 or more, and keep 1 or more");
    }
    path_ = std::make_shared<const std::filesystem::path>(std::filesystem::absolute(path));
  }

  /// Throws: FileError; CancelledError where a stop is requested while another one has the lock.
  void operator()(const outbox::Event& event, const std::stop_token& stop = {}) const {
    const std::string line = EventJson(event) + '\n';
    while (!Append(line, stop)) {
    }
  }

  const std::filesystem::path& Path() const noexcept { return *path_; }

 private:
  /// A descriptor, closed at the end.
  class Opened {
   public:
    explicit Opened(int fd) noexcept : fd_(fd) {}
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened() {
      if (fd_ >= 0) ::close(fd_);
    }
    int Get() const noexcept { return fd_; }
    int Close() noexcept { return ::close(std::exchange(fd_, -1)); }

   private:
    int fd_;
  };

  [[noreturn]] void Fail(const char* what, int error = errno) const {
    throw FileError(what, *path_, error);
  }
  std::string Older(int n) const { return path_->string() + '.' + std::to_string(n); }

  /// Returns: false where the file is another one by now.
  bool Append(const std::string& line, const std::stop_token& stop) const {
    Opened file(::open(path_->c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640));
    if (file.Get() < 0) Fail("cannot be opened");
    Lock(file.Get(), stop);
    struct stat held {};
    struct stat named {};
    if (::fstat(file.Get(), &held) != 0) Fail("cannot be read");
    if (!S_ISREG(held.st_mode)) Fail("is no regular file", EINVAL);
    if (::stat(path_->c_str(), &named) != 0 || named.st_ino != held.st_ino ||
        named.st_dev != held.st_dev) {
      return false;  // another one has rotated it while this one waited
    }
    const std::int64_t size = Mended(file.Get(), held.st_size);
    const auto length = static_cast<std::int64_t>(line.size());
    if (options_.rotate_at > 0 && size > 0 && size + length > options_.rotate_at) {
      Rotate();
      return false;
    }
    // Before the first line: who finds one need not ask whether the folder knows the file.
    if (options_.sync && size == 0) SyncFolder();
    Write(file.Get(), line, size);
    if (options_.sync && ::fsync(file.Get()) != 0) Fail("cannot be synced");
    if (file.Close() != 0 && errno != EINTR) Fail("cannot be closed");
    return true;
  }

  void Lock(int file, const std::stop_token& stop) const {
    while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) Fail("cannot be locked");
      if (stop.stop_requested()) {
        throw CancelledError("extras::sinks::File: " + path_->string() +
                             ": somebody has locked it");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  /// Takes away what is left of a line. Returns: the size behind it.
  std::int64_t Mended(int file, std::int64_t size) const {
    constexpr std::int64_t kStep = 65536;
    std::string tail;
    while (static_cast<std::int64_t>(tail.size()) < size) {
      const auto known = static_cast<std::int64_t>(tail.size());
      const std::int64_t step = std::min(known == 0 ? 1 : kStep, size - known);
      std::string part(static_cast<std::size_t>(step), 0);
      if (::pread(file, part.data(), part.size(), size - known - step) != step) {
        Fail("cannot be read", EIO);
      }
      const std::size_t line_break = part.rfind('\n');
      tail.insert(0, part, line_break == std::string::npos ? 0 : line_break + 1);
      if (line_break != std::string::npos) break;
    }
    if (tail.empty()) return size;
    constexpr std::string_view kStart = "{\"id\":";  // or zeros, which a power cut may leave
    if (tail[0] != 0 && !kStart.starts_with(tail.substr(0, kStart.size()))) {
      Write(file, "\n", size);
      return size + 1;
    }
    size -= static_cast<std::int64_t>(tail.size());
    if (::ftruncate(file, size) != 0) Fail("cannot be cut");
    return size;
  }

  /// All of it, or none.
  void Write(int file, std::string_view text, std::int64_t size) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file, text.data(), text.size());
      if (written > 0) {
        text.remove_prefix(static_cast<std::size_t>(written));
      } else if (written == 0 || errno != EINTR) {
        const int error = written == 0 ? ENOSPC : errno;
        if (::ftruncate(file, size) != 0) Fail("cannot be written, nor cut", error);
        Fail("cannot be written", error);
      }
    }
  }

  /// Called with the lock of the file that has the name, so by one at a time. It may die between
  /// any two steps: the gap is filled the next time, before anything is given up.
  void Rotate() const {
    int free = 1;
    while (free < options_.keep && ::access(Older(free).c_str(), F_OK) == 0) ++free;
    for (int n = free; n > 1; --n) Rename(Older(n - 1), Older(n));
    Rename(path_->string(), Older(1));
  }
  void Rename(const std::string& from, const std::string& to) const {
    if (std::rename(from.c_str(), to.c_str()) != 0) Fail("cannot be renamed");
  }

  void SyncFolder() const {
    const Opened folder(::open(path_->parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.Get() < 0 || (::fsync(folder.Get()) != 0 && errno != EINVAL)) {
      Fail("its folder cannot be synced");
    }
  }

  FileOptions options_;
  std::shared_ptr<const std::filesystem::path> path_;
};

}  // namespace grapnel::extras::sinks
