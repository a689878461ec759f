// B47, B48, B50 to B52, B84: hooks that write through the mutation's client, and turn it into
// another one.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using graph::Card;
using graph::Pet;
using graph::Time;
using graph::User;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::RecursionError;
using grapnel::Value;
namespace hook = grapnel::hook;

using Action = std::function<void(const grapnel::Client&)>;

struct World : Fixture<User, Card, Pet> {
  /// A user with this name and cards of these numbers.
  std::int64_t Add(std::string name, std::initializer_list<const char*> cards = {}) const {
    const auto id = client.Of<User>().Create().Set(F<&User::name>, std::move(name)).Save().id;
    for (const char* number : cards) {
      client.Of<Card>().Create().Set(F<&Card::number>, number).Set(F<&Card::owner>, id).Save();
    }
    return id;
  }
  Lines Users() const { return Raw("SELECT name, age FROM User ORDER BY id"); }
  Lines Cards() const { return Raw("SELECT number, owner_id, expired_at FROM Card ORDER BY id"); }

  /// Runs the action by itself or, in its second life, inside a transaction that is committed.
  void Do(bool in_tx, const Action& action) const {
    if (!in_tx) return action(client);
    client.WithTx([&](grapnel::Tx& tx) { action(tx.Client()); });
  }
};

Time At(std::int64_t microseconds) { return Time(std::chrono::microseconds(microseconds)); }

/// Logs the Op before and after the rest, and what came back.
template <class E = Card>
auto Told(Lines& log, std::string name = "") {
  return [&log, name = std::move(name)](Mutation<E>& m, Next<E> next) {
    log.push_back(name + ToString(m.Op()));
    auto value = next(m);
    log.push_back("/" + name + ToString(m.Op()) +
                  (value.HasEntity() ? " entity" : " " + std::to_string(value.Count())));
    return value;
  };
}

/// Expires the rows that it is asked to delete, in place of deleting them.
auto Expiring(bool redispatch, std::int64_t when = 5) {
  return hook::On(
      [=](Mutation<Card>& m, Next<Card> next) {
        m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
        m.Where(F<&Card::expired_at>.IsNull());
        m.Set(F<&Card::expired_at>, At(when));
        return redispatch ? m.Client().Mutate(m) : next(m);
      },
      Op::Delete | Op::DeleteOne);
}

}  // namespace

TEST_CASE("B47 a hook deletes what hangs on a row first, through the mutation's client") {
  const bool in_tx = GENERATE(false, true), bulk = GENERATE(false, true),
             fails = GENERATE(false, true);
  World world;
  const auto ada = world.Add("Ada", {"1", "2"});
  const auto grace = world.Add("Grace", {"3"});
  for (const auto owner : {ada, grace}) {
    world.client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Set(F<&Pet::owner>, owner).Save();
  }
  Lines log;
  world.client.Of<Card>().Use(Told<Card>(log, "card "));
  world.client.Of<Pet>().Use(Told<Pet>(log, "pet "));
  world.client.Of<User>().Use(Told<User>(log), [&](Mutation<User>& m, Next<User> next) {
    for (const std::int64_t id : m.IDs()) {
      const auto client = m.Client();
      client.Of<Card>().Delete().Where(F<&Card::owner>.Has(F<&User::id> == id)).Exec();
      client.Of<Pet>().Delete().Where(F<&Pet::owner>.Has(F<&User::id> == id)).Exec();
    }
    auto value = next(m);
    if (fails) throw std::runtime_error("kept");
    return value;
  });
  const Action remove = [&](const grapnel::Client& client) {
    if (bulk) {
      const auto count = client.Of<User>().Delete().Exec();
      CHECK(count == 2);
    } else {
      client.Of<User>().DeleteOne(ada).Exec();
      client.Of<User>().DeleteOne(grace).Exec();
    }
  };
  if (fails) {
    CHECK(Thrown<std::runtime_error>([&] { world.Do(in_tx, remove); }).what() ==
          std::string("kept"));
    CHECK(world.Users() == Lines{"Ada|0", "Grace|0"});
    CHECK(world.Cards() == Lines{"1|1|NULL", "2|1|NULL", "3|2|NULL"});
    CHECK(world.Raw("SELECT count(*) FROM Pet") == Lines{"2"});
    return;
  }
  world.Do(in_tx, remove);
  const Lines first{"card Delete", "/card Delete 2", "pet Delete", "/pet Delete 1"};
  const Lines second{"card Delete", "/card Delete 1", "pet Delete", "/pet Delete 1"};
  Lines expected;
  const auto add = [&](const Lines& lines) {
    expected.insert(expected.end(), lines.begin(), lines.end());
  };
  add({bulk ? "Delete" : "DeleteOne"}), add(first);
  if (!bulk) add({"/DeleteOne 1", "DeleteOne"});
  add(second), add({bulk ? "/Delete 2" : "/DeleteOne 1"});
  CHECK(log == expected);
  CHECK(world.Users() == Lines{});
  CHECK(world.Cards() == Lines{});
  CHECK(world.Raw("SELECT * FROM Pet") == Lines{});
}

