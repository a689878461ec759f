// B71, B72, rules 2 and 3: a mutation is atomic; savepoints are lazy; after the fact is after the
// fact.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::CommittedError;
using grapnel::ConstraintError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Tx;
using model::Card;
using model::User;
using namespace tx_fixture;
namespace hook = grapnel::hook;

namespace {

template <class C>
void AddCard(const C& client, const std::string& number) {
  client.template Of<Card>()
      .Create()
      .Set(F<&Card::number>, number)
      .Set(F<&Card::in_hook>, "")
      .Save();
}

/// The cards' numbers, in their order.
template <class C>
Lines Cards(const C& client) {
  Lines numbers;
  const auto order = grapnel::Asc(F<&Card::number>);
  for (auto& card : client.template Of<Card>().Query().Order(order).All()) {
    numbers.push_back(std::move(card.number));
  }
  return numbers;
}

/// The first words of the statements that a client sends.
class Statements {
 public:
  template <class C>
  auto Of(const C& client) {
    return client.Debug(
        [this](std::string_view sql) { words_.emplace_back(sql.substr(0, sql.find(' '))); });
  }
  Lines Take() { return std::exchange(words_, {}); }

 private:
  Lines words_;
};

auto Passing() {
  return [](Mutation<User>& m, Next<User> next) { return next(m); };
}

}  // namespace

TEST_CASE("B71 a mutation and its hooks' writes happen together or not at all") {
  World world{GENERATE(Place::Memory, Place::File)};
  const std::string failure =
      GENERATE("none", "before", "validation", "SQL", "after", "inner hook");
  INFO(failure);
  AddCard(world.client, "taken");
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    AddCard(m.Client(), "before");
    if (failure == "before") throw std::runtime_error("stop");
    if (failure == "validation") m.Set(F<&User::name>, "");
    auto value = next(m);
    AddCard(m.Client(), failure == "SQL" ? "taken" : "after");
    if (failure == "after") throw std::runtime_error("stop");
    return value;
  });
  world.client.Of<Card>().Use(hook::After([&](const Mutation<Card>& m, grapnel::Value<Card>&) {
    if (failure == "inner hook" && *m.Get(F<&Card::number>) == "after") {
      throw std::runtime_error("stop");
    }
  }));
  if (failure == "none") {
    Add(world.client, "Ada");
    REQUIRE(Names(world.client) == Lines{"Ada"});
    REQUIRE(Cards(world.client) == Lines{"after", "before", "taken"});
    return;
  }
  if (failure == "validation") {
    REQUIRE_THROWS_AS(Add(world.client, "Ada"), grapnel::ValidationError);
  } else if (failure == "SQL") {
    REQUIRE_THROWS_AS(Add(world.client, "Ada"), ConstraintError);
  } else {
    REQUIRE_THROWS_WITH(Add(world.client, "Ada"), "stop");
  }
  REQUIRE(Names(world.client) == Lines{});
  REQUIRE(Cards(world.client) == Lines{"taken"});

  world.client.WithTx([&](Tx& tx) {  // inside a transaction: as it was before the mutation
    AddCard(tx, "mine");
    REQUIRE_THROWS(Add(tx, "Ada"));
    REQUIRE(Cards(tx) == Lines{"mine", "taken"});
  });
  REQUIRE(Names(world.client) == Lines{});
  REQUIRE(Cards(world.client) == Lines{"mine", "taken"});
}

TEST_CASE("B71 a Before-hook's writes are undone when the write fails") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool in_tx = GENERATE(false, true);
  AddCard(world.client, "taken");
  world.client.Of<Card>().Use(hook::Before([](Mutation<Card>& m) {
    m.AfterCommit([] { FAIL("it was not committed"); });
    Add(m.Client(), *m.Get(F<&Card::number>));
  }));
  if (in_tx) {
    world.client.WithTx([](Tx& tx) {
      Add(tx, "mine");
      REQUIRE_THROWS_AS(AddCard(tx, "taken"), ConstraintError);
    });
  } else {
    REQUIRE_THROWS_AS(AddCard(world.client, "taken"), ConstraintError);
  }
  REQUIRE(Names(world.client) == (in_tx ? Lines{"mine"} : Lines{}));
  REQUIRE(Cards(world.client) == Lines{"taken"});
}

