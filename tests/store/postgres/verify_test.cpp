#include <grapnel/store/postgres/verify.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <string>

using namespace grapnel::postgres::detail;
using unit::Opened;

namespace {

/// What is wrong with the table once others have changed it.
std::string Misfit(const char* sql) {
  Opened db;
  db.schema.Run(sql);
  try {
    VerifyTable(db.native, unit::People());
    return "fits";
  } catch (const grapnel::SchemaError& error) {
    return error.Field();
  }
}

}  // namespace

TEST_CASE("a table has to be there, with every column, of a type that fits") {
  CHECK(Misfit("SELECT 1") == "fits");
  CHECK(Misfit("ALTER TABLE people ADD COLUMN more text") == "fits");
  CHECK(Misfit("ALTER TABLE people ALTER COLUMN age TYPE int") == "fits");
  CHECK(Misfit("ALTER TABLE people ALTER COLUMN full_name TYPE varchar(20)") == "fits");
  CHECK(Misfit("DROP TABLE people") == "id");
  CHECK(Misfit("ALTER TABLE people DROP COLUMN mail") == "mail");
  CHECK(Misfit("ALTER TABLE people ALTER COLUMN age TYPE text") == "age");
}

TEST_CASE("a search_path that hides the table is told as a table that is not there") {
  CHECK(Misfit("CREATE SCHEMA IF NOT EXISTS unit_hidden; ALTER TABLE people SET SCHEMA "
               "unit_hidden; DROP SCHEMA unit_hidden CASCADE") == "id");
}

TEST_CASE("a unique key that COMMIT finds broken is found, and refers to nothing") {
  Opened db;
  db.schema.Run(
      "CREATE TABLE pets (owner bigint, mate bigint, CONSTRAINT k UNIQUE (mate, owner) DEFERRABLE "
      "INITIALLY DEFERRED)");
  CHECK_THROWS_AS(db.native.Execute("INSERT INTO pets VALUES (1, 7), (1, 7)"),
                  grapnel::ConstraintError);
  const auto key = FindKey(db.native);
  REQUIRE(key);
  CHECK(key->table == "pets");
  CHECK(key->column == "mate, owner");
  CHECK(key->referred.empty());
}
