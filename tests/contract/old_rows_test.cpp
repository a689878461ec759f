// What hooks learn of the rows before the write: Old, OldRows, IDs.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>

namespace old_rows {

struct Account {
  std::int64_t id = 0;
  std::string name;
  std::int64_t pin = 0;
};

}  // namespace old_rows

template <>
struct grapnel::Schema<old_rows::Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    using old_rows::Account;
    return grapnel::Fields(Field<&Account::name>("name"), Field<&Account::pin>("pin").Sensitive());
  }
};

namespace {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::NotFoundError;
using grapnel::NotLoadedError;
using grapnel::Op;
using grapnel::Value;
using grapnel::hook::After;
using grapnel::hook::Before;
using old_rows::Account;

using Ids = std::vector<std::int64_t>;
using UserHook = std::function<void(Mutation<User>&)>;

struct World : Fixture<User, Card, Pet> {
  /// A user for each name, with ids from 1 on, of age 10, 20, 30, and so on.
  explicit World(const Lines& names = {"Ada", "Bob", "Cy"}) {
    for (const auto& name : names) Add(client, name, age_ += 10);
  }
  static User Add(const grapnel::Client& client, const std::string& name, std::int64_t age) {
    return client.Of<User>().Create().Set(F<&User::name>, name).Set(F<&User::age>, age).Save();
  }
  /// Before every mutation of users that is no Create.
  void Hook(UserHook hook) {
    client.Of<User>().Use(grapnel::hook::Unless(Before(std::move(hook)), Op::Create));
  }
  Lines Users() const { return Raw(R"(SELECT id, name, age FROM "User" ORDER BY id)"); }

 private:
  std::int64_t age_ = 0;
};

Lines NamesOf(const std::vector<User>& users) {
  Lines names;
  for (const User& user : users) names.push_back(user.name);
  return names;
}

/// Runs `body(world, client)` with the base client, in a transaction, in one nested in it, and
/// inside a mutation of another type, each time in a world of its own.
void Everywhere(const std::function<void(World&)>& arrange,
                const std::function<void(World&, const grapnel::Client&)>& body) {
  SECTION("in a transaction of its own") {
    World world;
    arrange(world);
    body(world, world.client);
  }
  SECTION("in a Tx") {
    World world;
    arrange(world);
    world.client.WithTx([&](grapnel::Tx& tx) { body(world, tx.Client()); });
  }
  SECTION("in a nested Tx") {
    World world;
    arrange(world);
    world.client.WithTx([&](grapnel::Tx& tx) {
      tx.WithTx([&](grapnel::Tx& inner) { body(world, inner.Client()); });
    });
  }
  SECTION("in another mutation") {
    World world;
    arrange(world);
    world.client.Of<Pet>().Use(Before([&](Mutation<Pet>& m) { body(world, m.Client()); }));
    world.client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
  }
}

const auto kIsBob = F<&User::name> == "Bob";

}  // namespace

TEST_CASE("B34 Old is the stored value, before the write and after it") {
  Lines log;
  const auto around = [&log](Mutation<User>& m, Next<User> next) -> Value<User> {
    const auto note = [&] {
      log.push_back(m.Old(F<&User::name>) + " " + m.Old(F<&User::nickname>).value_or("-") + " " +
                    ToString(m.OldField("age")));
    };
    if (m.Op() != Op::UpdateOne) return next(m);
    note();
    auto value = next(m);
    note();
    CHECK(m.Get(F<&User::name>) != nullptr);
    CHECK(m.OldField("nickname").IsNull());
    CHECK(m.Old(F<&User::id>) == 2);
    return value;
  };
  Everywhere([&](World& world) { world.client.Of<User>().Use(around); },
             [&](World&, const grapnel::Client& client) {
               const User bob = client.Of<User>()
                                    .UpdateOne(2)
                                    .Set(F<&User::name>, "Robert")
                                    .Set(F<&User::nickname>, "Rob")
                                    .Add(F<&User::age>, 1)
                                    .Save();
               CHECK(bob.name == "Robert");
               CHECK(bob.age == 21);
               CHECK(Take(log) == Lines{"Bob - 20", "Bob - 20"});
             });
}

