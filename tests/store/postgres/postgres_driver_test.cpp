#include <grapnel/store/postgres/postgres_driver.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <thread>

using grapnel::core::Context;
using grapnel::postgres::detail::PostgresDriver;
using namespace std::chrono_literals;

TEST_CASE("the driver says what its connections are like, and where, without a password") {
  PostgresDriver driver(Server() + " password=hunter2", 2);
  CHECK_FALSE(driver.UndoesStatements());
  CHECK_FALSE(driver.SerialisesWriters());
  CHECK_FALSE(driver.HasOneConnection());
  CHECK(driver.Url().find("hunter2") == driver.Url().npos);
  CHECK(PostgresDriver(Server(), 1).HasOneConnection());
}

TEST_CASE("writers and readers have each a connection, as long as there are some") {
  PostgresDriver driver(Server(), 2);
  auto one = driver.Writer({});
  auto two = driver.Reader({});
  CHECK(&*one != &*two);
  CHECK_THROWS_AS(driver.Writer(Context().With(20ms)), grapnel::CancelledError);
  const auto* was = &*one;
  one.Return();
  CHECK(&*driver.Writer({}) == was);
}

TEST_CASE("what is still open when a connection comes back is undone") {
  PostgresDriver driver(Server(), 1);
  auto lease = driver.Writer({});
  lease->BeginRead();
  lease.Return();
  auto again = driver.Writer({});
  CHECK_FALSE(again->InTransaction());
}

TEST_CASE("what SQL of somebody's own leaves behind on a connection is gone for the next one") {
  const OwnSchema schema;
  schema.Run("CREATE TABLE t (a int)");
  schema.Run("CREATE SEQUENCE s");
  schema.Run(
      "CREATE FUNCTION spoil() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM set_config('search_path', 'nowhere', false), set_config('TimeZone', 'Asia/Tokyo', "
      "false), set_config('jit', 'on', false), pg_advisory_lock(77), nextval('s'); "
      "EXECUTE 'LISTEN told'; EXECUTE 'CREATE TEMP TABLE t AS SELECT 1 AS a'; "
      "EXECUTE 'DECLARE kept CURSOR WITH HOLD FOR SELECT 1'; EXECUTE 'SET ROLE pg_monitor'; "
      "RETURN 1; END $$");
  const auto run = [](auto& lease, std::string_view text) {
    std::string all;
    const auto result = lease->Run(grapnel::store::RawSql{text, {}});
    for (const auto& row : result.rows) {
      for (const auto& value : row) all += ToString(value) + " ";
    }
    return all;
  };
  const char* kState =
      "SELECT current_setting('TimeZone'), current_setting('jit'), current_user = session_user, "
      "(SELECT count(*) FROM pg_cursors WHERE is_holdable), (SELECT count(*) FROM "
      "pg_listening_channels()), "
      "(SELECT count(*) FROM t), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
      "objid = 77), pg_my_temp_schema() <> 0 AND to_regclass('pg_temp.t') IS NOT NULL";
  PostgresDriver driver(schema.Conninfo(), 1);
  auto lease = driver.Writer({});
  const auto* was = &*lease;
  const std::string clean = run(lease, kState);
  CHECK(clean == "\"UTC\" \"off\" true 0 0 0 0 false ");
  lease->BeginWrite();
  CHECK(run(lease, "SELECT spoil() FROM generate_series(1, 1)") == "1 ");
  SECTION("in a transaction names mean what they did") {
    CHECK(run(lease, "SELECT current_setting('search_path') <> 'nowhere'") == "true ");
  }
  lease->Commit();
  lease.Return();
  lease = driver.Writer({});
  CHECK(&*lease == was);  // and the same connection
  CHECK(run(lease, kState) == clean);
  CHECK(run(lease, "SELECT current_setting('search_path') <> 'nowhere'") == "true ");
  CHECK_THROWS_AS(run(lease, "SELECT lastval()"), grapnel::Error);
  lease->BeginWrite();
  run(lease, "SELECT spoil()");
  lease->Rollback();
  for (int i = 0; i < 3; ++i) {  // though all statements are forgotten each time
    lease.Return();
    lease = driver.Writer({});
    CHECK(&*lease == was);
    lease->BeginWrite();
    run(lease, i % 2 == 0 ? "CREATE TABLE made (a int)" : "DROP TABLE made");
    lease->Commit();
  }
  lease.Return();
  lease = driver.Writer({});
  CHECK(run(lease, kState) == clean);
}

TEST_CASE("where the server takes no more connections, one that comes back is taken") {
  const OwnSchema schema;
  const std::string role = "few_" + std::to_string(::getpid());
  schema.Run("CREATE ROLE " + role + " LOGIN CONNECTION LIMIT 1");
  {
    PostgresDriver driver(Server() + " user=" + role, 4);
    auto one = driver.Writer({});
    CHECK_THROWS_AS(driver.Writer(Context().With(50ms)), grapnel::Error);
    CHECK_THROWS_AS(PostgresDriver(Server() + " user=" + role, 1), grapnel::StorageError);
    std::jthread later([&] {
      std::this_thread::sleep_for(100ms);
      one.Return();
    });
    CHECK(driver.Writer({}));
  }
  schema.Run("DROP ROLE " + role);
}