TEST_CASE("B48 B50 deletions turned into updates keep the rows and count those newly expired") {
  const bool in_tx = GENERATE(false, true), redispatch = GENERATE(false, true);
  World world;
  const auto ada = world.Add("Ada", {"1", "2", "3", "4"});
  const auto cards = [&](const grapnel::Client& client) { return client.Of<Card>(); };
  world.client.Of<Card>().UpdateOne(2).Set(F<&Card::expired_at>, At(1)).Save();
  Lines log;
  world.client.Of<Card>().Use(Told(log, "f "), Expiring(redispatch), Told(log, "g "));
  const auto logged = [&](const std::string& from, const std::string& to,
                          const std::string& result) {
    Lines lines{"f " + from, "g " + to, "/g " + to + " " + result, "/f " + to + " " + result};
    if (redispatch) {  // from the start; the caller's kind of result is made where Mutate returns
      const std::string count = result == "entity" ? "1" : result;
      lines = {"f " + from,
               "f " + to,
               "g " + to,
               "/g " + to + " " + result,
               "/f " + to + " " + result,
               "/f " + to + " " + count};
    }
    return lines;
  };

  world.Do(in_tx, [&](const grapnel::Client& client) { cards(client).DeleteOne(3).Exec(); });
  CHECK(Take(log) == logged("DeleteOne", "UpdateOne", "entity"));
  CHECK(world.Cards() == Lines{"1|1|NULL", "2|1|1", "3|1|5", "4|1|NULL"});

  world.Do(in_tx, [&](const grapnel::Client& client) {
    CHECK(cards(client).Delete().Where(F<&Card::owner>.Has(F<&User::id> == ada)).Exec() == 2);
  });
  CHECK(Take(log) == logged("Delete", "Update", "2"));
  CHECK(world.Cards() == Lines{"1|1|5", "2|1|1", "3|1|5", "4|1|5"});

  world.Do(in_tx, [&](const grapnel::Client& client) {
    CHECK(cards(client).Delete().Exec() == 0);
    CHECK_THROWS_AS(cards(client).DeleteOne(2).Exec(), grapnel::NotFoundError);   // it is expired
    CHECK_THROWS_AS(cards(client).DeleteOne(99).Exec(), grapnel::NotFoundError);  // it never was
  });
  CHECK(world.Cards() == Lines{"1|1|5", "2|1|1", "3|1|5", "4|1|5"});
}