TEST_CASE("B34 Old of an edge is the old neighbour's id, and sensitive values are kept to hooks") {
  World world;
  const auto cards = world.client.Of<Card>();
  const Card card = cards.Create().Set(F<&Card::number>, "1").Set(F<&Card::owner>, 1).Save();
  Lines log;
  cards.Use(Before([&](Mutation<Card>& m) {
    const auto old = m.Old(F<&Card::owner>);
    log.push_back(old.ID() ? std::to_string(*old.ID()) : "none");
    CHECK_FALSE(old.IsLoaded());
    CHECK(Thrown<NotLoadedError>([&] { old.Get(); }).What() == "Card.owner");
    for (const Card& row : m.OldRows()) CHECK(row.owner.ID() == old.ID());
  }));
  cards.UpdateOne(card).Set(F<&Card::owner>, 3).Save();
  cards.UpdateOne(card).ClearEdge(F<&Card::owner>).Save();
  cards.DeleteOne(card).Exec();
  CHECK(log == Lines{"1", "3", "none"});

  world.Hook([&](Mutation<User>& m) {
    CHECK(Thrown<NotLoadedError>([&] { m.Old(F<&User::cards>).size(); }).What() == "User.cards");
    log.push_back(std::to_string(m.Old(F<&User::best_friend>).ID().value_or(-1)));
  });
  Take(log);
  world.client.Of<User>().UpdateOne(1).Set(F<&User::best_friend>, 2).Save();
  world.client.Of<User>().UpdateOne(1).Set(F<&User::best_friend>, 3).Save();
  CHECK(log == Lines{"-1", "2"});

  Fixture<Account> bank;
  const auto accounts = bank.client.Of<Account>();
  accounts.Create().Set(F<&Account::name>, "Ada").Set(F<&Account::pin>, 4711).Save();
  Take(log);
  const auto handle = accounts.Use(Before([&](Mutation<Account>& m) {
    log.push_back(std::to_string(m.Old(F<&Account::pin>)) + " " + ToString(m.OldField("pin")));
    log.push_back(ToString(m));
  }));
  accounts.UpdateOne(1).Set(F<&Account::pin>, 1234).Save();
  CHECK(log == Lines{"4711 4711", "Account UpdateOne(id=1) {pin=***}"});
  const auto spoil = [&] { bank.Raw(R"(UPDATE "Account" SET pin = 'my secret')"); };
  if (!engine::Spoiled(spoil)) return;
  const auto error = Thrown<grapnel::SchemaError>(
      [&] { accounts.UpdateOne(1).Set(F<&Account::pin>, 1234).Save(); });
  CHECK(error.Field() == "pin");
  CHECK(std::string(error.what()).find("secret") == std::string::npos);
}

TEST_CASE("B35 Old is read in the mutation's transaction, not from the caller's copy") {
  World world;
  Lines log;
  const User stale = world.client.Of<User>().Get(1);
  world.client.Of<User>().Use(  // writes the row itself first
      [](Mutation<User>& m, Next<User> next) -> Value<User> {
        if (m.Op() == Op::UpdateOne && m.Context().Get<bool>() == nullptr) {
          m.Client().With(true).Of<User>().UpdateOne(*m.ID()).Add(F<&User::age>, 5).Save();
        }
        return next(m);
      });
  world.Hook([&](Mutation<User>& m) {
    if (m.Op() != Op::UpdateOne || m.Context().Get<bool>() != nullptr) return;
    log.push_back(m.Old(F<&User::name>) + " " + std::to_string(m.Old(F<&User::age>)));
  });
  world.Raw(R"(UPDATE "User" SET name = 'Countess' WHERE id = 1)");
  world.client.Of<User>().UpdateOne(stale).Set(F<&User::name>, "Ada").Save();
  CHECK(Take(log) == Lines{"Countess 15"});

  // What the transaction wrote and nobody else sees yet.
  auto tx = world.client.Tx();
  tx.Of<User>().Update().Where(F<&User::id> == 1).Set(F<&User::name>, "Nobody").Save();
  tx.Of<User>().UpdateOne(stale).Set(F<&User::name>, "Ada").Save();
  CHECK(Take(log) == Lines{"Nobody 20"});
  CHECK(world.Users().front() == "1|Ada|15");
  tx.Rollback();
  world.client.Of<User>().UpdateOne(stale).Set(F<&User::name>, "Ada").Save();
  CHECK(log == Lines{"Ada 20"});
}

