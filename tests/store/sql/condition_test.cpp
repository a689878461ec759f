#include <grapnel/store/sql/condition.hpp>

#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sql = grapnel::sqlite::detail;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::detail::kTable;
using texts::User;

namespace {

struct Rendered {
  std::string text;
  std::vector<FieldValue> values;
  friend bool operator==(const Rendered&, const Rendered&) = default;
};

template <class E>
Rendered Where(const grapnel::store::Predicate<E>& predicate, int first_parameter = 1) {
  sql::Sql made(kTable<User>, first_parameter);
  made.Where(predicate.Node().Get());
  Rendered rendered{made.text, {}};
  for (const auto& bound : made.parameters) {
    if (bound.list == nullptr) rendered.values.push_back(*bound);
    for (std::size_t i = 0; bound.list != nullptr && i < bound.list->size(); ++i) {
      rendered.values.push_back((*bound.list)[i]);
    }
  }
  return rendered;
}

using Values = std::vector<FieldValue>;

}  // namespace

TEST_CASE("B79 a name is quoted, whatever it holds") {
  CHECK(sql::Quote("name") == "\"name\"");
  CHECK(sql::Quote("a\"b") == "\"a\"\"b\"");
  CHECK(sql::Quote("") == "\"\"");
}

TEST_CASE("B79 a condition holds parameters, and never a value") {
  CHECK(Where(F<&User::name> == "'; DROP") ==
        Rendered{R"( WHERE "users"."name" = ?1)", Values{"'; DROP"}});
  CHECK(Where((F<&User::age> >= 5 && !(F<&User::name> != "x")) || F<&User::photo>.IsNull(), 4) ==
        Rendered{R"( WHERE (("users"."age" >= ?4 AND NOT ("users"."name" <> ?5)))"
                 R"( OR "users"."picture" IS NULL))",
                 Values{5, "x"}});
  sql::Sql none(kTable<User>);
  none.Where(nullptr);
  CHECK(none.text.empty());
}

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

TEST_CASE("B98 a list is padded with its last value, so that few texts serve all lengths") {
  CHECK(Where(F<&User::age>.In(std::vector<int>{})) == Rendered{" WHERE 0", {}});
  CHECK(Where(F<&User::age>.In(7)) == Rendered{R"( WHERE "users"."age" IN (?1))", Values{7}});
  CHECK(Where(F<&User::age>.In(1, 2, 3)) ==
        Rendered{R"( WHERE "users"."age" IN (?1, ?2, ?3, ?4))", Values{1, 2, 3, 3}});
  CHECK(Where(F<&User::age>.In(1, 2, 3)).text == Where(F<&User::age>.In(4, 5, 6, 7)).text);
}

TEST_CASE("B98 a long list is one parameter, whatever its length") {
  const auto list = [](std::size_t count) {
    return Where(F<&User::name>.In(std::vector<std::string>(count, "ab")));
  };
  const Rendered longer = list(1025);
  CHECK(longer.text == R"( WHERE "users"."name" IN (SELECT +value FROM grapnel_values(?1)))");
  CHECK(longer.values == Values(1025, "ab"));
  CHECK(longer.text == list(5000).text);
  CHECK(list(1024).values.size() == 1024);
}

TEST_CASE("an order names its columns") {
  sql::Sql made(kTable<User>);
  const std::vector<grapnel::store::Ordering> order{grapnel::Desc(F<&User::photo>).ordering,
                                                    grapnel::Asc(F<&User::id>).ordering};
  made.OrderBy(order);
  CHECK(made.text == R"( ORDER BY "users"."picture" DESC, "users"."id")");

  sql::Sql tied(kTable<User>);
  tied.OrderBy({order.data(), 1});
  CHECK(tied.text == R"( ORDER BY "users"."picture" DESC, "users"."id" DESC)");
  sql::Sql untied(kTable<User>);
  untied.OrderBy({order.data(), 1}, sql::Sql::Ties::AsTheyCome);
  CHECK(untied.text == R"( ORDER BY "users"."picture" DESC)");
}

