// Create().OnConflict(...): a row that is there already is taken instead of a new one.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace upsert {

struct Person;
struct Account {
  std::int64_t id = 0;
  std::string email{};
  std::string name{};
  std::int64_t visits = 0;
  std::int64_t made = 0;     // set at the creation, and never again
  std::int64_t touched = 0;  // by a default of both
  std::optional<std::string> first{};
  std::optional<std::string> last{};
  std::optional<std::string> origin{};  // immutable
  grapnel::One<Person> owner{};
  grapnel::Many<Account> friends{};
};
struct Person {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Account> account{};
  grapnel::Many<Person> kin{};  // immutable
};

inline std::atomic<std::int64_t> clock = 0;  // what the defaults are made of

}  // namespace upsert

template <>
struct grapnel::Schema<upsert::Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    using upsert::Account;
    constexpr auto now = [] { return std::int64_t{++upsert::clock}; };
    return grapnel::Fields(Field<&Account::email>("email").Unique(),
                           Field<&Account::name>("name").NotEmpty(),
                           Field<&Account::visits>("visits").Default(0),
                           Field<&Account::made>("made").Default(now).Immutable(),
                           Field<&Account::touched>("touched").Default(0).UpdateDefault(now),
                           Field<&Account::first>("first"), Field<&Account::last>("last"),
                           Field<&Account::origin>("origin").Immutable());
  }
  static constexpr auto Edges() {
    using upsert::Account;
    return grapnel::Edges(To<&Account::owner>("owner").Unique(), To<&Account::friends>("friends"));
  }
  static constexpr auto Indexes() {
    using upsert::Account;
    return grapnel::Indexes(Index<&Account::first, &Account::last>().Unique(),
                            Index<&Account::name, &Account::visits>());
  }
};
template <>
struct grapnel::Schema<upsert::Person> {
  static constexpr std::string_view Type = "Person";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&upsert::Person::name>("name").Unique());
  }
  static constexpr auto Edges() {
    using namespace upsert;
    return grapnel::Edges(From<&Person::account>("account").Ref<&Account::owner>(),
                          To<&Person::kin>("kin").Immutable());
  }
};

namespace {

using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::hook::Before;
using upsert::Account;
using upsert::Person;

constexpr auto kEmail = F<&Account::email>;
constexpr auto kName = F<&Account::name>;
constexpr auto kVisits = F<&Account::visits>;

struct World : Fixture<Account, Person> {
  grapnel::store::HookedEntities<Account> accounts = client.Of<Account>();
  Lines log{};

  World() { upsert::clock = 100; }
  grapnel::store::Create<Account> Make(std::string email, std::string name) const {
    return accounts.Create().Set(kEmail, std::move(email)).Set(kName, std::move(name));
  }
  /// The first account: ada@, Ada, 7 visits, made at 101 and never touched.
  void AddAda() const { Make("ada@", "Ada").Set(kVisits, 7).Save(); }
  /// id|email|name|visits|made|touched
  Lines All() const {
    return Raw(R"(SELECT id, email, name, visits, made, touched FROM "Account" ORDER BY id)");
  }
  /// A hook of the creation, and not of the update that it becomes.
  template <class H>
  auto OfCreate(H hook) const {
    return accounts.Use(grapnel::hook::On(std::move(hook), Op::Create));
  }
  /// Logs what hooks of the creation see: before next, and after it.
  void Watch() {
    OfCreate([this](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
      const auto outcome = [&] {
        return m.Conflict() ? std::string(Name(m.Conflict()->outcome)) : "no conflict";
      };
      log.push_back(ToString(m.Op()) + " " + outcome());
      auto value = next(m);
      std::string line = outcome() + " " + std::to_string(m.ID().value_or(-1));
      if (m.Conflict() != nullptr) {
        for (const Account& old : m.OldRows()) line += " old " + old.name;
      }
      log.push_back(line);
      return value;
    });
  }
};

}  // namespace

