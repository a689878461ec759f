#include <grapnel/store/sql/pages.hpp>

#include <grapnel/store/sql/condition.hpp>

#include "store/sql/dialects.hpp"
#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

#include <utility>
#include <vector>

namespace sql = grapnel::store::sql;
using grapnel::F;
using grapnel::detail::kTable;
using texts::User;
using Values = std::vector<grapnel::FieldValue>;

TEST_CASE("what comes behind a row is compared as rows, as far as NULL stands before it") {
  using grapnel::store::Behind;
  const auto id = grapnel::Asc(F<&User::id>).ordering;
  const auto text = [](std::vector<grapnel::store::Ordering> order, const Values& values) {
    sql::Sql made(texts::kDialect, kTable<User>);
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

TEST_CASE("what comes behind a row is in two parts where NULLs stand among the rows") {
  using grapnel::store::Behind;
  const auto id = grapnel::Asc(F<&User::id>).ordering;
  const sql::Sql made(texts::kDialect, kTable<User>);
  const auto plain = Behind({grapnel::Asc(F<&User::name>).ordering, id}, Values{"a", 7});
  const auto parted = Behind({grapnel::Desc(F<&User::age>).ordering, id}, Values{3, 7});
  CHECK(made.InTwoParts(nullptr) == nullptr);
  CHECK(made.InTwoParts(plain.Get()) == nullptr);
  CHECK(made.InTwoParts(parted.Get()) == parted.Get());
}
