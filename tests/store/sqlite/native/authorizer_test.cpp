#include <grapnel/store/sqlite/native/authorizer.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <string>

using grapnel::sqlite::detail::Authorizer;
using Judging = Authorizer::Judging;

namespace {

/// A database in memory, with what Grapnel has of its own in it.
struct Judged {
  sqlite3* database = nullptr;
  Authorizer authorizer{Open()};

  Judged() {
    Make("CREATE TABLE t (id INTEGER PRIMARY KEY, n)");
    Make("CREATE TABLE grapnel_outbox (id INTEGER PRIMARY KEY)");
    Make("CREATE TEMP TABLE grapnel_lists (id)");
    Make("CREATE VIEW v AS SELECT id FROM grapnel_outbox");
    Make(
        "CREATE TRIGGER v_i INSTEAD OF INSERT ON v BEGIN "
        "INSERT INTO grapnel_outbox VALUES (new.id); END");
  }
  Judged(const Judged&) = delete;
  Judged& operator=(const Judged&) = delete;
  ~Judged() { sqlite3_close(database); }

  sqlite3* Open() {
    REQUIRE(sqlite3_open(":memory:", &database) == SQLITE_OK);
    return database;
  }
  void Make(const char* sql) {
    REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  /// Why it is refused; "" when it is not.
  std::string Why(const char* sql) {
    const Judging judging(authorizer, Judging::While::Preparing);
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
    sqlite3_finalize(statement);
    CHECK((result == SQLITE_OK) == judging.Refusal().empty());
    return judging.Refusal();
  }
  bool ChangesSchema(const char* sql) {
    const Judging judging(authorizer, Judging::While::Preparing);
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK);
    sqlite3_finalize(statement);
    return judging.ChangesSchema();
  }
};

}  // namespace

TEST_CASE("what ends, leaves or changes the connection is refused") {
  Judged judged;
  judged.Make("CREATE TEMP TABLE other (a)");
  for (const char* sql : {"BEGIN",
                          "begin immediate",
                          "/* x */ COMMIT",
                          "END",
                          "ROLLBACK",
                          "SAVEPOINT x",
                          "RELEASE grapnel_1",
                          "ROLLBACK TO x",
                          "EXPLAIN BEGIN",
                          "ATTACH 'x.db' AS x",
                          "DETACH main",
                          "PRAGMA writable_schema = ON",
                          "PRAGMA foreign_keys",
                          "PRAGMA main.user_version",
                          "SELECT load_extension('x')",

                          "CREATE TEMP TABLE x (a)",
                          "CREATE TABLE temp.x (a)",
                          "CREATE TEMP VIEW x AS SELECT 1",
                          "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
                          "DROP TABLE temp.grapnel_lists",
                          "DELETE FROM temp.grapnel_lists",
                          "ALTER TABLE temp.other RENAME TO more",
                          "INSERT INTO other VALUES (1)"}) {
    INFO(sql);
    CHECK_FALSE(judged.Why(sql).empty());
  }
}

TEST_CASE("what is Grapnel's own is read, and not written") {
  Judged judged;
  for (const char* sql :
       {"INSERT INTO grapnel_outbox VALUES (1)", "DELETE FROM Grapnel_Outbox",
        "UPDATE \"GRAPNEL_OUTBOX\" SET id = 2", "DROP TABLE grapnel_outbox",
        "ALTER TABLE grapnel_outbox ADD COLUMN b", "CREATE INDEX x ON grapnel_outbox (id)",
        "CREATE TRIGGER x AFTER INSERT ON grapnel_outbox BEGIN SELECT 1; END",
        "CREATE TABLE grapnel_x (a)", "INSERT INTO v VALUES (1)",
        "WITH a AS (SELECT 1) INSERT INTO grapnel_outbox SELECT * FROM a",
        "INSERT INTO grapnel_outbox VALUES (1) RETURNING id",
        "EXPLAIN DELETE FROM grapnel_outbox"}) {
    INFO(sql);
    CHECK_FALSE(judged.Why(sql).empty());
  }
  CHECK(judged.Why("DELETE FROM grapnel_outbox") == "grapnel_outbox is Grapnel's own");
  CHECK(judged.Why("SELECT * FROM grapnel_outbox").empty());
}

TEST_CASE("everything else passes, and it is known what changes the schema") {
  Judged judged;
  for (const char* sql :
       {"SELECT * FROM t", "INSERT INTO t VALUES (1, 2) RETURNING n",
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a LIMIT 3) SELECT n FROM a",
        "UPDATE t SET n = upper(n)", "DELETE FROM t", "REPLACE INTO t VALUES (1, 2)",
        "EXPLAIN QUERY PLAN SELECT * FROM t", "REINDEX"}) {
    INFO(sql);
    CHECK(judged.Why(sql).empty());
    CHECK_FALSE(judged.ChangesSchema(sql));
  }
  for (const char* sql :
       {"CREATE TABLE u (a)", "CREATE INDEX i ON t (n)", "DROP VIEW v",
        "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", "ALTER TABLE t ADD COLUMN m",
        "ALTER TABLE t RENAME TO u", "ALTER TABLE t RENAME COLUMN n TO m",
        "ALTER TABLE t DROP COLUMN n", "ANALYZE"}) {
    INFO(sql);
    CHECK(judged.ChangesSchema(sql));
  }
}

TEST_CASE("what modules ask for passes, and a PRAGMA that somebody wrote does not") {
  Judged judged;
  const auto prepare = [&](Judging& judging, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    CHECK(sqlite3_prepare_v2(judged.database, sql, -1, &statement, nullptr) == SQLITE_OK);
    sqlite3_finalize(statement);
    judging.RefuseIfPragma();
    return judging.Refusal().empty();
  };
  for (const char* sql :
       {"PRAGMA data_version", "PRAGMA main.page_size", "EXPLAIN PRAGMA data_version"}) {
    INFO(sql);
    Judging alone(judged.authorizer, Judging::While::Preparing);
    CHECK_FALSE(prepare(alone, sql));
    Judging within(judged.authorizer, Judging::While::Preparing);
    CHECK(prepare(within, "SELECT * FROM t"));
    CHECK(prepare(within, sql));
    CHECK(prepare(within, "SELECT * FROM t"));
  }
  CHECK_FALSE(judged.Why("PRAGMA page_size = 512").empty());
}

TEST_CASE("of a connection's own statements nothing is said") {
  Judged judged;
  CHECK_FALSE(judged.Why("BEGIN").empty());
  judged.Make("BEGIN");
  judged.Make("PRAGMA foreign_keys = ON");
  judged.Make("INSERT INTO grapnel_outbox VALUES (7)");
  judged.Make("CREATE TABLE grapnel_more (a)");
  judged.Make("COMMIT");
}

TEST_CASE("functions that stand for PRAGMA tell, and do nothing") {
  Judged judged;
  const auto run = [&](const char* sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(judged.database, sql, -1, &statement, nullptr) == SQLITE_OK);
    const Judging judging(judged.authorizer, Judging::While::Running);
    const int result = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return result;
  };
  CHECK(run("SELECT * FROM pragma_table_info('t')") == SQLITE_ROW);
  CHECK(run("SELECT * FROM pragma_optimize") == SQLITE_AUTH);
}
