#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/torn_disk.hpp"

/// SQLite's default file system, whose writes and syncs fail on demand. Open files through Url();
/// it must outlive all of them. Shared memory is not a write: a WAL database writes at COMMIT, to
/// its log.
class FaultVfs {
 public:
  /// Where the disk is said to tear, it is not synced, and PowerOn says what it has kept.
  explicit FaultVfs(bool tears = false)
      : name_("fault-" + std::to_string(++Made())),
        real_(sqlite3_vfs_find(nullptr)),
        tears_(tears) {
    vfs_.iVersion = 2;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.mxPathname = real_->mxPathname;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.xOpen = &Open;
    vfs_.xDelete = [](sqlite3_vfs* v, const char* name, int sync) {
      if (Self(v).is_off_) return SQLITE_IOERR_DELETE;
      if (Self(v).tears_) Self(v).disk_.Deleted(name);
      return Real(v)->xDelete(Real(v), name, sync);
    };
    vfs_.xAccess = [](sqlite3_vfs* v, const char* name, int flags, int* result) {
      return Real(v)->xAccess(Real(v), name, flags, result);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* v, const char* name, int size, char* full) {
      return Real(v)->xFullPathname(Real(v), name, size, full);
    };
    vfs_.xRandomness = [](sqlite3_vfs* v, int size, char* bytes) {
      return Real(v)->xRandomness(Real(v), size, bytes);
    };
    vfs_.xSleep = [](sqlite3_vfs* v, int us) { return Real(v)->xSleep(Real(v), us); };
    vfs_.xCurrentTime = [](sqlite3_vfs* v, double* now) {
      return Real(v)->xCurrentTime(Real(v), now);
    };
    vfs_.xGetLastError = [](sqlite3_vfs* v, int size, char* text) {
      return Real(v)->xGetLastError(Real(v), size, text);
    };
    vfs_.xCurrentTimeInt64 = [](sqlite3_vfs* v, sqlite3_int64* now) {
      return Real(v)->xCurrentTimeInt64(Real(v), now);
    };
    if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) throw std::runtime_error("no fault VFS");
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

  std::string Url(const std::string& path) const { return "file:" + path + "?vfs=" + name_; }

  /// From now on writes fail with this code: SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_BUSY.
  void FailWrites(int code) { write_ = code; }
  /// From now on syncs fail, after the writes went through.
  void FailSyncs(int code) { sync_ = code; }
  void Heal() {
    write_ = sync_ = SQLITE_OK;
    at_ = 0;
  }

  /// How one operation fails.
  enum class Fault {
    Once,     // those behind it succeed
    Lasting,  // all behind it fail as well
    Power,    // nothing works from there on, reads neither, until PowerOn
  };
  /// Has the n-th operation from now on fail, counted from 1: writes, truncations and, unless the
  /// code is SQLITE_FULL, syncs; reads too where the code is SQLITE_IOERR, but for
  /// Power. Threads: one.
  void FailAt(long n, Fault fault, int code) { at_ = n, fault_ = fault, code_ = code; }
  /// The files hold what the disk had kept. Nobody has them open.
  void PowerOn(TornDisk::Keeps keeps, std::uint32_t seed) {
    Heal();
    is_off_ = false;
    disk_.Restore(keeps, seed);
  }
  /// How often something failed.
  int Failures() const { return failures_; }

 private:
  struct File {
    sqlite3_file base;  // first: SQLite sees this one
    FaultVfs* owner;
    sqlite3_file* real;
    const char* path;  // that of SQLite, or null
  };
  enum class Does { Read, Write, Sync };

  static int& Made() {
    static int count = 0;
    return count;
  }
  static FaultVfs& Self(sqlite3_vfs* v) { return *static_cast<FaultVfs*>(v->pAppData); }
  static sqlite3_vfs* Real(sqlite3_vfs* v) { return Self(v).real_; }
  static sqlite3_file* Real(sqlite3_file* f) { return reinterpret_cast<File*>(f)->real; }
  static const sqlite3_io_methods& Do(sqlite3_file* f) { return *Real(f)->pMethods; }

  static int Fail(sqlite3_file* f, const std::atomic<int> FaultVfs::*code) {
    FaultVfs& owner = *reinterpret_cast<File*>(f)->owner;
    const int result = owner.*code;
    if (result != SQLITE_OK) ++owner.failures_;
    return result;
  }

  static FaultVfs& Owner(sqlite3_file* f) { return *reinterpret_cast<File*>(f)->owner; }
  static const char* Path(sqlite3_file* f) { return reinterpret_cast<File*>(f)->path; }

