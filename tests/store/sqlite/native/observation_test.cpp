#include <grapnel/store/sqlite/native/observation.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <string>
#include <vector>

using grapnel::sqlite::detail::Observation;
using grapnel::store::Observers;
using grapnel::store::StatementInfo;

namespace {

/// A statement in a database in memory.
struct Made {
  grapnel::sqlite::detail::Waiting waiting{};
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;

  explicit Made(const char* sql) {
    REQUIRE(sqlite3_open(":memory:", &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, "CREATE TABLE t (n)", nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK);
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made() {
    sqlite3_finalize(statement);
    sqlite3_close(database);
  }
};

}  // namespace

TEST_CASE("what ran is told: rows, changes, error, and values to who asks for them") {
  Made made("INSERT INTO t VALUES (?1), (?2) RETURNING n");
  Observers observers;
  CHECK(Observation::Of(observers, made.statement, made.waiting) == nullptr);
  std::vector<std::string> plain, values;
  observers.Add(
      [&](const StatementInfo& s) {
        CHECK(s.rows == 2);
        CHECK(s.changes == 2);
        CHECK(s.error == "odd");
        CHECK(s.duration.Nanoseconds() >= 0);
        CHECK(s.waited.Nanoseconds() == 7);
        plain = s.values;
      },
      false);
  observers.Add([&](const StatementInfo& s) { values = s.values; }, true);
  const auto observation = Observation::Of(observers, made.statement, made.waiting);
  REQUIRE(observation != nullptr);
  REQUIRE(observation->Values() != nullptr);
  observation->Values()->at(1) = "7";
  int result = SQLITE_ROW;
  while (result == SQLITE_ROW) observation->Count(result = sqlite3_step(made.statement));
  observation->NoteError("odd");
  made.waiting.NoteWaited(grapnel::core::Elapsed(7));
  observation->Tell();
  CHECK(made.waiting.TakeWaited().Nanoseconds() == 0);
  CHECK(plain.empty());
  CHECK(values == std::vector<std::string>{"***", "7"});
}

TEST_CASE("what was not sent is not told, and what was not taken is") {
  Made made("SELECT 1");
  Observers observers;
  std::vector<std::string> told;
  observers.Add([&](const StatementInfo& s) { told.emplace_back(s.text); }, false);
  const auto observation = Observation::Of(observers, made.statement, made.waiting);
  CHECK(observation->Values() == nullptr);
  observation->Tell();
  CHECK(told.empty());
  Observation::TellRefused(observers, "SELEC 1", "syntax error");
  CHECK(told == std::vector<std::string>{"SELEC 1"});
}

TEST_CASE("of SQLite's words those with names are told, and no other") {
  const auto told = [](int extended, const char* words) {
    Made made("SELECT 1");
    Observers observers;
    std::string error;
    observers.Add([&](const StatementInfo& s) { error = s.error; }, true);
    const auto observation = Observation::Of(observers, made.statement, made.waiting);
    observation->Count(sqlite3_step(made.statement));
    observation->NoteFailure(extended, words);
    observation->Tell();
    return error;
  };
  for (const int code :
       {SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID,
        SQLITE_CONSTRAINT_NOTNULL, SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_FOREIGNKEY}) {
    CHECK(told(code, "t.n") == "t.n");
  }
  CHECK(told(SQLITE_CONSTRAINT_TRIGGER, "FOREIGN KEY constraint failed") ==
        "FOREIGN KEY constraint failed");
  CHECK(told(SQLITE_CONSTRAINT_TRIGGER, "secret") == "constraint failed");
  CHECK(told(SQLITE_CONSTRAINT_VTAB, "secret") == "constraint failed");
  CHECK(told(SQLITE_ERROR, "bad JSON path: 'secret'") == "SQL logic error");
  CHECK(told(SQLITE_INTERRUPT, "interrupted") == "interrupted");
}

TEST_CASE("observers are told in the order in which they came") {
  Made made("INSERT INTO t VALUES (?1)");
  Observers observers;
  std::string log;
  for (const bool with_values : {true, false, true, false}) {
    observers.Add(
        [&log, with_values](const StatementInfo& s) {
          log += with_values ? "v" : "p";
          log += std::to_string(s.values.size());
        },
        with_values);
  }
  const auto observation = Observation::Of(observers, made.statement, made.waiting);
  observation->Count(sqlite3_step(made.statement));
  observation->Tell();
  CHECK(log == "v1p0v1p0");
}
