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
