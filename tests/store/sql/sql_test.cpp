#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/sql/sql.hpp>

#include "store/sql/dialects.hpp"
#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sql = grapnel::store::sql;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::detail::kTable;
using texts::User;

TEST_CASE("an insert names all columns, with the id or without it") {
  CHECK(sql::InsertText(texts::kDialect, kTable<texts::Odd>, true) ==
        R"(INSERT INTO "a ""b""; DROP" ("id", "v""]'` --") VALUES (?, ?))");
  CHECK(sql::InsertText(texts::kDialect, kTable<texts::Odd>, false) ==
        R"(INSERT INTO "a ""b""; DROP" ("v""]'` --") VALUES (?))");
  CHECK(sql::InsertText(texts::kDialect, kTable<texts::Alone>, false) ==
        R"(INSERT INTO "Alone" DEFAULT VALUES)");
  CHECK(sql::ColumnList(kTable<texts::Odd>) == R"("id", "v""]'` --")");
}

TEST_CASE("a select says what it wants, of which rows, in which order, and how many") {
  grapnel::store::Select select{{&kTable<texts::Odd>}};
  CHECK(sql::SelectText(texts::kDialect, select).text ==
        R"(SELECT "id", "v""]'` --" FROM "a ""b""; DROP")");

  select.table = &kTable<User>;
  select.want = grapnel::store::Select::Want::Ids;
  const auto where = F<&User::age> > 3 || F<&User::age>.IsNull();
  const std::vector<grapnel::store::Ordering> order{grapnel::Asc(F<&User::id>).ordering};
  select.where = where.Node().Get();
  select.order = order;
  select.limit = 10;
  select.offset = 5;
  const sql::Sql ids = sql::SelectText(texts::kDialect, select);
  CHECK(ids.text ==
        R"(SELECT "id" FROM "users" WHERE ("users"."age" > ?1 OR "users"."age" IS NULL) )"
        R"(ORDER BY "users"."id" LIMIT ?2 OFFSET ?3)");
  REQUIRE(ids.parameters.size() == 3);
  CHECK(*ids.parameters[1] == FieldValue(10));
  CHECK(*ids.parameters[2] == FieldValue(5));

  select = {{&kTable<User>}};
  select.want = grapnel::store::Select::Want::Count;
  select.offset = 5;
  const sql::Sql count = sql::SelectText(texts::kDialect, select);
  CHECK(count.text == R"(SELECT count(*) FROM (SELECT 1 FROM "users" LIMIT ?1 OFFSET ?2))"
                      R"( AS grapnel_counted)");
  CHECK(*count.parameters[0] == FieldValue(-1));

  select = {{&kTable<User>}};
  select.want = grapnel::store::Select::Want::Exist;
  select.by_id = true;
  select.where = where.Node().Get();
  CHECK(sql::SelectText(texts::kDialect, select).text ==
        R"(SELECT EXISTS (SELECT 1 FROM "users" WHERE "users"."id" = ?1 )"
        R"(AND ("users"."age" > ?2 OR "users"."age" IS NULL)))");
}

TEST_CASE(
    "B31 an update assigns each column once; what is added is checked in the same statement") {
  grapnel::store::Update update{{&kTable<User>}};
  update.set.set(1);
  update.cleared.set(2);
  update.by_id = true;
  const auto where = F<&User::age> == 3;
  update.where = where.Node().Get();
  const sql::Sql one = sql::UpdateText(texts::kDialect, update);
  CHECK(one.text == R"(UPDATE "users" SET "name" = ?1, "age" = NULL)"
                    R"( WHERE "users"."id" = ?2 AND "users"."age" = ?3)");
  CHECK(one.parameters.size() == 1);

  update = {{&kTable<User>}};
  update.added.set(2);
  CHECK(sql::UpdateText(texts::kDialect, update).text ==
        R"(UPDATE "users" SET "age" = CASE WHEN typeof("age") IN ('integer', 'null') AND )"
        R"(typeof((COALESCE("age", 0) + ?1)) = 'integer' AND )"
        R"((COALESCE("age", 0) + ?1) BETWEEN ?2 AND ?3 THEN (COALESCE("age", 0) + ?1) )"
        R"(ELSE abs(-9223372036854775807 - ("age" IS NOT NULL OR "age" IS NULL)) END)");
}

TEST_CASE("a delete is of one row or of all that match") {
  grapnel::store::Delete one{{&kTable<User>}, nullptr, true, nullptr};
  CHECK(sql::DeleteText(texts::kDialect, one).text ==
        R"(DELETE FROM "users" WHERE "users"."id" = ?1)");
  const auto where = F<&User::age> == 3;
  grapnel::store::Delete many{{&kTable<User>}, nullptr, false, where.Node().Get()};
  CHECK(sql::DeleteText(texts::kDialect, many).text ==
        R"(DELETE FROM "users" WHERE "users"."age" = ?1)");
}
