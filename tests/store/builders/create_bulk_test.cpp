#include <grapnel/store/builders/create_bulk.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <list>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

using grapnel::F;
using model::Card;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User, Card> client = grapnel::Open<User, Card>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  Fixture() { client.Migrate(); }

  User Named(std::string name, std::int64_t id = 0) const {
    User user;
    user.id = id;
    user.name = std::move(name);
    return user;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const User& user : users.Query().Order(grapnel::Asc(F<&User::id>)).All()) {
      names.push_back(std::to_string(user.id) + " " + user.name);
    }
    return names;
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "B59 entities are created in their order, those without an id getting one") {
  const std::vector<User> rows{Named("a"), Named("b", 7), Named("c")};
  const std::vector<User> made = users.CreateBulk(rows).Save();
  REQUIRE(made.size() == 3);
  CHECK(made[0].id == 1);
  CHECK(made[2].id == 8);
  CHECK(Names() == Texts{"1 a", "7 b", "8 c"});
}

TEST_CASE_METHOD(Fixture, "B59 any input range will do, of entities or of builders") {
  users.CreateBulk(std::list<User>{Named("a")}).Save();
  auto made = std::views::iota(0, 2) |
              std::views::transform([&](int i) { return Named("v" + std::to_string(i)); });
  users.CreateBulk(made).Save();
  std::vector<grapnel::store::Create<User>> builders;
  for (const char* name : {"x", "y"}) builders.push_back(users.Create().Set(F<&User::name>, name));
  users.CreateBulk(builders).Save();
  CHECK(Names() == Texts{"1 a", "2 v0", "3 v1", "4 x", "5 y"});
  CHECK_THROWS_AS(builders[0].Save(), grapnel::Error);  // spent
}

TEST_CASE_METHOD(Fixture, "B59 an empty range runs no hook and writes nothing") {
  int runs = 0;
  users.Use(grapnel::hook::Before([&](grapnel::Mutation<User>&) { ++runs; }));
  CHECK(users.CreateBulk(std::vector<User>()).Save().empty());
  CHECK(runs == 0);
}

TEST_CASE_METHOD(Fixture, "B53 the hooks of one row run before those of the next") {
  std::string log;
  users.Use([&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    log += "<" + *m.Get(F<&User::name>);
    auto value = next(m);
    log += ">";
    return value;
  });
  users.CreateBulk(std::vector<User>{Named("a"), Named("b")}).Save();
  CHECK(log == "<a><b>");
}

TEST_CASE_METHOD(Fixture, "B58 a constraint that breaks tells the row, and no row stays") {
  const auto cards = client.Of<Card>();
  std::vector<Card> rows(3);
  rows[0].number = "1";
  rows[1].number = "2";
  rows[2].number = "1";
  try {
    cards.CreateBulk(rows).Save();
    FAIL("there are two of the same number");
  } catch (const grapnel::ConstraintError& error) {
    CHECK(error.Row() == 2);
    CHECK(error.Fields() == Texts{"number"});
  }
  CHECK(cards.Query().Count() == 0);
}

TEST_CASE_METHOD(Fixture, "B86 a bulk runs once") {
  auto bulk = users.CreateBulk(std::vector<User>{Named("a")});
  bulk.Save();
  CHECK_THROWS_WITH(bulk.Save(), "User: this bulk is spent");
  CHECK(Names() == Texts{"1 a"});
}
