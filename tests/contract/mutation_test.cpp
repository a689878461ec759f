// B23 to B28, B30, B31, B43, B44, B46: what hooks see of a mutation, and what they can make of it.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <functional>
#include <limits>
#include <stdexcept>

namespace mutation {

inline int edit_count = 0;
inline std::int64_t NextEdit() { return ++edit_count; }

struct Account {
  std::int64_t id = 0;
  std::optional<std::int64_t> score{};
  double ratio = 0;
  std::optional<std::string> editor{};
  std::int64_t edits = 0;
};

}  // namespace mutation

template <>
struct grapnel::Schema<mutation::Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    using mutation::Account;
    return grapnel::Fields(
        Field<&Account::score>("score"), Field<&Account::ratio>("ratio").Default(0.5),
        Field<&Account::editor>("editor").UpdateDefault("system"),
        Field<&Account::edits>("edits").Default(0).UpdateDefault(mutation::NextEdit));
  }
};

namespace {

using namespace grapnel::hook;
using grapnel::F;
using grapnel::Op;
using grapnel::ValidationError;
using model::Card;
using model::Pet;
using model::User;
using mutation::Account;

using Mutation = grapnel::Mutation<User>;
using Next = grapnel::Next<User>;
using Names = std::vector<std::string_view>;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

User CreateUser(const grapnel::Client& client, std::string name = "Ada") {
  return client.Of<User>().Create().Set(F<&User::name>, std::move(name)).Save();
}

std::string Text(const auto* value) {
  return value == nullptr ? "null" : grapnel::ToString(grapnel::FieldValue(*value));
}

/// How often `part` stands in `text`.
int Occurrences(std::string_view part, std::string_view text) {
  int count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// The UPDATE that `action(client)` sends.
std::string UpdateOf(const auto& client, auto action) {
  std::string update;
  action(client.Debug([&](std::string_view sql) {
    if (sql.starts_with("UPDATE")) update = sql;
  }));
  return update;
}

TEST_CASE("B23 a hook supplies the mandatory field that the caller left out") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  const auto error = Thrown<ValidationError>([&] { users.Create().Save(); });
  REQUIRE(error.Entity() == "User");
  REQUIRE(error.Field() == "name");
  REQUIRE(error.Op() == Op::Create);

  users.Use(Before([](Mutation& m) {
    if (m.Get(F<&User::name>) == nullptr) m.Set(F<&User::name>, "unknown");
  }));
  REQUIRE(users.Create().Save().name == "unknown");
  REQUIRE(CreateUser(db.client).name == "Ada");

  // What a hook sets is validated like the rest.
  users.Use(Before([](Mutation& m) { m.Set(F<&User::name>, ""); }));
  REQUIRE_THROWS_AS(users.UpdateOne(1).Set(F<&User::name>, "Bob").Save(), ValidationError);
  REQUIRE(db.Raw("SELECT name FROM User ORDER BY id") == Lines{"unknown", "Ada"});
}

TEST_CASE("B24 hooks see defaults as set fields; on update the update-defaults") {
  Fixture<Account> db;
  mutation::edit_count = 10;
  const auto accounts = db.client.Of<Account>();
  std::vector<Names> seen;
  Lines values;
  accounts.Use(Before([&](grapnel::Mutation<Account>& m) {
    seen.push_back(m.Fields());
    values.push_back(Text(m.Get(F<&Account::ratio>)) + " " + Text(m.Get(F<&Account::editor>)) +
                     " " + Text(m.Get(F<&Account::edits>)));
  }));

  accounts.Create().Save();
  accounts.Create().Set(F<&Account::ratio>, 2.0).Set(F<&Account::edits>, 3).Save();
  accounts.UpdateOne(1).Set(F<&Account::score>, 1).Save();
  accounts.Update().Set(F<&Account::editor>, "Ada").Add(F<&Account::edits>, 100).Save();
  accounts.Delete().Where(F<&Account::id> == 0).Exec();
  REQUIRE(
      seen ==
      std::vector<Names>{
          {"ratio", "edits"}, {"ratio", "edits"}, {"score", "editor", "edits"}, {"editor"}, {}});
  REQUIRE(values == Lines{"0.5 null 0", "2 null 3", "null \"system\" 11", "null \"Ada\" null",
                          "null null null"});
  REQUIRE(db.Raw("SELECT score, ratio, editor, edits FROM Account ORDER BY id") ==
          Lines{"1|0.5|Ada|111", "NULL|2.0|Ada|103"});
}

TEST_CASE("B24 hooks tell defaults from what was given, and from what a hook has set") {
  Fixture<Account> db;
  const auto accounts = db.client.Of<Account>();
  Lines seen;
  const auto look = [&](const grapnel::Mutation<Account>& m) {
    REQUIRE(m.FieldDefaulted("ratio") == m.Defaulted(F<&Account::ratio>));
    REQUIRE(m.FieldDefaulted("edits") == m.Defaulted(F<&Account::edits>));
    seen.push_back(std::string(m.Defaulted(F<&Account::ratio>) ? "ratio " : "") +
                   (m.Defaulted(F<&Account::edits>) ? "edits " : "") +
                   (m.Defaulted(F<&Account::score>) ? "score" : ""));
  };
  accounts.Use(Before(look));
  accounts.Create().Save();
  accounts.Create().Set(F<&Account::ratio>, 0.5).Save();  // given, though it is the default
  accounts.Create(Account{}).Save();
  accounts.UpdateOne(1).Set(F<&Account::score>, 1).Save();
  accounts.Update().Add(F<&Account::edits>, 1).Save();
  REQUIRE(Take(seen) == Lines{"ratio edits ", "edits ", "", "edits ", ""});

  accounts.Use(Before([](grapnel::Mutation<Account>& m) {
    m.Add(F<&Account::edits>, 1);
    m.Set(F<&Account::ratio>, 0.25);
  }));
  accounts.Use(Before(look));
  accounts.Create().Save();
  REQUIRE(Take(seen) == Lines{"ratio edits ", ""});

  accounts.Use(Before([](grapnel::Mutation<Account>& m) {
    m.Reset(F<&Account::edits>);
    m.Clear(F<&Account::editor>);
    REQUIRE_FALSE(m.FieldDefaulted("edits"));
    REQUIRE_FALSE(m.FieldDefaulted("editor"));
  }));
  accounts.Update().Save();
}

TEST_CASE("B24 a cleared field gets no update-default, nor one that a hook has cleared or reset") {
  Fixture<Account> db;
  const auto accounts = db.client.Of<Account>();
  const auto editor = [&] { return db.Raw("SELECT editor FROM Account").front(); };
  accounts.Create().Set(F<&Account::editor>, "Ada").Save();

  accounts.UpdateOne(1).Clear(F<&Account::editor>).Save();
  REQUIRE(editor() == "NULL");
  accounts.Update().Set(F<&Account::score>, 1).Save();
  REQUIRE(editor() == "system");
  auto clear =
      accounts.Use(Before([](grapnel::Mutation<Account>& m) { m.Clear(F<&Account::editor>); }));
  accounts.Update().Set(F<&Account::score>, 2).Save();
  REQUIRE(editor() == "NULL");
  clear.Remove();
  accounts.Use(Before([](grapnel::Mutation<Account>& m) { m.Reset(F<&Account::editor>); }));
  accounts.Update().Set(F<&Account::score>, 3).Set(F<&Account::editor>, "Bob").Save();
  REQUIRE(editor() == "NULL");
}

TEST_CASE("B25 a hook's error prevents the write and arrives verbatim") {
  Fixture<User> db;
  CreateUser(db.client);
  Lines sql;
  const auto traced = db.client.Debug([&](std::string_view text) { sql.emplace_back(text); });
  db.client.Of<User>().Use(Before([](Mutation& m) {
    if (m.Op() != Op::Delete) throw std::invalid_argument("no: " + ToString(m.Op()));
  }));
  const auto users = traced.Of<User>();
  const auto vetoed = [](std::string text, auto action) {
    CHECK(Thrown<std::invalid_argument>(action).what() == text);
  };
  vetoed("no: Create", [&] { CreateUser(traced, "Bob"); });
  vetoed("no: UpdateOne", [&] { users.UpdateOne(1).Set(F<&User::name>, "Bob").Save(); });
  vetoed("no: Update", [&] { users.Update().Set(F<&User::name>, "Bob").Save(); });
  vetoed("no: DeleteOne", [&] { users.DeleteOne(1).Exec(); });
  REQUIRE(sql == Lines{});  // a veto costs no statement
  REQUIRE(db.Raw("SELECT id, name FROM User") == Lines{"1|Ada"});
}

TEST_CASE("B26 ID() is empty before a create, and the result's id after next") {
  Fixture<User> db;
  std::vector<std::int64_t> before, after;
  db.client.Of<User>().Use([&](Mutation& m, Next next) {
    before.push_back(m.ID().value_or(-1));
    auto value = next(m);
    after.push_back(m.ID().value_or(-1));
    return value;
  });
  const auto users = db.client.Of<User>();
  const User ada = CreateUser(db.client), bob = CreateUser(db.client, "Bob");
  REQUIRE(ada.id != bob.id);
  users.UpdateOne(bob).Set(F<&User::age>, 1).Save();
  users.Update().Set(F<&User::age>, 2).Save();
  users.DeleteOne(ada).Exec();
  users.Delete().Exec();
  REQUIRE(before == std::vector<std::int64_t>{-1, -1, bob.id, -1, ada.id, -1});
  REQUIRE(after == std::vector{ada.id, bob.id, bob.id, std::int64_t{-1}, ada.id, std::int64_t{-1}});
}

TEST_CASE("B26 after a try that failed ID() is empty again") {
  Fixture<User> db;
  std::vector<std::int64_t> before;
  const auto retry = [](Mutation& m, Next next) {
    try {
      return next(m);
    } catch (const std::runtime_error&) {
      return next(m);
    }
  };
  const auto failing_once = [&](Mutation& m, Next next) {
    before.push_back(m.ID().value_or(-1));
    auto value = next(m);
    if (before.size() == 1) throw std::runtime_error("after the write");
    return value;
  };
  db.client.Of<User>().Use(retry, failing_once);
  CreateUser(db.client);
  REQUIRE(before == std::vector<std::int64_t>{-1, -1});
}

TEST_CASE(
    "what is said of a mutation after it was carried out is refused, and nothing is written") {
  using Late = std::function<void(Mutation&)>;
  const std::pair<std::string, Late> lates[] = {
      {"User.name", [](Mutation& m) { m.Set(F<&User::name>, "late"); }},
      {"User.nickname", [](Mutation& m) { m.Set(F<&User::nickname>, std::nullopt); }},
      {"User.nickname", [](Mutation& m) { m.Clear(F<&User::nickname>); }},
      {"User.age", [](Mutation& m) { m.Add(F<&User::age>, 1); }},
      {"User.age", [](Mutation& m) { m.Reset(F<&User::age>); }},
      {"User.name", [](Mutation& m) { m.SetField("name", "late"); }},
      {"User.age", [](Mutation& m) { m.AddField("age", 1); }},
      {"User.nickname", [](Mutation& m) { m.ClearField("nickname"); }},
      {"User.age", [](Mutation& m) { m.ResetField("age"); }},
      {"User", [](Mutation& m) { m.Where(F<&User::age> == 1); }},
      {"User", [](Mutation& m) { m.SetOp(Op::Update); }},
  };
  for (const auto& [what, late] : lates) {
    Fixture<User> db;
    const auto users = db.client.Of<User>();
    const User ada = CreateUser(db.client);
    users.Use([&say = late](Mutation& m, Next next) {
      auto value = next(m);
      say(m);
      return value;
    });
    const auto refused = [&](auto action) {
      const auto error = Thrown<grapnel::FieldError>(action);
      INFO(error.what());
      REQUIRE(error.what() == what + ": " + error.Reason());
      REQUIRE(error.Reason().find("say it before next") != std::string::npos);
    };
    if (what != "User") refused([&] { CreateUser(db.client, "Grace"); });
    if (what != "User") refused([&] { users.Update().Set(F<&User::age>, 7).Save(); });
    refused([&] { users.UpdateOne(ada.id).Set(F<&User::age>, 7).Save(); });
    REQUIRE(users.Query().Count() == 1);
    REQUIRE(users.Get(ada.id).age == ada.age);
  }
}

TEST_CASE("after a next that failed the mutation may be changed, and tried again") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  users.Use([](Mutation& m, Next next) {
    try {
      return next(m);
    } catch (const std::runtime_error&) {
      m.Set(F<&User::name>, "again");
      return next(m);
    }
  });
  int tries = 0;
  users.Use([&](Mutation& m, Next next) {
    auto value = next(m);
    if (++tries == 1) throw std::runtime_error("after the write");
    return value;
  });
  REQUIRE(CreateUser(db.client).name == "again");
  REQUIRE(users.Query().Count() == 1);
}