TEST_CASE("B36 Old, OldRows and IDs first asked for after the write are refused") {
  const auto refused = [](const Mutation<User>& m) {
    const auto type = "User " + ToString(m.Op());
    const auto old_rows = Thrown<NotLoadedError>([&] { m.OldRows(); });
    CHECK(old_rows.What() == type);
    CHECK(std::string(old_rows.what()).find("read them before next") != std::string::npos);
    CHECK(Thrown<NotLoadedError>([&] { m.IDs(); }).What() == type);
    if (Is(m.Op(), Op::UpdateOne | Op::DeleteOne)) {
      CHECK(Thrown<NotLoadedError>([&] { m.Old(F<&User::name>); }).What() == type);
      CHECK(Thrown<NotLoadedError>([&] { m.OldField("name"); }).What() == type);
    }
  };
  int asked = 0;
  const auto hook = After([&](const Mutation<User>& m, Value<User>&) {
    if (m.Op() == Op::Create) return;
    refused(m);
    ++asked;
  });
  Everywhere([&](World& world) { world.client.Of<User>().Use(hook); },
             [&](World&, const grapnel::Client& client) {
               const auto users = client.Of<User>();
               users.UpdateOne(1).Set(F<&User::name>, "A").Save();
               users.UpdateOne(1).Save();  // changes nothing
               users.Update().Where(kIsBob).Set(F<&User::age>, 1).Save();
               users.DeleteOne(1).Exec();
               users.Delete().Where(kIsBob).Exec();
               users.Delete().Where(kIsBob).Exec();  // touches nothing
               CHECK(std::exchange(asked, 0) == 6);
               CHECK(users.Query().Count() == 1);
             });
}

TEST_CASE("B36 a write that was suppressed, or failed and was undone, is not a write") {
  World world;
  Lines log;
  const auto users = world.client.Of<User>();
  users.Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Op() != Op::UpdateOne) return next(m);
    try {
      auto value = next(m);
      log.push_back("suppressed, old " + m.Old(F<&User::name>));
      return value;
    } catch (const std::domain_error&) {
      log.push_back("failed, old " + m.Old(F<&User::name>));
      return next(m);
    }
  });
  bool fail = true;
  users.Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Op() != Op::UpdateOne) return next(m);
    if (m.Get(F<&User::nickname>) != nullptr) return m.Client().Of<User>().Get(3);
    auto value = next(m);
    if (std::exchange(fail, false)) throw std::domain_error("once");
    return value;
  });
  CHECK(users.UpdateOne(1).Set(F<&User::nickname>, "x").Save().name == "Cy");
  CHECK(users.UpdateOne(2).Set(F<&User::name>, "Robert").Save().name == "Robert");
  CHECK(log == Lines{"suppressed, old Ada", "failed, old Bob"});
  CHECK(world.Users() == Lines{"1|Ada|10", "2|Robert|20", "3|Cy|30"});
}

TEST_CASE("B36 Old read before next is there in a hook after it, const as it is") {
  World world;
  Lines log;
  world.client.Of<User>().Use(After([&](const Mutation<User>& m, Value<User>& value) {
    if (m.Op() == Op::Create) return;
    CHECK(m.IDs() == Ids{m.OldRows().front().id});
    CHECK(m.Client().Of<User>().Query().Count() == (m.Op() == Op::DeleteOne ? 2 : 3));
    log.push_back(m.Old(F<&User::name>) + " -> " +
                  (value.HasEntity() ? value.Entity().name : std::to_string(value.Count())));
  }));
  world.Hook([](Mutation<User>& m) { m.OldRows(); });
  world.client.Of<User>().UpdateOne(1).Set(F<&User::name>, "Ada L.").Save();
  world.client.Of<User>().DeleteOne(1).Exec();
  CHECK(log == Lines{"Ada -> Ada L.", "Ada L. -> 1"});
}