TEST_CASE("B48 a random run of soft deletions agrees with a model in memory") {
  std::mt19937 random(48);
  const auto pick = [&](std::int64_t to) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(to));
  };
  for (const bool redispatch : {false, true}) {
    World world;
    std::map<std::int64_t, std::optional<std::int64_t>> model;  // expired_at by id
    for (int i = 0; i < 12; ++i) {
      model[world.client.Of<Card>().Create().Set(F<&Card::number>, std::to_string(i)).Save().id] =
          {};
    }
    for (std::int64_t step = 1; step <= 60; ++step) {
      auto handle = world.client.Of<Card>().Use(Expiring(redispatch, step));
      const std::int64_t low = 1 + pick(12), high = low + pick(3);
      world.Do(pick(2) == 0, [&](const grapnel::Client& client) {
        if (pick(2) == 0) {
          std::int64_t expected = 0;
          for (auto id = low; id <= high; ++id) {
            if (!model.contains(id) || model[id]) continue;
            model[id] = step;
            ++expected;
          }
          const auto range = F<&Card::id> >= low && F<&Card::id> <= high;
          CHECK(client.Of<Card>().Delete().Where(range).Exec() == expected);
        } else if (model[low]) {
          CHECK_THROWS_AS(client.Of<Card>().DeleteOne(low).Exec(), grapnel::NotFoundError);
        } else {
          client.Of<Card>().DeleteOne(low).Exec();
          model[low] = step;
        }
      });
      handle.Remove();
      if (pick(3) == 0) {  // one comes back to life
        const auto id = 1 + pick(12);
        world.client.Of<Card>().UpdateOne(id).Clear(F<&Card::expired_at>).Save();
        model[id] = {};
      }
    }
    Lines expected;
    for (const auto& [id, expired] : model) {
      expected.push_back(std::to_string(id - 1) + "|NULL|" +
                         (expired ? std::to_string(*expired) : "NULL"));
    }
    CHECK(world.Cards() == expected);
  }
}

TEST_CASE("B48 a deletion that became an update cascades to nothing, and writes its edges once") {
  const bool redispatch = GENERATE(false, true);
  World world;
  const auto ada = world.Add("Ada", {"1"});
  const auto grace = world.Add("Grace");
  Lines log;
  world.client.Of<Card>().Use(Told(log));
  world.client.Of<User>().Use(hook::On(
      [&](Mutation<User>& m, Next<User> next) {
        m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
        m.Add(F<&User::age>, 1);
        m.AddIDs(F<&User::friends>, {grace});
        m.Set(F<&User::best_friend>, grace);
        return redispatch ? m.Client().Mutate(m) : next(m);
      },
      Op::Delete | Op::DeleteOne));
  world.client.Of<User>().DeleteOne(ada).Exec();
  CHECK(world.Users() == Lines{"Ada|1", "Grace|0"});
  CHECK(world.Cards() == Lines{"1|1|NULL"});
  CHECK(world.Raw("SELECT * FROM User_friends ORDER BY 1") == Lines{"1|2", "2|1"});
  CHECK(world.Raw("SELECT best_friend_id FROM User ORDER BY id") == Lines{"2", "NULL"});
  CHECK(world.client.Of<User>().Delete().Where(F<&User::name> == "Ada").Exec() == 1);
  CHECK(world.Users() == Lines{"Ada|2", "Grace|0"});
  CHECK(world.Raw("SELECT count(*) FROM User_friends") == Lines{"2"});
  CHECK(log == Lines{});
}

TEST_CASE("B48 B75 a child that its hook expires stands in the way of its owner's deletion") {
  World world;
  const auto ada = world.Add("Ada", {"1", "2"});
  world.client.Of<Card>().Use(Expiring(GENERATE(false, true)));
  CHECK_THROWS_AS(world.client.Of<User>().DeleteOne(ada).Exec(), grapnel::ConstraintError);
  CHECK_THROWS_AS(world.client.Of<User>().Delete().Exec(), grapnel::ConstraintError);
  CHECK(world.Users() == Lines{"Ada|0"});
  CHECK(world.Cards() == Lines{"1|1|NULL", "2|1|NULL"});
}

