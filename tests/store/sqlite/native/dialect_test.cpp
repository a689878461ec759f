#include <grapnel/store/sqlite/native/dialect.hpp>

#include "store/sql/rendered.hpp"
#include "support/catch.hpp"

#include <cstddef>

using grapnel::F;
using grapnel::FieldKind;
using grapnel::FieldValue;

using texts::kDialect;
using texts::Rendered;
using texts::User;
using texts::Values;
using texts::Where;

TEST_CASE("parts of texts are compared as bytes, the part being one parameter") {
  CHECK(
      Where(F<&User::name>.Contains("%")) ==
      Rendered{R"( WHERE instr(CAST("users"."name" AS BLOB), CAST(?1 AS BLOB)) > 0)", Values{"%"}});
  CHECK(Where(F<&User::name>.HasPrefix("a\xff")) ==
        Rendered{R"( WHERE ("users"."name" COLLATE BINARY >= ?1)"
                 R"( AND "users"."name" COLLATE BINARY < ?2))",
                 Values{"a\xff", "b"}});
  CHECK(Where(F<&User::name>.HasPrefix("\xff")).values ==
        Values{"\xff", FieldValue(FieldValue::Bytes())});
  CHECK(Where(F<&User::name>.EqualFold("a")) ==
        Rendered{R"( WHERE lower("users"."name") = lower(?1))", Values{"a"}});
  CHECK(Where(F<&User::name> < F<&User::name>) ==
        Rendered{R"( WHERE "users"."name" < "users"."name")", {}});
  CHECK(Where(F<&User::name>.HasSuffix("a")).values == Values{"a"});
}

TEST_CASE("behind all that begins so stands the text with the last byte raised, if there is one") {
  CHECK(kDialect.BeyondPrefix("az") == FieldValue("a{"));
  CHECK(kDialect.BeyondPrefix("a\xff\xff") == FieldValue("b"));
  CHECK(kDialect.BeyondPrefix("") == FieldValue(FieldValue::Bytes()));
  CHECK(kDialect.BeyondPrefix(FieldValue::Bytes(2, std::byte{0xff})).IsNull());
}

TEST_CASE("a truth value is stored as a number, and every kind has a type of its own else") {
  CHECK(kDialect.TypeName(FieldKind::Bool) == "INTEGER");
  CHECK(kDialect.TypeName(FieldKind::Real) == "REAL");
  CHECK(kDialect.TypeName(FieldKind::Blob) == "BLOB");
  CHECK(kDialect.Engine() == "SQLite");
}