TEST_CASE("B27 the caller gets the entity that a hook put in place of the created one") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  const auto replaced = [](Mutation& m, Next next) -> grapnel::Value<User> {
    const User stored = next(m).Entity();
    return User{.id = stored.id, .name = "instead of " + stored.name};
  };
  const auto aged = After([](const Mutation&, grapnel::Value<User>& value) {
    if (value.HasEntity()) value.Entity().age = 99;
  });
  users.Use(On(replaced, Op::Create), aged);

  const User got = CreateUser(db.client);
  REQUIRE(got.name == "instead of Ada");
  REQUIRE(got.age == 0);  // the inner hook's edit went with the entity that was replaced
  REQUIRE(users.UpdateOne(got.id).Set(F<&User::worth>, 1).Save().age == 99);
  REQUIRE(db.Raw("SELECT name, age, worth FROM User") == Lines{"Ada|0|1"});
}

TEST_CASE("B28 after UpdateOne a hook updates the same row again and returns it re-read") {
  Fixture<User> db;
  CreateUser(db.client, "Bob");
  const User ada = CreateUser(db.client);
  Lines log;
  const auto bump = [](Mutation& m, Next next) -> grapnel::Value<User> {
    next(m);
    const auto users = m.Client().Of<User>();
    REQUIRE(users.Update().Where(F<&User::id> == *m.ID()).Add(F<&User::version>, 1).Save() == 1);
    return users.Get(*m.ID());
  };
  db.client.Of<User>().Use(On(bump, Op::UpdateOne),
                           Before([&](const Mutation& m) { log.push_back(ToString(m.Op())); }));
  const User got = db.client.Of<User>().UpdateOne(ada).Set(F<&User::age>, 36).Save();
  REQUIRE(got.age == 36);
  REQUIRE(got.version == 1);
  REQUIRE(log == Lines{"UpdateOne", "Update"});
  REQUIRE(db.Raw("SELECT name, age, version FROM User ORDER BY id") ==
          Lines{"Bob|0|0", "Ada|36|1"});
}