TEST_CASE("OnConflict inserts a row that is not there; hooks see a Create") {
  World world;
  world.Watch();
  const auto check = [&](Account made, std::int64_t id) {
    CHECK(made.id == id);
    CHECK(made.visits == 0);
    CHECK(made.touched == 0);  // no update-default
    CHECK(Take(world.log) == Lines{"Create pending", "inserted " + std::to_string(id)});
  };
  check(world.Make("a", "A").OnConflict(kEmail).UpdateNewValues().Save(), 1);
  check(world.Make("b", "B").OnConflict(kEmail).Ignore().Save(), 2);
  check(world.Make("c", "C")
            .OnConflict(kEmail)
            .Update([](Mutation<Account>& m) { m.Add(kVisits, 1); })
            .Save(),
        3);
  world.Make("d", "D").Save();
  CHECK(world.log == Lines{"Create no conflict", "no conflict 4"});
  CHECK(world.All() == Lines{"1|a|A|0|101|0", "2|b|B|0|102|0", "3|c|C|0|103|0", "4|d|D|0|104|0"});
}

TEST_CASE("UpdateNewValues sets what was given, and no defaults but those of an update") {
  World world;
  world.AddAda();
  world.Watch();
  SECTION("by the caller") {
    const Account ada = world.Make("ada@", "Countess").OnConflict(kEmail).UpdateNewValues().Save();
    CHECK(ada.id == 1);
    CHECK(ada.name == "Countess");
    CHECK(ada.visits == 7);
    CHECK(ada.made == 101);
    CHECK(ada.touched == 103);
    CHECK(world.log == Lines{"Create pending", "updated 1 old Ada"});
    CHECK(world.All() == Lines{"1|ada@|Countess|7|101|103"});
  }
  SECTION("by the caller, an immutable field, a default's field, an id, and NULL") {
    world.accounts.UpdateOne(1).Set(F<&Account::first>, "A").Set(F<&Account::last>, "L").Save();
    const Account ada = world.Make("ada@", "Ada")
                            .Set(F<&Account::id>, 55)
                            .Set(F<&Account::made>, 1)
                            .Set(F<&Account::touched>, 2)
                            .Set(kVisits, 0)
                            .Set(F<&Account::last>, std::nullopt)
                            .OnConflict(kEmail)
                            .UpdateNewValues()
                            .Save();
    CHECK(ada.id == 1);
    CHECK(ada.first == "A");
    CHECK(ada.last == std::nullopt);
    CHECK(world.All() == Lines{"1|ada@|Ada|0|101|2"});
  }
  SECTION("by hooks") {
    world.OfCreate(Before([](Mutation<Account>& m) {
      REQUIRE(m.Get(kVisits) != nullptr);  // the default
      CHECK(*m.Get(kVisits) == 0);
      m.Set(kVisits, *m.Get(kVisits) + 3);
      m.Set(F<&Account::last>, "L");
    }));
    world.Make("ada@", "Ada").OnConflict(kEmail).UpdateNewValues().Save();
    CHECK(world.All() == Lines{"1|ada@|Ada|3|101|103"});
    CHECK(world.accounts.Get(1).last == "L");
  }
  SECTION("by a hook that adds to a default, as by one that sets it") {
    world.OfCreate(Before([](Mutation<Account>& m) { m.Add(kVisits, 3); }));
    world.Make("bob@", "Bob").OnConflict(kEmail).UpdateNewValues().Save();
    world.Make("ada@", "Ada").OnConflict(kEmail).UpdateNewValues().Save();
    CHECK(world.All() == Lines{"1|ada@|Ada|3|101|104", "2|bob@|Bob|3|102|0"});
  }
  SECTION("but nothing that is immutable, be it a value, NULL or an edge") {
    world.Make("bob@", "Bob").Set(F<&Account::origin>, "web").Save();
    for (const auto& origin : {std::optional<std::string>("shop"), std::optional<std::string>()}) {
      world.Make("bob@", "Bob")
          .Set(F<&Account::origin>, origin)
          .OnConflict(kEmail)
          .UpdateNewValues()
          .Save();
      CHECK(world.accounts.Get(2).origin == "web");
    }
    const auto people = world.client.Of<Person>();
    for (const char* name : {"P", "Q", "R"}) people.Create().Set(F<&Person::name>, name).Save();
    const auto upsert = [&](const std::string& name, std::int64_t kin) {
      people.Create()
          .Set(F<&Person::name>, name)
          .AddIDs(F<&Person::kin>, {kin})
          .OnConflict(F<&Person::name>)
          .UpdateNewValues()
          .Save();
      return people.Query().Where(F<&Person::name> == name).Traverse(F<&Person::kin>).Count();
    };
    CHECK(upsert("S", 1) == 1);  // inserted
    CHECK(upsert("S", 2) == 1);
    CHECK(upsert("R", 2) == 0);
  }
  SECTION("nothing new: by id, no field of which may change") {
    const Account ada = world.accounts.Create()
                            .Set(F<&Account::id>, 1)
                            .Set(kEmail, "ada@")
                            .Set(kName, "Ada")
                            .OnConflict(kEmail)
                            .UpdateNewValues()
                            .Save();
    CHECK(ada.visits == 7);
    CHECK(world.log == Lines{"Create pending", "updated 1 old Ada"});
  }
}