TEST_CASE("B72 AfterCommit callbacks run in registration order, once the data is durable") {
  World world;
  Lines log;
  world.client.OnCommit(Around(log, "commit"));
  const auto seen = [&](const char* name) {
    return [&, name] { log.push_back(name + world.Raw("SELECT count(*) FROM User").front()); };
  };
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    m.AfterCommit(seen("1: "));
    auto value = next(m);
    m.AfterCommit(seen("3: "));
    return value;
  });
  world.client.Of<User>().Use(hook::After(
      [&](const Mutation<User>& m, grapnel::Value<User>&) { m.AfterCommit(seen("2: ")); }));
  Add(world.client, "Ada");
  REQUIRE(Take(log) == Lines{"before commit", "after commit", "1: 1", "2: 1", "3: 1"});

  world.client.WithTx([&](Tx& tx) {
    tx.AfterCommit(seen("0: "));
    Add(tx, "Grace");
    tx.AfterCommit(seen("4: "));
  });
  REQUIRE(log == Lines{"before commit", "after commit", "0: 2", "1: 2", "2: 2", "3: 2", "4: 2"});
}

TEST_CASE(
    "B72 all callbacks run though some throw; then a CommittedError has the causes and value") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.Of<User>().Use(hook::Before([&](Mutation<User>& m) {
    m.AfterCommit(Note(log, "first"));
    m.AfterCommit([] { throw std::runtime_error("second"); });
    m.AfterCommit(Note(log, "third"));
    m.AfterCommit([] { throw std::logic_error("fourth"); });
    m.AfterCommit(Note(log, "fifth"));
    m.AfterRollback(Note(log, "never"));
  }));
  const auto all = Lines{"first", "third", "fifth"};
  const auto users = world.client.Of<User>();

  const auto created = Thrown<CommittedError>([&] { Add(world.client, "Ada"); });
  REQUIRE(Take(log) == all);
  REQUIRE(Causes(created) == Lines{"second", "fourth"});
  REQUIRE_THROWS_AS(std::rethrow_exception(created.Causes().at(1)), std::logic_error);
  REQUIRE_THAT(created.what(), Catch::Contains("second") && Catch::Contains("fourth"));
  const auto* value = created.Value<grapnel::Value<User>>();
  REQUIRE(value != nullptr);
  const auto id = value->Entity().id;
  REQUIRE(users.Get(id).name == "Ada");
  REQUIRE(created.Value<User>() == nullptr);

  const auto updated =
      Thrown<CommittedError>([&] { users.UpdateOne(id).Add(F<&User::age>, 36).Save(); });
  REQUIRE(updated.Value<grapnel::Value<User>>()->Entity().age == 36);
  const auto counted =
      Thrown<CommittedError>([&] { users.Update().Set(F<&User::worth>, 1).Save(); });
  REQUIRE(counted.Value<grapnel::Value<User>>()->Count() == 1);
  REQUIRE_FALSE(counted.Value<grapnel::Value<User>>()->HasEntity());
  const auto made = Thrown<CommittedError>([&] {
    users.CreateBulk(std::vector<User>{{.name = "Grace"}, {.name = "Joan"}}).Save();
  });
  REQUIRE(Causes(made) == Lines{"second", "fourth", "second", "fourth"});
  REQUIRE(made.Value<std::vector<User>>()->at(1).name == "Joan");
  const auto deleted = Thrown<CommittedError>([&] { users.Delete().Exec(); });
  REQUIRE(deleted.Value<grapnel::Value<User>>()->Count() == 3);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B72 callbacks are queued: those of a callback's own mutations run after all of them") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log, reported;
  world.client.OnError([&](const std::exception& error) { reported.push_back(error.what()); });
  world.client.Of<Card>().Use(hook::Before([&](Mutation<Card>& m) {
    m.AfterCommit([&log, number = *m.Get(F<&Card::number>)] {
      log.push_back("card " + number);
      if (number == "bad") throw std::runtime_error("a bad card");
    });
  }));
  world.client.WithTx([&](Tx& tx) {
    Add(tx, "Ada");
    tx.AfterCommit([&] {
      log.push_back("first begins");
      AddCard(world.client, "1");
      AddCard(world.client, "bad");
      log.push_back("first ends");
    });
    tx.AfterCommit(Note(log, "second"));
  });
  REQUIRE(log == Lines{"first begins", "first ends", "second", "card 1", "card bad"});
  REQUIRE(reported == Lines{"a bad card"});  // its Save has long returned
  REQUIRE(Cards(world.client) == Lines{"1", "bad"});
}