TEST_CASE("B30 Add accumulates, Set discards it, Add after Set adds to what is set") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  Lines seen;
  const auto note = Before([&](Mutation& m) {
    seen.push_back(Text(m.Get(F<&User::worth>)) + " +" + Text(m.Added(F<&User::worth>)));
  });
  users.Use(On(note, Op::UpdateOne));
  const auto worth = [&](auto edit) {  // of a row that starts with 1000
    users.Delete().Exec();
    const auto id = users.Create().Set(F<&User::name>, "Ada").Set(F<&User::worth>, 1000).Save().id;
    auto update = users.UpdateOne(id);
    edit(update);
    return update.Save().worth;
  };
  const auto w = F<&User::worth>;
  CHECK(worth([&](auto& u) { u.Add(w, 5).Add(w, 7); }) == 1012);
  CHECK(worth([&](auto& u) { u.Add(w, 5).Add(w, -5); }) == 1000);
  CHECK(worth([&](auto& u) { u.Add(w, 5).Set(w, 10); }) == 10);
  CHECK(worth([&](auto& u) { u.Set(w, 10).Add(w, 5); }) == 15);
  CHECK(worth([&](auto& u) { u.Set(w, 10).Add(w, 5).Add(w, 1); }) == 16);
  CHECK(worth([&](auto& u) { u.Add(w, 5).Set(w, 10).Add(w, 2); }) == 12);
  REQUIRE(seen == Lines{"null +12", "null +0", "10 +null", "15 +null", "16 +null", "12 +null"});
}

