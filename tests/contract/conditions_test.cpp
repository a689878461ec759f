// B15 to B22: hooks behind conditions.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

namespace conditions {

struct NoUpdateMany {
  std::int64_t version = 0;
};
struct Ledger : NoUpdateMany {
  std::int64_t id = 0;
  std::string title;
};

}  // namespace conditions

template <>
struct grapnel::Schema<conditions::NoUpdateMany> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&conditions::NoUpdateMany::version>("version").Default(0));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(hook::Reject(Op::Update));
  }
};

template <>
struct grapnel::Schema<conditions::Ledger> {
  static constexpr std::string_view Type = "Ledger";
  using Mixins = grapnel::Mixins<conditions::NoUpdateMany>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&conditions::Ledger::title>("title").Default("untitled"));
  }
};

namespace {

using namespace grapnel::hook;
using conditions::Ledger;
using grapnel::F;
using grapnel::Op;
using grapnel::RejectedError;
using model::Card;
using model::Pet;
using model::User;

/// A card with these numbers each, straight into the database.
void CreateCards(const grapnel::Client& client, std::initializer_list<const char*> numbers) {
  for (const char* number : numbers) {
    client.Of<Card>().Create().Set(F<&Card::number>, number).Set(F<&Card::in_hook>, "").Save();
  }
}

/// A hook of every type that logs the Op it runs for.
auto Ops(Lines& log) {
  return Before([&log](const auto& m) { log.push_back(ToString(m.Op())); });
}

/// One mutation of each Op, all of the type's Ops in their order.
template <class E>
void RunAllOps(const grapnel::Client& client) {
  const auto entities = client.Of<E>();
  const E made = entities.Create().Set(F<&E::name>, "x").Save();
  entities.Update().Set(F<&E::name>, "y").Save();
  entities.UpdateOne(made).Set(F<&E::name>, "z").Save();
  entities.Delete().Where(F<&E::id> == 0).Exec();
  entities.DeleteOne(made).Exec();
}

TEST_CASE("B15 On, Unless and ~ select Ops, alone and nested, for every form of hook") {
  Fixture<User, Pet> db;
  Lines log;
  const auto with = [&](auto hook) {
    auto handle = db.client.Of<User>().Use(std::move(hook));
    RunAllOps<User>(db.client);
    handle.Remove();
    return Take(log);
  };
  const auto around = [&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    log.push_back(ToString(m.Op()));
    return next(m);
  };
  const auto ent = [&](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
    return [&log, next](grapnel::Mutation<User>& m) {
      log.push_back(ToString(m.Op()));
      return next(m);
    };
  };
  const auto all_forms = [&](auto restrict, const Lines& expected) {
    CHECK(with(restrict(Ops(log))) == expected);
    CHECK(with(restrict(around)) == expected);
    CHECK(with(restrict(ent)) == expected);
    CHECK(with(restrict(Chain(around))) == expected);
    CHECK(with(Chain(restrict(ent))) == expected);
  };

  all_forms([](auto h) { return On(h, Op::Update | Op::UpdateOne); }, {"Update", "UpdateOne"});
  all_forms([](auto h) { return Unless(h, Op::Create); },
            {"Update", "UpdateOne", "Delete", "DeleteOne"});
  all_forms([](auto h) { return On(h, ~Op::UpdateOne); },
            {"Create", "Update", "Delete", "DeleteOne"});
  all_forms([](auto h) { return Unless(h, ~Op::UpdateOne); }, {"UpdateOne"});
  all_forms([](auto h) { return On(h, Op::Update & Op::Delete); }, {});
  all_forms([](auto h) { return On(On(h, ~Op::Update), ~Op::Create); },
            {"UpdateOne", "Delete", "DeleteOne"});
  all_forms([](auto h) { return If(On(h, Op::Create), Not(HasOp(Op::Create))); }, {});
}

TEST_CASE("B15 a masked client-wide hook is masked for every type") {
  Fixture<User, Pet> db;
  Lines log;
  db.client.Use(On(Ops(log), Op::DeleteOne));
  RunAllOps<User>(db.client);
  RunAllOps<Pet>(db.client);
  REQUIRE(log == Lines{"DeleteOne", "DeleteOne"});
}

TEST_CASE("B16 Reject(Update) as a mixin hook stops update-many alone") {
  Fixture<Ledger> db;
  const auto ledgers = db.client.Of<Ledger>();
  ledgers.Create().Save();
  ledgers.Create().Save();
  REQUIRE(Thrown<RejectedError>([&] {
            ledgers.Update().Set(F<&Ledger::title>, "many").Save();
          }).what() == std::string("Ledger: Update is not allowed"));
  REQUIRE(ledgers.UpdateOne(1).Set(F<&Ledger::title>, "one").Save().title == "one");
  ledgers.DeleteOne(2).Exec();
  REQUIRE(db.Raw("SELECT id, title FROM Ledger") == Lines{"1|one"});
  REQUIRE(ledgers.Delete().Exec() == 1);
}

TEST_CASE("B17 a rejection names the actual type and Op, not the mask") {
  Fixture<User, Pet> db;
  db.client.Use(Reject(Op::Delete | Op::DeleteOne));
  const auto rejected = [](std::string type, Op op, auto action) {
    const auto error = Thrown<RejectedError>(action);
    CHECK(error.Type() == type);
    CHECK(error.Op() == op);
    CHECK(error.what() == type + ": " + ToString(op) + " is not allowed");
  };
  rejected("User", Op::Delete, [&] { db.client.Of<User>().Delete().Exec(); });
  rejected("User", Op::DeleteOne, [&] { db.client.Of<User>().DeleteOne(1).Exec(); });
  rejected("Pet", Op::Delete, [&] { db.client.Of<Pet>().Delete().Exec(); });

  const auto error = Thrown<RejectedError>([&] { db.client.Of<User>().Delete().Exec(); });
  REQUIRE(error.what() == std::string("User: Delete is not allowed"));
}

TEST_CASE("B18 updates that set expired_at pass, the others are rejected") {
  Fixture<Card> db;
  const auto cards = db.client.Of<Card>();
  cards.Use(If(Reject(Op::Update), Not(HasFields(F<&Card::expired_at>))));
  CreateCards(db.client, {"1", "2"});  // the mask of the inner hook does not reject a Create

  REQUIRE(cards.Update().Set(F<&Card::expired_at>, model::Epoch()).Save() == 2);
  REQUIRE_THROWS_AS(cards.Update().Set(F<&Card::in_hook>, "x").Save(), RejectedError);
  REQUIRE_THROWS_AS(cards.Update().Clear(F<&Card::expired_at>).Save(), RejectedError);
  cards.UpdateOne(1).Set(F<&Card::in_hook>, "y").Save();
  REQUIRE(db.Raw("SELECT in_hook, expired_at FROM Card ORDER BY id") == Lines{"y|0", "|0"});
}

TEST_CASE("B19 FixedError behind And, Or, HasFields and HasClearedFields") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  users.Create().Set(F<&User::name>, "Ada").Set(F<&User::password>, "secret").Save();
  users.Use(If(FixedError("password cannot be edited on update-many"),
               And(HasOp(Op::Update),
                   Or(HasFields(F<&User::password>), HasClearedFields(F<&User::password>)))));

