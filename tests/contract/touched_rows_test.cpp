// B105: after next, IDs and OldRows are exactly the rows that the write touched; edges by name.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

namespace {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::AnyMutation;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using Ids = std::vector<std::int64_t>;
namespace hook = grapnel::hook;

constexpr auto kAge = F<&User::age>;
constexpr auto kName = F<&User::name>;

struct World : Fixture<User, Card, Pet> {
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  /// What IDs and OldRows were after next, joined by ' '.
  Lines touched{};

  /// Users a, b, c, d, ... with ids from 1 on, of age 10, 20, 30, ...
  explicit World(int count = 4) {
    for (int i = 0; i < count; ++i) {
      users.Create()
          .Set(kName, std::string(1, static_cast<char>('a' + i)))
          .Set(kAge, 10 * (i + 1))
          .Save();
    }
  }
  /// Asks before next, in this way, and notes what is said after it.
  void Ask(bool ids, bool rows) {
    users.Use(hook::Unless(
        [this, ids, rows](Mutation<User>& m, Next<User> next) -> Value<User> {
          if (ids) m.IDs();
          if (rows) m.OldRows();
          auto value = next(m);
          std::string line;
          const auto add = [&](const std::string& text) {
            line += (line.empty() ? "" : " ") + text;
          };
          if (ids) {
            for (const std::int64_t id : m.IDs()) add(std::to_string(id));
          }
          if (rows) {
            for (const User& user : m.OldRows()) add(user.name);
            for (const grapnel::AnyValue& row : static_cast<AnyMutation&>(m).OldRows()) {
              add(*row.Field("name").As<std::string>());
            }
          }
          touched.push_back(line);
          return value;
        },
        Op::Create));
  }
  void Before(auto body) { users.Use(hook::Unless(hook::Before(std::move(body)), Op::Create)); }
};

}  // namespace

TEST_CASE("B105 predicates that are added after IDs and OldRows narrow them too") {
  World world;
  const bool ids = GENERATE(true, false);
  world.Ask(ids, !ids);
  world.Before([](Mutation<User>& m) { m.Where(kAge > 25); });
  const Lines both{ids ? "3 4" : "c d c d"};
  SECTION("of an update") {
    CHECK(world.users.Update().Set(F<&User::nickname>, "x").Save() == 2);
    CHECK(world.touched == both);
  }
  SECTION("that changes nothing") {
    CHECK(world.users.Update().Save() == 2);
    CHECK(world.touched == both);
  }
  SECTION("of edges") {
    CHECK(world.users.Update().AddIDs(F<&User::friends>, {1}).Save() == 2);
    CHECK(world.touched == both);
  }
  SECTION("of a deletion") {
    CHECK(world.users.Delete().Exec() == 2);
    CHECK(world.touched == both);
  }
  SECTION("of one that has cascades") {
    world.client.Of<Card>().Use(hook::Before([](Mutation<Card>&) {}));
    world.client.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::owner>, 3).Save();
    CHECK(world.users.Delete().Exec() == 2);
    CHECK(world.touched == both);
  }
  SECTION("of the One forms: touched, or refused and as before") {
    world.users.UpdateOne(3).Set(F<&User::nickname>, "x").Save();
    world.users.DeleteOne(4).Exec();
    CHECK(world.touched == Lines{ids ? "3" : "c c", ids ? "4" : "d d"});
    CHECK_THROWS_AS(world.users.UpdateOne(1).Set(F<&User::nickname>, "x").Save(),
                    grapnel::StaleError);
    CHECK_THROWS_AS(world.users.DeleteOne(1).Exec(), grapnel::StaleError);
  }
  SECTION("of another Op") {
    world.users.Use([](Mutation<User>& m, Next<User> next) {
      m.SetOp(Op::Update);
      m.Set(F<&User::nickname>, "x");
      m.Where(kAge < 35);
      return next(m);
    });
    CHECK(world.users.Delete().Exec() == 1);
    CHECK(world.touched == Lines{ids ? "3" : "c c"});
  }
  SECTION("of none") {
    world.Before([](Mutation<User>& m) { m.Where(kAge > 99); });
    CHECK(world.users.Delete().Exec() == 0);
    CHECK(world.touched == Lines{""});
  }
}