TEST_CASE("B30 the same between the caller and a hook") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  CreateUser(db.client);
  const auto w = F<&User::worth>;
  auto add = users.Use(Before([&](Mutation& m) { m.Add(w, 7); }));
  REQUIRE(users.UpdateOne(1).Add(w, 5).Save().worth == 12);
  REQUIRE(users.UpdateOne(1).Set(w, 100).Save().worth == 107);
  REQUIRE(users.Create().Set(F<&User::name>, "Bob").Set(w, 1).Save().worth == 8);
  REQUIRE(CreateUser(db.client, "Cyd").worth == 7);  // to the default, 0
  add.Remove();
  users.Use(Before([&](Mutation& m) { m.Set(w, 1); }));
  REQUIRE(users.UpdateOne(1).Add(w, 5).Save().worth == 1);
}

TEST_CASE("B30 Add to an optional field that was cleared counts from 0") {
  Fixture<Account> db;
  const auto accounts = db.client.Of<Account>();
  const auto s = F<&Account::score>;
  accounts.Create().Set(s, 1000).Save();
  REQUIRE(accounts.UpdateOne(1).Add(s, 5).Clear(s).Save().score == std::nullopt);
  REQUIRE(accounts.UpdateOne(1).Add(s, 5).Save().score == 5);
  REQUIRE(accounts.UpdateOne(1).Clear(s).Add(s, 7).Save().score == 7);
  REQUIRE(accounts.UpdateOne(1).Set(s, std::nullopt).Add(s, 8).Add(s, 1).Save().score == 9);
}

