#include <grapnel/store/mutation/cause.hpp>

#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

namespace {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::AnyMutation;
using grapnel::Cause;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::hook::Before;
using grapnel::hook::On;

struct World : Fixture<User, Card, Pet> {
  Lines log{};

  World() {
    client.Use(Before([this](const AnyMutation& m) {
      log.push_back(fmt::format("{} {} {}", m.Type(), m.Op(), m.Cause()));
    }));
  }
  static User AddUser(const grapnel::Client& in, const char* name) {
    return in.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  static Card AddCard(const grapnel::Client& in) {
    const std::int64_t others = in.Of<Card>().Query().Count();
    return in.Of<Card>().Create().Set(F<&Card::number>, std::to_string(others)).Save();
  }
};

}  // namespace

TEST_CASE("B106 a cause has a name") {
  CHECK(Name(Cause::Caller) == "Caller");
  CHECK(ToString(Cause::Hook) == "Hook");
  CHECK(fmt::format("{} {}", Cause::Cascade, Cause::Upsert) == "Cascade Upsert");
}

TEST_CASE("B106 what the program begins has the cause Caller, in a transaction and in a bulk too") {
  World world;
  World::AddUser(world.client, "Ada");
  world.client.WithTx([](grapnel::Tx& tx) {
    World::AddUser(tx.Client(), "Bob");
    tx.WithTx([](grapnel::Tx& inner) { inner.Of<User>().UpdateOne(1).Save(); });
  });
  world.client.Of<User>().CreateBulk(std::vector<User>{{.name = "c"}, {.name = "d"}}).Save();
  world.client.Of<User>().Delete().Exec();
  CHECK(world.log == Lines{"User Create Caller", "User Create Caller", "User UpdateOne Caller",
                           "User Create Caller", "User Create Caller", "User Delete Caller"});
}

TEST_CASE("B106 what Grapnel begins knows the mutation that it is for") {
  World world;
  Lines log;
  world.client.Use(Before([&log](const AnyMutation& m) {
    std::string line;
    for (const AnyMutation* each = &m; each != nullptr; each = each->CausedBy())
      line += fmt::format("{}{} {}", line.empty() ? "" : " for ", each->Type(), each->Op());
    log.push_back(line);
  }));
  const User ada = World::AddUser(world.client, "Ada");
  const Card card = World::AddCard(world.client);
  CHECK(Take(log) == Lines{"User Create", "Card Create"});
  world.client.Of<User>().UpdateOne(ada.id).AddIDs(F<&User::cards>, {card.id}).Save();
  CHECK(Take(log) == Lines{"User UpdateOne", "Card Update for User UpdateOne"});
  world.client.Of<User>().Use(Before([](Mutation<User>& m) {
    if (m.Op() == Op::DeleteOne) World::AddCard(m.Client());
  }));
  world.client.Of<User>().DeleteOne(ada.id).Exec();
  CHECK(Take(log).at(1) == "Card Create");  // what a hook begins is its own
}

TEST_CASE("B106 what a hook begins has the cause Hook, however it does") {
  World world;
  bool own_in_a_constant = false;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    const Mutation<User>& seen = m;
    own_in_a_constant = seen.Cause() == Cause::Caller;
    World::AddCard(m.Client());
    auto value = next(m);
    m.Client().WithTx([](grapnel::Tx& tx) {
      tx.WithTx([](grapnel::Tx& inner) { World::AddCard(inner.Client()); });
    });
    m.Client()
        .Of<Card>()
        .CreateBulk(std::vector<Card>{{.number = "x" + std::to_string(*m.ID())}})
        .Save();
    if (m.InTx()) World::AddCard(m.Tx().Client());
    return value;
  });
  const auto expect = [&](bool in_tx) {
    Lines expected = {"User Create Caller", "Card Create Hook", "Card Create Hook",
                      "Card Create Hook"};
    if (in_tx) expected.push_back("Card Create Hook");
    CHECK(Take(world.log) == expected);
    CHECK(std::exchange(own_in_a_constant, false));
  };
  World::AddUser(world.client, "Ada");
  expect(false);
  world.client.WithTx([&](grapnel::Tx& tx) {
    World::AddUser(tx.Client(), "Ada");
    expect(true);
    tx.WithTx([](grapnel::Tx& inner) { World::AddUser(inner.Client(), "Ada"); });
    expect(true);
    World::AddCard(tx.Client());  // after the hooks it is the program's again
    CHECK(Take(world.log) == Lines{"Card Create Caller"});
  });
  // What a hook begins is what begins the next one.
  world.client.Of<Card>().Use(Before(
      [](Mutation<Card>& m) { m.Client().Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save(); }));
  World::AddCard(world.client);
  CHECK(Take(world.log) == Lines{"Card Create Caller", "Pet Create Hook"});
}

