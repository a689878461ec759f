#include <grapnel/store/sqlite/native/native_connection.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <chrono>
#include <fstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::StorageKind;
using grapnel::core::Context;
using sqlite::NativeConnection;
using sqlite::Options;
using namespace std::chrono_literals;

namespace {

const Options kMemory{":memory:", ":memory:", true, false};

Options File(const std::string& path, bool reader = false) { return {path, path, false, reader}; }

/// The first column of the first row, as a text.
std::string Ask(NativeConnection& native, const std::string& sql) {
  const NativeConnection::Borrowed statement(native, sql, native.Say());
  NativeConnection::Running running(native, *statement);
  const sqlite::Binding binding(statement->Get());
  if (!running.Next(binding, native.Say())) return "no row";
  return reinterpret_cast<const char*>(sqlite3_column_text(statement->Get(), 0));
}

/// Counts to more than anybody waits for.
constexpr auto kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

StorageKind KindOf(const Options& options) {
  try {
    const NativeConnection native(options);
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Database() == options.url);
    return error.Kind();
  }
  return StorageKind::Other;
}

}  // namespace

TEST_CASE("a session has foreign keys on, and a file is durable and lets others read") {
  const Scratch scratch;
  NativeConnection native(File(scratch.File("app.db")));
  CHECK(Ask(native, "PRAGMA foreign_keys") == "1");
  CHECK(Ask(native, "PRAGMA journal_mode") == "wal");
  CHECK(Ask(native, "PRAGMA synchronous") == "2");
  CHECK(Ask(native, "PRAGMA query_only") == "0");
  NativeConnection reader(File(scratch.File("app.db"), true));
  CHECK(Ask(reader, "PRAGMA query_only") == "1");
}

TEST_CASE("a name in double quotes that is none is an error, and no text") {
  NativeConnection native(kMemory);
  native.Execute("CREATE TABLE t (a)");
  CHECK_THROWS_AS(native.Execute("SELECT * FROM t WHERE \"missing\" > 5"), grapnel::SchemaError);
}

TEST_CASE("what cannot be opened says why") {
  const Scratch scratch;
  CHECK(KindOf(File(scratch.File("no/such/folder.db"))) == StorageKind::Open);
  CHECK(KindOf(File(scratch.Folder().string())) == StorageKind::Open);
  std::ofstream(scratch.File("text.db")) << std::string(1000, 'x');
  CHECK(KindOf(File(scratch.File("text.db"))) == StorageKind::NotADatabase);
}

TEST_CASE("a statement is prepared once, and again only while it is in the middle of its rows") {
  NativeConnection native(kMemory);
  const std::string sql = "SELECT 1";
  const sqlite3_stmt* first = nullptr;
  {
    const NativeConnection::Borrowed outer(native, sql, native.Say());
    first = outer->Get();
    NativeConnection::Running running(native, *outer);
    CHECK(running.Next(sqlite::Binding(outer->Get()), native.Say()));
    const NativeConnection::Borrowed inner(native, sql, native.Say());
    CHECK(inner->Get() != first);
  }
  const NativeConnection::Borrowed again(native, sql, native.Say());
  CHECK(again->Get() == first);
  CHECK_FALSE(again->IsRunning());
}

TEST_CASE("the tracer of the watched context sees every statement") {
  NativeConnection native(kMemory);
  std::vector<std::string> seen;
  const Context context =
      Context().WithTrace([&](std::string_view sql) { seen.emplace_back(sql); });
  native.Watch(&context);
  native.Execute("SELECT 1");
  native.Watch(nullptr);
  native.Execute("SELECT 2");
  CHECK(seen == std::vector<std::string>{"SELECT 1"});
}

TEST_CASE("B97 a long statement stops at the deadline, and the next one runs") {
  NativeConnection native(kMemory);
  const Context context = Context().With(30ms);
  native.Watch(&context);
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(Ask(native, kEndless), "the operation was cancelled: its deadline has passed");
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  native.Watch(nullptr);
  CHECK(Ask(native, "SELECT 7") == "7");
}

TEST_CASE("B97 a long statement stops at a stop request") {
  NativeConnection native(kMemory);
  std::stop_source source;
  const Context context = Context().With(source.get_token());
  native.Watch(&context);
  const std::jthread stops([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK_THROWS_WITH(Ask(native, kEndless), "the operation was cancelled: a stop was requested");
}

TEST_CASE("B97 the wait for another connection's lock ends at the deadline") {
  const Scratch scratch;
  NativeConnection holder(File(scratch.File("app.db")));
  NativeConnection waiter(File(scratch.File("app.db")));
  holder.Execute("BEGIN IMMEDIATE");
  const auto start = std::chrono::steady_clock::now();  // the deadline is reckoned from a later one
  const Context context = Context().With(30ms);
  waiter.Watch(&context);
  CHECK_THROWS_AS(waiter.Execute("BEGIN IMMEDIATE"), grapnel::CancelledError);
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  CHECK_FALSE(waiter.InTransaction());
  holder.Execute("ROLLBACK");
  waiter.Watch(nullptr);
  waiter.Execute("BEGIN IMMEDIATE");
  CHECK(waiter.InTransaction());
}

TEST_CASE("a step is prepared once") {
  NativeConnection native(kMemory);
  sqlite::Prepared begin;
  native.Step(begin, "BEGIN");
  const auto* prepared = begin.Get();
  native.Execute("ROLLBACK");
  native.Step(begin, "BEGIN");
  CHECK(begin.Get() == prepared);
}

TEST_CASE("B167 a tracer that throws keeps work from running, not what undoes it") {
  NativeConnection native(kMemory);
  native.Execute("CREATE TABLE t (a)");
  const Context context = Context().WithTrace([](std::string_view) { throw 1; });
  auto insert = native.Prepare("INSERT INTO t VALUES (1)", native.Say());
  native.Watch(&context);
  CHECK_THROWS_AS(native.Step(insert), int);
  native.Watch(nullptr);
  sqlite::Prepared count;
  CHECK(native.Ask(count, "SELECT count(*) FROM t") == 0);
  native.Watch(&context);
  native.Step(insert, NativeConnection::Sort::Undoing);
  CHECK(native.Ask(count, "SELECT count(*) FROM t") == 1);  // which no tracer sees
}