TEST_CASE("B30 a sum beyond the field's range is refused, the mutation as it was") {
  Fixture<User, Account> db;
  CreateUser(db.client);
  db.client.Of<Account>().Create().Save();
  Lines seen;
  const auto refused = [](auto action) { REQUIRE_THROWS_AS(action(), ValidationError); };
  db.client.Of<User>().Use(Before([&](Mutation& m) {
    refused([&] { m.Add(F<&User::worth>, 1); });
    seen.push_back(Text(m.Get(F<&User::worth>)) + " +" + Text(m.Added(F<&User::worth>)));
    m.Reset(F<&User::worth>);
  }));
  db.client.Of<User>().UpdateOne(1).Set(F<&User::worth>, kMost).Save();
  db.client.Of<User>().UpdateOne(1).Add(F<&User::worth>, kMost).Save();
  REQUIRE(seen == Lines{std::to_string(kMost) + " +null", "null +" + std::to_string(kMost)});

  const double infinite = std::numeric_limits<double>::infinity();
  db.client.Of<Account>().Use(Before([&](grapnel::Mutation<Account>& m) {
    refused([&] { m.Add(F<&Account::ratio>, -infinite); });  // the sum would be NaN
    REQUIRE(*m.Get(F<&Account::ratio>) == infinite);
  }));
  REQUIRE(db.client.Of<Account>().UpdateOne(1).Set(F<&Account::ratio>, infinite).Save().ratio ==
          infinite);
}

TEST_CASE("B31 Set after Clear is no longer cleared, and Clear after Set no longer set") {
  Fixture<User> db;
  CreateUser(db.client);
  const auto n = F<&User::nickname>;
  Lines seen;
  db.client.Of<User>().Use(Before(
      [&](Mutation& m) { seen.push_back(Text(m.Get(n)) + (m.Cleared(n) ? " cleared" : "")); }));
  const auto nickname = [&] { return db.Raw("SELECT nickname FROM User").front(); };
  const auto by_caller = [&](auto edit) {
    return UpdateOf(db.client, [&](const auto& client) {
      auto update = client.template Of<User>().UpdateOne(1);
      edit(update);
      update.Save();
    });
  };
  REQUIRE(Occurrences("\"nickname\"", by_caller([&](auto& u) { u.Clear(n).Set(n, "x"); })) == 1);
  REQUIRE(nickname() == "x");
  REQUIRE(Occurrences("\"nickname\"", by_caller([&](auto& u) { u.Set(n, "y").Clear(n); })) == 1);
  REQUIRE(nickname() == "NULL");
  REQUIRE(seen == Lines{"\"x\"", "null cleared"});

  // The same when a hook does it to the caller's mutation.
  db.client.Of<User>().Use(
      Before([&](Mutation& m) { m.Cleared(n) ? m.Set(n, "by hook") : m.Clear(n); }));
  REQUIRE(Occurrences("\"nickname\"", by_caller([&](auto& u) { u.Clear(n); })) == 1);
  REQUIRE(nickname() == "by hook");
  REQUIRE(Occurrences("\"nickname\"", by_caller([&](auto& u) { u.Set(n, "z"); })) == 1);
  REQUIRE(nickname() == "NULL");
}

