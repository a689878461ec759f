#include <grapnel/store/sqlite/native/raw_statements.hpp>

#include <grapnel/store/driver/error.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::FieldValue;

namespace {

struct Opened {
  sqlite::NativeConnection native{{":memory:", ":memory:", true, false}};
  sqlite::RawStatements raw{native};

  Opened() { native.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n UNIQUE)"); }
  grapnel::store::RawResult operator()(std::string_view text, std::vector<FieldValue> values = {}) {
    return raw.Run({text, values});
  }
  /// Why it is not run.
  std::string Why(std::string_view text, std::vector<FieldValue> values = {}) {
    try {
      raw.Prepare({text, values});
    } catch (const grapnel::SqlError& error) {
      CHECK(error.Sql() == text);
      return error.Reason();
    }
    return "";
  }
};

}  // namespace

TEST_CASE("a statement is run with its values, and gives columns, rows and changes") {
  Opened open;
  const auto made = open("INSERT INTO t (n) VALUES (?1), (?2) RETURNING id, n", {"a", 2.5});
  CHECK(made.columns == std::vector<std::string>{"id", "n"});
  REQUIRE(made.rows.size() == 2);
  CHECK(made.rows[0] == std::vector<FieldValue>{1, "a"});
  CHECK(made.rows[1] == std::vector<FieldValue>{2, 2.5});
  CHECK(made.changes == 2);
  CHECK(open("UPDATE t SET n = NULL WHERE id = ?", {1}).changes == 1);
  const auto read = open("SELECT n, x'0102' AS b FROM t ORDER BY id");
  CHECK(read.changes == 0);
  REQUIRE(read.rows.size() == 2);
  CHECK(read.rows[0][0].IsNull());
  CHECK(read.rows[0][1] == FieldValue::Bytes{std::byte{1}, std::byte{2}});
  CHECK(open("SELECT n AS m FROM t WHERE id > 9").columns == std::vector<std::string>{"m"});
  CHECK(open("CREATE TABLE u (a)").changes == 0);
}

TEST_CASE("it is known what a statement does before it is run") {
  Opened open;
  const auto effect = [&](std::string_view text) { return open.raw.Prepare({text, {}}); };
  CHECK_FALSE(effect("SELECT 1").writes);
  CHECK_FALSE(effect("EXPLAIN DELETE FROM t").writes);
  CHECK(effect("DELETE FROM t").writes);
  CHECK(effect("DELETE FROM t RETURNING id").writes);
  CHECK(effect("VACUUM").writes);
  CHECK(effect("CREATE INDEX i ON t (n)").changes_schema);
  CHECK_FALSE(effect("DELETE FROM t").changes_schema);
  CHECK_FALSE(effect("EXPLAIN CREATE INDEX i ON t (n)").changes_schema);
  open("CREATE TABLE grown (a)");
  for (const char* text :
       {"DROP TRIGGER IF EXISTS none", "DROP INDEX IF EXISTS none", "DROP VIEW IF EXISTS none",
        "DROP TABLE IF EXISTS none", "DROP TABLE IF EXISTS grown",
        "CREATE TABLE IF NOT EXISTS grown (a)", "CREATE TABLE IF NOT EXISTS none (a)",
        "CREATE TABLE IF NOT EXISTS grown AS SELECT 1",
        "CREATE VIEW IF NOT EXISTS grown AS SELECT 1", "ANALYZE", "ANALYZE grown"}) {
    INFO(text);
    CHECK(effect(text).writes);
    CHECK(effect(text).changes_schema);
  }
  for (const char* text : {"EXPLAIN DROP TRIGGER IF EXISTS none", "VALUES (1)",
                           "EXPLAIN QUERY PLAN DROP TABLE IF EXISTS grown", "SELECT 1 WHERE 0"}) {
    INFO(text);
    CHECK_FALSE(effect(text).writes);
  }
  for (const char* text : {"DELETE FROM t WHERE 0", "INSERT INTO t SELECT * FROM t WHERE 0",
                           "UPDATE t SET n = 1 WHERE 0", "REPLACE INTO t VALUES (1, 2)"}) {
    INFO(text);
    CHECK(effect(text).writes);
    CHECK_FALSE(effect(text).changes_schema);
  }
}