TEST_CASE("B37 Old after a passing database error is tried again") {
  SECTION("a value that could not be read") {
    World world;
    const auto spoil = [&] { world.Raw(R"(UPDATE "User" SET age = 'old' WHERE id = 2)"); };
    if (!engine::Spoiled(spoil)) return;
    Lines log;
    world.Hook([&](Mutation<User>& m) {
      if (m.Context().Get<bool>() != nullptr) return;
      for (int i = 0; i < 2; ++i) {
        const auto error = Thrown<grapnel::SchemaError>([&] { m.OldRows(); });
        CHECK(error.Field() == "age");
      }
      m.Client().With(true).Of<User>().Update().Where(kIsBob).Set(F<&User::age>, 21).Save();
      for (const User& user : m.OldRows()) {
        log.push_back(user.name + " " + std::to_string(user.age));
      }
    });
    world.client.Of<User>().Update().Set(F<&User::age>, 1).Save();
    CHECK(log == Lines{"Ada 10", "Bob 21", "Cy 30"});
    Take(log);
    spoil();
    world.client.Of<User>().UpdateOne(2).Set(F<&User::age>, 1).Save();
    CHECK(log == Lines{"Bob 21"});
  }
  SECTION("a lock that another program holds") {
    World world;
    ::Raw other(world.scratch.File("test.db"));
    Lines log;
    world.Hook([&](Mutation<User>& m) {
      CHECK_THROWS_AS(m.Old(F<&User::name>), grapnel::BusyError);
      other(R"(UPDATE "User" SET name = 'Eve'; COMMIT)");
      log.push_back(m.Old(F<&User::name>));
    });
    other(engine::Forms{"BEGIN IMMEDIATE", R"(BEGIN; LOCK TABLE "User")"});
    world.client.Of<User>().UpdateOne(2).Set(F<&User::age>, 1).Save();
    CHECK(log == Lines{"Eve"});
    CHECK(world.Users() == Lines{"1|Eve|10", "2|Eve|1", "3|Eve|30"});
  }
  SECTION("a cancelled call, which ends its transaction") {
    World world;
    std::stop_source stop;
    std::string name;
    world.Hook([&](Mutation<User>& m) {
      if (m.Context().Get<bool>() != nullptr) stop.request_stop();
      name = m.Old(F<&User::name>);
    });
    const auto cancelled = world.client.With(true).With(stop.get_token());
    CHECK_THROWS_AS(cancelled.Of<User>().UpdateOne(1).Set(F<&User::age>, 1).Save(),
                    grapnel::CancelledError);
    CHECK(name.empty());
    world.client.Of<User>().UpdateOne(1).Set(F<&User::age>, 1).Save();
    CHECK(name == "Ada");
  }
}

TEST_CASE("B38 OldRows are all rows that each Op touches, and Old is of one row") {
  Lines log;
  const UserHook hook = [&log](Mutation<User>& m) {
    for (const auto& name : NamesOf(m.OldRows())) log.push_back(ToString(m.Op()) + " " + name);
    if (Is(m.Op(), Op::UpdateOne | Op::DeleteOne)) {
      CHECK(m.Old(F<&User::name>) == m.OldRows().front().name);
      CHECK(m.Old(F<&User::age>) == m.OldRows().front().age);
      return;
    }
    const auto error = Thrown<grapnel::Error>([&] { m.Old(F<&User::name>); });
    CHECK(std::string(error.what()).find("OldRows()") != std::string::npos);
  };
  Everywhere([&](World& world) { world.Hook(hook); },
             [&](World&, const grapnel::Client& client) {
               const auto users = client.Of<User>();
               users.UpdateOne(1).Set(F<&User::name>, "A").Save();
               CHECK(Take(log) == Lines{"UpdateOne Ada"});
               users.Update().Where(F<&User::age> > 15).Add(F<&User::age>, 1).Save();
               CHECK(Take(log) == Lines{"Update Bob", "Update Cy"});
               users.Update().Where(F<&User::age> > 99).Add(F<&User::age>, 1).Save();
               CHECK(Take(log).empty());
               users.DeleteOne(1).Where(F<&User::age> == 10).Exec();
               CHECK(Take(log) == Lines{"DeleteOne A"});
               users.Delete().Exec();
               CHECK(Take(log) == Lines{"Delete Bob", "Delete Cy"});
               CHECK(users.Query().Count() == 0);
             });

  World world;
  world.client.Of<User>().Use(Before([](Mutation<User>& m) {
    CHECK(m.IDs().empty());
    CHECK(m.OldRows().empty());
    const auto error = Thrown<NotFoundError>([&] { m.Old(F<&User::name>); });
    CHECK(std::string(error.what()) == "User not found: no row was there before");
    CHECK_THROWS_AS(m.OldField("name"), NotFoundError);
  }));
  World::Add(world.client, "Dan", 1);
}

