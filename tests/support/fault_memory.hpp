#pragma once

#include <sqlite3.h>

#include <atomic>
#include <stdexcept>

/// SQLite's memory, whose allocations fail on demand. One per program, made before SQLite is used.
class FaultMemory {
 public:
  FaultMemory() {
    sqlite3_mem_methods methods{};
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &Real());
    methods = Real();
    methods.xMalloc = [](int size) -> void* { return Fails() ? nullptr : Real().xMalloc(size); };
    methods.xRealloc = [](void* old, int size) -> void* {
      return Fails() ? nullptr : Real().xRealloc(old, size);
    };
    const bool set = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
                     sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
    if (!set) throw std::runtime_error("SQLite was used before its memory was exchanged");
  }
  FaultMemory(const FaultMemory&) = delete;
  FaultMemory& operator=(const FaultMemory&) = delete;

  /// The n-th allocation from now on fails, counted from 1, and, with `lasting`, all behind it.
  void Fail(long n, bool lasting) {
    Lasting() = lasting;
    Left() = n;
  }
  /// Returns: whether one has failed.
  bool Heal() {
    const bool failed = Left() <= 0;
    Left() = kNever;
    return failed;
  }

 private:
  static constexpr long kNever = 1L << 60;

  static sqlite3_mem_methods& Real() {
    static sqlite3_mem_methods real{};
    return real;
  }
  static std::atomic<long>& Left() {
    static std::atomic<long> left{kNever};
    return left;
  }
  static std::atomic<bool>& Lasting() {
    static std::atomic<bool> lasting{false};
    return lasting;
  }
  static bool Fails() {
    const long left = --Left();
    return left == 0 || (left < 0 && Lasting());
  }
};