TEST_CASE("only one whole statement is taken") {
  Opened open;
  CHECK(open.Why("") == "there is no statement in it");
  CHECK(open.Why(" ;; -- nothing\n /* here */") == "there is no statement in it");
  CHECK(open.Why("SELECT 1; SELECT 2") == "it is more than one statement");
  CHECK(open.Why("SELECT 1;;; /* x */ DROP TABLE t") == "it is more than one statement");
  CHECK(open.Why("SELECT 1; nonsense") == "it is more than one statement");
  CHECK(open.Why("SELECT 1; 'open") == "it is more than one statement");
  CHECK(open.Why({"SELECT 1\0; DROP TABLE t", 23}) == "it holds a NUL");
  CHECK_FALSE(open.Why("SELECT grapnel_default('User', 'name')").empty());
  CHECK_FALSE(open.Why("UPDATE sqlite_schema SET sql = ''").empty());
  CHECK_FALSE(open.Why("DELETE FROM sqlite_temp_schema").empty());
  CHECK(open.Why("SELEC 1") == "near \"SELEC\": syntax error");
  CHECK(open.Why("SELECT x FROM t") == "no such column: x");
  CHECK(open.Why("SELECT \"x\" FROM t") == "no such column: x");
  CHECK(open.Why("BEGIN").find("client.Tx()") != std::string::npos);
  CHECK(open.Why("/* a ; */ SELECT ';' ; -- b").empty());
  CHECK(open.Why("SELECT 1;").empty());
  sqlite3_limit(open.native.Handle(), SQLITE_LIMIT_SQL_LENGTH, 100);
  CHECK(open.Why("SELECT " + std::string(100, ' ') + "1") == "it is too long");
}

TEST_CASE("every parameter has its value") {
  Opened open;
  CHECK(open.Why("SELECT ?1") == "it has 1 parameter, and was given 0 values");
  CHECK(open.Why("SELECT 1", {1}) == "it has 0 parameters, and was given 1 value");
  CHECK(open.Why("SELECT ?1, ?1", {1}).empty());
  CHECK(open.Why("SELECT ?, ?", {1, 2}).empty());
  CHECK(open.Why("SELECT '?9', ?1 -- ?8", {1}).empty());
  CHECK(open.Why("SELECT ?3", {1, 2, 3}).find("there is no ?1 in it") == 0);
  CHECK(open.Why("SELECT ?1, ?3", {1, 2, 3}).find("there is no ?2 in it") == 0);
  for (const char* text : {"SELECT :a", "SELECT @a", "SELECT $a", "SELECT ?1, :b"}) {
    INFO(text);
    CHECK(open.Why(text, {1, 2}).find(" has a name: write ?1") != std::string::npos);
  }
}

TEST_CASE("what fails as it runs is typed, and the statement can be run again") {
  Opened open;
  open("INSERT INTO t VALUES (1, 'a')");
  try {
    open("INSERT INTO t VALUES (2, ?1)", {"a"});
    FAIL("it passed");
  } catch (const grapnel::ConstraintError& error) {
    CHECK(error.Kind() == grapnel::ConstraintKind::Unique);
    CHECK(error.Entity().empty());
    CHECK(error.Fields() == std::vector<std::string>{"t.n"});
    CHECK(std::string(error.what()) ==
          "SQL breaks a unique constraint on t.n (UNIQUE constraint failed: t.n)");
  }
  CHECK_NOTHROW(open("INSERT INTO t VALUES (2, ?1)", {"b"}));
  CHECK_THROWS_AS(open("SELECT abs(-9223372036854775807 - 1)"), grapnel::SqlError);
  CHECK_THROWS_AS(open("SELECT json('{')"), grapnel::SqlError);
  CHECK_THROWS_AS(open("SELECT * FROM pragma_optimize"), grapnel::SqlError);
  CHECK(open("SELECT name FROM pragma_table_info('t')").rows.size() == 2);
}

TEST_CASE("what is kept is judged again where the schema has changed, and Grapnel's own is not") {
  Opened open;
  open.native.Execute("CREATE TABLE grapnel_own (n)");
  open("INSERT INTO t (n) VALUES (?1)", {1});
  open.native.Execute("DROP TABLE t");
  open.native.Execute("CREATE VIEW t AS SELECT n FROM grapnel_own");
  open.native.Execute(
      "CREATE TRIGGER t_i INSTEAD OF INSERT ON t BEGIN INSERT INTO grapnel_own VALUES (new.n); "
      "END");
  CHECK_THROWS_WITH(open("INSERT INTO t (n) VALUES (?1)", {2}),
                    Catch::Matchers::Contains("grapnel_own is Grapnel's own"));
  open.native.Execute("INSERT INTO t (n) VALUES (3)");
  CHECK(open("SELECT * FROM grapnel_own").rows.size() == 1);
}
