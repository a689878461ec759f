#include <grapnel/store/mutation/touched.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using model::User;

namespace {

/// Users of age 10, 20 and 30, with the ids 1 to 3.
struct World {
  grapnel::Database<User, model::Card, model::Pet> client =
      grapnel::Open<User, model::Card, model::Pet>(":memory:");

  World() {
    client.Migrate();
    for (int i = 1; i <= 3; ++i) {
      client.Of<User>().Create().Set(F<&User::name>, "u").Set(F<&User::age>, 10 * i).Save();
    }
  }
  template <class H>
  void Before(H hook) {
    client.Of<User>().Use(grapnel::hook::On(grapnel::hook::Before(hook), Op::Update));
  }
};

}  // namespace

TEST_CASE("the rows are read once and pinned: what is written meanwhile adds none") {
  World world;
  std::vector<grapnel::FieldValue> first, second;
  world.Before([&](Mutation<User>& m) {
    if (m.Cause() != grapnel::Cause::Caller) return;
    auto& draft = m.Core();
    first = grapnel::detail::PinnedIds(draft);
    m.Client().Of<User>().Create().Set(F<&User::name>, "late").Set(F<&User::age>, 40).Save();
    second = grapnel::detail::PinnedIds(draft);
  });
  CHECK(world.client.Of<User>().Update().Where(F<&User::age> > 10).Add(F<&User::age>, 1).Save() == 2);
  CHECK(first == std::vector<grapnel::FieldValue>{2, 3});
  CHECK(second == first);
}

TEST_CASE("rows are selected and counted as the mutation's own transaction sees them") {
  World world;
  std::int64_t all = 0;
  std::vector<grapnel::FieldValue> old;
  world.Before([&](Mutation<User>& m) {
    m.Client().Of<User>().DeleteOne(1).Exec();
    const auto& table = *m.Core().table;
    all = grapnel::detail::CountRows(m.Core(), table, nullptr);
    old = grapnel::detail::SelectIds(m.Core(), table, (F<&User::age> >= 30).Node());
  });
  world.client.Of<User>().Update().Set(F<&User::name>, "x").Save();
  CHECK(all == 2);
  CHECK(old == std::vector<grapnel::FieldValue>{3});
}

TEST_CASE("a One form that touched nothing says why") {
  World world;
  const auto users = world.client.Of<User>();
  CHECK_THROWS_AS(users.UpdateOne(9).Set(F<&User::name>, "x").Save(), grapnel::NotFoundError);
  try {
    users.UpdateOne(1).Where(F<&User::age> == 99).Set(F<&User::name>, "x").Save();
    FAIL("nothing was thrown");
  } catch (const grapnel::StaleError& error) {
    CHECK_THAT(error.what(), Catch::Contains("id 1"));
  }
}