TEST_CASE("a set of neighbours takes the place of those of the row that is there") {
  World world;
  world.AddAda();
  const auto friend_of_ada = [&](std::int64_t id) {
    world.Make("ada@", "Ada")
        .Set(F<&Account::friends>, {id})
        .OnConflict(kEmail)
        .UpdateNewValues()
        .Save();
    return world.accounts.Query().Where(F<&Account::id> == 1).Traverse(F<&Account::friends>).IDs();
  };
  const auto other = world.Make("bob@", "Bob").Save().id;
  CHECK(friend_of_ada(1) == std::vector<std::int64_t>{1});
  CHECK(friend_of_ada(other) == std::vector<std::int64_t>{other});
}

TEST_CASE("Ignore leaves the row as it is, and returns it") {
  World world;
  world.AddAda();
  world.Watch();
  const Account ada = world.Make("ada@", "Countess")
                          .Set(kVisits, 9)
                          .AddIDs(F<&Account::friends>, {1})
                          .OnConflict(kEmail)
                          .Ignore()
                          .Save();
  CHECK(ada.id == 1);
  CHECK(ada.name == "Ada");
  CHECK(ada.visits == 7);
  CHECK(world.log == Lines{"Create pending", "unchanged 1 old Ada"});
  CHECK(world.All() == Lines{"1|ada@|Ada|7|101|0"});
  CHECK(world.accounts.Query().Where(F<&Account::friends>.Has()).Count() == 0);
}

