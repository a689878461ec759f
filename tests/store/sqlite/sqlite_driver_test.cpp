#include <grapnel/store/sqlite/sqlite_driver.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::core::Context;
using namespace std::chrono_literals;

TEST_CASE("the writer is lent to one at a time, and waited for until the deadline") {
  const Scratch scratch;
  sqlite::SqliteDriver driver(scratch.File("app.db"));
  CHECK(driver.Url() == scratch.File("app.db"));
  auto lease = driver.Writer({});
  const auto* first = &*lease;
  CHECK_THROWS_AS(driver.Writer(Context().With(20ms)), grapnel::CancelledError);
  lease.Return();
  const auto again = driver.Writer(Context().With(0ms));
  CHECK(&*again == first);
}

TEST_CASE("of a file there are readers beside the writer, which are used again") {
  const Scratch scratch;
  sqlite::SqliteDriver driver(scratch.File("app.db"));
  const auto writer = driver.Writer({});
  auto one = driver.Reader({});
  auto two = driver.Reader({});
  CHECK(&*one != &*two);
  CHECK(&*one != &*writer);
  const auto* used = &*one;
  one.Return();
  CHECK(&*driver.Reader({}) == used);
}

TEST_CASE("readers beyond those that are kept are closed when they come back") {
  const Scratch scratch;
  sqlite::SqliteDriver driver(scratch.File("app.db"));
  std::vector<grapnel::store::Lease> leases;
  for (int i = 0; i < 40; ++i) leases.push_back(driver.Reader({}));
  leases.clear();
  for (int i = 0; i < 40; ++i) leases.push_back(driver.Reader({}));
  CHECK(leases.back()->InTransaction() == false);
}

TEST_CASE("of a database in memory there is one connection, for which readers wait as well") {
  sqlite::SqliteDriver driver(":memory:");
  auto writer = driver.Writer({});
  CHECK_THROWS_AS(driver.Reader(Context().With(20ms)), grapnel::CancelledError);
  const auto* only = &*writer;
  writer.Return();
  CHECK(&*driver.Reader({}) == only);
}

TEST_CASE("a connection may come back from another thread, and no longer watches its context") {
  sqlite::SqliteDriver driver(":memory:");
  {
    const Context late = Context().With(0ms);
    auto lease = driver.Reader({});
    lease->Watch(&late);
    std::thread([lease = std::move(lease)] {}).join();
  }
  const auto lease = driver.Writer({});
  lease->BeginWrite();
  CHECK(lease->InTransaction());
  lease->Rollback();
}