TEST_CASE("B50 the caller gets the kind of result that it asked for") {
  const bool redispatch = GENERATE(false, true), in_tx = GENERATE(false, true);
  World world;
  const auto ada = world.Add("Ada"), grace = world.Add("Grace");
  Op to{};
  bool armed = true;
  const auto turn = [&](Mutation<User>& m, Next<User> next) {
    if (!std::exchange(armed, false)) return next(m);
    m.SetOp(to);
    if (Is(to, Op::Update | Op::UpdateOne)) m.Set(F<&User::nickname>, "turned");
    return redispatch ? m.Client().Mutate(m) : next(m);
  };
  Lines log;
  world.client.Of<User>().Use(Told<User>(log, "f "), turn);
  const auto users = [&](Op op, const Action& action) {
    to = op;
    armed = true;
    log.clear();
    world.Do(in_tx, action);
    return log.back();
  };
  CHECK(users(Op::Update, [&](const auto& client) {
          const User turned =
              client.template Of<User>().UpdateOne(ada).Add(F<&User::age>, 1).Save();
          CHECK((turned.id == ada && turned.age == 1 && turned.nickname == "turned"));
        }) == (redispatch ? "/f Update entity" : "/f Update 1"));
  CHECK(users(Op::UpdateOne, [&](const auto& client) {
          client.template Of<User>().DeleteOne(ada).Exec();
        }) == (redispatch ? "/f UpdateOne 1" : "/f UpdateOne entity"));
  CHECK(users(Op::Update, [&](const auto& client) {
          CHECK(client.template Of<User>().Delete().Exec() == 2);
        }) == "/f Update 2");
  CHECK(users(Op::Delete, [&](const auto& client) {
          client.template Of<User>().DeleteOne(grace).Exec();
        }) == "/f Delete 1");
  CHECK(world.Users() == Lines{"Ada|1"});
  // A row that is gone is no result of an UpdateOne: an error, and then it is not gone.
  for (const Op gone : {Op::DeleteOne, Op::Delete}) {
    CHECK_THROWS_AS(users(gone,
                          [&](const auto& client) {
                            client.template Of<User>().UpdateOne(ada).Add(F<&User::age>, 1).Save();
                          }),
                    grapnel::NotFoundError);
    CHECK(world.Users() == Lines{"Ada|1"});
  }
}

TEST_CASE("B51 mutations that hooks nest without end are stopped, and nothing is written") {
  World world;
  const auto ada = world.Add("Ada", {"1"});
  int runs = 0;
  const auto again = [&]<class E>(Mutation<E>& m, Next<E> next) -> Value<E> {
    if (++runs > 500) throw std::logic_error("no limit");
    const auto client = m.Client();
    switch (m.Op()) {
      case Op::Create:
        client.template Of<User>().Create().Set(F<&User::name>, "x").Save();
        break;
      case Op::Update:
        client.template Of<User>().Update().Add(F<&User::age>, 1).Save();
        break;
      case Op::UpdateOne:
        client.template Of<User>().UpdateOne(ada).Add(F<&User::age>, 1).Save();
        break;
      case Op::Delete:
        client.template Of<User>().Delete().Exec();
        break;
      default:
        client.template Of<User>().DeleteOne(ada).Exec();
    }
    return next(m);
  };
  const bool in_tx = GENERATE(false, true);
  auto handle = world.client.Of<User>().Use(again);
  const auto stopped = [&](const std::string& op, const Action& action) {
    INFO(op);
    runs = 0;
    const std::string chain = "User " + op + " > User " + op;
    try {
      world.Do(in_tx, [&](const grapnel::Client& client) {
        client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
        CHECK_THAT(Thrown<RecursionError>([&] { action(client); }).what(), Catch::Contains(chain));
        CHECK(client.Of<User>().Query().IDs() == std::vector{ada});
      });
    } catch (const std::exception& error) {
      FAIL(error.what());
    }
    CHECK((runs > 30 && runs <= 64));
    CHECK(world.Users() == Lines{"Ada|0"});
    CHECK(world.Raw("SELECT count(*) FROM Pet") == Lines{"1"});  // what was there before stays
    world.Raw("DELETE FROM Pet");
  };
  stopped("Create", [](const auto& client) {
    client.template Of<User>().Create().Set(F<&User::name>, "y").Save();
  });
  stopped("Create", [](const auto& client) {
    client.template Of<User>().CreateBulk(std::vector{User{.name = "z"}, User{.name = "w"}}).Save();
  });
  stopped("Update", [](const auto& client) {
    client.template Of<User>().Update().Add(F<&User::age>, 1).Save();
  });
  stopped("UpdateOne", [&](const auto& client) {
    client.template Of<User>().UpdateOne(ada).Add(F<&User::age>, 1).Save();
  });
  stopped("Delete", [](const auto& client) { client.template Of<User>().Delete().Exec(); });
  stopped("DeleteOne",
          [&](const auto& client) { client.template Of<User>().DeleteOne(ada).Exec(); });
  handle.Remove();
  CHECK_NOTHROW(world.client.Of<User>().UpdateOne(ada).Add(F<&User::age>, 1).Save());
}

