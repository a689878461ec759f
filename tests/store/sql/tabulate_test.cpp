#include <grapnel/store/sql/tabulate.hpp>

#include "store/sql/dialects.hpp"
#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

namespace sql = grapnel::store::sql;
namespace store = grapnel::store;
using grapnel::Desc;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::detail::kTable;
using store::AggregateKind;
using store::Measure;
using texts::User;

namespace {

const auto& kUsers = kTable<User>;
const store::Column* const kName = kUsers.Find("name");
const store::Column* const kAge = kUsers.Find("age");
constexpr Measure kRows{0, AggregateKind::Count, nullptr};
const Measure kSum{0, AggregateKind::Sum, kAge->tag};
const Measure kAges{0, AggregateKind::Count, kAge->tag};

}  // namespace

TEST_CASE("values of rows are columns, in the order of the rows, or each once") {
  const std::vector<store::Output> outputs{{kName, nullptr}, {kAge, nullptr}};
  const std::vector<store::Ordering> order{Desc(F<&User::age>).ordering};
  store::Tabulate values{{&kUsers}};
  values.outputs = outputs;
  values.order = order;
  values.limit = 3;
  CHECK(sql::TabulateText(texts::kDialect, values).text ==
        R"(SELECT "users"."name" AS grapnel_1, "users"."age" AS grapnel_2 FROM "users" )"
        R"(ORDER BY "users"."age" DESC, "users"."id" DESC LIMIT ?1)");
  values.distinct = true;
  values.limit.reset();
  CHECK(sql::TabulateText(texts::kDialect, values).text ==
        R"(SELECT DISTINCT "users"."name" AS grapnel_1, "users"."age" AS grapnel_2 FROM "users" )"
        R"(ORDER BY "users"."age" DESC)");
}

TEST_CASE("all rows make one value, or so many of them do") {
  const std::vector<store::Output> outputs{{kAge, &kSum}};
  const auto where = F<&User::age> > 3;
  store::Tabulate values{{&kUsers}};
  values.outputs = outputs;
  values.grouped = true;
  values.where = where.Node().Get();
  CHECK(sql::TabulateText(texts::kDialect, values).text ==
        R"(SELECT grapnel_sum("users"."age") AS grapnel_1 FROM "users" WHERE "users"."age" > ?1)");
  const std::vector<store::Ordering> order{Desc(F<&User::id>).ordering};
  values.order = order;
  CHECK(sql::TabulateText(texts::kDialect, values).text.find("ORDER") == std::string::npos);
  values.limit = 3;
  CHECK(sql::TabulateText(texts::kDialect, values).text ==
        R"(SELECT grapnel_sum("users"."age") AS grapnel_1 FROM (SELECT "users"."age" AS "age" )"
        R"(FROM "users" WHERE "users"."age" > ?1 ORDER BY "users"."id" DESC LIMIT ?2) AS "users")");
}

TEST_CASE("groups are conditioned, ordered and counted as the rows of a table") {
  const std::vector<store::Output> outputs{{kName, nullptr}, {nullptr, &kRows}, {kAge, &kAges}};
  store::Tabulate values{{&kUsers}};
  values.outputs = outputs;
  values.grouped = true;
  const std::string plain =
      R"(SELECT "users"."name" AS grapnel_1, count(*) AS grapnel_2, )"
      R"(count(DISTINCT "users"."age") AS grapnel_3 FROM "users" GROUP BY "users"."name")";
  CHECK(sql::TabulateText(texts::kDialect, values).text == plain);
  const auto many = store::Compared(store::PredicateKind::Greater, &kRows.tag, 1);
  const std::vector<store::Ordering> order{{&kAges.tag, true}, {kName->tag, false}};
  values.having = many.Get();
  values.order_made = order;
  values.offset_made = 2;
  const sql::Sql sql = sql::TabulateText(texts::kDialect, values);
  CHECK(sql.text == "SELECT grapnel_1, grapnel_2, grapnel_3 FROM (" + plain +
                        R"() AS grapnel_made WHERE "grapnel_made"."grapnel_2" > ?1 )"
                        R"(ORDER BY "grapnel_made"."grapnel_3" DESC, "grapnel_made"."grapnel_1" )"
                        R"(LIMIT ?2 OFFSET ?3)");
  REQUIRE(sql.parameters.size() == 3);
  CHECK(*sql.parameters[1] == FieldValue(-1));
}
