#include <grapnel/store/sql/condition.hpp>

#include "store/sql/rendered.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

namespace sql = grapnel::store::sql;
using grapnel::F;
using grapnel::detail::kTable;
using texts::Rendered;
using texts::User;
using texts::Values;
using texts::Where;

TEST_CASE("B79 a condition holds parameters, and never a value") {
  CHECK(Where(F<&User::name> == "'; DROP") ==
        Rendered{R"( WHERE "users"."name" = ?1)", Values{"'; DROP"}});
  CHECK(Where((F<&User::age> >= 5 && !(F<&User::name> != "x")) || F<&User::photo>.IsNull(), 4) ==
        Rendered{R"( WHERE (("users"."age" >= ?4 AND NOT ("users"."name" <> ?5)))"
                 R"( OR "users"."picture" IS NULL))",
                 Values{5, "x"}});
  sql::Sql none(texts::kDialect, kTable<User>);
  none.Where(nullptr);
  CHECK(none.text.empty());
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
