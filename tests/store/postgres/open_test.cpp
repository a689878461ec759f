#include <grapnel/store/postgres/open.hpp>

#include <grapnel/grapnel.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
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
/// How the user whose password is asked for gets in.
std::string Guarded(const OwnSchema& schema) {
  return "host=127.0.0.1 user=guarded dbname=app port=" + schema.Run("SHOW port").at(0);
}
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};
class PasswordFile {
 public:
  explicit PasswordFile(const std::string& line) {
    std::ofstream(path_) << line << '\n';
    ::chmod(path_.c_str(), 0600);
  }
  PasswordFile(const PasswordFile&) = delete;
  PasswordFile& operator=(const PasswordFile&) = delete;
  ~PasswordFile() { std::remove(path_.c_str()); }
  const std::string& Path() const { return path_; }

 private:
  std::string path_ =
      std::filesystem::temp_directory_path() / ("grapnel-passwords-" + std::to_string(::getpid()));
};
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

TEST_CASE("what a role or a database is set to changes nothing that is stored or read") {
  const OwnSchema schema;
  std::string conninfo = schema.Conninfo();
  conninfo.insert(conninfo.rfind('\''),
                  " -c quote_all_identifiers=on -c extra_float_digits=-10 "
                  "-c IntervalStyle=iso_8601 -c bytea_output=escape -c DateStyle=German");
  const auto db = OpenPostgres<Person>(conninfo, {.pool = 1});
  db.Migrate();
  CHECK(db.PlanMigration().Statements().empty());
  CHECK(Add(db, "Ada").id == 1);
  CHECK(db.Sql("SELECT 0.1::float8 + 0.2::float8").As<double>() == std::vector{0.1 + 0.2});
  CHECK(db.Sql("SELECT (interval '90 minutes')::text || make_date(2020, 1, 31)::text")
            .As<std::string>() == Rows{"01:30:002020-01-31"});
}

TEST_CASE("what cannot be opened is told at once, without a password") {
  CHECK(OpenRefusal("host=127.0.0.1 port=1 password=hunter2").find("hunter2") == std::string::npos);
  CHECK(OpenRefusal(Server() + " dbname=nope").find("does not exist") != std::string::npos);
  CHECK(OpenRefusal("what is that").find("cannot be parsed") != std::string::npos);
}

TEST_CASE("B182 passwords go libpq's ways, and a wrong one is told by no text") {
  const OwnSchema schema;
  const std::string asked = Guarded(schema);
  const auto who = [](const std::string& conninfo) {
    return OpenPostgres<Person>(conninfo).Sql("SELECT current_user::text").As<std::string>();
  };
  CHECK(who(asked + " password=open-sesame") == Rows{"guarded"});
  {
    const Environment password("PGPASSWORD", "open-sesame");
    CHECK(who(asked) == Rows{"guarded"});
  }
  {
    const PasswordFile file("*:*:*:guarded:open-sesame");
    CHECK(who(asked + " passfile=" + file.Path()) == Rows{"guarded"});
  }
  const std::string wrong = OpenRefusal(asked + " password=hunter2");
  CHECK(wrong.find("password authentication failed") != std::string::npos);
  CHECK(wrong.find("hunter2") == std::string::npos);
  const Environment password("PGPASSWORD", "hunter2");
  CHECK(OpenRefusal(asked).find("hunter2") == std::string::npos);
}

TEST_CASE("B182 TLS goes libpq's ways, and a server that is another one is refused") {
  const OwnSchema schema;
  const std::string asked = Guarded(schema) + " password=open-sesame sslmode=";
  if (schema.Run("SHOW ssl") != Rows{"on"}) {  // there was no openssl to make a certificate
    REQUIRE(std::getenv("CI") == nullptr);
    CHECK(OpenRefusal(asked + "require").find("SSL") != std::string::npos);
    return;
  }
  const std::string own = schema.Run("SHOW data_directory").at(0) + "/server.crt";
  const auto client = OpenPostgres<Person>(asked + "verify-full sslrootcert=" + own);
  CHECK(client.Sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").As<bool>() ==
        std::vector<bool>{true});
  const PasswordFile nobody("");
  const std::string refused = OpenRefusal(asked + "verify-full sslrootcert=" + nobody.Path());
  CHECK(refused.find("open-sesame") == std::string::npos);
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

TEST_CASE("B177 they end what gives rows all the while") {
  const OwnSchema schema;
  const auto db = OpenPostgres<Person>(schema.Conninfo(), {.pool = 1});
  constexpr const char* kTrickling =
      "SELECT repeat('x', 9000), pg_sleep(0.01) FROM generate_series(1, 3000)";
  const auto begun = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(db.With(200ms).Sql(kTrickling), grapnel::CancelledError);
  std::stop_source source;
  std::jthread stops([&] {
    std::this_thread::sleep_for(200ms);
    source.request_stop();
  });
  CHECK_THROWS_AS(db.With(source.get_token()).Sql(kTrickling), grapnel::CancelledError);
  CHECK(std::chrono::steady_clock::now() - begun < 15s);  // of a minute
  CHECK(db.Sql("SELECT 1").As<int>() == std::vector<int>{1});
}
