#include <grapnel/store/postgres/native/dialect.hpp>

#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/tabulate.hpp>

#include "store/sql/rendered.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sql = grapnel::store::sql;
using grapnel::F;
using grapnel::FieldKind;
using grapnel::FieldValue;
using grapnel::detail::kTable;
using texts::kPostgres;
using texts::Rendered;
using texts::User;
using texts::Values;
using texts::WhereInPostgres;

TEST_CASE("B171 a predicate of PostgreSQL has numbered parameters, and its lists are arrays") {
  CHECK(WhereInPostgres(F<&User::age> == 3 && F<&User::name> == "x") ==
        Rendered{R"( WHERE ("users"."age" = $1 AND "users"."name" = $2))", Values{3, "x"}});
  CHECK(WhereInPostgres(F<&User::age>.In(std::vector<int>{})).text == " WHERE FALSE");
  CHECK(WhereInPostgres(F<&User::age>.In(7)).text == R"( WHERE "users"."age" IN ($1))");
  CHECK(WhereInPostgres(F<&User::age>.In(1, 2, 3)) ==
        Rendered{R"( WHERE "users"."age" = ANY ($1))", Values{1, 2, 3}});
}

TEST_CASE("B171 texts are compared by their bytes, and folded as ASCII") {
  CHECK(WhereInPostgres(F<&User::name>.HasPrefix("a\u007f")) ==
        Rendered{R"( WHERE ("users"."name" COLLATE "C" >= $1)"
                 R"( AND "users"."name" COLLATE "C" < $2))",
                 Values{"a\u007f", "a\u0080"}});
  CHECK(WhereInPostgres(F<&User::name>.EqualFold("a")).text ==
        R"( WHERE lower("users"."name" COLLATE "C") = lower($1 COLLATE "C"))");
  CHECK(WhereInPostgres(F<&User::name>.Contains("%")).text ==
        R"( WHERE position($1 IN "users"."name") > 0)");
  CHECK(WhereInPostgres(F<&User::name>.HasSuffix("a")).text ==
        R"( WHERE right("users"."name", length($1)) = $1)");
}

TEST_CASE("B171 behind all texts that begin so stands the next character, which is valid UTF-8") {
  CHECK(kPostgres.BeyondPrefix("az") == FieldValue("a{"));
  CHECK(kPostgres.BeyondPrefix("\u07ff") == FieldValue("\u0800"));
  CHECK(kPostgres.BeyondPrefix("\ud7ff") == FieldValue("\ue000"));
  CHECK(kPostgres.BeyondPrefix("\uffff") == FieldValue("\U00010000"));
  CHECK(kPostgres.BeyondPrefix("b\U0010ffff") == FieldValue("c"));
  CHECK(kPostgres.BeyondPrefix("\U0010ffff").IsNull());
  CHECK(kPostgres.BeyondPrefix("").IsNull());
  CHECK(kPostgres.BeyondPrefix(FieldValue::Bytes{std::byte{1}, std::byte{0xff}}) ==
        FieldValue(FieldValue::Bytes{std::byte{2}}));
}

TEST_CASE("a truth value has a type, and compares with a number as one") {
  CHECK(kPostgres.TypeName(FieldKind::Bool) == "BOOLEAN");
  CHECK(kPostgres.Comparable("a", FieldKind::Bool, true) == "a");
  CHECK(kPostgres.Comparable("a", FieldKind::Bool, 2) == "(a)::int");
  CHECK(kPostgres.Comparable("a", FieldKind::Int, 2) == "a");
}

TEST_CASE("statements are PostgreSQL's own where its language differs") {
  CHECK(sql::InsertText(kPostgres, kTable<texts::Odd>, false, 2) ==
        R"(INSERT INTO "a ""b""; DROP" ("v""]'` --") VALUES ($1), ($2) RETURNING "id")");
  CHECK(sql::InsertText(kPostgres, kTable<texts::Alone>, false) ==
        R"(INSERT INTO "Alone" DEFAULT VALUES RETURNING "id")");
  grapnel::store::Select select{{&kTable<User>}};
  select.want = grapnel::store::Select::Want::Count;
  select.offset = 5;
  CHECK(sql::SelectText(kPostgres, select).text ==
        R"(SELECT count(*) FROM (SELECT 1 FROM "users" OFFSET $1) AS grapnel_counted)");
  const std::vector<grapnel::store::Ordering> order{grapnel::Desc(F<&User::age>).ordering};
  select = {{&kTable<User>}};
  select.want = grapnel::store::Select::Want::Ids;
  select.order = order;
  CHECK(sql::SelectText(kPostgres, select).text ==
        R"(SELECT "id" FROM "users" ORDER BY "users"."age" DESC NULLS LAST, "users"."id" DESC)");
  grapnel::store::Update update{{&kTable<User>}};
  update.added.set(2);
  CHECK(sql::UpdateText(kPostgres, update).text ==
        R"(UPDATE "users" SET "age" = CASE WHEN (COALESCE("age", 0) + $1) BETWEEN $2 AND $3)"
        R"( THEN (COALESCE("age", 0) + $1) ELSE 9223372036854775807 + CASE WHEN "age" IS NULL)"
        R"( THEN 1 ELSE 2 END END)");
}

TEST_CASE("B166 behind very many parameters the values are in one list of each kind") {
  sql::ParameterText made(kPostgres, 1);
  for (std::size_t i = 0; i < kPostgres.MostParameters(); ++i) made.Own(1);
  CHECK(made.Own("a") == "($32001)[1]");
  CHECK(made.Own(1) == "($32002)[1]");
  CHECK(made.Own("b") == "($32001)[2]");
  for (std::size_t i = 1; i < kPostgres.MostFurther(); ++i) made.Own(1);
  CHECK(made.Own(2) == "($32003)[1]");
}
