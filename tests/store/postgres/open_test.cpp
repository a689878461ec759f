#include <grapnel/store/postgres/open.hpp>

#include <grapnel/grapnel.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using grapnel::F;
using grapnel::OpenPostgres;
using unit::Person;
using namespace std::chrono_literals;

namespace {

std::string OpenRefusal(const std::string& conninfo) {
  try {
    OpenPostgres<Person>(conninfo);
    return "opened";
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::Open);
    return error.what();
  }
}
auto Add(const grapnel::Database<Person>& client, const std::string& name) {
  Person person = unit::Ada();
  person.name = name;
  return client.Of<Person>().Create(person).Save();
}

}  // namespace

TEST_CASE("a database is opened, migrated, written and read") {
  const OwnSchema schema;
  const auto db = OpenPostgres<Person>(schema.Conninfo(), {.pool = 2});
  db.Migrate();
  CHECK(Add(db, "Ada").id == 1);
  CHECK(db.Of<Person>().Query().Where(F<&Person::name> == "Ada").Only().age == 36);
  CHECK(schema.Run("SELECT full_name FROM people") == Rows{"Ada"});
}

TEST_CASE("what cannot be opened is told at once, without a password") {
  CHECK(OpenRefusal("host=127.0.0.1 port=1 password=hunter2").find("hunter2") == std::string::npos);
  CHECK(OpenRefusal(Server() + " dbname=nope").find("does not exist") != std::string::npos);
  CHECK(OpenRefusal("what is that").find("cannot be parsed") != std::string::npos);
}

TEST_CASE("B182 a wrong password is refused, and told by no text") {
  const OwnSchema schema;
  // The tests' server trusts everybody; what libpq is asked for shows all the same.
  try {
    OpenPostgres<Person>(Server() + " password=hunter2 require_auth=password");
  } catch (const grapnel::StorageError& error) {
    CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
    CHECK(error.Database().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a pool of one serves all, one after the other") {
  const OwnSchema schema;
  const auto db = OpenPostgres<Person>(schema.Conninfo(), {.pool = 1});
  db.Migrate();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { Add(db, "n" + std::to_string(i)); });
  }
  threads.clear();
  CHECK(db.Of<Person>().Query().Count() == 4);
}

TEST_CASE("connections that were lost are replaced") {
  const OwnSchema schema;
  const auto db = OpenPostgres<Person>(schema.Conninfo() + " application_name=lost_" +
                                       std::to_string(::getpid()));
  db.Migrate();
  Add(db, "a");
  schema.Run(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name "
      "= 'lost_" +
      std::to_string(::getpid()) + "'");
  Add(db, "b");
  CHECK(db.Of<Person>().Query().Count() == 2);
}

TEST_CASE("a child of fork() cannot use it, and leaves the parent's connection alone") {
  const OwnSchema schema;
  const auto db = OpenPostgres<Person>(schema.Conninfo());
  db.Migrate();
  Add(db, "a");
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    try {
      db.Of<Person>().Query().Count();
    } catch (const grapnel::StorageError&) {
      code = 0;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(db.Of<Person>().Query().Count() == 1);
}

TEST_CASE("B177 a deadline and a stop token end what takes long, and the connection stays") {
  const OwnSchema schema;
  const auto db = OpenPostgres<Person>(schema.Conninfo(), {.pool = 1});
  const auto begun = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(db.With(100ms).Sql("SELECT pg_sleep(30)"), grapnel::CancelledError);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  CHECK(db.Sql("SELECT 1").As<int>() == std::vector<int>{1});
}
