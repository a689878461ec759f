// B9 to B11, B14: what a hook returns, retries, throws, and how it goes away again.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

namespace {

using grapnel::F;
using grapnel::Op;
using model::Card;
using model::User;

using Mutation = grapnel::Mutation<User>;
using Next = grapnel::Next<User>;
using Value = grapnel::Value<User>;

const char* const kUsers = "SELECT name, worth FROM User ORDER BY id";
const char* const kCards = "SELECT number FROM Card ORDER BY id";

void CreateUser(const grapnel::Client& client, std::string name = "Ada") {
  client.Of<User>().Create().Set(F<&User::name>, std::move(name)).Save();
}

void CreateCard(const grapnel::Client& client, std::string number) {
  client.Of<Card>()
      .Create()
      .Set(F<&Card::number>, std::move(number))
      .Set(F<&Card::in_hook>, "")
      .Save();
}

/// Runs `test(client)` with the base client, then inside a transaction that is committed.
template <class Db, class Test>
void OutsideAndInside(const Db& db, Test test) {
  SECTION("outside of a transaction") { test(grapnel::Client(db.client)); }
  SECTION("inside of a transaction") {
    db.client.WithTx([&](grapnel::Tx& tx) { test(tx.Client()); });
  }
}

TEST_CASE("B9 a result that does not fit the Op is a TypeMismatchError, and all is rolled back") {
  Fixture<User, Card> db;
  CreateUser(db.client, "Eve");
  const auto wrong = [](Mutation& m, Next next) -> Value {
    CreateCard(m.Client(), ToString(m.Op()));
    next(m);
    if (Is(m.Op(), Op::Create | Op::UpdateOne)) return 1;
    return User{.id = 1, .name = "Eve"};
  };
  db.client.Of<User>().Use(grapnel::hook::If(
      wrong, [](const Mutation& m) { return m.Context().Get<int>() != nullptr; }));

  OutsideAndInside(db, [&](const grapnel::Client& client) {
    const auto users = client.With(1).Of<User>();
    const auto refused = [&](std::string said, auto action) {
      const auto error = Thrown<grapnel::TypeMismatchError>(action);
      CHECK(error.Entity() == "User");
      CHECK_THAT(error.what(), Catch::Matchers::Contains(said));
      CHECK(client.Of<User>().Query().Count() == 1);
      CHECK(client.Of<Card>().Query().Count() == 0);
    };
    refused("Create results in an entity",
            [&] { users.Create().Set(F<&User::name>, "Ada").Save(); });
    refused("UpdateOne results in an entity",
            [&] { users.UpdateOne(1).Set(F<&User::worth>, 5).Save(); });
    refused("Update results in a count", [&] { users.Update().Set(F<&User::worth>, 5).Save(); });
    refused("DeleteOne results in a count", [&] { users.DeleteOne(1).Exec(); });
    refused("Delete results in a count", [&] { users.Delete().Exec(); });
    std::vector<User> two(2, User{.name = "Ada"});
    refused("Create results in an entity", [&] { users.CreateBulk(two).Save(); });
  });
  REQUIRE(db.Raw(kUsers) == Lines{"Eve|0"});
  REQUIRE(db.Raw(kCards) == Lines{});
}

TEST_CASE("B10 next may be called again after it threw; the failed try leaves nothing") {
  Fixture<User, Card> db;
  Lines log;
  int tries = 0;
  const auto retry = [&](Mutation& m, Next next) {
    CreateCard(m.Client(), "the outer hook's");
    m.AfterCommit([&log] { log.push_back("committed the outer hook"); });
    try {
      return next(m);
    } catch (const std::runtime_error& error) {
      log.push_back(error.what());
      return next(m);
    }
  };
  const auto failing_once = [&](Mutation& m, Next next) {
    ++tries;
    log.push_back("try " + std::to_string(tries));
    CreateCard(m.Client(), "card of try " + std::to_string(tries));
    m.AfterCommit([&log, at = tries] { log.push_back("committed " + std::to_string(at)); });
    auto value = next(m);
    if (tries == 1) throw std::runtime_error("failed after the write");
    return value;
  };
  db.client.Of<User>().Use(retry, Logged(log, "middle"), failing_once);

  OutsideAndInside(db, [&](const grapnel::Client& client) {
    const User ada = client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
    CHECK(client.Of<User>().Query().IDs() == std::vector{ada.id});
  });
  REQUIRE(log == Lines{"middle", "try 1", "failed after the write", "middle", "try 2", "/middle",
                       "committed the outer hook", "committed 2"});
  REQUIRE(db.Raw(kUsers) == Lines{"Ada|0"});
  REQUIRE(db.Raw(kCards) == Lines{"the outer hook's", "card of try 2"});
}

TEST_CASE("B10 a hook mends the mutation after a ConstraintError and tries again") {
  Fixture<User, Card> db;
  CreateCard(db.client, "1");
  db.client.Of<Card>().Use([](grapnel::Mutation<Card>& m, grapnel::Next<Card> next) {
    for (;;) {
      try {
        return next(m);
      } catch (const grapnel::ConstraintError&) {
        m.Set(F<&Card::number>, *m.Get(F<&Card::number>) + "+");
      }
    }
  });
  OutsideAndInside(db, [&](const grapnel::Client& client) {
    CreateCard(client, "1");
    CreateCard(client, "1");
    Card third;
    third.number = "1";
    client.Of<Card>().CreateBulk(std::vector{third, third}).Save();
  });
  REQUIRE(db.Raw(kCards) == Lines{"1", "1+", "1++", "1+++", "1++++"});
}

TEST_CASE("B10 a second next after a success throws, and nothing is written twice") {
  Fixture<User, Card> db;
  Lines log;
  bool keep = true;
  db.client.Of<User>().Use(
      [&](Mutation& m, Next next) {
        auto value = next(m);
        try {
          next(m);
        } catch (const grapnel::Error& error) {
          log.push_back("refused");
          if (!keep) throw;
        }
        return value;
      },
      Logged(log, "inner"));

  OutsideAndInside(db, [&](const grapnel::Client& client) {
    CreateUser(client);
    client.Of<User>().Update().Add(F<&User::worth>, 5).Save();
    keep = false;
    REQUIRE_THROWS_AS(CreateUser(client, "Eve"), grapnel::Error);
    REQUIRE_THROWS_AS(client.Of<User>().Update().Add(F<&User::worth>, 5).Save(), grapnel::Error);
  });
  REQUIRE(db.Raw(kUsers) == Lines{"Ada|5"});
  Lines expected;
  for (int i = 0; i < 4; ++i) expected.insert(expected.end(), {"inner", "/inner", "refused"});
  REQUIRE(log == expected);
}

TEST_CASE("B10 next of hooks that are put together by hand is that of registered ones") {
  using Hook = grapnel::Hook<User>;
  using Mutator = grapnel::Mutator<User>;
  int tries = 0;
  const Hook retry([](Mutation& m, Next next) {
    try {
      return next(m);
    } catch (const std::runtime_error&) {
      return next(m);
    }
  });
  const Hook failing_once([&](Mutation& m, Next next) {
    CreateCard(m.Client(), std::to_string(++tries));
    if (tries == 1) throw std::runtime_error("busy");
    return next(m);
  });
  const Hook twice([](Mutation& m, Next next) {
    next(m);
    return next(m);
  });
  Fixture<User, Card> db;
  const bool by_hand = GENERATE(true, false);
  const auto use = [&](const Hook& outer, const Hook& inner) {
    const auto users = db.client.Of<User>();
    if (!by_hand) return users.Use(outer, inner);
    return users.Use([=](const Mutator& next) -> Mutator { return outer(inner(next)); });
  };
  OutsideAndInside(db, [&](const grapnel::Client& client) {
    auto handle = use(retry, failing_once);
    CreateUser(client);
    CHECK(client.Of<Card>().Query().Count() == 1);
    handle.Remove();
    use(twice, failing_once);
    CHECK_THROWS_AS(CreateUser(client, "Eve"), grapnel::Error);
    CHECK(tries == 3);
  });
  REQUIRE(db.Raw(kUsers) == Lines{"Ada|0"});
  REQUIRE(db.Raw(kCards) == Lines{"2"});
}

TEST_CASE("B10 the factory of ent's form runs once per registration, wherever it is nested") {
  Fixture<User, Card> db;
  Lines log;
  int calls = 0;
  const auto ent = [&](std::string name) {
    return [&log, &calls, name](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
      log.push_back("made " + name);
      return [&log, name, next, own = ++calls](Mutation& m) {
        log.push_back(name + std::to_string(own));
        return next(m);
      };
    };
  };
  using namespace grapnel::hook;
  auto plain = db.client.Of<User>().Use(ent("plain"));
  db.client.Of<User>().Use(
      On(Chain(ent("chained"), If(ent("if"), HasOp(Op::Create))), ~Op::Delete));
  REQUIRE(Take(log) == Lines{"made plain", "made chained", "made if"});

  CreateUser(db.client);
  CreateUser(db.client);
  REQUIRE(Take(log) == Lines{"plain1", "chained2", "if3", "plain1", "chained2", "if3"});
  db.client.Of<User>().Update().Set(F<&User::age>, 1).Save();
  REQUIRE(Take(log) == Lines{"plain1", "chained2"});
  db.client.Of<User>().Delete().Exec();
  REQUIRE(Take(log) == Lines{"plain1"});

  plain.Remove();
  db.client.Of<User>().Use(ent("plain"));
  CreateUser(db.client);
  REQUIRE(log == Lines{"made plain", "chained2", "if3", "plain4"});
}

TEST_CASE("B10 hooks of ent's form run inside one another and retry") {
  Fixture<User, Card> db;
  Lines log;
  db.client.Of<User>().Use([&](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
    return [&log, next](Mutation& m) {
      const std::string name = *m.Get(F<&User::name>);
      log.push_back(name);
      if (name == "Ada") CreateUser(m.Client(), "Ada's shadow");  // the same hook inside itself
      try {
        next(m);
      } catch (const grapnel::ValidationError&) {
        m.Set(F<&User::name>, "mended");
        return next(m);
      }
      return Value(User{.name = "by " + name});
    };
  });
  REQUIRE(db.client.Of<User>().Create().Set(F<&User::name>, "Ada").Save().name == "by Ada");
  REQUIRE(db.client.Of<User>().Create().Set(F<&User::name>, "").Save().name == "mended");
  REQUIRE(log == Lines{"Ada", "Ada's shadow", ""});
  REQUIRE(db.Raw(kUsers) == Lines{"Ada's shadow|0", "Ada|0", "mended|0"});
}

struct Custom {  // no std::exception at all
  int code;
  const void* identity;
};

TEST_CASE("B11 what a hook throws arrives unchanged, its writes are gone, the client goes on") {
  Fixture<User, Card> db;
  CreateUser(db.client, "Eve");
  const int anchor = 0;
  bool after = false;
  auto handle = db.client.Of<User>().Use([&](Mutation& m, Next next) -> Value {
    CreateCard(m.Client(), "from the hook");
    if (after) next(m);
    throw Custom{7, &anchor};
  });

  OutsideAndInside(db, [&](const grapnel::Client& client) {
    const auto users = client.Of<User>();
    const auto thrown = [&](auto action) {
      for (const bool late : {false, true}) {
        after = late;
        const auto error = Thrown<Custom>(action);
        CHECK(error.code == 7);
        CHECK(error.identity == &anchor);
        CHECK(client.Of<Card>().Query().Count() == 0);
      }
    };
    thrown([&] { users.Create().Set(F<&User::name>, "Ada").Save(); });
    thrown([&] { users.UpdateOne(1).Set(F<&User::worth>, 5).Save(); });
    thrown([&] { users.Update().Set(F<&User::worth>, 5).Save(); });
    thrown([&] { users.DeleteOne(1).Exec(); });
    thrown([&] { users.Delete().Exec(); });

    handle.Remove();
    CreateUser(client, "Bob");
  });
  REQUIRE(db.Raw(kUsers) == Lines{"Eve|0", "Bob|0"});
  REQUIRE(db.Raw(kCards) == Lines{});
}

TEST_CASE("B14 Remove takes out what its Use put in, and nothing else") {
  Fixture<User, Card> db;
  Lines log;
  const auto users = db.client.Of<User>();
  const auto run = [&] {
    CreateUser(db.client);
    return Take(log);
  };
  users.Use(Noted(log, "ignored"));  // the handle is ignored: the hook stays
  auto two = users.Use(Noted(log, "f"), Noted(log, "g"));
  auto all = db.client.Use(Noted(log, "all"));
  const auto same = Noted(log, "same");
  auto first = users.Use(same);
  auto second = users.Use(same);
  REQUIRE(run() == Lines{"ignored", "f", "g", "all", "same", "same"});

  first.Remove();
  REQUIRE(run() == Lines{"ignored", "f", "g", "all", "same"});
  two.Remove();
  REQUIRE(run() == Lines{"ignored", "all", "same"});
  two.Remove();  // again: nothing happens
  auto copy = all;
  copy.Remove();
  all.Remove();
  REQUIRE(run() == Lines{"ignored", "same"});
  CreateCard(db.client, "1");
  REQUIRE(Take(log) == Lines{});  // gone from every type
  second.Remove();
  { auto dropped = users.Use(Noted(log, "dropped handle")); }
  REQUIRE(run() == Lines{"ignored", "dropped handle"});
  grapnel::core::HookHandle().Remove();
}

TEST_CASE("B14 a handle may outlive the database, and a hook may remove itself") {
  Lines log;
  grapnel::core::HookHandle handle, wide;
  {
    Fixture<User, Card> db;
    handle = db.client.Of<User>().Use([&](Mutation& m, Next next) {
      handle.Remove();
      log.push_back("once");
      return next(m);
    });
    wide = db.client.Use(Noted(log, "wide"));
    CreateUser(db.client);
    CreateUser(db.client);
    REQUIRE(log == Lines{"once", "wide", "wide"});
    handle = db.client.Of<User>().Use(Noted(log, "left"));
  }
  handle.Remove();
  wide.Remove();
}

}  // namespace
