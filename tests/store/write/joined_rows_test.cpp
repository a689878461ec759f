// B201, B203: rows that the rules of their type leave out are as not there for edges. What comes of
// it stands in contract/guard_test.cpp.
#include <grapnel/store/write/joined_rows.hpp>

#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

TEST_CASE("B201 the ids that a write gives an edge are looked up where rules could hide them") {
  Fixture<User, Card, Pet> db;
  const User ada = db.client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  std::vector<std::string> sent;
  const auto traced = db.client.Debug([&](std::string_view sql) { sent.emplace_back(sql); });
  const auto reads = [&] {
    std::size_t selects = 0;
    for (const std::string& sql : sent) selects += sql.starts_with("SELECT") ? 1 : 0;
    sent.clear();
    return selects;
  };
  const auto add = [&](const std::string& number) {
    traced.Of<Card>().Create().Set(F<&Card::number>, number).Set(F<&Card::owner>, ada.id).Save();
  };
  add("0");
  reads();  // the first write compares the schema
  add("1");
  CHECK(reads() == 0);
  int steps = 0;
  const auto rule = db.client.Of<User>().Guard([&](grapnel::Reading<User>& r) {
    if (r.Step() == grapnel::ReadStep::Join) ++steps;
  });
  add("2");
  CHECK((steps == 1 && reads() == 0));  // nothing is left out
  db.client.Of<User>().Guard([](grapnel::Reading<User>& r) { r.Where(F<&User::name> == "Ada"); });
  add("3");
  CHECK((steps == 2 && reads() == 1));
  const auto allowed = db.client.With(grapnel::guard::Decide(grapnel::guard::Allow));
  allowed.Of<Card>().Create().Set(F<&Card::number>, "4").Set(F<&Card::owner>, ada.id).Save();
  CHECK(steps == 2);
}