TEST_CASE("B106 a mutation that is run again keeps its cause") {
  World world;
  world.client.Of<User>().Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Op() != Op::Delete) return next(m);
    m.SetOp(Op::Update);
    m.Set(F<&User::age>, 1);
    return m.Client().Mutate(m);
  });
  world.client.Of<User>().Delete().Exec();
  CHECK(Take(world.log) == Lines{"User Delete Caller", "User Update Caller"});
  world.client.Of<Card>().Use(
      Before([](Mutation<Card>& m) { m.Client().Of<User>().Delete().Exec(); }));
  World::AddCard(world.client);
  CHECK(Take(world.log) == Lines{"Card Create Caller", "User Delete Hook", "User Update Hook"});
}

TEST_CASE("B106 a commit hook and a rollback hook are hooks; an AfterCommit callback is none") {
  World world;
  const grapnel::Client& client = world.client;
  SECTION("commit") {
    client.WithTx([](grapnel::Tx& tx) {
      tx.OnCommit([](grapnel::Tx& inner, auto next) {
        World::AddCard(inner.Client());
        inner.WithTx([](grapnel::Tx& nested) { World::AddCard(nested.Client()); });
        next(inner);
      });
    });
    CHECK(world.log == Lines{"Card Create Hook", "Card Create Hook"});
  }
  SECTION("commit of a mutation's own transaction, and what follows it") {
    bool first = true;
    world.client.OnCommit([&](grapnel::Tx& tx, auto next) {
      if (std::exchange(first, false)) {
        tx.AfterCommit([&] { World::AddCard(client); });
        World::AddCard(tx.Client());
      }
      next(tx);
    });
    World::AddUser(client, "Ada");
    CHECK(world.log == Lines{"User Create Caller", "Card Create Hook", "Card Create Caller"});
  }
  SECTION("rollback") {
    auto tx = client.Tx();
    const auto add = [](grapnel::Tx& inner, auto next) {
      World::AddCard(inner.Client());
      next(inner);
    };
    tx.OnRollback(add);
    auto nested = tx.Tx();
    nested.OnRollback(add);
    nested.Rollback();
    World::AddCard(tx.Client());
    tx.Rollback();
    CHECK(world.log == Lines{"Card Create Hook", "Card Create Caller", "Card Create Hook"});
  }
}

TEST_CASE(
    "B106 what a deletion takes with it has the cause Cascade, and its hooks begin as hooks") {
  World world;
  const auto ada = World::AddUser(world.client, "Ada");
  for (int i = 0; i < 2; ++i) {
    const auto number = std::to_string(i);
    world.client.Of<Card>()
        .Create()
        .Set(F<&Card::number>, number)
        .Set(F<&Card::owner>, ada.id)
        .Save();
  }
  Take(world.log);
  world.client.Of<Card>().Use(On(Before([](Mutation<Card>& m) {
                                   m.Client().Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
                                 }),
                                 Op::Delete));
  world.client.Of<User>().DeleteOne(ada.id).Exec();
  CHECK(world.log == Lines{"User DeleteOne Caller", "Card Delete Cascade", "Pet Create Hook"});
}