TEST_CASE("what comes behind a row is compared as rows, as far as NULL stands before it") {
  using grapnel::store::Behind;
  const auto id = grapnel::Asc(F<&User::id>).ordering;
  const auto text = [](std::vector<grapnel::store::Ordering> order, const Values& values) {
    sql::Sql made(kTable<User>);
    const auto node = Behind(std::move(order), values);
    made.Where(node.Get());
    return made.text;
  };
  CHECK(text({id}, Values{7}) == R"( WHERE "users"."id" > ?1)");
  CHECK(text({grapnel::Asc(F<&User::name>).ordering, id}, Values{"a", 7}) ==
        R"( WHERE ("users"."name", "users"."id") > (?1, ?2 COLLATE BINARY))");
  CHECK(text({grapnel::Desc(F<&User::name>).ordering, id}, Values{"a", 7}) ==
        R"( WHERE ("users"."name" <= ?1 AND ("users"."name" < ?1 OR )"
        R"("users"."name" = ?1 AND "users"."id" > ?2)))");
  CHECK(text({grapnel::Desc(F<&User::age>).ordering, id}, Values{3, 7}) ==
        R"( WHERE (("users"."age" <= ?1 AND ("users"."age" < ?1 OR "users"."age" = ?1 AND )"
        R"("users"."id" > ?2)) OR "users"."age" IS NULL))");
  CHECK(text({grapnel::Asc(F<&User::age>).ordering, id}, {grapnel::FieldValue(), 7}) ==
        R"( WHERE ("users"."age" IS NOT NULL OR ("users"."age" IS NULL AND "users"."id" > ?1)))");
}

TEST_CASE("a member that is no field of the type is refused") {
  sql::Sql made(kTable<texts::Alone>);
  CHECK_THROWS_AS(made.Where((F<&User::age> == 1).Node().Get()), grapnel::SchemaError);
}

TEST_CASE("B166 a chain is a tree of eight, and what may be one comparison is one") {
  const auto chain = [](int count, bool to_the_left, auto term) {
    auto all = term(0);
    for (int i = 1; i < count; ++i) all = to_the_left ? all || term(i) : term(i) || all;
    return all;
  };
  const auto equal = [](int i) { return F<&User::age> == i; };
  for (const bool left : {true, false}) {
    const Rendered rendered = Where(chain(2000, left, equal));
    CHECK(rendered.text == R"( WHERE "users"."age" IN (SELECT +value FROM grapnel_values(?1)))");
    CHECK(rendered.values.size() == 2000);
    CHECK(Where(!chain(2000, left, equal)).text ==
          R"( WHERE NOT ("users"."age" IN (SELECT +value FROM grapnel_values(?1))))");
  }
  const auto greater = [](int i) { return F<&User::age> > i; };
  CHECK(Where(chain(3, true, greater)).text ==
        R"( WHERE ("users"."age" > ?1 OR "users"."age" > ?2 OR "users"."age" > ?3))");
  CHECK(Where(chain(50, true, greater)).text ==
        R"( WHERE EXISTS (SELECT 1 FROM grapnel_values(?1) AS grapnel_value WHERE )"
        R"("users"."age" > +grapnel_value.value))");
  CHECK(Where(!chain(50, false, greater)).text ==
        R"( WHERE NOT EXISTS (SELECT 1 FROM grapnel_values(?1) AS grapnel_value WHERE )"
        R"((NOT ("users"."age" > +grapnel_value.value)) IS NOT TRUE))");
  CHECK(Where(chain(9, true, [](int) { return F<&User::age>.IsNull(); })).text ==
        R"( WHERE (("users"."age" IS NULL OR "users"."age" IS NULL OR "users"."age" IS NULL OR )"
        R"("users"."age" IS NULL OR "users"."age" IS NULL OR "users"."age" IS NULL OR )"
        R"("users"."age" IS NULL OR "users"."age" IS NULL) OR "users"."age" IS NULL))");
}

TEST_CASE("B166 a negation goes down to the leaves") {
  CHECK(Where(!!!(F<&User::age> > 1 && !(F<&User::age> < 5))).text ==
        R"( WHERE (NOT ("users"."age" > ?1) OR "users"."age" < ?2))");
}
