#include <grapnel/store/sqlite/kept_selects.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::sqlite::detail::KeptSelects;
using grapnel::sqlite::detail::SelectShape;
using grapnel::store::Predicate;

namespace {

SelectShape ShapeOf(const Predicate<User>& where) { return SelectShape(*where.Node()); }

}  // namespace

TEST_CASE("comparisons that differ in their values alone are of one shape") {
  const auto shape = [](const Predicate<User>& where) { return ShapeOf(where); };
  const auto old = F<&User::age> > 30;
  CHECK(shape(old).IsKept());
  CHECK(shape(old).IsSame(shape(F<&User::age> > 7)));
  CHECK_FALSE(shape(old).IsSame(shape(F<&User::age> >= 30)));
  CHECK_FALSE(shape(old).IsSame(shape(F<&User::version> > 30)));
  CHECK_FALSE(shape(old).IsSame(shape(old && F<&User::nickname>.IsNull())));
  CHECK(shape(F<&User::nickname>.IsNull() && old).IsKept());
}

TEST_CASE("what is not simple is not kept") {
  CHECK_FALSE(ShapeOf(F<&User::age> > 1 || F<&User::age> < 0).IsKept());
  CHECK_FALSE(ShapeOf(!(F<&User::age> > 1)).IsKept());
  CHECK_FALSE(ShapeOf(F<&User::cards>.Has()).IsKept());
  CHECK_FALSE(ShapeOf(F<&User::age> > F<&User::version>).IsKept());
  CHECK_FALSE(ShapeOf(F<&User::name>.HasPrefix("A")).IsKept());
  auto many = F<&User::age> > 0;
  for (int i = 1; i < 5; ++i) many = many && F<&User::age> > i;
  CHECK_FALSE(ShapeOf(many).IsKept());
}

TEST_CASE("each shape has a place of its own, up to a few") {
  KeptSelects kept;
  auto* const first = kept.Find(ShapeOf(F<&User::age> > 0));
  CHECK(kept.Find(ShapeOf(F<&User::age> > 9)) == first);
  CHECK(kept.Find(ShapeOf(F<&User::age> < 9)) != first);
  auto where = F<&User::age> == 0;
  for (int i = 0; i < 3; ++i) {
    CHECK(kept.Find(ShapeOf(where)) != nullptr);
    CHECK(kept.Find(ShapeOf(where && F<&User::name> < "")) != nullptr);
    where = where && F<&User::id> > 0;
  }
  CHECK(kept.Find(ShapeOf(where)) == nullptr);
  CHECK(kept.Find(ShapeOf(F<&User::age> > 9)) == first);
}
