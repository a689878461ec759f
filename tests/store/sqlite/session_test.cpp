#include <grapnel/store/sqlite/session.hpp>

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
using sqlite::Options;
using sqlite::Session;
using namespace std::chrono_literals;

namespace {

const Options kMemory{":memory:", ":memory:", true, false};

Options File(const std::string& path, bool reader = false) { return {path, path, false, reader}; }

/// The first column of the first row, as a text.
std::string Ask(Session& session, const std::string& sql) {
  const Session::Borrowed statement(session, sql, session.Say());
  Session::Running running(session, *statement);
  const sqlite::Binding binding(statement->Get());
  if (!running.Next(binding, session.Say())) return "no row";
  return reinterpret_cast<const char*>(sqlite3_column_text(statement->Get(), 0));
}

/// Counts to more than anybody waits for.
constexpr auto kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

StorageKind KindOf(const Options& options) {
  try {
    const Session session(options);
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Database() == options.url);
    return error.Kind();
  }
  return StorageKind::Other;
}

}  // namespace

TEST_CASE("a session has foreign keys on, and a file is durable and lets others read") {
  const Scratch scratch;
  Session session(File(scratch.File("app.db")));
  CHECK(Ask(session, "PRAGMA foreign_keys") == "1");
  CHECK(Ask(session, "PRAGMA journal_mode") == "wal");
  CHECK(Ask(session, "PRAGMA synchronous") == "2");
  CHECK(Ask(session, "PRAGMA query_only") == "0");
  Session reader(File(scratch.File("app.db"), true));
  CHECK(Ask(reader, "PRAGMA query_only") == "1");
}

TEST_CASE("a name in double quotes that is none is an error, and no text") {
  Session session(kMemory);
  session.Execute("CREATE TABLE t (a)");
  CHECK_THROWS_AS(session.Execute("SELECT * FROM t WHERE \"missing\" > 5"), grapnel::SchemaError);
}

TEST_CASE("what cannot be opened says why") {
  const Scratch scratch;
  CHECK(KindOf(File(scratch.File("no/such/folder.db"))) == StorageKind::Open);
  CHECK(KindOf(File(scratch.Folder().string())) == StorageKind::Open);
  std::ofstream(scratch.File("text.db")) << std::string(1000, 'x');
  CHECK(KindOf(File(scratch.File("text.db"))) == StorageKind::NotADatabase);
}

TEST_CASE("a statement is prepared once, and again only while it is in the middle of its rows") {
  Session session(kMemory);
  const std::string sql = "SELECT 1";
  const sqlite3_stmt* first = nullptr;
  {
    const Session::Borrowed outer(session, sql, session.Say());
    first = outer->Get();
    Session::Running running(session, *outer);
    CHECK(running.Next(sqlite::Binding(outer->Get()), session.Say()));
    const Session::Borrowed inner(session, sql, session.Say());
    CHECK(inner->Get() != first);
  }
  const Session::Borrowed again(session, sql, session.Say());
  CHECK(again->Get() == first);
  CHECK_FALSE(again->IsRunning());
}

TEST_CASE("the tracer of the watched context sees every statement") {
  Session session(kMemory);
  std::vector<std::string> seen;
  const Context context =
      Context().WithTrace([&](std::string_view sql) { seen.emplace_back(sql); });
  session.Watch(&context);
  session.Execute("SELECT 1");
  session.Watch(nullptr);
  session.Execute("SELECT 2");
  CHECK(seen == std::vector<std::string>{"SELECT 1"});
}

TEST_CASE("B97 a long statement stops at the deadline, and the next one runs") {
  Session session(kMemory);
  const Context context = Context().With(30ms);
  session.Watch(&context);
  const auto start = Context::Clock::now();
  CHECK_THROWS_WITH(Ask(session, kEndless), "the operation was cancelled: its deadline has passed");
  CHECK(Context::Clock::now() - start < 5s);
  session.Watch(nullptr);
  CHECK(Ask(session, "SELECT 7") == "7");
}

TEST_CASE("B97 a long statement stops at a stop request") {
  Session session(kMemory);
  std::stop_source source;
  const Context context = Context().With(source.get_token());
  session.Watch(&context);
  const std::jthread stops([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK_THROWS_WITH(Ask(session, kEndless), "the operation was cancelled: a stop was requested");
}

TEST_CASE("B97 the wait for another connection's lock ends at the deadline") {
  const Scratch scratch;
  Session holder(File(scratch.File("app.db")));
  Session waiter(File(scratch.File("app.db")));
  holder.Execute("BEGIN IMMEDIATE");
  const Context context = Context().With(30ms);
  waiter.Watch(&context);
  const auto start = Context::Clock::now();
  CHECK_THROWS_AS(waiter.Execute("BEGIN IMMEDIATE"), grapnel::CancelledError);
  CHECK(Context::Clock::now() - start >= 30ms);
  CHECK_FALSE(waiter.InTransaction());
  holder.Execute("ROLLBACK");
  waiter.Watch(nullptr);
  waiter.Execute("BEGIN IMMEDIATE");
  CHECK(waiter.InTransaction());
}

TEST_CASE("a step is prepared once") {
  Session session(kMemory);
  sqlite::Statement begin;
  session.Step(begin, "BEGIN");
  const auto* prepared = begin.Get();
  session.Execute("ROLLBACK");
  session.Step(begin, "BEGIN");
  CHECK(begin.Get() == prepared);
}

TEST_CASE("B167 a tracer that throws keeps work from running, not what undoes it") {
  Session session(kMemory);
  session.Execute("CREATE TABLE t (a)");
  const Context context = Context().WithTrace([](std::string_view) { throw 1; });
  auto insert = session.Prepare("INSERT INTO t VALUES (1)", session.Say());
  session.Watch(&context);
  CHECK_THROWS_AS(session.Step(insert), int);
  session.Watch(nullptr);
  sqlite::Statement count;
  CHECK(session.Ask(count, "SELECT count(*) FROM t") == 0);
  session.Watch(&context);
  session.Step(insert, Session::Sort::Undoing);
  CHECK(session.Ask(count, "SELECT count(*) FROM t") == 1);  // which no tracer sees
}
