#include <grapnel/store/postgres/native/raw_statements.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using grapnel::FieldValue;
using grapnel::store::RawSql;

namespace {

struct Opened {
  OwnSchema schema;
  Options options{Conninfo(schema.Conninfo())};
  NativeConnection native{options, nullptr};
  RawStatements raw{native};

  std::string Run(std::string_view text, const std::vector<FieldValue>& values = {}) {
    const auto result = raw.Run(RawSql{text, values});
    std::string all;
    for (const auto& row : result.rows) {
      for (const FieldValue& value : row) all += ToString(value) + " ";
    }
    return all + std::to_string(result.changes);
  }
  std::string Refusal(std::string_view text, const std::vector<FieldValue>& values = {}) {
    try {
      return Run(text, values);
    } catch (const grapnel::SqlError& error) {
      return error.Reason();
    }
  }
};

}  // namespace

TEST_CASE("B156 values go in and come out as what they are") {
  Opened db;
  CHECK(db.Run("SELECT $1, $2, $3, $4, $5, NULL",
               {7, "text", true, 1.5, FieldValue::Bytes{std::byte{255}}}) ==
        "7 \"text\" true 1.5 blob(1 bytes) NULL 0");
  CHECK(db.Run("SELECT 1.25::numeric, '2020-01-02'::date, 7::int2") ==
        "\"1.25\" \"2020-01-02\" 7 0");
  CHECK(db.Run("SELECT '2020-01-02'::date = $1", {"2020-01-02"}) == "true 0");
}

TEST_CASE("B156 what it writes is counted, and it is judged before it runs") {
  Opened db;
  CHECK(db.raw.Prepare(RawSql{"CREATE TABLE t (a int)"}).changes_schema);
  db.Run("CREATE TABLE t (a int)");
  CHECK(db.raw.Prepare(RawSql{"INSERT INTO t VALUES (1)"}).writes);
  CHECK(db.Run("INSERT INTO t VALUES (1), (2)") == "2");
  CHECK(db.Run("SELECT a FROM t ORDER BY a") == "1 2 0");
  CHECK(db.Run("DELETE FROM t WHERE a = $1", {1}) == "1");
}

TEST_CASE("B156 what is wrong with it is told") {
  Opened db;
  db.schema.Run("CREATE TABLE \"Boat\" (length int)");
  const std::string names =
      "; names are case-sensitive, and in lower case where they stand without double quotes";
  CHECK(db.Refusal("SELECT nope") == "column \"nope\" does not exist" + names);
  CHECK(db.Refusal("SELECT * FROM Boat") == "relation \"boat\" does not exist" + names);
  CHECK(db.Refusal("SELECT lenght FROM \"Boat\"") ==
        "column \"lenght\" does not exist. Perhaps you meant to reference the column "
        "\"Boat.length\"." +
            names);
  CHECK(db.Refusal("SELECT 1; SELECT 2") == "it is more than one statement");
  CHECK(db.Refusal("SELECT $1", {}) == "it has 1 parameter, and was given 0 values");
  CHECK(db.Refusal("SELECT 1", {1}) == "it has 0 parameters, and was given 1 value");
  CHECK(db.Refusal("SELECT 1 WHERE 1 = ?1", {1}) ==
        "it has 0 parameters, and was given 1 value; PostgreSQL's parameters are $1, $2, not ?");
  CHECK(db.Refusal("SELECT '?'", {1}) == "it has 0 parameters, and was given 1 value");
  CHECK(db.Refusal(std::string_view("SELECT \0", 8)) == "it holds a NUL");
  CHECK(db.Refusal("BEGIN").find("a transaction is begun") == 0);
  CHECK_THROWS_AS(db.Run("SELECT $1", {FieldValue(std::string("\0", 1))}),
                  grapnel::ValidationError);
}

TEST_CASE("outside of a transaction nothing is written, by no function either") {
  Opened db;
  db.schema.Run("CREATE TABLE t (a int)");
  db.schema.Run(
      "CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING a'");
  CHECK_THROWS_AS(db.Run("SELECT sneak()"), grapnel::Error);
  CHECK(db.schema.Run("SELECT * FROM t").empty());
  CHECK_FALSE(db.native.InTransaction());
  CHECK(db.Run("SELECT 1") == "1 0");
}

TEST_CASE("a statement whose table others have changed is read as it is now") {
  Opened db;
  db.schema.Run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  CHECK(db.Run("SELECT * FROM t") == "1 0");
  db.schema.Run("ALTER TABLE t ADD b text DEFAULT 'b'");
  CHECK(db.Run("SELECT * FROM t") == "1 \"b\" 0");
  CHECK(db.Run("SELECT * FROM t") == "1 \"b\" 0");
}
