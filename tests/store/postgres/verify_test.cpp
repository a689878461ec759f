#include <grapnel/store/postgres/verify.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>

using namespace grapnel::postgres::detail;
using grapnel::FieldValue;
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
  CHECK(Misfit("DROP TABLE people").empty());
  CHECK(Misfit("ALTER TABLE people DROP COLUMN mail") == "mail");
  CHECK(Misfit("ALTER TABLE people ALTER COLUMN age TYPE text") == "age");
}

TEST_CASE("a search_path that hides the table is told as a table that is not there") {
  CHECK(Misfit("CREATE SCHEMA IF NOT EXISTS unit_hidden; ALTER TABLE people SET SCHEMA "
               "unit_hidden; DROP SCHEMA unit_hidden CASCADE")
            .empty());
}

TEST_CASE("B167 a table whose name PostgreSQL cannot hold is an Error of Grapnel") {
  Opened db;
  for (const std::string& name : {std::string("a\0b", 3), std::string("\xFF")}) {
    CHECK_THROWS_AS(ColumnsInDatabase(db.native, name), grapnel::Error);
  }
  CHECK(ColumnsInDatabase(db.native, "people").size() == 7);
}

TEST_CASE("a value is taken or not by the size of its column") {
  const auto number = [](std::int64_t value, const char* type) {
    return IsTaken(FieldValue(value), type);
  };
  CHECK((number(32'767, "smallint") && number(-32'768, "smallint")));
  CHECK_FALSE(number(32'768, "smallint"));
  CHECK((number(2'147'483'647, "integer") && number(-2'147'483'648, "integer")));
  CHECK_FALSE(number(-2'147'483'649, "integer"));
  CHECK((number(INT64_MAX, "bigint") && number(INT64_MAX, "numeric")));
  const auto text = [](const char* value, const char* type) {
    return IsTaken(FieldValue(std::string(value)), type);
  };
  CHECK((text("", "character varying(2)") && text("\u00e4\u00f6", "character varying(2)")));
  CHECK_FALSE(text("abc", "character varying(2)"));
  CHECK(text("ab   ", "character varying(2)"));
  CHECK_FALSE(text("ab  c", "character varying(2)"));
  CHECK((text("abc", "character varying") && text("abc", "text")));
  CHECK(IsTaken(FieldValue(), "smallint"));
}

TEST_CASE("of the columns that others made narrower the first that refuses its value is found") {
  Opened db;
  db.schema.Run(
      "ALTER TABLE people ALTER COLUMN age TYPE smallint, ALTER COLUMN full_name TYPE varchar(2)");
  NarrowColumns narrow;
  auto ada = unit::Ada();
  ada.name = "Ada";
  ada.age = 70'000;
  grapnel::store::FieldSet set;
  set.set(1);
  set.set(2);
  CHECK(narrow.Find(unit::People(), &ada, set) == nullptr);  // nobody has looked
  narrow.Note(unit::People(), VerifyTable(db.native, unit::People()));
  const auto found = [&] {
    const auto* column = narrow.Find(unit::People(), &ada, set);
    return column == nullptr ? std::string() : std::string(column->name);
  };
  CHECK(found() == "name");
  ada.name = "Al";
  CHECK(found() == "age");
  ada.age = 7;
  CHECK(found().empty());
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
