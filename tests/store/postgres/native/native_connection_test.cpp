#include <grapnel/store/postgres/native/native_connection.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using grapnel::core::Context;

namespace {

std::string First(const Result& result) { return std::string(ResultRow(result.get()).Text(0)); }
Result Run(NativeConnection& native, const std::string& text) { return native.Execute(text); }

}  // namespace

TEST_CASE("the session is set up: UTC, UTF-8, texts in English, locks waited for 5 seconds") {
  const Options options{Conninfo(Server() + " options='-c TimeZone=Asia/Tokyo'")};
  NativeConnection native(options, nullptr);
  CHECK(First(Run(native, "SHOW TimeZone")) == "UTC");
  CHECK(First(Run(native, "SHOW client_encoding")) == "UTF8");
  CHECK(First(Run(native, "SHOW lock_timeout")) == "5s");
  CHECK(First(Run(native, "SHOW client_min_messages")) == "warning");
  // What runs for a client that is gone ends soon, where the server can look.
  if (PQserverVersion(native.GetSession().Handle()) >= 140000) {
    CHECK(First(Run(native, "SHOW client_connection_check_interval")) == "1s");
  }
  const Options own{Conninfo(Server() + " options='-c lock_timeout=70'")};
  NativeConnection other(own, nullptr);
  CHECK(First(Run(other, "SHOW lock_timeout")) == "70ms");
}

TEST_CASE("a statement is prepared once, and again where the server has lost it") {
  const Options options{Conninfo(Server())};
  NativeConnection native(options, nullptr);
  const auto count = [&] {
    return First(
        native.Ask("SELECT count(*)::text FROM pg_prepared_statements WHERE statement = "
                   "'SELECT 7'"));
  };
  Run(native, "SELECT 7");
  Run(native, "SELECT 7");
  CHECK(count() == "1");
  native.GetSession().SendText("DEALLOCATE ALL");
  native.GetSession().Finish(Patience::Work, [](std::size_t, Result) {});
  Run(native, "SELECT 7");
  CHECK(count() == "1");
  native.ForgetStatements();
  CHECK(count() == "0");
  for (std::size_t at = 0; at < PreparedCache::kCapacity + 10; ++at) {
    Run(native, "SELECT " + std::to_string(at) + "::text");
  }
  const std::string kept =
      First(native.Ask("SELECT (count(*) <= 258)::text FROM pg_prepared_statements"));
  CHECK(kept == "true");
}

TEST_CASE("where a statement has changed what it gives, it is prepared anew or run again") {
  const OwnSchema schema;
  schema.Run("CREATE TABLE t (a int)");
  const Options options{Conninfo(schema.Conninfo())};
  NativeConnection native(options, nullptr);
  Run(native, "SELECT * FROM t");
  schema.Run("ALTER TABLE t ADD COLUMN b int");
  CHECK(PQnfields(Run(native, "SELECT * FROM t").get()) == 2);
  schema.Run("ALTER TABLE t ADD COLUMN c int");
  native.DeferBegin("BEGIN");
  CHECK_THROWS_WITH(Run(native, "SELECT * FROM t"),
                    Catch::Contains("others have changed a table since"));
  CHECK(native.IsAborted());
  native.EndQuietly();
  CHECK(PQnfields(Run(native, "SELECT * FROM t").get()) == 3);
}

TEST_CASE("what begins a transaction goes along with the statement behind it") {
  const Options options{Conninfo(Server())};
  NativeConnection native(options, nullptr);
  native.DeferBegin("BEGIN");
  CHECK(native.IsBeginning());
  CHECK(native.InTransaction());
  CHECK(native.GetSession().Status() == PQTRANS_IDLE);
  Run(native, "SELECT 1");
  CHECK_FALSE(native.IsBeginning());
  CHECK(native.InTransaction());
  CHECK_THROWS_AS(Run(native, "SELECT nope"), grapnel::Error);
  CHECK(native.IsAborted());
  Run(native, "ROLLBACK");
  CHECK_FALSE(native.InTransaction());
}

TEST_CASE("statements that the server is to forget stand in nobody's way") {
  const Options options{Conninfo(Server())};
  NativeConnection native(options, nullptr);
  const auto run_many = [&](int from) {
    for (int i = from; i < from + 300; ++i) Run(native, "SELECT " + std::to_string(i));
  };
  run_many(0);
  // Behind BEGIN, which takes nothing before it.
  native.DeferBegin("BEGIN ISOLATION LEVEL REPEATABLE READ");
  Run(native, "SELECT 1000");
  run_many(2000);
  // Not where only what goes back is taken.
  CHECK_THROWS_AS(Run(native, "SELECT nope"), grapnel::Error);
  Run(native, "ROLLBACK");
  run_many(3000);
  CHECK(std::stoi(First(Run(native, "SELECT count(*)::text FROM pg_prepared_statements"))) < 300);
}

TEST_CASE("a statement that the server does not take leaves the transaction as it was") {
  const Options options{Conninfo(Server())};
  NativeConnection native(options, nullptr);
  native.DeferBegin("BEGIN");
  Prepared bad{"SELECT nope"};
  std::optional<Failure> failed;
  native.Describe(bad, failed);
  REQUIRE(failed);
  CHECK(failed->state == "42703");
  CHECK(native.InTransaction());
  CHECK_FALSE(native.IsAborted());
  Prepared good{"SELECT 1"};
  native.Describe(good, failed);
  CHECK_FALSE(failed);
  Run(native, "ROLLBACK");
}

TEST_CASE("a tracer sees the text before it is sent, and may prevent it, but not undoing") {
  const Options options{Conninfo(Server())};
  NativeConnection native(options, nullptr);
  std::vector<std::string> seen;
  const Context context = Context().WithTrace([&](std::string_view text) {
    seen.emplace_back(text);
    if (seen.size() > 1) throw grapnel::Error("no");
  });
  native.Watch(&context);
  Run(native, "SELECT 1");
  CHECK_THROWS_AS(Run(native, "SELECT 2"), grapnel::Error);
  CHECK_NOTHROW(native.Execute("SELECT 3", Patience::Undoing));
  native.Watch(nullptr);
  CHECK(seen == Rows{"SELECT 1", "SELECT 2", "SELECT 3"});
}

TEST_CASE("a statement with too many parameters is not sent") {
  const Options options{Conninfo(Server())};
  NativeConnection native(options, nullptr);
  NativeConnection::Running running(native);
  running.Bind(70'000);
  CHECK_THROWS_AS(running.Run("SELECT 1", native.Say()), grapnel::Error);
  CHECK_FALSE(native.GetSession().IsLost());
}