TEST_CASE("B38 after SetOp OldRows and IDs are those of the new Op") {
  World world;
  Lines log;
  Op to = Op::Update;
  const auto users = world.client.Of<User>();
  users.Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    const bool first = m.Op() != to && m.Op() != Op::Create;
    if (!first) return next(m);
    m.SetOp(to);
    if (Is(to, Op::Update | Op::UpdateOne)) m.Set(F<&User::nickname>, "gone");
    for (const User& user : m.OldRows()) log.push_back(ToString(m.Op()) + " " + user.name);
    auto value = next(m);
    for (const std::int64_t id : m.IDs()) log.push_back(std::to_string(id));
    if (m.ID()) log.push_back("one: " + m.Old(F<&User::name>));
    return value;
  });
  const auto gone = [&] { return world.Raw(R"(SELECT id FROM "User" WHERE nickname = 'gone')"); };
  users.Delete().Where(F<&User::age> > 15).Exec();
  CHECK(Take(log) == Lines{"Update Bob", "Update Cy", "2", "3"});
  CHECK(gone() == Lines{"2", "3"});
  users.DeleteOne(1).Exec();
  CHECK(Take(log) == Lines{"Update Ada", "1"});
  to = Op::UpdateOne;
  users.DeleteOne(2).Exec();
  CHECK(Take(log) == Lines{"UpdateOne Bob", "2", "one: Bob"});
  to = Op::Delete;
  users.DeleteOne(2).Exec();
  CHECK(Take(log) == Lines{"Delete Bob", "2"});
  CHECK(world.Users() == Lines{"1|Ada|10", "3|Cy|30"});
}

TEST_CASE("B39 the second of two callers that read the same version is refused") {
  World world;
  const auto users = world.client.Of<User>();
  world.Hook([](Mutation<User>& m) {
    if (const auto* version = m.Get(F<&User::version>)) {
      m.Where(F<&User::version> == *version - 1);
    }
  });
  users.Update().Set(F<&User::age>, 1).Save();
  const User first = users.Get(1), second = users.Get(1);
  const auto save = [&](const User& read, std::string name) {
    return users.UpdateOne(read)
        .Set(F<&User::name>, std::move(name))
        .Set(F<&User::version>, read.version + 1)
        .Save();
  };
  CHECK(save(first, "first").version == 1);
  CHECK(Thrown<grapnel::StaleError>([&] { save(second, "second"); }).Entity() == "User");
  CHECK(world.Raw(R"(SELECT name, version FROM "User" WHERE id = 1)") == Lines{"first|1"});
  CHECK(save(users.Get(1), "second").version == 2);

  // With Old as well, which pins the row: a row that does not match is no old row.
  world.Hook([](Mutation<User>& m) { m.Old(F<&User::name>); });
  CHECK_THROWS_AS(save(second, "third"), NotFoundError);
  CHECK(world.Raw(R"(SELECT name, version FROM "User" WHERE id = 1)") == Lines{"second|2"});
}

