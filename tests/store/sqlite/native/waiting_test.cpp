#include <grapnel/store/sqlite/native/waiting.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <chrono>
#include <filesystem>
#include <string>

using grapnel::core::Context;
using grapnel::sqlite::detail::Waiting;
using namespace std::chrono_literals;

namespace {

/// A handle of a file, and how it waits.
struct Handle {
  explicit Handle(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    waiting.Attach(database);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { sqlite3_close(database); }

  int Run(const char* sql) const { return sqlite3_exec(database, sql, nullptr, nullptr, nullptr); }

  Waiting waiting;
  sqlite3* database = nullptr;
};

}  // namespace

TEST_CASE("B97 the watched context's deadline ends a wait, and a long statement") {
  const Scratch scratch;
  const Handle holder(scratch.File("app.db"));
  Handle waiter(scratch.File("app.db"));
  REQUIRE(holder.Run("BEGIN EXCLUSIVE") == SQLITE_OK);
  const Context context = Context().With(10ms);
  waiter.waiting.Watch(&context);
  CHECK(waiter.waiting.Watched() == &context);
  CHECK(waiter.Run("BEGIN IMMEDIATE") == SQLITE_BUSY);
  REQUIRE(holder.Run("ROLLBACK") == SQLITE_OK);
  const char* long_one =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT max(i) "
      "FROM n";
  CHECK(waiter.Run(long_one) == SQLITE_INTERRUPT);
  waiter.waiting.Watch(nullptr);
  CHECK(waiter.Run(long_one) == SQLITE_OK);
  CHECK(waiter.Run("BEGIN IMMEDIATE") == SQLITE_OK);
}

TEST_CASE("B208 a LockWait ends a wait for a lock, and nothing else") {
  const Scratch scratch;
  const Handle holder(scratch.File("app.db"));
  Handle waiter(scratch.File("app.db"));
  REQUIRE(holder.Run("BEGIN EXCLUSIVE") == SQLITE_OK);
  const Context context = Context().With(grapnel::LockWait(20ms));
  waiter.waiting.Watch(&context);
  const auto start = std::chrono::steady_clock::now();
  CHECK(waiter.Run("BEGIN IMMEDIATE") == SQLITE_BUSY);
  CHECK(std::chrono::steady_clock::now() - start >= 20ms);
  CHECK(std::chrono::steady_clock::now() - start < 3s);
  const Context both = context.With(1h);
  waiter.waiting.Watch(&both);
  CHECK(waiter.Run("BEGIN IMMEDIATE") == SQLITE_BUSY);
  CHECK(std::chrono::steady_clock::now() - start < 3s);
  REQUIRE(holder.Run("ROLLBACK") == SQLITE_OK);
  const char* long_one =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT max(i) "
      "FROM n";
  CHECK(waiter.Run(long_one) == SQLITE_OK);
}

TEST_CASE("the log is copied into the file when it has grown long") {
  const Scratch scratch;
  Handle writer(scratch.File("app.db"));
  writer.waiting.KeepLogShort();
  REQUIRE(writer.Run("PRAGMA journal_mode = WAL; CREATE TABLE t (x)") == SQLITE_OK);
  const auto copied = [&] { return std::filesystem::file_size(scratch.File("app.db")); };
  CHECK(copied() < 100000);
  CHECK(writer.Run("INSERT INTO t VALUES (zeroblob(6000000))") == SQLITE_OK);
  CHECK(copied() > 6000000);
}