TEST_CASE("Update changes the row as it is told to") {
  World world;
  world.AddAda();
  world.Watch();
  const auto update = [&](const std::function<void(Mutation<Account>&)>& change) {
    return world.Make("ada@", "Countess").Set(kVisits, 99).OnConflict(kEmail).Update(change).Save();
  };
  SECTION("adds to it") {
    const Account ada = update([](Mutation<Account>& m) { m.Add(kVisits, 1); });
    CHECK(ada.name == "Ada");
    CHECK(ada.visits == 8);
    CHECK(world.log == Lines{"Create pending", "updated 1 old Ada"});
    CHECK(world.All() == Lines{"1|ada@|Ada|8|101|103"});
  }
  SECTION("sets, clears and changes edges, even the field of the conflict") {
    update([](Mutation<Account>& m) {
      m.Set(kEmail, "lovelace@");
      m.Set(F<&Account::touched>, 5);
      m.Clear(F<&Account::first>);
      m.AddIDs(F<&Account::friends>, {1});
    });
    CHECK(world.All() == Lines{"1|lovelace@|Ada|7|101|5"});
    CHECK(world.accounts.Query().Where(F<&Account::friends>.Has()).Count() == 1);
  }
  SECTION("to nothing") {
    CHECK(update([](Mutation<Account>&) {}).visits == 7);
    CHECK(world.log == Lines{"Create pending", "unchanged 1 old Ada"});
    CHECK(world.All() == Lines{"1|ada@|Ada|7|101|0"});
  }
  SECTION("and is refused what an update is refused") {
    CHECK_THROWS_AS(update([](Mutation<Account>& m) { m.Set(F<&Account::made>, 1); }),
                    grapnel::ValidationError);
    CHECK_THROWS_AS(update([](Mutation<Account>& m) { m.Set(kName, ""); }),
                    grapnel::ValidationError);
    const auto range = Thrown<grapnel::ValidationError>([&] {
      update(
          [](Mutation<Account>& m) { m.Add(kVisits, std::numeric_limits<std::int64_t>::max()); });
    });
    CHECK(range.Field() == "visits");
    const auto missing = Thrown<ConstraintError>(
        [&] { update([](Mutation<Account>& m) { m.Set(F<&Account::owner>, 99); }); });
    CHECK(missing.Fields() == Lines{"owner"});
    const auto friends = Thrown<ConstraintError>(
        [&] { update([](Mutation<Account>& m) { m.AddIDs(F<&Account::friends>, {99}); }); });
    CHECK(friends.Fields() == Lines{"friends"});
    CHECK(world.All() == Lines{"1|ada@|Ada|7|101|0"});
  }
}

TEST_CASE(
    "OnConflict takes any unique index: of fields, of the id, of an edge; NULL is never in "
    "conflict") {
  World world;
  world.AddAda();
  const auto people = world.client.Of<Person>();
  for (const char* name : {"P", "Q"}) people.Create().Set(F<&Person::name>, name).Save();
  world.accounts.UpdateOne(1)
      .Set(F<&Account::first>, "A")
      .Set(F<&Account::last>, "L")
      .Set(F<&Account::owner>, 1)
      .Save();
  world.Watch();
  constexpr auto first = F<&Account::first>;
  constexpr auto last = F<&Account::last>;
  SECTION("two fields, in any order") {
    world.Make("new@", "New")
        .Set(first, "A")
        .Set(last, "L")
        .OnConflict(last, first)
        .UpdateNewValues()
        .Save();
    CHECK(world.log.back() == "updated 1 old Ada");
    CHECK(world.accounts.Get(1).email == "new@");
    world.Make("b@", "B").Set(first, "A").Set(last, "M").OnConflict(first, last).Ignore().Save();
    CHECK(world.log.back() == "inserted 2");
  }
  SECTION("two fields, one of them NULL, in the row or in the new one") {
    for (int i = 0; i < 2; ++i) {
      world.Make("n" + std::to_string(i), "N")
          .Set(first, "A")
          .OnConflict(first, last)
          .Ignore()
          .Save();
      CHECK(world.log.back() == "inserted " + std::to_string(i + 2));
    }
    world.Make("n3", "N")
        .Set(first, "A")
        .Set(last, std::nullopt)
        .OnConflict(first, last)
        .Ignore()
        .Save();
    CHECK(world.log.back() == "inserted 4");
  }
  SECTION("the id") {
    const auto by_id = [&](std::int64_t id) {
      world.Make("id@" + std::to_string(id), "New")
          .Set(F<&Account::id>, id)
          .OnConflict(F<&Account::id>)
          .UpdateNewValues()
          .Save();
      return world.log.back();
    };
    CHECK(by_id(1) == "updated 1 old Ada");
    CHECK(by_id(7) == "inserted 7");
    CHECK(by_id(0) == "inserted 8");  // to be made
  }
  SECTION("an edge that is one-to-one") {
    const auto by_owner = [&](const std::string& email, std::optional<std::int64_t> owner) {
      auto create = world.Make(email, "New");
      if (owner) create.Set(F<&Account::owner>, *owner);
      create.OnConflict(F<&Account::owner>).UpdateNewValues().Save();
      return world.log.back();
    };
    CHECK(by_owner("one@", 1) == "updated 1 old Ada");
    CHECK(by_owner("two@", 2) == "inserted 2");
    CHECK(by_owner("none@", std::nullopt) == "inserted 3");
    CHECK(by_owner("none2@", std::nullopt) == "inserted 4");
    CHECK(world.Raw(R"(SELECT email, owner_id FROM "Account" ORDER BY id)") ==
          Lines{"one@|1", "two@|2", "none@|NULL", "none2@|NULL"});
  }
}