TEST_CASE(
    "B51 the chain names the types in turn; nested transactions and Mutate are no way around") {
  World world;
  const auto ada = world.Add("Ada", {"1"});
  int runs = 0;
  const auto count = [&] {
    if (++runs > 500) throw std::logic_error("no limit");
  };
  const auto create = [&](const grapnel::Client& client) {
    client.Of<User>().Create().Set(F<&User::name>, "x").Save();
  };
  auto user = world.client.Of<User>().Use(hook::After([&](const Mutation<User>& m, Value<User>&) {
    count();
    const auto number = std::to_string(runs) + "+";
    m.Client()
        .Of<Card>()
        .Create()
        .Set(F<&Card::number>, number)
        .Set(F<&Card::owner>, *m.ID())
        .Save();
  }));
  auto card = world.client.Of<Card>().Use(hook::Before([&](Mutation<Card>& m) {
    m.Client().WithTx([&](grapnel::Tx& tx) { create(tx.Client()); });
  }));
  CHECK_THAT(Thrown<RecursionError>([&] { create(world.client); }).what(),
             Catch::Contains("User Create > Card Create > User Create > Card Create"));
  CHECK(world.Users() == Lines{"Ada|0"});
  CHECK(world.Cards() == Lines{"1|1|NULL"});
  user.Remove(), card.Remove();

  runs = 0;
  user = world.client.Of<User>().Use([&](Mutation<User>& m, Next<User>) {
    count();
    if (m.Op() != Op::Create) m.SetOp(m.Op() == Op::UpdateOne ? Op::DeleteOne : Op::UpdateOne);
    return m.Client().Mutate(m);
  });
  CHECK_THAT(Thrown<RecursionError>([&] { create(world.client); }).what(),
             Catch::Contains("User Create > User Create"));
  runs = 0;
  CHECK_THAT(Thrown<RecursionError>([&] { world.client.Of<User>().DeleteOne(ada).Exec(); }).what(),
             Catch::Contains("User DeleteOne > User UpdateOne > User DeleteOne"));
  user.Remove();
  CHECK(world.Users() == Lines{"Ada|0"});

  // What ends by itself is not stopped: sixty deep.
  int depth = 0;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    if (++depth < 60) create(m.Client());
    return next(m);
  });
  create(world.client);
  CHECK(world.Raw("SELECT count(*) FROM User") == Lines{"61"});
}

TEST_CASE("B52 after SetOp, next runs the new Op for the hooks that remain") {
  World world;
  const auto ada = world.Add("Ada"), grace = world.Add("Grace");
  static_cast<void>(grace);
  Lines log;
  const auto users = world.client.Of<User>();
  const auto noted = [&](std::string name, Op ops) {
    return hook::On(Told<User>(log, std::move(name)), ops);
  };
  Op to{};
  const auto turn = [&](Mutation<User>& m, Next<User> next) {
    m.SetOp(to);
    if (to == Op::Update) m.Set(F<&User::nickname>, "turned");
    return next(m);
  };
  users.Use(noted("outer ", Op::Delete | Op::DeleteOne),
            noted("never ", Op::Update | Op::UpdateOne), turn,
            noted("delete ", Op::Delete | Op::DeleteOne),
            noted("update ", Op::Update | Op::UpdateOne),
            hook::Before([&](Mutation<User>& m) { log.push_back("any " + ToString(m.Op())); }));

  to = Op::Update;
  CHECK(users.Delete().Where(F<&User::name> == "Ada").Exec() == 1);
  CHECK(Take(log) == Lines{"outer Delete", "update Update", "any Update", "/update Update 1",
                           "/outer Update 1"});
  users.DeleteOne(ada).Exec();
  CHECK(Take(log) == Lines{"outer DeleteOne", "update Update", "any Update", "/update Update 1",
                           "/outer Update 1"});
  CHECK(world.Raw("SELECT name, nickname FROM User ORDER BY id") ==
        Lines{"Ada|turned", "Grace|NULL"});
  to = Op::Delete;
  CHECK(users.Update()
            .Where(F<&User::name> == "Ada")
            .Set(F<&User::age>, 9)
            .AddIDs(F<&User::friends>, {grace})
            .Save() == 1);
  CHECK(Take(log) == Lines{"never Update", "delete Delete", "any Delete", "/delete Delete 1",
                           "/never Delete 1"});
  CHECK(world.Users() == Lines{"Grace|0"});
  CHECK(world.Raw("SELECT count(*) FROM User_friends") == Lines{"0"});
}