  /// Counts an operation. Returns: `code` where it is the one that fails, or behind that.
  int Count(Does does, int code) {
    if (is_off_) return code;
    if (at_ == 0 || (does == Does::Read && (fault_ == Fault::Power || code_ != SQLITE_IOERR)) ||
        (does == Does::Sync && code_ == SQLITE_FULL)) {
      return SQLITE_OK;
    }
    if (at_ > 1) return --at_, SQLITE_OK;
    if (fault_ == Fault::Once) at_ = 0;
    if (fault_ == Fault::Power) is_off_ = is_going_off_ = true;
    ++failures_;
    return code_ == SQLITE_FULL ? SQLITE_FULL : code;
  }

  /// Whether the disk is told of a write: one that the power went at, too.
  bool Tells(sqlite3_file* f, int failed) {
    const bool is_last = std::exchange(is_going_off_, false);
    return tears_ && Path(f) != nullptr && (failed == SQLITE_OK || is_last);
  }

  static int Open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* given) {
    auto* file = new (f) File{
        {nullptr}, &Self(v), reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(f) + 1), name};
    file->real->pMethods = nullptr;
    if (name != nullptr && Self(v).tears_) Self(v).disk_.Opened(name);
    const int result = Real(v)->xOpen(Real(v), name, file->real, flags, given);
    if (file->real->pMethods != nullptr) file->base.pMethods = &Methods();
    return result;
  }

  static const sqlite3_io_methods& Methods() {
    static const sqlite3_io_methods methods = [] {
      sqlite3_io_methods m{};
      m.iVersion = 2;
      m.xClose = [](sqlite3_file* f) { return Do(f).xClose(Real(f)); };
      m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
        const int failed = Owner(f).Count(Does::Read, SQLITE_IOERR_READ);
        return failed != SQLITE_OK ? failed : Do(f).xRead(Real(f), to, size, at);
      };
      m.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
        int failed = Fail(f, &FaultVfs::write_);
        if (failed == SQLITE_OK) failed = Owner(f).Count(Does::Write, SQLITE_IOERR_WRITE);
        if (Owner(f).Tells(f, failed)) {
          Owner(f).disk_.Wrote(Path(f),
                               {static_cast<const char*>(from), static_cast<std::size_t>(size)},
                               static_cast<std::size_t>(at));
        }
        return failed != SQLITE_OK ? failed : Do(f).xWrite(Real(f), from, size, at);
      };
      m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        const int failed = Owner(f).Count(Does::Write, SQLITE_IOERR_TRUNCATE);
        if (Owner(f).Tells(f, failed)) {
          Owner(f).disk_.Truncated(Path(f), static_cast<std::size_t>(size));
        }
        return failed != SQLITE_OK ? failed : Do(f).xTruncate(Real(f), size);
      };
      m.xSync = [](sqlite3_file* f, int flags) {
        int failed = Fail(f, &FaultVfs::sync_);
        if (failed == SQLITE_OK) failed = Owner(f).Count(Does::Sync, SQLITE_IOERR_FSYNC);
        Owner(f).is_going_off_ = false;
        if (failed == SQLITE_OK && Owner(f).tears_) {
          if (Path(f) != nullptr) Owner(f).disk_.Synced(Path(f));
          return SQLITE_OK;
        }
        return failed != SQLITE_OK ? failed : Do(f).xSync(Real(f), flags);
      };
      m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return Do(f).xFileSize(Real(f), size);
      };
      m.xLock = [](sqlite3_file* f, int level) { return Do(f).xLock(Real(f), level); };
      m.xUnlock = [](sqlite3_file* f, int level) { return Do(f).xUnlock(Real(f), level); };
      m.xCheckReservedLock = [](sqlite3_file* f, int* held) {
        return Do(f).xCheckReservedLock(Real(f), held);
      };
      m.xFileControl = [](sqlite3_file* f, int op, void* argument) {
        return Do(f).xFileControl(Real(f), op, argument);
      };
      m.xSectorSize = [](sqlite3_file* f) { return Do(f).xSectorSize(Real(f)); };
      m.xDeviceCharacteristics = [](sqlite3_file* f) {
        return Do(f).xDeviceCharacteristics(Real(f));
      };
      m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
        return Do(f).xShmMap(Real(f), page, size, extend, to);
      };
      m.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
        return Do(f).xShmLock(Real(f), offset, count, flags);
      };
      m.xShmBarrier = [](sqlite3_file* f) { Do(f).xShmBarrier(Real(f)); };
      m.xShmUnmap = [](sqlite3_file* f, int remove) { return Do(f).xShmUnmap(Real(f), remove); };
      return m;
    }();
    return methods;
  }

  std::string name_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  std::atomic<int> write_{SQLITE_OK}, sync_{SQLITE_OK}, failures_{0};
  bool tears_;
  TornDisk disk_{};
  long at_ = 0;  // operations until one fails; 0 where none does
  Fault fault_ = Fault::Once;
  int code_ = SQLITE_OK;
  bool is_off_ = false, is_going_off_ = false;
};