TEST_CASE("B40 the first IDs or OldRows pins the rows; predicates added later narrow the write") {
  World world({"Ada", "Bob", "Cy", "Dan", "Eve"});  // of age 10 to 50
  Lines log;
  const auto users = world.client.Of<User>();
  bool rows = false, then_delete = false;
  const auto outer = [](Mutation<User>& m) { return m.Context().Get<bool>() == nullptr; };
  world.Hook([&](Mutation<User>& m) {
    if (!outer(m)) return;
    m.Where(F<&User::age> >= 20);
    CHECK((rows ? NamesOf(m.OldRows()).size() : m.IDs().size()) == 3);
    const auto inside = m.Client().With(true).Of<User>();
    World::Add(m.Client(), "Late", 25);                                            // not touched
    inside.Update().Where(F<&User::name> == "Ada").Set(F<&User::age>, 25).Save();  // neither
    if (then_delete) inside.DeleteOne(3).Exec();
  });
  world.Hook([&](Mutation<User>& m) {
    if (outer(m)) m.Where(F<&User::name> != "Bob");
  });
  users.Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    auto value = next(m);
    if (m.Op() != Op::Create && outer(m)) {
      for (const auto id : m.IDs()) log.push_back(std::to_string(id));
      log.push_back("count " + std::to_string(value.Count()));
    }
    return value;
  });
  const auto below_45 = F<&User::age> < 45;
  SECTION("update, ids") {
    CHECK(users.Update().Where(below_45).Set(F<&User::age>, 99).Save() == 2);
    CHECK(log == Lines{"3", "4", "count 2"});  // those that it touched
    CHECK(world.Users() ==
          Lines{"1|Ada|25", "2|Bob|20", "3|Cy|99", "4|Dan|99", "5|Eve|50", "6|Late|25"});
  }
  SECTION("delete, rows, one of which goes before") {
    rows = then_delete = true;
    CHECK(users.Delete().Where(below_45).Exec() == 1);
    CHECK(log == Lines{"4", "count 1"});
    CHECK(world.Users() == Lines{"1|Ada|25", "2|Bob|20", "5|Eve|50", "6|Late|25"});
  }
}

TEST_CASE("B40 rows pinned by random hooks are the model's") {
  std::mt19937 random(40);
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  World world{Lines{}};
  const auto users = world.client.Of<User>();
  struct Narrow {
    std::int64_t least, most;
    bool Holds(std::int64_t age) const { return age >= least && age <= most; }
    auto Predicate() const { return F<&User::age> >= least && F<&User::age> <= most; }
  };
  const auto narrow = [&] {
    const std::int64_t least = static_cast<std::int64_t>(random() % 60);
    return Narrow{least, least + 20 + static_cast<std::int64_t>(random() % 60)};
  };
  std::optional<Narrow> before, after;
  bool rows = false;
  Ids seen;
  world.Hook([&](Mutation<User>& m) {
    if (before) m.Where(before->Predicate());
    seen.clear();
    if (rows) {
      for (const User& user : m.OldRows()) seen.push_back(user.id);
    } else {
      seen = m.IDs();
    }
    std::sort(seen.begin(), seen.end());
    if (after) m.Where(after->Predicate());
    CHECK(m.IDs().size() == seen.size());
  });
  std::map<std::int64_t, std::int64_t> model;  // id and age
  for (int round = 0; round < 150; ++round) {
    while (model.size() < 12) {
      const User user = World::Add(world.client, "U", static_cast<std::int64_t>(random() % 100));
      model[user.id] = user.age;
    }
    const auto given = narrow();
    before = chance(50) ? std::optional(narrow()) : std::nullopt;
    after = chance(50) ? std::optional(narrow()) : std::nullopt;
    rows = chance(50);
    Ids matched, touched;
    for (const auto& [id, age] : model) {
      if (!given.Holds(age) || (before && !before->Holds(age))) continue;
      matched.push_back(id);
      if (!after || after->Holds(age)) touched.push_back(id);
    }
    const bool deletes = chance(30);
    const auto count = deletes
                           ? users.Delete().Where(given.Predicate()).Exec()
                           : users.Update().Where(given.Predicate()).Add(F<&User::age>, 7).Save();
    REQUIRE(seen == matched);
    REQUIRE(count == static_cast<std::int64_t>(touched.size()));
    for (const auto id : touched) deletes ? void(model.erase(id)) : void(model[id] += 7);
    Lines expected;
    for (const auto& [id, age] : model) {
      expected.push_back(std::to_string(id) + "|U|" + std::to_string(age));
    }
    REQUIRE(world.Users() == expected);
  }
}

TEST_CASE("B40 thousands of rows are pinned, and no others") {
  World world{Lines{}};
  const auto users = world.client.Of<User>();
  users.CreateBulk(std::vector<User>(5000, User{.name = "U"})).Save();
  world.Hook([&](Mutation<User>& m) {
    CHECK(m.IDs().size() == 4999);
    World::Add(m.Client(), "Late", 0);
    m.Where(F<&User::id> != 7);
  });
  CHECK(users.Update().Where(F<&User::id> > 1).Set(F<&User::age>, 1).Save() == 4998);
  const Lines others = world.Raw(R"(SELECT id FROM "User" WHERE age = 0)");
  REQUIRE(others.size() == 3);
  CHECK((others[0] == "1" && others[1] == "7"));
  if (engine::IdsFollowTheLargest()) CHECK(others[2] == "5001");
}