TEST_CASE("rule 2: savepoints are lazy") {
  World world{GENERATE(Place::Memory, Place::File)};
  Add(world.client, "Ada");
  REQUIRE(Cards(world.client) == Lines{});  // from here on both tables are known to fit
  Statements sent;
  auto tx = sent.Of(world.client).Tx();
  REQUIRE(sent.Take() == Lines{"BEGIN"});
  const auto client = tx.Client();
  const auto users = tx.Of<User>();
  const auto insert = [&] { Add(client, "Grace"); };
  // Where a statement that fails does not undo itself alone, each that the caller could go on after
  // has a savepoint of its own.
  const auto alone = [](const Lines& words) {
    Lines all;
    for (const auto& word : words) {
      if (!engine::UndoesStatements()) all.push_back("SAVEPOINT");
      all.push_back(word);
      if (!engine::UndoesStatements()) all.push_back("RELEASE");
    }
    return all;
  };

  SECTION("no hooks: none") {
    insert();
    users.Update().Set(F<&User::age>, 1).Save();
    users.Delete().Where(F<&User::name> == "Grace").Exec();
    REQUIRE(sent.Take() == alone({"INSERT", "UPDATE", "DELETE"}));
  }
  SECTION("Before-hooks alone: none") {
    users.Use(hook::Before([](Mutation<User>& m) { m.Set(F<&User::age>, 7); }),
              hook::Reject(Op::Delete));
    insert();
    REQUIRE(sent.Take() == alone({"INSERT"}));
  }
  SECTION("a veto of a Before-hook or an around hook sends nothing") {
    const bool before = GENERATE(true, false);
    if (before) {
      users.Use(hook::Before([](Mutation<User>&) { throw std::runtime_error("vetoed"); }));
    } else {
      users.Use(Passing(), [](Mutation<User>&, Next<User>) -> grapnel::Value<User> {
        throw std::runtime_error("vetoed");
      });
    }
    REQUIRE_THROWS_WITH(insert(), "vetoed");
    REQUIRE(sent.Take() == Lines{});
  }
  SECTION("a hook that reads only and vetoes: none") {
    users.Use([](Mutation<User>& m, Next<User>) -> grapnel::Value<User> {
      throw std::runtime_error(Names(m.Client()).front());
    });
    REQUIRE_THROWS_WITH(insert(), "Ada");
    REQUIRE(sent.Take() == (engine::UndoesStatements()
                                ? Lines{"SELECT"}
                                : Lines{"SAVEPOINT", "SELECT", "ROLLBACK", "RELEASE"}));
  }
  SECTION("an around hook: one, before the SQL") {
    users.Use(Passing());
    insert();
    REQUIRE(sent.Take() == Lines{"SAVEPOINT", "INSERT", "RELEASE"});
  }
  SECTION("an After-hook: one, before the SQL") {
    users.Use(hook::After([](const Mutation<User>&, grapnel::Value<User>&) {}));
    insert();
    REQUIRE(sent.Take() == Lines{"SAVEPOINT", "INSERT", "RELEASE"});
  }
  SECTION("several around hooks: still one") {
    users.Use(Passing(), Passing(), Passing());
    insert();
    REQUIRE(sent.Take() == Lines{"SAVEPOINT", "INSERT", "RELEASE"});
  }
  SECTION("an around hook for other Ops: none") {
    users.Use(hook::On(Passing(), Op::Delete | Op::DeleteOne), hook::Unless(Passing(), Op::Create));
    insert();
    REQUIRE(sent.Take() == alone({"INSERT"}));
  }
  SECTION("a Before-hook that writes: before the first write") {
    users.Use(hook::Before([](Mutation<User>& m) { AddCard(m.Client(), *m.Get(F<&User::name>)); }));
    insert();
    REQUIRE(sent.Take() == Lines{"SAVEPOINT", "INSERT", "INSERT", "RELEASE"});
  }
  SECTION("a nested transaction: before its first write") {
    const bool write = GENERATE(true, false);
    {
      auto inner = client.Tx();
      REQUIRE(Names(inner) == Lines{"Ada"});
      if (write) Add(inner, "Grace");
      inner.Commit();
    }
    const Lines words = sent.Take();
    if (!engine::UndoesStatements()) {  // before its first statement, for that may fail as well
      REQUIRE(words == (write ? Lines{"SAVEPOINT", "SELECT", "INSERT", "RELEASE"}
                              : Lines{"SAVEPOINT", "SELECT", "RELEASE"}));
      return;
    }
    REQUIRE(words == (write ? Lines{"SELECT", "SAVEPOINT", "INSERT", "RELEASE"} : Lines{"SELECT"}));
  }
  SECTION("a failure inside goes back to it") {
    users.Use(Passing(), [](Mutation<User>& m, Next<User> next) -> grapnel::Value<User> {
      next(m);
      throw std::runtime_error("stop");
    });
    REQUIRE_THROWS_WITH(insert(), "stop");
    const Lines words = sent.Take();
    REQUIRE(words.size() >= 4);
    REQUIRE(words.at(0) == "SAVEPOINT");
    REQUIRE(words.at(1) == "INSERT");
    REQUIRE(words.at(2) == "ROLLBACK");
    REQUIRE(words.back() == "RELEASE");
    REQUIRE(std::count(words.begin(), words.end(), "SAVEPOINT") == 1);
    REQUIRE(Names(tx) == Lines{"Ada"});
  }
}