TEST_CASE("B105 rows that hooks have written meanwhile are told as they were touched") {
  World world;
  world.Ask(true, true);
  world.Before([](Mutation<User>& m) {
    if (m.Op() == Op::DeleteOne) return;
    m.Client().Of<User>().DeleteOne(2).Exec();
  });
  CHECK(world.users.Update().Set(F<&User::nickname>, "x").Save() == 3);
  CHECK(world.touched.back() == "1 3 4 a c d a c d");
}

TEST_CASE("B105 B145 which rows match is settled before the first of them is written") {
  World world(3);
  const auto best = F<&User::best_friend>;
  world.users.UpdateOne(2).Set(best, 1).Save();
  world.users.UpdateOne(3).Set(best, 2).Save();
  // As 1 is written first, 2's friend would then be 50, and so on.
  const auto chain = kAge == 10 || best.Has(kAge == 50);
  CHECK(world.users.Query().Where(chain).IDs() == Ids{1});
  CHECK(world.users.Update().Where(chain).Set(kAge, 50).Save() == 1);
  CHECK(world.users.Query().Where(kAge == 50).IDs() == Ids{1});
  const auto no_such_friend = !best.Has(kAge == 20);
  CHECK(world.users.Update().Where(no_such_friend).Set(kAge, 20).Set(kName, "x").Save() == 2);
  CHECK(world.users.Query().Where(kAge == 30).IDs() == Ids{3});

  world.users.Intercept(
      hook::Before([best](grapnel::Reading<User>& r) { r.Where(!best.Has(kAge == 7)); }));
  CHECK(world.users.Update().Set(kAge, 7).Save() == 3);
  CHECK(world.users.Update().Where(kAge > 0).Set(kAge, 8).Save() == 1);
  CHECK(world.users.Delete().Where(kAge == 8 || best.Has(kAge == 8)).Exec() == 2);
}

TEST_CASE("B105 a row that a trigger of others keeps was not touched") {
  World world;
  world.Raw(
      "CREATE TRIGGER keep BEFORE DELETE ON User WHEN old.name = 'b' BEGIN SELECT RAISE(IGNORE); "
      "END");
  world.Ask(true, true);
  CHECK(world.users.Delete().Exec() == 3);
  CHECK(world.touched == Lines{"1 3 4 a c d a c d"});
}

TEST_CASE("B105 a row that a trigger of others leaves as it was is not among those updated") {
  World world;
  world.Raw(
      "CREATE TRIGGER hold BEFORE UPDATE ON User WHEN old.name = 'b' BEGIN SELECT RAISE(IGNORE); "
      "END");
  world.Raw(
      "CREATE TRIGGER chain AFTER UPDATE ON User WHEN old.name = 'c' BEGIN DELETE FROM User WHERE "
      "name = 'd'; END");
  SECTION("asked for their ids and their old rows, by an Update that fits all of them") {
    world.Ask(true, true);
    CHECK(world.users.Update().Set(F<&User::nickname>, "x").Save() == 2);
    CHECK(world.touched == Lines{"1 3 a c a c"});
  }
  SECTION("with values that the row has already, and rows narrowed after they were asked for") {
    world.Ask(true, false);
    world.Before([](Mutation<User>& m) { m.Where(kAge < 25); });
    CHECK(world.users.Update().Add(kAge, 0).Save() == 1);
    CHECK(world.touched == Lines{"1"});
  }
  SECTION("not asked for: one statement, and a count of rows really changed") {
    // A trigger behind the third takes the fourth: before its turn, or when all have been changed.
    const int changed = engine::ChecksKeysRowByRow() ? 2 : 3;
    CHECK(world.users.Update().Set(F<&User::nickname>, "x").Save() == changed);
  }
  SECTION("a constraint that the second row breaks undoes the first") {
    world.Raw("DROP TRIGGER hold");
    world.Raw(
        "CREATE TRIGGER guard BEFORE UPDATE ON User WHEN old.name = 'c' BEGIN SELECT "
        "RAISE(ABORT, 'no'); END");
    world.Ask(true, true);
    auto tx = world.client.Tx();
    CHECK_THROWS_AS(tx.Of<User>().Update().Set(F<&User::nickname>, "x").Save(),
                    grapnel::ConstraintError);
    tx.Commit();
    CHECK(world.Raw("SELECT count(*) FROM User WHERE nickname IS NULL") == Lines{"4"});
  }
}

