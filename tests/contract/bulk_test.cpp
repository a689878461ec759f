// B53 to B56: CreateBulk, row by row; and what B12, B26 and B27 promise there.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

namespace {

using namespace grapnel::hook;
using grapnel::F;
using grapnel::Op;
using model::Card;
using model::User;

using Mutation = grapnel::Mutation<User>;
using Next = grapnel::Next<User>;

const char* const kUsers = "SELECT name, nickname FROM User ORDER BY id";

std::vector<User> Users(std::initializer_list<const char*> names) {
  std::vector<User> users;
  for (const char* name : names) users.push_back(User{.name = name});
  return users;
}

Lines NamesOf(const std::vector<User>& users) {
  Lines names;
  for (const User& user : users) names.push_back(user.name);
  return names;
}

std::string NameOf(const Mutation& m) { return *m.Get(F<&User::name>); }

/// Logs before and after each row, with the number of rows that are then in the table.
auto Counting(Lines& log) {
  return [&log](Mutation& m, Next next) {
    const auto rows = [&] {
      return " " + NameOf(m) + ", " + std::to_string(m.Client().Of<User>().Query().Count());
    };
    log.push_back("before" + rows());
    auto value = next(m);
    log.push_back("after" + rows());
    return value;
  };
}

const Lines kRowByRow = {"before a, 0", "after a, 1",  "before b, 1",
                         "after b, 2",  "before c, 2", "after c, 3"};

TEST_CASE("B53 a bulk runs every hook once per row, row by row, in one transaction") {
  Fixture<User> db;
  Lines log;
  db.client.OnCommit([&](grapnel::Tx& tx, auto next) {
    log.push_back("commit");
    next(tx);
  });
  db.client.Of<User>().Use(Counting(log));
  Lines expected = kRowByRow;

  SECTION("of entities") {
    expected.push_back("commit");
    const auto made = db.client.Of<User>().CreateBulk(Users({"a", "b", "c"})).Save();
    REQUIRE(NamesOf(made) == Lines{"a", "b", "c"});
    REQUIRE(log == expected);
  }
  SECTION("of builders, inside of a transaction") {
    db.client.WithTx([&](grapnel::Tx& tx) {
      std::vector<grapnel::store::Create<User>> rows;
      for (const char* name : {"a", "b", "c"}) {
        rows.push_back(tx.Of<User>().Create().Set(F<&User::name>, name));
      }
      REQUIRE(NamesOf(tx.Of<User>().CreateBulk(rows).Save()) == Lines{"a", "b", "c"});
      REQUIRE(log == expected);
    });
  }
  REQUIRE(db.Raw(kUsers) == Lines{"a|NULL", "b|NULL", "c|NULL"});
}

TEST_CASE("B53 hooks of all forms keep the order, whether or not they could tell") {
  Fixture<User> db;
  Lines log;
  const auto users = db.client.Of<User>();
  users.Use(Noted(log, "before"), Logged(log, "around"),
            After([&](const Mutation&, auto&) { log.push_back("after"); }),
            On(Noted(log, "never"), Op::Update));
  users.Use([&](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
    return [&log, next](Mutation& m) {
      log.push_back("ent " + NameOf(m));
      return next(m);
    };
  });
  users.CreateBulk(Users({"a", "b"})).Save();
  REQUIRE(log == Lines{"before", "around", "ent a", "after", "/around",  //
                       "before", "around", "ent b", "after", "/around"});
}

TEST_CASE("B53 a row that is tried again stands once, and leaves the other rows alone") {
  Fixture<User> db;
  Lines log;
  bool failed = false;
  db.client.Of<User>().Use(
      [&](Mutation& m, Next next) {
        try {
          return next(m);
        } catch (const std::runtime_error&) {
          log.push_back("again " + NameOf(m));
          return next(m);
        }
      },
      [&](Mutation& m, Next next) {
        auto value = next(m);
        if (NameOf(m) == "b" && !std::exchange(failed, true)) throw std::runtime_error("once");
        return value;
      });
  db.client.Of<User>().CreateBulk(Users({"a", "b", "c"})).Save();
  REQUIRE(log == Lines{"again b"});
  REQUIRE(db.Raw("SELECT id, name FROM User ORDER BY id") ==
          (engine::IdsFollowTheLargest() ? Lines{"1|a", "2|b", "3|c"}
                                         : Lines{"1|a", "3|b", "4|c"}));  // one was undone
}

TEST_CASE("B54 what hooks set differs per row, and does not leak into the next") {
  Fixture<User> db;
  int row = 0;
  db.client.Of<User>().Use(Before([&](Mutation& m) {
    REQUIRE(m.Get(F<&User::nickname>) == nullptr);
    if (row != 1) m.Set(F<&User::nickname>, "row " + std::to_string(row));
    if (row == 2) m.Set(F<&User::name>, "renamed");
    ++row;
  }));
  const auto made = db.client.Of<User>().CreateBulk(Users({"a", "b", "c", "d"})).Save();
  REQUIRE(db.Raw(kUsers) == Lines{"a|row 0", "b|NULL", "renamed|row 2", "d|row 3"});
  REQUIRE(NamesOf(made) == Lines{"a", "b", "renamed", "d"});
  REQUIRE(made[1].nickname == std::nullopt);
  REQUIRE(made[3].nickname == "row 3");
}

TEST_CASE("B55 a suppressed row is left out alone, and the result has the hook's value") {
  Fixture<User> db;
  Lines log;
  const auto skip = [](Mutation& m, Next next) -> grapnel::Value<User> {
    if (NameOf(m) == "b") return User{.id = 77, .name = "not " + NameOf(m)};
    return next(m);
  };
  db.client.Of<User>().Use(Logged(log, "outer"), skip, Logged(log, "inner"));
  const auto made = db.client.Of<User>().CreateBulk(Users({"a", "b", "c"})).Save();
  REQUIRE(NamesOf(made) == Lines{"a", "not b", "c"});
  REQUIRE(made[1].id == 77);
  REQUIRE(db.Raw(kUsers) == Lines{"a|NULL", "c|NULL"});
  REQUIRE(log == Lines{"outer", "inner", "/inner", "/outer", "outer", "/outer",  //
                       "outer", "inner", "/inner", "/outer"});
}

TEST_CASE("B55 every row may be suppressed; an invalid row counts only when it is written") {
  Fixture<User> db;
  db.client.Of<User>().Use([](Mutation& m, Next next) -> grapnel::Value<User> {
    if (NameOf(m).empty()) return User{.name = "skipped"};
    return next(m);
  });
  REQUIRE(NamesOf(db.client.Of<User>().CreateBulk(Users({"", ""})).Save()) ==
          Lines{"skipped", "skipped"});
  REQUIRE(NamesOf(db.client.Of<User>().CreateBulk(Users({"", "a"})).Save()) ==
          Lines{"skipped", "a"});
  REQUIRE(db.Raw(kUsers) == Lines{"a|NULL"});
}

/// Throws at the row `name`, before or after its write; each row writes a card and asks for a
/// callback.
auto FailingAt(std::string name, bool after, Lines& log) {
  return [=, &log](Mutation& m, Next next) {
    m.Client()
        .Of<Card>()
        .Create()
        .Set(F<&Card::number>, NameOf(m))
        .Set(F<&Card::in_hook>, "")
        .Save();
    m.AfterCommit([&log, row = NameOf(m)] { log.push_back("committed " + row); });
    const bool fails = NameOf(m) == name;
    if (fails && !after) throw std::out_of_range("before " + name);
    auto value = next(m);
    log.push_back("wrote " + NameOf(m));
    if (fails) throw std::out_of_range("after " + name);
    return value;
  };
}

TEST_CASE("B56 a hook that throws at one row rolls back the whole batch, with what hooks wrote") {
  Fixture<User, Card> db;
  Lines log;
  const bool after = GENERATE(false, true);
  auto failing = db.client.Of<User>().Use(FailingAt("b", after, log));
  const auto bulk = [&](const grapnel::Client& client) {
    const auto error = Thrown<std::out_of_range>([&] {
      client.Of<User>().CreateBulk(Users({"a", "b", "c"})).Save();
    });
    REQUIRE(error.what() == std::string(after ? "after b" : "before b"));
    REQUIRE(Take(log) == (after ? Lines{"wrote a", "wrote b"} : Lines{"wrote a"}));
  };

  SECTION("outside of a transaction") {
    bulk(db.client);
    REQUIRE(db.Raw(kUsers) == Lines{});
    failing.Remove();
    db.client.Of<User>().CreateBulk(Users({"d"})).Save();  // the client goes on
    REQUIRE(db.Raw(kUsers) == Lines{"d|NULL"});
  }
  SECTION("inside of a transaction, which keeps the rest") {
    db.client.WithTx([&](grapnel::Tx& tx) {
      tx.Of<User>().Create().Set(F<&User::name>, "first").Save();
      log.clear();
      bulk(tx.Client());
      REQUIRE(tx.Of<User>().Query().Count() == 1);
      tx.Of<User>().CreateBulk(Users({"last"})).Save();
    });
    REQUIRE(log == Lines{"wrote last", "committed first", "committed last"});
    REQUIRE(db.Raw(kUsers) == Lines{"first|NULL", "last|NULL"});
    REQUIRE(db.Raw("SELECT number FROM Card ORDER BY id") == Lines{"first", "last"});
    return;
  }
  REQUIRE(db.Raw("SELECT number FROM Card") == Lines{});
  REQUIRE(log == Lines{});
}

TEST_CASE("B56 the same for a row that is not valid, and for a bulk inside of a hook") {
  Fixture<User, Card> db;
  const auto users = db.client.Of<User>();
  REQUIRE_THROWS_AS(users.CreateBulk(Users({"a", "", "c"})).Save(), grapnel::ValidationError);
  REQUIRE(db.Raw(kUsers) == Lines{});

  users.Use(If(
      Before([](Mutation& m) {
        const auto inner = m.Client().Of<User>();
        REQUIRE_THROWS_AS(inner.CreateBulk(Users({"x", "", "z"})).Save(), grapnel::ValidationError);
        inner.CreateBulk(Users({"y"})).Save();
      }),
      [](const Mutation& m) { return NameOf(m) == "outer"; }));
  users.CreateBulk(Users({"a", "outer", "c"})).Save();
  REQUIRE(db.Raw(kUsers) == Lines{"a|NULL", "y|NULL", "outer|NULL", "c|NULL"});
}

TEST_CASE("B12 B53 the hooks of a bulk are those registered when its Save starts") {
  Fixture<User> db;
  Lines log;
  const auto users = db.client.Of<User>();
  auto bulk = users.CreateBulk(Users({"a", "b", "c"}));
  auto early = users.Use(Noted(log, "early"));
  grapnel::core::HookHandle late;
  users.Use(Before([&](Mutation& m) {
    if (NameOf(m) != "b") return;
    early.Remove();
    late = users.Use(Noted(log, "late"));
  }));
  bulk.Save();
  REQUIRE(Take(log) == Lines{"early", "early", "early"});
  users.CreateBulk(Users({"d"})).Save();
  REQUIRE(log == Lines{"late"});
}

TEST_CASE("B26 in a bulk each row has its own id, after its own next") {
  Fixture<User> db;
  std::vector<std::int64_t> before, after;
  db.client.Of<User>().Use([&](Mutation& m, Next next) {
    before.push_back(m.ID().value_or(-1));
    auto value = next(m);
    after.push_back(m.ID().value_or(-1));
    return value;
  });
  const auto made = db.client.Of<User>().CreateBulk(Users({"a", "b", "c"})).Save();
  REQUIRE(before == std::vector<std::int64_t>{-1, -1, -1});
  REQUIRE(after == std::vector{made[0].id, made[1].id, made[2].id});
  REQUIRE(db.Raw("SELECT id FROM User ORDER BY name") ==
          Lines{std::to_string(after[0]), std::to_string(after[1]), std::to_string(after[2])});
}

TEST_CASE("B27 in a bulk the caller gets the entities that hooks put in place of the created") {
  Fixture<User> db;
  db.client.Of<User>().Use([](Mutation& m, Next next) -> grapnel::Value<User> {
    User stored = next(m).Entity();
    stored.name += "!";
    return stored;
  });
  const auto made = db.client.Of<User>().CreateBulk(Users({"a", "b"})).Save();
  REQUIRE(NamesOf(made) == Lines{"a!", "b!"});
  REQUIRE(db.Raw(kUsers) == Lines{"a|NULL", "b|NULL"});
}

TEST_CASE("B59 a bulk takes entities that are written out") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  const std::vector<User> made = users.CreateBulk({{.name = "a"}, {.name = "b"}}).Save();
  REQUIRE(NamesOf(made) == Lines{"a", "b"});
  auto later = users.CreateBulk({User{.name = "c"}});  // keeps what it was given
  later.Save();
  REQUIRE(db.Raw(kUsers) == Lines{"a|NULL", "b|NULL", "c|NULL"});
}

}  // namespace