TEST_CASE("B41 B42 IDs of the One forms honour predicates and existence, as the write does") {
  World world;
  const auto users = world.client.Of<User>();
  std::vector<Ids> log;
  world.Hook([&](Mutation<User>& m) {
    m.Where(F<&User::age> > 15);
    log.push_back(m.IDs());
    CHECK(m.OldRows().size() == log.back().size());
    if (log.back().empty()) CHECK_THROWS_AS(m.Old(F<&User::name>), NotFoundError);
  });
  const auto update = [&](std::int64_t id) { users.UpdateOne(id).Set(F<&User::name>, "x").Save(); };
  CHECK_THROWS_AS(update(99), NotFoundError);
  Thrown<NotFoundError>([&] { update(99); });
  log.pop_back();
  const auto error = Thrown<grapnel::StaleError>([&] { update(1); });
  CHECK(std::string(error.what()).find("User is stale: id 1 is there, but does not match") == 0);
  CHECK_THROWS_AS(users.UpdateOne(1).Save(), NotFoundError);  // changes nothing
  CHECK_THROWS_AS(users.DeleteOne(99).Exec(), NotFoundError);
  CHECK_THROWS_AS(users.DeleteOne(1).Exec(), NotFoundError);
  CHECK_THROWS_AS(users.DeleteOne(2).Where(F<&User::name> == "Ada").Exec(), NotFoundError);
  CHECK(log == std::vector<Ids>(6));
  CHECK(world.Users() == Lines{"1|Ada|10", "2|Bob|20", "3|Cy|30"});
  update(2);
  users.DeleteOne(3).Where(F<&User::name> == "Cy").Exec();
  CHECK(log.at(6) == Ids{2});
  CHECK(log.at(7) == Ids{3});
  CHECK(world.Users() == Lines{"1|Ada|10", "2|x|20"});
}

TEST_CASE("B42 a hook's predicate that does not match leaves the row untouched, edges too") {
  World world;
  const auto users = world.client.Of<User>();
  world.client.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::owner>, 1).Save();
  world.Hook([](Mutation<User>& m) { m.Where(F<&User::name> == "nobody"); });
  CHECK_THROWS_AS(users.UpdateOne(1).Set(F<&User::age>, 1).Save(), grapnel::StaleError);
  CHECK_THROWS_AS(users.UpdateOne(1).AddIDs(F<&User::friends>, {2}).Save(), grapnel::StaleError);
  CHECK_THROWS_AS(users.UpdateOne(1).ClearEdge(F<&User::cards>).Save(), grapnel::StaleError);
  CHECK_THROWS_AS(users.DeleteOne(1).Exec(), grapnel::StaleError);
  CHECK(users.Update().AddIDs(F<&User::friends>, {2}).Save() == 0);
  CHECK(users.Delete().Exec() == 0);
  CHECK(world.Users() == Lines{"1|Ada|10", "2|Bob|20", "3|Cy|30"});
  CHECK(world.client.Of<Card>().Get(1).owner.ID() == 1);
  CHECK(users.Query().Where(F<&User::friends>.Has()).Count() == 0);
}

TEST_CASE("B93 old rows and the returned row are the stored ones, marked as deleted or not") {
  World world;
  const auto cards = world.client.Of<Card>();
  cards.Create().Set(F<&Card::number>, "1").Set(F<&Card::expired_at>, graph::Time()).Save();
  Lines log;
  cards.Use(grapnel::hook::Unless(Before([&](Mutation<Card>& m) {
                                    log.push_back(ToString(m.Op()) + " " +
                                                  std::to_string(m.IDs().size()) + " " +
                                                  m.OldRows().at(0).number);
                                  }),
                                  Op::Create));
  CHECK(cards.UpdateOne(1).Set(F<&Card::name>, "Visa").Save().expired_at == graph::Time());
  cards.Update().Set(F<&Card::name>, "Visa").Save();
  cards.DeleteOne(1).Exec();
  CHECK(log == Lines{"UpdateOne 1 1", "Update 1 1", "DeleteOne 1 1"});
}