  const auto refused = [](auto action) {
    CHECK(Thrown<grapnel::Error>(action).what() ==
          std::string("password cannot be edited on update-many"));
  };
  refused([&] { users.Update().Set(F<&User::password>, "x").Save(); });
  refused([&] { users.Update().Clear(F<&User::password>).Save(); });
  REQUIRE(db.Raw("SELECT password FROM User") == Lines{"secret"});

  REQUIRE(users.Update().Set(F<&User::age>, 40).Save() == 1);
  users.UpdateOne(1).Set(F<&User::password>, "new").Save();
  REQUIRE(db.Raw("SELECT password, age FROM User") == Lines{"new|40"});
  users.UpdateOne(1).Clear(F<&User::password>).Save();
  REQUIRE(db.Raw("SELECT password, age FROM User") == Lines{"NULL|40"});
}

struct Teapot : std::logic_error {
  explicit Teapot(int c) : std::logic_error("short and stout"), code(c) {}
  int code;
};
struct Bare {
  int code;
};

TEST_CASE("B19 FixedError keeps the type of what it is given") {
  Fixture<User> db;
  auto handle = db.client.Of<User>().Use(FixedError(Teapot(418)));
  const auto remove = [&] { db.client.Of<User>().Delete().Exec(); };
  REQUIRE(Thrown<Teapot>(remove).code == 418);
  REQUIRE(Thrown<Teapot>(remove).what() == std::string("short and stout"));  // again, whole
  handle.Remove();
  handle = db.client.Of<User>().Use(FixedError(Bare{7}));
  REQUIRE(Thrown<Bare>(remove).code == 7);
  handle.Remove();
  db.client.Of<User>().Use(FixedError(std::string("a std::string")));
  REQUIRE(Thrown<grapnel::Error>(remove).what() == std::string("a std::string"));
}

