#include <grapnel/store/sql/walk.hpp>

#include <grapnel/store/sql/condition.hpp>
#include <grapnel/store/sql/sql.hpp>

#include "store/sql/dialects.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace walks {

struct Card;
struct Owner {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Card> cards;
};
struct Card {
  std::int64_t id = 0;
  grapnel::One<Owner> owner;
};

}  // namespace walks

template <>
struct grapnel::Schema<walks::Owner> {
  static constexpr std::string_view Type = "Owner";
  static constexpr auto Fields() { return grapnel::Fields(Field<&walks::Owner::name>("name")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&walks::Owner::cards>("cards")); }
};
template <>
struct grapnel::Schema<walks::Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&walks::Card::owner>("owner").Ref<&walks::Owner::cards>());
  }
};

namespace sql = grapnel::store::sql;
using grapnel::F;
using grapnel::detail::kTable;
using walks::Card;
using walks::Owner;

TEST_CASE(
    "B166 subselects stand in front, however deep they are in one another, as far as SQLite goes") {
  const auto nested = [](int count) {
    auto owners = F<&Owner::name> == "Ada";
    for (int i = 0; i < count; ++i) owners = F<&Owner::cards>.Has(F<&Card::owner>.Has(owners));
    sql::Sql made(texts::kDialect, kTable<Owner>);
    made.Where(owners.Node().Get());
    return made.Finish();
  };
  CHECK(nested(0) == R"( WHERE "Owner"."name" = ?1)");
  CHECK(nested(2).starts_with("WITH grapnel_1(id) AS (SELECT "));
  CHECK(nested(2).find("WHERE \"Owner\".\"id\" IN (SELECT id FROM grapnel_4)") !=
        std::string::npos);
  CHECK(nested(32).find("grapnel_64(id) AS (") != std::string::npos);
  CHECK_THROWS_AS(nested(33), grapnel::ValidationError);
}

TEST_CASE("a statement is moved, for what is bound lies in it") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<sql::Sql>);
  sql::Sql made(texts::kDialect, kTable<Owner>);
  static_cast<void>(made.Own(7));
  const sql::Sql moved = std::move(made);
  CHECK(*moved.parameters.front() == grapnel::FieldValue(7));
}

TEST_CASE("a write takes the ids of its rows first where these are matched by other rows") {
  const auto text = [](const grapnel::store::Predicate<Owner>& where) {
    sql::Sql made(texts::kDialect, kTable<Owner>);
    sql::WhereWritten(made, kTable<Owner>, 0, where.Node().Get());
    return made.text;
  };
  CHECK(text(F<&Owner::name> == "Ada") == R"( WHERE "Owner"."name" = ?1)");
  CHECK(text(!F<&Owner::cards>.Has(F<&Card::owner> == 1)) ==
        R"( WHERE "Owner"."id" IN (SELECT "Owner"."id" FROM "Owner" WHERE )"
        R"(NOT ("Owner"."id" IN (SELECT id FROM grapnel_1))))");
}
