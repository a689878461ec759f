#include <grapnel/store/postgres/interference.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

using grapnel::postgres::detail::Interference;
using unit::Opened;

namespace {

/// Whether others' SQL leaves writes to people plain.
bool IsPlain(const char* sql) {
  Opened db;
  db.schema.Run(
      "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
  db.schema.Run(sql);
  Interference interference(db.native);
  interference.Begin();
  return interference.WritesPlainly("people");
}

}  // namespace

TEST_CASE("others' triggers, rules, columns and keys interfere") {
  CHECK(IsPlain("SELECT 1"));
  CHECK(IsPlain("CREATE INDEX ON people (age)"));
  CHECK(IsPlain("CREATE TABLE pets (owner bigint REFERENCES people)"));
  CHECK(IsPlain("CREATE TABLE pets (owner bigint REFERENCES people ON DELETE CASCADE)"));
  CHECK_FALSE(
      IsPlain("CREATE TRIGGER t AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION "
              "nothing()"));
  CHECK_FALSE(IsPlain("CREATE RULE r AS ON DELETE TO people DO INSTEAD NOTHING"));
  CHECK_FALSE(
      IsPlain("ALTER TABLE people ADD COLUMN twice bigint GENERATED ALWAYS AS (age * 2) "
              "STORED"));
  CHECK_FALSE(
      IsPlain("ALTER TABLE people ADD COLUMN boss bigint REFERENCES people ON UPDATE "
              "CASCADE"));
  CHECK_FALSE(
      IsPlain("CREATE TABLE pets (owner bigint REFERENCES people ON DELETE CASCADE); "
              "CREATE TRIGGER t AFTER DELETE ON pets FOR EACH ROW EXECUTE FUNCTION "
              "nothing()"));
}

TEST_CASE("it is asked once in each transaction") {
  Opened db;
  Interference interference(db.native);
  interference.Begin();
  CHECK(interference.WritesPlainly("people"));
  db.schema.Run("CREATE RULE r AS ON DELETE TO people DO INSTEAD NOTHING");
  CHECK(interference.WritesPlainly("people"));
  interference.Begin();
  CHECK_FALSE(interference.WritesPlainly("people"));
  CHECK_FALSE(interference.WritesPlainly("not there"));
}