TEST_CASE("rule 2: a next that throws leaves rows and callbacks as they were, and may be retried") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool in_tx = GENERATE(false, true);
  const bool give_up = GENERATE(false, true);
  Lines log;
  int tries = 0;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) -> grapnel::Value<User> {
    AddCard(m.Client(), "outer before");
    m.AfterCommit(Note(log, "outer before"));
    while (true) {
      const auto cards = Cards(m.Client());
      REQUIRE(cards == (in_tx ? Lines{"mine", "outer before"} : Lines{"outer before"}));
      try {
        auto value = next(m);
        m.AfterCommit(Note(log, "outer after"));
        return value;
      } catch (const std::runtime_error&) {
        if (give_up) break;
      }
    }
    REQUIRE(Names(m.Client()) == Lines{});
    return User{.name = "nobody"};
  });
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) -> grapnel::Value<User> {
    const std::string name = "try " + std::to_string(++tries);
    AddCard(m.Client(), name);
    m.AfterCommit(Note(log, name));
    m.AfterRollback(Note(log, name + " undone"));
    if (tries == 1) throw std::runtime_error("before the write");
    auto value = next(m);
    m.AfterCommit(Note(log, name + " written"));
    if (tries == 2) throw std::runtime_error("after the write");
    return value;
  });
  const auto run = [&](const auto& client) { return Add(client, "Ada").name; };
  const std::string name = in_tx ? world.client.WithTx([&](Tx& tx) {
    AddCard(tx, "mine");
    return run(tx);
  })
                                 : run(world.client);
  Lines cards = Cards(world.client);
  if (in_tx) {
    REQUIRE(cards.front() == "mine");
    cards.erase(cards.begin());
  }
  if (give_up) {
    REQUIRE(name == "nobody");
    REQUIRE(Names(world.client) == Lines{});
    REQUIRE(cards == Lines{"outer before"});
    REQUIRE(log == Lines{"outer before", "try 1 undone"});
  } else {
    REQUIRE(name == "Ada");
    REQUIRE(Names(world.client) == Lines{"Ada"});
    REQUIRE(cards == Lines{"outer before", "try 3"});
    REQUIRE(log == Lines{"outer before", "try 3", "try 3 written", "outer after", "try 1 undone",
                         "try 2 undone"});
  }
}

