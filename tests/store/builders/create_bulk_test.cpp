#include <grapnel/store/builders/create_bulk.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::F;
using model::Card;
using model::User;

namespace bulk {

struct Badge {
  std::int64_t id = 0;
  std::optional<std::string> label{};
};

}  // namespace bulk

template <>
struct grapnel::Schema<bulk::Badge> {
  static constexpr std::string_view Type = "Badge";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&bulk::Badge::label>("label").Default("plain"));
  }
};

namespace {

using bulk::Badge;

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
  CHECK_THROWS_WITH(bulk.Save(),
                    "User: this bulk is spent: it ran already, or was moved from; make a new one");
  CHECK(Names() == Texts{"1 a"});
}

TEST_CASE_METHOD(
    Fixture,
    "B112 entities are taken as they are given; Omit leaves fields to defaults and hooks") {
  struct Seen {
    bool password, active, id;
  };
  std::vector<Seen> seen;
  users.Use(grapnel::hook::Before([&](grapnel::Mutation<User>& m) {
    seen.push_back({m.Get(F<&User::password>) != nullptr, m.Get(F<&User::active>) != nullptr,
                    m.ID().has_value()});
    if (m.Get(F<&User::nickname>) == nullptr) m.Set(F<&User::nickname>, "by a hook");
  }));
  User ada = Named("Ada", 5);
  ada.active = false;
  ada.age = 36;
  ada.nickname = "A";
  ada.password = "secret";
  const std::vector<User> rows{ada};
  const User given = users.CreateBulk(rows).Save().at(0);
  CHECK(given.id == 5);
  CHECK_FALSE(given.active);
  CHECK(given.nickname == "A");
  CHECK(seen.at(0).id);
  auto bulk = users.CreateBulk(rows).Omit(F<&User::active>, F<&User::nickname>);
  bulk.Omit(F<&User::id>, F<&User::password>);
  const User omitted = bulk.Save().at(0);
  CHECK(omitted.id == 6);
  CHECK(omitted.active);  // its default
  CHECK(omitted.age == 36);
  CHECK(omitted.nickname == "by a hook");
  CHECK(omitted.password == std::nullopt);
  CHECK_FALSE(seen.at(1).password);
  CHECK(seen.at(1).active);
  CHECK_FALSE(seen.at(1).id);
  // What has to be there has to be there.
  CHECK_THROWS_AS(users.CreateBulk(rows).Omit(F<&User::name>).Save(), grapnel::ValidationError);
}

TEST_CASE_METHOD(Fixture, "B112 a std::nullopt that is given is NULL, whatever the default") {
  grapnel::Database<Badge> badges = grapnel::Open<Badge>(":memory:");
  badges.Migrate();
  const std::vector<Badge> rows(2);
  CHECK(badges.Of<Badge>().CreateBulk(rows).Save().at(1).label == std::nullopt);
  CHECK(badges.Of<Badge>().CreateBulk(rows).Omit(F<&Badge::label>).Save().at(1).label == "plain");
}

TEST_CASE_METHOD(
    Fixture, "B111 a builder of another client, transaction or view is an Error, nothing written") {
  struct Viewer {
    int id;
  };
  grapnel::Database<User, Card> other = grapnel::Open<User, Card>(":memory:");
  other.Migrate();
  const auto named = [](const auto& in, const char* name) {
    return in.template Of<User>().Create().Set(F<&User::name>, name);
  };
  const auto refused = [&](const auto& bulk, const auto& one) {
    std::vector<grapnel::store::Create<User>> rows;
    rows.push_back(named(bulk, "own"));
    rows.push_back(named(one, "foreign"));
    CHECK_THROWS_AS(bulk.template Of<User>().CreateBulk(rows).Save(), grapnel::Error);
  };
  const auto taken = [&](const auto& bulk, const auto& one) {
    std::vector<grapnel::store::Create<User>> rows;
    rows.push_back(named(one, "taken"));
    bulk.template Of<User>().CreateBulk(rows).Save();
  };
  const auto view = client.With(Viewer{1});
  refused(client, other);
  refused(client, view);
  refused(view, client);
  refused(view, client.With(Viewer{1}));
  refused(client, client.Debug([](std::string_view) {}));
  CHECK(Names().empty());
  taken(view, view);
  {
    auto tx = other.Tx();
    taken(tx, tx);
    taken(tx, tx.Client());
    taken(tx.Client(), tx);
    auto nested = tx.Tx();
    refused(nested, tx);
    taken(nested, nested);
    nested.Commit();
    refused(tx, tx.Client().With(Viewer{1}));
    tx.Rollback();
  }
  {
    auto first = client.Tx();
    auto builder = named(first, "of the first");
    first.Rollback();
    auto second = client.Tx();
    std::vector<grapnel::store::Create<User>> rows;
    rows.push_back(std::move(builder));
    CHECK_THROWS_AS(second.Of<User>().CreateBulk(rows).Save(), grapnel::Error);
    second.Commit();
  }
  client.Of<Card>().Use(grapnel::hook::Before([&](grapnel::Mutation<Card>& m) {
    refused(m.Client(), client);
    taken(m.Client(), m.Client());
  }));
  client.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
  CHECK(Names() == Texts{"1 taken", "2 taken"});
  CHECK(other.Of<User>().Query().Count() == 0);
}
