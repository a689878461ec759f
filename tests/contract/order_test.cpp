// B1 to B8, B12, B13: in which order hooks run, and which of them.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

namespace order {

inline Lines& Log() {
  static Lines log;
  return log;
}

struct Stamped {
  std::int64_t version = 0;
};
struct Owned {
  std::string owner;
};
struct Note : Stamped, Owned {
  std::int64_t id = 0;
  std::string text;
};

}  // namespace order

template <>
struct grapnel::Schema<order::Stamped> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&order::Stamped::version>("version").Default(0));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(Logged(order::Log(), "m1h1"), Logged(order::Log(), "m1h2"));
  }
};

template <>
struct grapnel::Schema<order::Owned> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&order::Owned::owner>("owner").Default("nobody"));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(Logged(order::Log(), "m2h1"), Logged(order::Log(), "m2h2"));
  }
};

template <>
struct grapnel::Schema<order::Note> {
  static constexpr std::string_view Type = "Note";
  using Mixins = grapnel::Mixins<order::Stamped, order::Owned>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&order::Note::text>("text").Default(""));
  }
  static auto Hooks() {
    return grapnel::Hooks(Logged(order::Log(), "s1"), Logged(order::Log(), "s2"));
  }
};

namespace {

using grapnel::F;
using grapnel::Op;
using model::Card;
using model::Pet;
using model::User;
using order::Note;

const Lines kFGH = {"f", "g", "h", "/h", "/g", "/f"};

/// A client that logs the statements that write, by their first word.
auto Traced(const auto& client, Lines& log) {
  return client.Debug([&log](std::string_view sql) {
    const auto word = sql.substr(0, sql.find(' '));
    if (word == "INSERT" || word == "UPDATE" || word == "DELETE") log.emplace_back(word);
  });
}

void CreateUser(const grapnel::Client& client) {
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
}

TEST_CASE("B1 Use(f, g, h) runs f(g(h(SQL)))") {
  Fixture<User> db;
  Lines log;
  db.client.Of<User>().Use(Logged(log, "f"), Logged(log, "g"), Logged(log, "h"));
  const auto traced = Traced(db.client, log);

  const Lines around_insert = {"f", "g", "h", "INSERT", "/h", "/g", "/f"};
  CreateUser(traced);
  REQUIRE(Take(log) == around_insert);

  // The same around every other Op.
  traced.Of<User>().UpdateOne(1).Set(F<&User::age>, 1).Save();
  REQUIRE(Take(log) == Lines{"f", "g", "h", "UPDATE", "/h", "/g", "/f"});
  traced.Of<User>().Update().Set(F<&User::age>, 2).Save();
  REQUIRE(Take(log) == Lines{"f", "g", "h", "UPDATE", "/h", "/g", "/f"});
  traced.Of<User>().DeleteOne(1).Exec();
  REQUIRE(Take(log) == Lines{"f", "g", "h", "DELETE", "/h", "/g", "/f"});
  traced.Of<User>().Delete().Exec();
  REQUIRE(Take(log) == Lines{"f", "g", "h", "DELETE", "/h", "/g", "/f"});
}

TEST_CASE("B1 Use(f), Use(g), Use(h) is Use(f, g, h)") {
  Fixture<User> db;
  Lines log;
  db.client.Of<User>().Use(Logged(log, "f"));
  db.client.Of<User>().Use(Logged(log, "g"));
  db.client.Of<User>().Use(Logged(log, "h"));
  CreateUser(db.client);
  REQUIRE(log == kFGH);
}

TEST_CASE("B2 B4 runtime hooks, then mixins in their order, then the schema's own") {
  Fixture<Note> db;
  Lines& log = order::Log();
  const Lines inner = {"m1h1", "m1h2", "m2h1",  "m2h2",  "s1",    "s2",
                       "/s2",  "/s1",  "/m2h2", "/m2h1", "/m1h2", "/m1h1"};
  log.clear();

  db.client.Of<Note>().Create().Save();
  REQUIRE(Take(log) == inner);

  // However late a runtime hook is registered, it is outside of them.
  db.client.Of<Note>().Use(Logged(log, "r"));
  db.client.Of<Note>().Create().Save();
  Lines all = {"r"};
  all.insert(all.end(), inner.begin(), inner.end());
  all.push_back("/r");
  REQUIRE(Take(log) == all);
}

TEST_CASE("B3 client-wide and one-type hooks share one order; the former serve every type") {
  Fixture<User, Pet> db;
  Lines log;
  db.client.Use(Logged(log, "all1"));
  db.client.Of<User>().Use(Logged(log, "user"));
  db.client.Use(Logged(log, "all2"), Logged(log, "all3"));

  CreateUser(db.client);
  REQUIRE(Take(log) == Lines{"all1", "user", "all2", "all3", "/all3", "/all2", "/user", "/all1"});
  db.client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
  REQUIRE(Take(log) == Lines{"all1", "all2", "all3", "/all3", "/all2", "/all1"});
}

TEST_CASE("B5 Chain runs its hooks in order; Append and Extend leave the receiver as it was") {
  using grapnel::hook::Chain;
  Fixture<User, Card> db;
  Lines log;
  const auto named = [&](const char* name) { return Logged(log, name); };
  const auto run = [&](auto hook) {
    auto handle = db.client.Of<User>().Use(hook);
    CreateUser(db.client);
    handle.Remove();
    return Take(log);
  };

  const auto one = Chain(named("a"));
  const auto five = one.Append(named("b")).Append(named("c"), named("d")).Append(named("e"));
  const auto extended = one.Extend(Chain(named("y"), named("z")));

  REQUIRE(run(five) == Lines{"a", "b", "c", "d", "e", "/e", "/d", "/c", "/b", "/a"});
  REQUIRE(run(extended) == Lines{"a", "y", "z", "/z", "/y", "/a"});
  REQUIRE(run(one) == Lines{"a", "/a"});
  REQUIRE(run(Chain(one, five.Extend(extended), Noted(log, "last"))) ==
          Lines{"a", "a", "b", "c", "d", "e", "a", "y", "z", "last",  //
                "/z", "/y", "/a", "/e", "/d", "/c", "/b", "/a", "/a"});
}

TEST_CASE("B6 the empty chain is the identity") {
  using grapnel::hook::Chain;
  Fixture<User> db;
  Lines log;
  db.client.Of<User>().Use(Chain(), Logged(log, "f"), Chain().Append(Logged(log, "g")),
                           Chain().Extend(Chain()), Chain(Logged(log, "h"), Chain()));
  CreateUser(db.client);
  REQUIRE(log == kFGH);
  REQUIRE(db.Raw("SELECT name FROM User") == Lines{"Ada"});
}

TEST_CASE("B7 derived clients keep the hooks, and see later ones") {
  Fixture<User> db;
  Lines log;
  const auto with = db.client.With(42);
  const auto debug = with.Debug([](std::string_view) {});
  db.client.Of<User>().Use(Logged(log, "f"));

  CreateUser(with);
  CreateUser(debug);
  CreateUser(grapnel::Client(db.client));
  db.client.WithTx([](grapnel::Tx& tx) { CreateUser(tx.Client().With(43)); });
  REQUIRE(log == Lines{"f", "/f", "f", "/f", "f", "/f", "f", "/f"});
}

TEST_CASE("B8 without next there is no write, no validation and no inner hook") {
  Fixture<User> db;
  CreateUser(db.client);
  Lines log, sql;
  const auto suppress = [&log](grapnel::Mutation<User>& m,
                               grapnel::Next<User>) -> grapnel::Value<User> {
    log.push_back("suppressed " + ToString(m.Op()));
    if (Is(m.Op(), Op::Create | Op::UpdateOne)) return User{.id = 77, .name = "nobody"};
    return 77;
  };
  db.client.Of<User>().Use(Logged(log, "outer"), suppress, Logged(log, "inner"));
  const auto traced = db.client.Debug([&](std::string_view text) { sql.emplace_back(text); });
  const auto users = traced.Of<User>();

  REQUIRE(users.Create().Save().id == 77);  // without the required name
  REQUIRE(Take(log) == Lines{"outer", "suppressed Create", "/outer"});
  REQUIRE(users.UpdateOne(1).Set(F<&User::name>, "").Save().name == "nobody");
  REQUIRE(Take(log) == Lines{"outer", "suppressed UpdateOne", "/outer"});
  REQUIRE(users.Update().Set(F<&User::age>, 9).Save() == 77);
  REQUIRE(Take(log) == Lines{"outer", "suppressed Update", "/outer"});
  REQUIRE(users.Delete().Exec() == 77);
  REQUIRE(Take(log) == Lines{"outer", "suppressed Delete", "/outer"});
  users.DeleteOne(12345).Exec();
  REQUIRE(Take(log) == Lines{"outer", "suppressed DeleteOne", "/outer"});

  REQUIRE(sql == Lines{});
  REQUIRE(db.Raw("SELECT id, name, age FROM User") == Lines{"1|Ada|0"});
}

TEST_CASE("B12 the hooks are those registered when Save or Exec starts") {
  Fixture<User> db;
  Lines log;
  const auto users = db.client.Of<User>();

  auto removed = users.Use(Logged(log, "removed"));
  auto create = users.Create().Set(F<&User::name>, "Ada");
  auto update = users.Update().Set(F<&User::age>, 36);
  auto remove = users.DeleteOne(1);
  removed.Remove();
  users.Use(Logged(log, "added"));
  create.Save();
  REQUIRE(Take(log) == Lines{"added", "/added"});
  REQUIRE(update.Save() == 1);
  REQUIRE(Take(log) == Lines{"added", "/added"});
  remove.Exec();
  REQUIRE(Take(log) == Lines{"added", "/added"});
}

TEST_CASE("B12 what a running hook registers or removes counts from the next mutation on") {
  Fixture<User> db;
  Lines log;
  const auto users = db.client.Of<User>();
  grapnel::core::HookHandle inner;
  users.Use(grapnel::hook::Before([&](grapnel::Mutation<User>&) {
    inner.Remove();
    inner = users.Use(Logged(log, "h" + std::to_string(log.size())));
  }));

  CreateUser(db.client);
  REQUIRE(log == Lines{});
  CreateUser(db.client);
  REQUIRE(log == Lines{"h0", "/h0"});
  CreateUser(db.client);
  REQUIRE(log == Lines{"h0", "/h0", "h0", "/h0"});
  CreateUser(db.client);
  REQUIRE(log == Lines{"h0", "/h0", "h0", "/h0", "h2", "/h2"});
}

TEST_CASE("B13 hooks of a transaction last as long as it") {
  Fixture<User, Note> db;
  Lines log;
  db.client.Of<User>().Use(Logged(log, "client"));
  {
    auto tx = db.client.Tx();
    CreateUser(tx.Client());
    REQUIRE(Take(log) == Lines{"client", "/client"});

    tx.Of<User>().Use(Logged(log, "tx1"), Logged(log, "tx2"));
    const Lines all = {"client", "tx1", "tx2", "/tx2", "/tx1", "/client"};
    CreateUser(tx.Client());
    REQUIRE(Take(log) == all);
    tx.Client().With(1).Of<User>().Update().Set(F<&User::age>, 1).Save();
    REQUIRE(Take(log) == all);
    tx.Commit();
  }
  CreateUser(db.client);
  REQUIRE(Take(log) == Lines{"client", "/client"});
  db.client.WithTx([](grapnel::Tx& tx) { CreateUser(tx.Client()); });
  REQUIRE(Take(log) == Lines{"client", "/client"});
  REQUIRE(db.Raw("SELECT count(*) FROM User") == Lines{"4"});
}

TEST_CASE("B13 a transaction's hooks stand between the client's and the schema's, and can go") {
  Fixture<Note> db;
  Lines log;
  auto client_hook = db.client.Of<Note>().Use(Logged(order::Log(), "client"));
  db.client.WithTx([&](grapnel::Tx& tx) {
    auto handle = tx.Of<Note>().Use(Logged(order::Log(), "tx"));
    order::Log().clear();
    tx.Of<Note>().Create().Save();
    log = Take(order::Log());
    log.resize(4);
    REQUIRE(log == Lines{"client", "tx", "m1h1", "m1h2"});

    handle.Remove();
    tx.Of<Note>().Create().Save();
    log = Take(order::Log());
    log.resize(3);
    REQUIRE(log == Lines{"client", "m1h1", "m1h2"});
  });
}

TEST_CASE("B13 a nested transaction's hooks end with it; the outer one's reach into it") {
  Fixture<User> db;
  Lines log;
  db.client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().Use(Logged(log, "outer"));
    tx.WithTx([&](grapnel::Tx& nested) {
      nested.Of<User>().Use(Logged(log, "nested"));
      CreateUser(nested.Client());
    });
    REQUIRE(Take(log) == Lines{"outer", "nested", "/nested", "/outer"});
    CreateUser(tx.Client());
    REQUIRE(Take(log) == Lines{"outer", "/outer"});
  });
}

TEST_CASE("B13 a rolled-back transaction takes its hooks with it") {
  Fixture<User> db;
  Lines log;
  {
    auto tx = db.client.Tx();
    tx.Of<User>().Use(Logged(log, "tx"));
    CreateUser(tx.Client());
  }
  REQUIRE(Take(log) == Lines{"tx", "/tx"});
  CreateUser(db.client);
  REQUIRE(log == Lines{});
  REQUIRE(db.Raw("SELECT count(*) FROM User") == Lines{"1"});
}

}  // namespace