TEST_CASE("rule 2: the same for the SQL's own failure, with a second name at the second try") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool in_tx = GENERATE(false, true);
  AddCard(world.client, "taken");
  world.client.Of<Card>().Use([](Mutation<Card>& m, Next<Card> next) -> grapnel::Value<Card> {
    Add(m.Client(), "outer");
    try {
      return next(m);
    } catch (const ConstraintError&) {
      REQUIRE(Names(m.Client()) == Lines{"outer"});
      m.Set(F<&Card::number>, "free");
      return next(m);
    }
  });
  world.client.Of<Card>().Use(
      hook::Before([](Mutation<Card>& m) { Add(m.Client(), "for " + *m.Get(F<&Card::number>)); }));
  in_tx ? world.client.WithTx([](Tx& tx) { AddCard(tx, "taken"); })
        : AddCard(world.client, "taken");
  REQUIRE(Cards(world.client) == Lines{"free", "taken"});
  REQUIRE(Names(world.client) == Lines{"outer", "for free"});
}

TEST_CASE("rule 2: a hook that catches the failure of its own inner mutation goes on") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool in_tx = GENERATE(false, true);
  Lines log;
  AddCard(world.client, "taken");
  world.client.Of<Card>().Use([&](Mutation<Card>& m, Next<Card> next) {
    m.AfterCommit(Note(log, "card " + *m.Get(F<&Card::number>)));
    return next(m);
  });
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    REQUIRE_THROWS_AS(AddCard(m.Client(), "taken"), ConstraintError);
    auto value = next(m);
    REQUIRE_THROWS_AS(AddCard(m.Client(), "taken"), ConstraintError);
    AddCard(m.Client(), value.Entity().name);
    REQUIRE_THROWS_AS(AddCard(m.Client(), value.Entity().name), ConstraintError);
    return value;
  });
  in_tx ? world.client.WithTx([](Tx& tx) { Add(tx, "Ada"); })
        : static_cast<void>(Add(world.client, "Ada"));
  REQUIRE(Names(world.client) == Lines{"Ada"});
  REQUIRE(Cards(world.client) == Lines{"Ada", "taken"});
  REQUIRE(log == Lines{"card Ada"});
}

TEST_CASE("rule 2: a derived client of a hook or a transaction may be gone when it ends") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool in_tx = GENERATE(false, true);
  Lines sent;
  const auto trace = [&sent](std::string_view sql) { sent.emplace_back(sql.substr(0, 6)); };
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    AddCard(m.Client().With(std::string(100, 'x')).Debug(trace), value.Entity().name);
    return value;
  });
  if (in_tx) {
    auto tx = world.client.Tx();
    auto inner = tx.Tx();
    AddCard(inner.Client().Debug(trace), "inner");
    inner.Commit();
    Add(tx, "Ada");
    tx.Commit();
  } else {
    Add(world.client, "Ada");
  }
  REQUIRE(Names(world.client) == Lines{"Ada"});
  REQUIRE(Cards(world.client) == (in_tx ? Lines{"Ada", "inner"} : Lines{"Ada"}));
  REQUIRE(std::count(sent.begin(), sent.end(), "INSERT") == (in_tx ? 2 : 1));
}