TEST_CASE("B122 an edge that a trigger of others keeps from being taken away is an Error") {
  World world;
  const auto pet = [&](const char* name) {
    return world.client.Of<Pet>().Create().Set(F<&Pet::name>, name).Save().id;
  };
  const std::int64_t rex = pet("rex"), tom = pet("tom");
  world.users.UpdateOne(1)
      .AddIDs(F<&User::pets>, {rex, tom})
      .AddIDs(F<&User::friends>, {2, 3})
      .Save();
  const Lines tables = engine::Tables(world.scratch.File("test.db"));
  const std::string pairs = *std::ranges::find_if(
      tables, [](const std::string& name) { return name.find("friends") != std::string::npos; });
  world.Raw(
      "CREATE TRIGGER hold BEFORE UPDATE ON Pet WHEN old.name = 'tom' BEGIN SELECT RAISE(IGNORE); "
      "END");
  world.Raw("CREATE TRIGGER keep BEFORE DELETE ON \"" + pairs +
            "\" BEGIN SELECT RAISE(IGNORE); END");
  const bool looks = GENERATE(false, true);
  if (looks) world.client.Of<Pet>().Use(hook::Before([](Mutation<Pet>&) {}));
  auto tx = world.client.Tx();
  const auto kept = [&](const char* edge, auto builder) {
    try {
      std::move(builder).Save();
      FAIL(edge << " was not taken away, and nothing said so");
    } catch (const grapnel::ConstraintError& error) {
      CHECK(error.Fields() == std::vector<std::string>{edge});
    }
  };
  const auto one = [&] { return tx.Of<User>().UpdateOne(1); };
  const auto all = [&] { return tx.Of<User>().Update(); };
  kept("pets", one().RemoveIDs(F<&User::pets>, {rex, tom}));
  kept("pets", one().ClearEdge(F<&User::pets>));
  kept("pets", one().Set(F<&User::pets>, {rex}));
  kept("pets", all().ClearEdge(F<&User::pets>));
  kept("friends", one().RemoveIDs(F<&User::friends>, {2}));
  kept("friends", one().ClearEdge(F<&User::friends>));
  kept("friends", all().Set(F<&User::friends>, std::vector<std::int64_t>{}));
  one().RemoveIDs(F<&User::pets>, {rex}).Save();
  one().Set(F<&User::friends>, {2, 3, 4}).Save();
  tx.Commit();
  CHECK(world.Raw("SELECT name FROM Pet WHERE owner_id IS NOT NULL") == Lines{"tom"});
}

TEST_CASE("B105 before the write they are as first asked for, and again when next failed") {
  World world;
  Lines log;
  const auto note = [&](Mutation<User>& m) {
    std::string line;
    for (const std::int64_t id : m.IDs()) line += std::to_string(id);
    for (const User& user : m.OldRows()) line += user.name;
    log.push_back(line);
  };
  bool fail = true;
  world.users.Use(hook::Unless(
      [&](Mutation<User>& m, Next<User> next) -> Value<User> {
        note(m);
        try {
          return next(m);
        } catch (const std::domain_error&) {
          note(m);
          auto value = next(m);
          note(m);
          return value;
        }
      },
      Op::Create));
  world.users.Use(hook::Unless(hook::After([&](const Mutation<User>&, Value<User>&) {
                                 if (std::exchange(fail, false)) throw std::domain_error("once");
                               }),
                               Op::Create));
  world.Before([&](Mutation<User>& m) {
    m.Where(kAge > 15);
    note(m);
  });
  world.users.Update().Set(F<&User::nickname>, "x").Save();
  CHECK(log == Lines{"1234abcd", "1234abcd", "1234abcd", "1234abcd", "234bcd"});
}