TEST_CASE("OnConflict without a unique index, or without what to do, is an Error") {
  World world;
  world.AddAda();
  const auto text = [](const std::function<void()>& action) {
    return std::string(Thrown<grapnel::Error>(action).what());
  };
  const auto unnamed = [&](auto... fields) {
    CHECK(text([&] {
            static_cast<void>(world.Make("a", "A").OnConflict(fields...));
          }).find("Account: OnConflict names fields that have no unique index") == 0);
  };
  unnamed(kName);
  unnamed(kName, kVisits);      // its index is not unique
  unnamed(F<&Account::first>);  // half of one
  unnamed(kEmail, kName);
  CHECK(text([&] {
          world.Make("ada@", "A").OnConflict(kEmail).Save();
        }).find("Account: OnConflict does not say what to do") == 0);
  CHECK(text([&] {
          world.Make("b@", "B").OnConflict(kEmail).Save();
        }).find("Account: OnConflict does not say what to do") == 0);
  CHECK(text([&] {
          static_cast<void>(world.Make("b@", "B").Ignore());
        }).find("OnConflict(F<...>)") != std::string::npos);
  CHECK(world.All() == Lines{"1|ada@|Ada|7|101|0"});
}

TEST_CASE("another constraint that the row breaks is a ConstraintError, nothing changed") {
  World world;
  world.AddAda();
  world.Make("bob@", "Bob").Set(F<&Account::first>, "B").Set(F<&Account::last>, "L").Save();
  const Lines before = world.All();
  const auto refused = [&](const std::string& email, Op op) {
    const auto error = Thrown<ConstraintError>([&] {
      world.Make(email, "New")
          .Set(F<&Account::first>, "B")
          .Set(F<&Account::last>, "L")
          .OnConflict(kEmail)
          .UpdateNewValues()
          .Save();
    });
    CHECK(error.Kind() == ConstraintKind::Unique);
    CHECK(error.Op() == op);
    CHECK(error.Fields() == Lines{"first", "last"});
    CHECK(world.All() == before);
  };
  refused("new@", Op::Create);     // by the insertion
  refused("ada@", Op::UpdateOne);  // by the update
  const auto missing = Thrown<ConstraintError>([&] {
    world.Make("ada@", "New")
        .Set(F<&Account::owner>, 9)
        .OnConflict(kEmail)
        .UpdateNewValues()
        .Save();
  });
  CHECK(missing.Fields() == Lines{"owner"});
  CHECK(world.All() == before);
  CHECK_THROWS_AS(world.Make("ada@", "").OnConflict(kEmail).UpdateNewValues().Save(),
                  grapnel::ValidationError);
  CHECK(world.All() == before);
}