TEST_CASE("B20 Or(HasFields, HasClearedFields) holds for setting and clearing, and only then") {
  Fixture<Card> db;
  const auto cards = db.client.Of<Card>();
  Lines by_token, by_name, both;
  cards.Use(If(Ops(by_token), Or(HasFields(F<&Card::name>), HasClearedFields(F<&Card::name>))),
            If(Ops(by_name), Or(HasFields("name"), HasClearedFields("name"))),
            If(Ops(both), HasFields(F<&Card::name>, "number")));

  CreateCards(db.client, {"1"});
  cards.UpdateOne(1).Set(F<&Card::name>, "a name").Save();
  cards.UpdateOne(1).Clear(F<&Card::name>).Save();
  cards.DeleteOne(1).Exec();
  REQUIRE(by_token == Lines{"UpdateOne", "UpdateOne"});
  REQUIRE(by_name == by_token);
  REQUIRE(both == Lines{});
}

TEST_CASE("B20 fields given together must all be set; And and Or stop at the first that decides") {
  Fixture<User> db;
  Lines log;
  const auto said = [&log](const char* text, bool result) {
    return [&log, text, result](const auto&) {
      log.push_back(text);
      return result;
    };
  };
  const auto users = db.client.Of<User>();
  users.Use(If(Noted(log, "both"), HasFields(F<&User::nickname>, F<&User::password>)),
            If(Noted(log, "and"), And(said("a1", true), said("a2", false), said("a3", true))),
            If(Noted(log, "or"), Or(said("o1", false), said("o2", true), said("o3", true))));
  users.Update().Set(F<&User::nickname>, "n").Save();
  REQUIRE(Take(log) == Lines{"a1", "a2", "o1", "o2", "or"});
  users.Update().Set(F<&User::nickname>, "n").Set(F<&User::password>, "p").Save();
  REQUIRE(Take(log) == Lines{"both", "a1", "a2", "o1", "o2", "or"});
}

TEST_CASE("B20 a condition on a name that the type does not have is an UnknownFieldError") {
  Fixture<User, Pet> db;
  db.client.Use(If(Reject(grapnel::AnyOp), HasFields("nickname")));
  db.client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  const auto error = Thrown<grapnel::UnknownFieldError>(
      [&] { db.client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save(); });
  REQUIRE(error.Entity() == "Pet");
  REQUIRE(error.Field() == "nickname");
}

TEST_CASE("B21 HasAddedFields holds for Add alone, and the hook reads what is added") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  users.Create().Set(F<&User::name>, "Ada").Set(F<&User::worth>, 5).Save();
  Lines log;
  const auto added = Before([&](grapnel::Mutation<User>& m) {
    log.push_back(ToString(m.Op()) + " " + std::to_string(*m.Added(F<&User::worth>)));
  });
  users.Use(If(added, HasAddedFields(F<&User::worth>)), If(added, HasAddedFields("worth")),
            If(added, HasAddedFields(F<&User::worth>, F<&User::age>)));

  users.UpdateOne(1).Add(F<&User::worth>, 100).Save();
  REQUIRE(Take(log) == Lines{"UpdateOne 100", "UpdateOne 100"});
  users.UpdateOne(1).Set(F<&User::worth>, 100).Save();
  users.UpdateOne(1).Add(F<&User::age>, 1).Save();
  users.Create().Set(F<&User::name>, "Bob").Set(F<&User::worth>, 100).Save();
  REQUIRE(log == Lines{});
  users.Update().Add(F<&User::worth>, 7).Add(F<&User::age>, 1).Save();
  REQUIRE(log == Lines{"Update 7", "Update 7", "Update 7"});
}

TEST_CASE("B22 a condition sees the edits of the hooks before it, and of no later one") {
  Fixture<User> db;
  Lines log;
  const auto has_nickname = HasFields(F<&User::nickname>);
  db.client.Of<User>().Use(
      If(Noted(log, "too early"), has_nickname),
      Before([](grapnel::Mutation<User>& m) { m.Set(F<&User::nickname>, "by hook"); }),
      If(Noted(log, "set"), has_nickname),
      Chain(Before([](grapnel::Mutation<User>& m) { m.Clear(F<&User::nickname>); }),
            If(Noted(log, "cleared"), HasClearedFields(F<&User::nickname>)),
            If(Noted(log, "still set"), has_nickname)));

  db.client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  REQUIRE(Take(log) == Lines{"set", "cleared"});
  db.client.Of<User>().Update().Set(F<&User::nickname>, "by caller").Save();
  REQUIRE(log == Lines{"too early", "set", "cleared"});
}

TEST_CASE("B22 the condition of an If is asked once per mutation, when its turn comes") {
  Fixture<User> db;
  Lines log;
  bool holds = false;
  db.client.Of<User>().Use(Logged(log, "f"),
                           If(Logged(log, "g"), [&](const grapnel::Mutation<User>&) {
                             log.push_back("asked");
                             return holds;
                           }));
  db.client.Of<User>().Delete().Exec();
  REQUIRE(Take(log) == Lines{"f", "asked", "/f"});
  holds = true;
  db.client.Of<User>().Delete().Exec();
  REQUIRE(log == Lines{"f", "asked", "g", "/g", "/f"});
}

}  // namespace