TEST_CASE("B43 the updated entity is returned though it no longer matches") {
  Fixture<User> db;
  const auto users = db.client.Of<User>();
  CreateUser(db.client);
  const User ada = users.UpdateOne(1)
                       .Where(F<&User::age> == 0 && F<&User::name> == "Ada")
                       .Set(F<&User::age>, 36)
                       .Save();
  REQUIRE(ada.age == 36);
  REQUIRE(ada.name == "Ada");

  users.Use(On(Before([](Mutation& m) { m.Where(F<&User::age> < 40); }), Op::UpdateOne));
  REQUIRE(users.UpdateOne(1).Set(F<&User::age>, 40).Save().age == 40);
  REQUIRE_THROWS_AS(users.UpdateOne(1).Set(F<&User::age>, 41).Save(), grapnel::NotFoundError);
  REQUIRE(db.Raw("SELECT age FROM User") == Lines{"40"});
}

TEST_CASE("B44 one generic hook serves every type that has the field and passes the others by") {
  Fixture<User, Pet, Account> db;
  Lines log;
  db.client.Use([&]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    if constexpr (requires { &E::name; }) {
      if (const std::string* name = m.Get(F<&E::name>)) m.Set(F<&E::name>, *name + "!");
    } else {
      log.push_back(std::string(m.Type()) + " passes");
    }
    return next(m);
  });
  CreateUser(db.client);
  db.client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
  db.client.Of<Account>().Create().Save();
  db.client.Of<Pet>().Update().Set(F<&Pet::name>, "Max").Save();
  REQUIRE(db.Raw("SELECT name FROM User UNION ALL SELECT name FROM Pet") == Lines{"Ada!", "Max!"});
  REQUIRE(log == Lines{"Account passes"});
}

TEST_CASE("B46 a hook reads the owner through the mutation's client") {
  Fixture<User, Card> db;
  const auto copy_name = Before([](grapnel::Mutation<Card>& m) {
    const User owner = m.Client().Of<User>().Get(*m.Get(F<&Card::owner_id>));
    m.Set(F<&Card::name>, owner.name);
    m.Set(F<&Card::in_hook>, "by hook");
  });
  db.client.Of<Card>().Use(On(copy_name, Op::Create));
  const auto give_card = [](const grapnel::Client& client, const char* number, std::int64_t owner) {
    return client.Of<Card>()
        .Create()
        .Set(F<&Card::number>, number)
        .Set(F<&Card::owner_id>, owner)
        .Save();
  };
  const User ada = CreateUser(db.client);
  REQUIRE(give_card(db.client, "1", ada.id).name == "Ada");
  db.client.WithTx([&](grapnel::Tx& tx) {  // an owner that is not committed yet
    const User bob = CreateUser(tx.Client(), "Bob");
    give_card(tx.Client(), "2", bob.id);
  });
  REQUIRE_THROWS_AS(give_card(db.client, "3", 99), grapnel::NotFoundError);
  REQUIRE(db.Raw("SELECT number, name, in_hook FROM Card ORDER BY id") ==
          Lines{"1|Ada|by hook", "2|Bob|by hook"});
}

TEST_CASE("B205 a hook may ask whether its mutation was carried out") {
  Fixture<User, Card, Pet> db;
  std::vector<bool> seen;
  bool keeps = false;
  db.client.Of<User>().Use([&](Mutation& m, Next next) -> grapnel::Value<User> {
    seen.push_back(m.Executed());
    auto value = next(m);
    seen.push_back(m.Executed());
    return value;
  });
  db.client.Of<User>().Use([&](Mutation& m, Next next) -> grapnel::Value<User> {
    return keeps ? grapnel::Value<User>(0) : next(m);
  });
  const User ada = CreateUser(db.client);
  REQUIRE(seen == std::vector{false, true});
  keeps = true;
  db.client.Of<User>().DeleteOne(ada.id).Exec();
  REQUIRE(seen == std::vector{false, true, false, false});
}

}  // namespace