TEST_CASE("edges of the new row are added to the row that is there") {
  World world;
  world.AddAda();
  world.Make("bob@", "Bob").Save();
  const auto friends_of = [&](std::int64_t id) {
    Lines names;
    for (const Account& account : world.accounts.Query()
                                      .Where(F<&Account::id> == id)
                                      .Traverse(F<&Account::friends>)
                                      .Order(grapnel::Asc(F<&Account::id>))
                                      .All()) {
      names.push_back(account.email);
    }
    return names;
  };
  world.Watch();
  const auto with_friend = [&](std::int64_t id) {
    return world.Make("ada@", "Ada")
        .AddIDs(F<&Account::friends>, {id})
        .OnConflict(kEmail)
        .UpdateNewValues()
        .Save();
  };
  with_friend(2);
  CHECK(world.log.back() == "updated 1 old Ada");
  CHECK(friends_of(1) == Lines{"bob@"});
  CHECK(friends_of(2) == Lines{"ada@"});
  world.Make("cy@", "Cy").Save();
  with_friend(3);
  CHECK(friends_of(1) == Lines{"bob@", "cy@"});

  // A one-to-one gets the new neighbour in place of the old one, from either end.
  const auto people = world.client.Of<Person>();
  const auto person = [&](std::int64_t account) {
    return people.Create()
        .Set(F<&Person::name>, "P")
        .Set(F<&Person::account>, account)
        .OnConflict(F<&Person::name>)
        .UpdateNewValues()
        .Save();
  };
  const auto owners = [&] {
    return world.Raw(R"(SELECT id, owner_id FROM "Account" ORDER BY id)");
  };
  person(1);
  CHECK(owners() == Lines{"1|1", "2|NULL", "3|NULL"});
  person(1);
  CHECK(owners() == Lines{"1|1", "2|NULL", "3|NULL"});
  person(2);
  CHECK(owners() == Lines{"1|NULL", "2|1", "3|NULL"});
}