TEST_CASE("B105 random hooks and predicates: what is told is what was written") {
  std::mt19937 random(11);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 60; ++round) {
    World world(8);
    Ids told, rows;
    world.users.Use(hook::Unless(
        [&](Mutation<User>& m, Next<User> next) -> Value<User> {
          if (m.Cause() != grapnel::Cause::Caller) return next(m);
          m.IDs();
          m.OldRows();
          auto value = next(m);
          told = m.IDs();
          for (const User& user : m.OldRows()) rows.push_back(user.id);
          return value;
        },
        Op::Create));
    for (int i = below(3); i > 0; --i) {
      world.Before([least = 10 * below(6)](Mutation<User>& m) {
        if (m.Cause() == grapnel::Cause::Caller) m.Where(kAge > least);
      });
    }
    if (below(2) == 0) {
      world.Before([id = below(8) + 1, drop = below(2) == 0](Mutation<User>& m) {
        if (m.Cause() != grapnel::Cause::Caller) return;
        const auto users = m.Client().Of<User>();
        if (drop) {
          users.Delete().Where(F<&User::id> == id).Exec();
        } else {
          users.Update().Where(F<&User::id> == id).Set(kAge, 1).Save();
        }
      });
    }
    const std::int64_t count = world.users.Update().Set(F<&User::nickname>, "hit").Save();
    Ids hit;
    for (const std::string& id :
         world.Raw("SELECT id FROM User WHERE nickname = 'hit' ORDER BY id")) {
      hit.push_back(std::stoll(id));
    }
    REQUIRE(count == static_cast<std::int64_t>(hit.size()));
    REQUIRE(told == hit);
    REQUIRE(rows == hit);
  }
}

TEST_CASE(
    "B105 an UpdateOne or DeleteOne that was asked for its old row sends what it sends otherwise") {
  World world;
  Lines sent;
  const auto trace = [&](std::string_view sql) { sent.emplace_back(sql); };
  const auto traced = world.client.Debug(trace);
  const auto update = [&] {
    sent.clear();
    traced.Of<User>().UpdateOne(1).Set(kAge, 1).Save();
    return *std::find_if(sent.begin(), sent.end(),
                         [](const std::string& sql) { return sql.starts_with("UPDATE"); });
  };
  const std::string before = update();
  world.Before([](Mutation<User>& m) { m.OldRows(); });
  CHECK(update() == before);
}

TEST_CASE("B105 by name an edge is accepted wherever its token is") {
  World world;
  const auto cards = world.client.Of<Card>();
  Lines log;
  const auto text = [](const std::optional<FieldValue>& value) {
    return value ? ToString(*value) : std::string("-");
  };
  cards.Use(hook::Before([&](Mutation<Card>& typed) {
    AnyMutation& m = typed;
    log.push_back(text(m.Field("owner")) + (m.HasField("owner") ? " set" : "") +
                  (m.FieldCleared("owner") ? " cleared" : ""));
    CHECK(m.HasField("owner") == typed.Get(F<&Card::owner>).has_value());
  }));
  cards.Use(hook::If(hook::Before([&](Mutation<Card>&) { log.push_back("has"); }),
                     hook::HasFields("owner", "number")));
  cards.Use(hook::If(hook::Before([&](Mutation<Card>&) { log.push_back("clears"); }),
                     hook::HasClearedFields("owner")));
  cards.Use(hook::On(hook::Before([&](Mutation<Card>& m) {
                       log.push_back("old " + ToString(m.OldField("owner")));
                       for (const auto& row : static_cast<AnyMutation&>(m).OldRows()) {
                         log.push_back("row " + ToString(row.Field("owner")));
                       }
                     }),
                     Op::UpdateOne));
  cards.Create().Set(F<&Card::number>, "1").Set(F<&Card::owner>, 2).Save();
  CHECK(Take(log) == Lines{"2 set", "has"});
  cards.UpdateOne(1).ClearEdge(F<&Card::owner>).Save();
  CHECK(Take(log) == Lines{"- cleared", "clears", "old 2", "row 2"});
  world.Before([&](Mutation<User>& typed) {
    AnyMutation& m = typed;
    CHECK(m.HasField("cards"));
    CHECK(hook::HasFields("cards")(typed));
    CHECK_THROWS_AS(m.Field("cards"), grapnel::TypeMismatchError);
    CHECK_THROWS_AS(m.OldField("cards"), grapnel::TypeMismatchError);
    CHECK_THROWS_AS(m.Field("nobody"), grapnel::UnknownFieldError);
    m.ResetEdge("cards");
    CHECK_FALSE(m.HasField("cards"));
    m.ClearEdge("cards");
    CHECK(m.FieldCleared("cards"));
    CHECK(hook::HasClearedFields("cards")(typed));
  });
  world.users.UpdateOne(2).AddIDs(F<&User::cards>, {1}).Save();
}