TEST_CASE("B52 a turned mutation keeps its predicates, its pinned rows and what it set") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.Add(name);
  const auto users = world.client.Of<User>();
  Lines old;
  auto handle = users.Use([&](Mutation<User>& m, Next<User> next) {
    for (const User& row : m.OldRows()) old.push_back(row.name);
    m.Client().Of<Card>().Create().Set(F<&Card::number>, m.OldRows().front().name).Save();
    m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
    m.Where(F<&User::name> != "c");
    m.Add(F<&User::age>, 1);
    auto value = next(m);
    for (const User& row : m.OldRows()) old.push_back(row.name + std::to_string(row.age));
    return value;
  });
  CHECK(users.Delete().Where(F<&User::id> > 1).Exec() == 1);
  CHECK(Take(old) == Lines{"b", "c", "b0"});  // c was left out before the write
  users.DeleteOne(1).Exec();
  CHECK(Take(old) == Lines{"a", "a0"});
  CHECK_THROWS_AS(users.DeleteOne(3).Exec(), grapnel::NotFoundError);
  CHECK(world.Users() == Lines{"a|1", "b|1", "c|0"});
  CHECK(world.Raw("SELECT count(*) FROM Card") == Lines{"2"});  // the third went with its mutation
  handle.Remove();

  Lines errors;
  handle = users.Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    try {
      m.SetOp(Op::Delete);
      m.Client().Mutate(m);
    } catch (const grapnel::Error& error) {
      errors.emplace_back(error.what());
    }
    return value;
  });
  CHECK(users.Update().Where(F<&User::id> == 1).Set(F<&User::age>, 7).Save() == 1);
  CHECK(errors.size() == 1);  // it was carried out: it cannot become something else
  CHECK(world.Users() == Lines{"a|7", "b|1", "c|0"});
}

TEST_CASE(
    "B84 Mutate belongs to the mutation's client, and each row of a bulk may be turned or not") {
  World world;
  const auto ada = world.Add("Ada");
  const auto users = world.client.Of<User>();
  auto handle = users.Use(hook::On(
      [&](Mutation<User>& m, Next<User>) {
        CHECK_THROWS_AS(world.client.Mutate(m), grapnel::TxError);
        m.SetOp(Op::UpdateOne);
        m.Set(F<&User::age>, 5);
        return m.Client().Mutate(m);
      },
      Op::DeleteOne));
  users.DeleteOne(ada).Exec();
  CHECK(world.Users() == Lines{"Ada|5"});
  handle.Remove();

  // A Create becomes nothing else; run from the start once, it is one row.
  int runs = 0;
  users.Use(hook::On(
      [&](Mutation<User>& m, Next<User> next) {
        CHECK_THROWS_AS(m.SetOp(Op::UpdateOne), grapnel::Error);
        if (++runs % 2 == 0) return next(m);
        m.Set(F<&User::age>, runs);
        return m.Client().Mutate(m);
      },
      Op::Create));
  const auto made = users.CreateBulk(std::vector{User{.name = "b"}, User{.name = "c"}}).Save();
  CHECK((made.size() == 2 && made[0].id != made[1].id && made[1].age == 3));
  CHECK(world.Users() == Lines{"Ada|5", "b|1", "c|3"});
}