TEST_CASE("a hook around an upsert suppresses it, fails it, tries it again") {
  World world;
  world.AddAda();
  const auto create = [&](const std::string& action) {
    auto builder = world.Make("ada@", "Countess");
    builder.Set(kVisits, 9).Set(F<&Account::id>, 44).OnConflict(kEmail);
    if (action == "ignore") builder.Ignore();
    if (action == "new values") builder.UpdateNewValues();
    if (action == "update") builder.Update([](Mutation<Account>& m) { m.Add(kVisits, 1); });
    return builder.Save();
  };
  const Lines before = world.All();
  SECTION("suppressed") {
    world.Watch();
    world.accounts.Use([](Mutation<Account>&, Next<Account>) -> Value<Account> {
      return Account{.id = 9, .name = "other"};
    });
    world.accounts.Use(Before([&](auto&) { FAIL("not reached"); }));
    CHECK(create("new values").name == "other");
    CHECK(world.log == Lines{"Create pending", "pending 44"});
    CHECK(world.All() == before);
  }
  SECTION("asked for the old row too early") {
    world.OfCreate(Before([&](Mutation<Account>& m) {
      CHECK(m.OldRows().empty());
      CHECK_THROWS_AS(m.Old(kName), grapnel::NotFoundError);
      world.log.push_back(std::to_string(m.IDs().size()));
    }));
    world.OfCreate(grapnel::hook::After([&](const Mutation<Account>& m, Value<Account>& v) {
      CHECK(m.Old(kName) == "Ada");
      CHECK(m.OldField("visits") == grapnel::FieldValue(std::int64_t{7}));
      CHECK(m.IDs() == std::vector<std::int64_t>{1});
      v.Entity().name += "!";
    }));
    CHECK(create("update").name == "Ada!");
    CHECK(world.log == Lines{"1"});  // the id that was given
  }
  SECTION("failed and tried again, in conflict again or not") {
    for (const std::string action : {"ignore", "new values", "update"}) {
      for (const bool elsewhere : {false, true}) {
        CAPTURE(action, elsewhere);
        bool fail = true;
        auto retry =
            world.OfCreate([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
              try {
                return next(m);
              } catch (const std::domain_error&) {
                CHECK(world.All() == before);
                CHECK(m.Conflict()->outcome == grapnel::store::ConflictOutcome::Pending);
                CHECK(*m.Get(kName) == "Countess");
                CHECK(*m.Get(kVisits) == 9);
                CHECK(m.ID() == 44);
                if (elsewhere) m.Set(kEmail, "countess@");
                return next(m);
              }
            });
        auto failing =
            world.OfCreate(grapnel::hook::After([&](const Mutation<Account>&, Value<Account>&) {
              if (std::exchange(fail, false)) throw std::domain_error("once");
            }));
        const Account account = create(action);
        if (elsewhere) {
          CHECK(account.id == 44);
          CHECK(account.name == "Countess");
          CHECK(account.visits == 9);
          CHECK(account.touched == 0);
          world.accounts.DeleteOne(account.id).Exec();
          CHECK(world.All() == before);
        } else {
          CHECK(account.id == 1);
          CHECK(account.name == (action == "new values" ? "Countess" : "Ada"));
          CHECK(account.visits == (action == "new values" ? 9 : action == "update" ? 8 : 7));
          world.Raw(R"(UPDATE "Account" SET name = 'Ada', visits = 7, touched = 0)");
        }
        retry.Remove();
        failing.Remove();
      }
    }
  }
  SECTION("failed in conflict, and no conflict the second time: there is no old row") {
    world.accounts.UpdateOne(1).Set(F<&Account::first>, "A").Set(F<&Account::last>, "L").Save();
    world.OfCreate([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
      try {
        return next(m);
      } catch (const std::domain_error&) {
        m.Clear(F<&Account::last>);
        auto value = next(m);
        world.log.push_back(Name(m.Conflict()->outcome).data());
        CHECK(m.OldRows().empty());
        CHECK_THROWS_AS(m.Old(kName), grapnel::NotFoundError);
        return value;
      }
    });
    world.OfCreate(grapnel::hook::After([&](const Mutation<Account>& m, Value<Account>&) {
      if (m.Conflict()->outcome == grapnel::store::ConflictOutcome::Unchanged) {
        throw std::domain_error("once");
      }
    }));
    const Account made = world.Make("new@", "New")
                             .Set(F<&Account::first>, "A")
                             .Set(F<&Account::last>, "L")
                             .OnConflict(F<&Account::first>, F<&Account::last>)
                             .Ignore()
                             .Save();
    CHECK(made.name == "New");
    CHECK(world.log == Lines{"inserted"});
  }
  SECTION("failed after the update: undone, in a Tx that goes on") {
    world.accounts.Use(grapnel::hook::After(
        [&](const Mutation<Account>&, Value<Account>&) { throw std::domain_error("late"); }));
    auto tx = world.client.Tx();
    CHECK_THROWS_AS(tx.Of<Account>()
                        .Create()
                        .Set(kEmail, "ada@")
                        .Set(kName, "Countess")
                        .OnConflict(kEmail)
                        .UpdateNewValues()
                        .Save(),
                    std::domain_error);
    CHECK(tx.Of<Account>().Get(1).name == "Ada");
    tx.Commit();
    CHECK(world.All() == before);
  }
}

