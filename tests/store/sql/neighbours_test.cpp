#include <grapnel/store/sql/neighbours.hpp>

#include <grapnel/store/sql/condition.hpp>

#include "store/sql/dialects.hpp"
#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
using texts::User;
using walks::Card;
using walks::Owner;

TEST_CASE("an order names its columns") {
  sql::Sql made(texts::kDialect, kTable<User>);
  const std::vector<grapnel::store::Ordering> order{grapnel::Desc(F<&User::photo>).ordering,
                                                    grapnel::Asc(F<&User::id>).ordering};
  made.OrderBy(order);
  CHECK(made.text == R"( ORDER BY "users"."picture" DESC, "users"."id")");

  sql::Sql tied(texts::kDialect, kTable<User>);
  tied.OrderBy({order.data(), 1});
  CHECK(tied.text == R"( ORDER BY "users"."picture" DESC, "users"."id" DESC)");
  sql::Sql untied(texts::kDialect, kTable<User>);
  untied.OrderBy({order.data(), 1}, sql::Sql::Ties::AsTheyCome);
  CHECK(untied.text == R"( ORDER BY "users"."picture" DESC)");
}

TEST_CASE("a condition on neighbours asks the foreign key, at the end that holds it") {
  sql::Sql to_one(texts::kDialect, kTable<Card>);
  to_one.Where(F<&Card::owner>.Has(F<&Owner::name> == "Ada").Node().Get());
  CHECK(to_one.Finish() ==
        R"(WITH grapnel_1(id) AS (SELECT "Owner"."id" FROM "Owner" WHERE "Owner"."name" = ?1) )"
        R"( WHERE ("Card"."owner_id" IS NOT NULL AND )"
        R"("Card"."owner_id" IN (SELECT id FROM grapnel_1)))");
  sql::Sql to_many(texts::kDialect, kTable<Owner>);
  to_many.Where(F<&Owner::cards>.Has(F<&Card::id> == 3).Node().Get());
  CHECK(to_many.Finish() == R"(WITH grapnel_1(id) AS (SELECT "Card"."owner_id" FROM "Card" WHERE )"
                            R"("Card"."owner_id" IS NOT NULL AND "Card"."id" = ?1) )"
                            R"( WHERE "Owner"."id" IN (SELECT id FROM grapnel_1))");
}
