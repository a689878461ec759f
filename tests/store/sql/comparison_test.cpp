#include <grapnel/store/sql/comparison.hpp>

#include "store/sql/rendered.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>

using grapnel::F;
using grapnel::FieldValue;

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
  using grapnel::store::sql::BeyondPrefix;
  CHECK(BeyondPrefix("az") == FieldValue("a{"));
  CHECK(BeyondPrefix("a\xff\xff") == FieldValue("b"));
  CHECK(BeyondPrefix("") == FieldValue(FieldValue::Bytes()));
  CHECK_FALSE(BeyondPrefix(FieldValue::Bytes(2, std::byte{0xff})));
}

TEST_CASE("a comparison stands between a column and what it is compared with") {
  std::string text = "NOT ";
  grapnel::store::sql::AppendComparison(text, grapnel::store::PredicateKind::LessEqual, "a",
                                            "?7");
  CHECK(text == "NOT a <= ?7");
}