TEST_CASE("upserts in a Tx, and in a bulk of builders") {
  World world;
  world.AddAda();
  world.Watch();
  {
    auto tx = world.client.Tx();
    const auto upsert = [&](const std::string& name) {
      return tx.Of<Account>()
          .Create()
          .Set(kEmail, "bob@")
          .Set(kName, name)
          .OnConflict(kEmail)
          .UpdateNewValues()
          .Save();
    };
    CHECK(upsert("Bob").id == 2);
    CHECK(upsert("Robert").id == 2);
    CHECK(Take(world.log) ==
          Lines{"Create pending", "inserted 2", "Create pending", "updated 2 old Bob"});
    CHECK(world.All().size() == 1);
    tx.Rollback();
  }
  std::vector<grapnel::store::Create<Account>> rows;
  for (const char* email : {"ada@", "eve@", "ada@", "eve@"}) {
    rows.push_back(world.Make(email, "x"));
    rows.back().OnConflict(kEmail).Update([](auto& m) { m.Add(kVisits, 1); });
  }
  const auto made = world.accounts.CreateBulk(rows).Save();
  REQUIRE(made.size() == 4);
  CHECK(made[2].visits == 9);
  CHECK(made[3].id == made[1].id);
  CHECK(made[3].visits == 1);
  const std::string eve = std::to_string(made[1].id);
  if (engine::IdsFollowTheLargest()) CHECK(eve == "2");
  CHECK(Take(world.log) == Lines{"Create pending", "updated 1 old Ada", "Create pending",
                                 "inserted " + eve, "Create pending", "updated 1 old Ada",
                                 "Create pending", "updated " + eve + " old x"});
  CHECK(world.Raw(R"(SELECT email, name, visits FROM "Account" ORDER BY id)") ==
        Lines{"ada@|Ada|9", "eve@|x|1"});

  rows.clear();
  rows.push_back(world.Make("ada@", "Countess"));
  rows.back().OnConflict(kEmail).UpdateNewValues();
  rows.push_back(world.Make("eve@", "y"));  // a plain one
  const auto error = Thrown<ConstraintError>([&] { world.accounts.CreateBulk(rows).Save(); });
  CHECK(error.Row() == 1);
  CHECK(error.Fields() == Lines{"email"});
  CHECK(world.Raw(R"(SELECT name FROM "Account" ORDER BY id)") == Lines{"Ada", "x"});
}

TEST_CASE("upserts of the same row by several threads are all counted") {
  World world;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&world] {
      for (int n = 0; n < 25; ++n) {
        world.Make("all@", "All")
            .OnConflict(kEmail)
            .Update([](Mutation<Account>& m) { m.Add(kVisits, 1); })
            .Save();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(world.Raw(R"(SELECT email, visits FROM "Account")") == Lines{"all@|99"});
}

TEST_CASE("random upserts come to what a model says") {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
  World world;
  struct Row {
    std::int64_t id;
    std::string name;
    std::int64_t visits;
  };
  std::map<std::string, Row> model;
  std::string outcome;
  world.accounts.Use(grapnel::hook::After([&](const Mutation<Account>& m, Value<Account>&) {
    if (m.Conflict() != nullptr) outcome = Name(m.Conflict()->outcome);
  }));
  auto tx = world.client.Tx();
  for (int round = 0; round < 600; ++round) {
    const std::string email = "e" + std::to_string(below(40)),
                      name = "n" + std::to_string(below(5));
    const auto visits = below(3) == 0 ? std::nullopt : std::optional(below(100));
    auto create = tx.Of<Account>().Create().Set(kEmail, email).Set(kName, name);
    if (visits) create.Set(kVisits, *visits);
    create.OnConflict(kEmail);
    const auto found = model.find(email);
    std::string expected = found == model.end() ? "inserted" : "updated";
    const auto action = below(3);
    if (action == 0) create.UpdateNewValues();
    if (action == 1) create.Ignore();
    if (action == 2) create.Update([](auto& m) { m.Add(kVisits, 1000); });
    const Account account = create.Save();
    if (found == model.end()) {
      model[email] = {account.id, name, visits.value_or(0)};
    } else if (action == 0) {
      found->second = {found->second.id, name, visits.value_or(found->second.visits)};
    } else if (action == 1) {
      expected = "unchanged";
    } else {
      found->second.visits += 1000;
    }
    const Row& row = model.at(email);
    REQUIRE(outcome == expected);
    REQUIRE(account.id == row.id);
    REQUIRE(account.name == row.name);
    REQUIRE(account.visits == row.visits);
    if (below(10) == 0 && !model.empty()) {
      tx.Of<Account>().DeleteOne(model.begin()->second.id).Exec();
      model.erase(model.begin());
    }
  }
  tx.Commit();
  Lines rows;
  for (const auto& [email, row] : model) {
    rows.push_back(std::to_string(row.id) + "|" + email + "|" + row.name + "|" +
                   std::to_string(row.visits));
  }
  CHECK(world.Raw(R"(SELECT id, email, name, visits FROM "Account" ORDER BY email)") == rows);
}
