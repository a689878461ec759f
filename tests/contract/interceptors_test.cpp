/// B141-B146: reading is a chain too.

#include <grapnel/grapnel.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace hook = grapnel::hook;
using grapnel::Asc;
using grapnel::F;
using grapnel::Found;
using grapnel::NextRead;
using grapnel::Reading;
using grapnel::ReadKind;
using grapnel::ReadStep;

namespace {

struct WithDeleted {};
struct Tenant {
  std::int64_t id;
};

struct SoftDelete {
  std::optional<std::int64_t> deleted_at{};
};
struct Card;
struct Group;
struct User : SoftDelete {
  std::int64_t id = 0;
  std::string name{};
  std::string email{};
  std::string phone{};
  std::int64_t tenant = 0;
  grapnel::Many<Card> cards{};
  grapnel::Many<Group> groups{};
  grapnel::One<User> boss{};
};
struct Card : SoftDelete {
  std::int64_t id = 0;
  std::string number{};
  grapnel::One<User> owner{};
};
struct Group {
  std::int64_t id = 0;
  std::string name{};
  grapnel::Many<User> users{};
};
/// The books of a battery.
struct Ledger {
  std::int64_t id = 0;
  std::string line{};
};

Lines schema_log;

}  // namespace

template <>
struct grapnel::Schema<SoftDelete> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&SoftDelete::deleted_at>("deleted_at"));
  }
  template <class E>
  static auto Interceptors() {
    return grapnel::Interceptors(hook::Before([](grapnel::Reading<E>& r) {
      schema_log.push_back("mixin");
      if (!r.Context().template Get<WithDeleted>()) r.Where(F<&SoftDelete::deleted_at>.IsNull());
    }));
  }
};
template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<SoftDelete>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::email>("email").Unique(),
                           Field<&User::phone>("phone"), Field<&User::tenant>("tenant").Default(0));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&User::cards>("cards").OnDelete(Cascade), To<&User::groups>("groups"),
                          To<&User::boss>("boss"));
  }
  static auto Interceptors();  // may be defined later
};
template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  using Mixins = grapnel::Mixins<SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Card::number>("number")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Card::owner>("owner").Ref<&User::cards>());
  }
};
template <>
struct grapnel::Schema<Group> {
  static constexpr std::string_view Type = "Group";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Group::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Group::users>("users").Ref<&User::groups>());
  }
};
template <>
struct grapnel::Schema<Ledger> {
  static constexpr std::string_view Type = "Ledger";
  static constexpr bool Internal = true;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Ledger::line>("line")); }
};
inline auto grapnel::Schema<User>::Interceptors() {
  return grapnel::Interceptors(
      hook::Before([](grapnel::Reading<User>&) { schema_log.push_back("schema"); }));
}

namespace {

/// Ada and Bob live, Cid is deleted. Ada has the cards 1 and 2 (deleted), Cid has 3.
struct World : Fixture<User, Card, Group, Ledger> {
  std::int64_t ada = Make("Ada"), bob = Make("Bob"), cid = Make("Cid");
  grapnel::store::View<User, Card, Group, Ledger> all = client.With(WithDeleted());

  World() {
    for (const auto& [number, owner] : {std::pair("1", ada), {"2", ada}, {"3", cid}}) {
      client.Of<Card>().Create().Set(F<&Card::number>, number).Set(F<&Card::owner>, owner).Save();
    }
    const std::vector<std::int64_t> both{ada, cid};
    client.Of<Group>().Create().Set(F<&Group::name>, "g").AddIDs(F<&Group::users>, both).Save();
    client.Of<User>().UpdateOne(bob).Set(F<&User::boss>, cid).Save();
    client.Of<User>().UpdateOne(cid).Set(F<&SoftDelete::deleted_at>, 1).Save();
    client.Of<Card>()
        .Update()
        .Where(F<&Card::number> == "2")
        .Set(F<&SoftDelete::deleted_at>, 1)
        .Save();
    schema_log.clear();
  }
  std::int64_t Make(const std::string& name) {
    return client.Of<User>()
        .Create()
        .Set(F<&User::name>, name)
        .Set(F<&User::email>, name + "@x")
        .Set(F<&User::phone>, "1" + name)
        .Save()
        .id;
  }
};

/// Logs "name" before the rest and "/name" behind it.
auto Around(Lines& log, std::string name) {
  return [&log, name = std::move(name)]<class E>(Reading<E>& r, NextRead<E> next) {
    log.push_back(name);
    auto found = next(r);
    log.push_back("/" + name);
    return found;
  };
}

}  // namespace

TEST_CASE_METHOD(World, "B141 interceptors take every form; order and Remove are those of Use") {
  Lines& log = schema_log;
  client.Of<User>().Intercept(Around(log, "one"),
                              hook::Before([&](auto&) { log.push_back("before"); }));
  const auto handle = client.Intercept(Around(log, "every"));
  client.Of<User>().Intercept(
      [&log = log](grapnel::core::Mutator<Reading<User>, Found<User>> next) {
        log.push_back("composed");
        return grapnel::core::Mutator<Reading<User>, Found<User>>(
            [&log = log, next](Reading<User>& r) {
              log.push_back("ent");
              return next(r);
            });
      },
      hook::After([&log = log](const Reading<User>&, Found<User>&) { log.push_back("/after"); }));
  CHECK(Take(log) == Lines{"composed"});
  client.Of<User>().Query().All();
  CHECK(Take(log) ==
        Lines{"one", "before", "every", "ent", "mixin", "schema", "/after", "/every", "/one"});
  client.Of<Group>().Query().All();
  CHECK(Take(log) == Lines{"every", "/every"});
  handle.Remove();
  client.Of<Group>().Query().All();
  CHECK(Take(log).empty());
}

TEST_CASE_METHOD(World, "B141 one object serves all types, also one that is only moved") {
  int runs = 0;
  auto counter = std::make_unique<int*>(&runs);
  client.Intercept([counter = std::move(counter)]<class E>(Reading<E>& r, NextRead<E> next) {
    ++**counter;
    return next(r);
  });
  client.Of<User>().Query().All();
  client.Of<Card>().Query().All();
  CHECK(runs == 2);
}

TEST_CASE_METHOD(World, "B141 a reading tells what it is about") {
  struct Bucket {
    int reads = 0;
  } bucket;
  client.Provide(bucket);
  Lines seen;
  client.Intercept(hook::Before([&](grapnel::AnyReading& r) {
    ++r.Dep<Bucket>().reads;
    const auto* tenant = r.Context().Get<Tenant>();
    seen.push_back(std::string(r.Type()) + " " + std::string(Name(r.Kind())) + " " +
                   std::string(Name(r.Step())) + (tenant != nullptr ? " tenant" : ""));
  }));
  const auto users = client.Of<User>();
  users.Query().All();
  users.Query().IDs();
  users.Query().Count();
  users.Query().Exist();
  CHECK(Take(seen) ==
        Lines{"User Rows Query", "User Ids Query", "User Count Query", "User Exist Query"});
  users.Find(ada);
  client.With(Tenant{1}).Of<User>().Get(ada);
  CHECK(Take(seen) == Lines{"User Rows Get", "User Rows Get tenant"});
  users.Query().Traverse(F<&User::cards>).Count();
  CHECK(Take(seen) == Lines{"User Ids Walk", "Card Count Query"});
  users.Query().Where(F<&User::cards>.Has()).With(F<&User::groups>).All();
  CHECK(Take(seen) == Lines{"Card Ids Condition", "User Rows Query", "Group Rows Load"});
  users.Update().Where(F<&User::cards>.Has()).Set(F<&User::phone>, "2").Save();
  CHECK(Take(seen) == Lines{"Card Ids Condition", "User Ids Condition"});
  CHECK(bucket.reads == 13);
}

TEST_CASE_METHOD(World, "B141 a client-wide one does not compile to views; types have their own") {
  std::int64_t others = -1;
  client.Of<User>().Intercept(
      hook::Before([&](Reading<User>& r) { others = r.Client().Of<Card>().Query().Count(); }));
  client.Of<User>().Query().All();
  CHECK(others == 2);  // intercepted as well
}

TEST_CASE_METHOD(World, "B142 a before-interceptor narrows every way on which a type is read") {
  const auto users = client.Of<User>();
  const auto cards = client.Of<Card>();
  CHECK(users.Query().All().size() == 2);
  CHECK(users.Query().Where(F<&User::name> >= "Bob").Only().name == "Bob");
  CHECK(users.Query().Order(Asc(F<&User::name>)).Offset(1).First().name == "Bob");
  CHECK(users.Query().Count() == 2);
  CHECK_FALSE(users.Query().Where(F<&User::name> == "Cid").Exist());
  CHECK(users.Query().IDs() == std::vector<std::int64_t>{ada, bob});
  CHECK_FALSE(users.Find(cid));
  CHECK_THROWS_WITH(users.Get(cid), "User not found: id 3");
  CHECK(users.Query().Traverse(F<&User::cards>).Count() == 1);
  CHECK(all.Of<User>().Query().Traverse(F<&User::cards>).Count() == 3);
  CHECK(client.Of<Group>().Query().Traverse(F<&Group::users>).IDs() ==
        std::vector<std::int64_t>{ada});
  CHECK(cards.Query().Traverse(F<&Card::owner>).Count() == 1);

  const auto group =
      client.Of<Group>().Query().With(F<&Group::users>, [](auto& of) { of.With(F<&User::cards>); });
  const auto found = group.Only();
  REQUIRE(found.users.size() == 1);
  CHECK(found.users[0].cards.size() == 1);
  CHECK(users.Query().With(F<&User::boss>).Where(F<&User::id> == bob).Only().boss.Get() == nullptr);

  const auto has_card_3 = F<&User::cards>.Has(F<&Card::number> == "3");
  CHECK(cards.Query().Where(F<&Card::owner>.Has()).Count() == 1);
  CHECK(cards.Query().Where(!F<&Card::owner>.Has()).Count() == 1);
  CHECK(cards.Query().Where(F<&Card::owner>.Has(!F<&User::cards>.Has())).Count() == 0);
  CHECK(client.Of<Group>().Query().Where(F<&Group::users>.Has(has_card_3)).Count() == 0);
  CHECK(client.Of<Group>()
            .Query()
            .Where(F<&Group::name> == "no" || !F<&Group::users>.Has(!has_card_3))
            .Count() == 0);
  CHECK(all.Of<Group>().Query().Where(F<&Group::users>.Has(has_card_3)).Count() == 1);
}

TEST_CASE_METHOD(World, "B142 the rows of Update, Delete and the One forms are narrowed") {
  const auto users = client.Of<User>();
  CHECK(users.Update().Set(F<&User::phone>, "x").Save() == 2);
  CHECK(users.Update().Where(F<&User::boss>.Has()).Set(F<&User::phone>, "y").Save() == 0);
  CHECK(all.Of<User>().Get(cid).phone == "1Cid");
  CHECK_THROWS_WITH(users.UpdateOne(cid).Set(F<&User::phone>, "x").Save(), "User not found: id 3");
  CHECK_THROWS_WITH(users.DeleteOne(cid).Exec(), "User not found: id 3");
  Thrown<grapnel::NotFoundError>(
      [&] { users.DeleteOne(cid).Exec(); });  // no StaleError, which tells
  CHECK(users.Delete().Where(F<&User::name> == "Cid").Exec() == 0);
  client.Use(hook::Before([]<class E>(grapnel::Mutation<E>& m) {
    if constexpr (requires { &E::boss; }) m.Where(!F<&User::boss>.Has());
  }));
  CHECK(users.Update().Set(F<&User::phone>, "z").Save() == 2);  // Bob's boss does not show
  CHECK(all.Of<User>().Update().Set(F<&User::phone>, "z").Save() == 2);
}

TEST_CASE_METHOD(World, "B142 the limit is lowered, never raised; no condition is taken away") {
  std::int64_t most = 1;
  client.Of<User>().Intercept(hook::Before([&](Reading<User>& r) { r.AtMost(most); }));
  const auto users = all.Of<User>();
  CHECK(users.Query().All().size() == 1);
  CHECK(users.Query().Limit(3).Count() == 1);
  CHECK(users.Query().Order(Asc(F<&User::id>)).Offset(2).IDs() == std::vector<std::int64_t>{cid});
  most = 2;
  CHECK(users.Query().Limit(1).All().size() == 1);
}

TEST_CASE_METHOD(World, "B142 hidden rows do not tell of themselves by their unique values") {
  const auto create = [&] {
    return client.Of<User>()
        .Create()
        .Set(F<&User::name>, "New")
        .Set(F<&User::email>, "Cid@x")
        .Set(F<&User::phone>, "");
  };
  const auto plain = Thrown<grapnel::ConstraintError>([&] { create().Save(); });
  CHECK(std::string_view(plain.what()).find("1Cid") == std::string_view::npos);
  const auto upsert = Thrown<grapnel::ConstraintError>(
      [&] { create().OnConflict(F<&User::email>).UpdateNewValues().Save(); });
  CHECK(std::string_view(upsert.what()) == plain.what());  // not even that it is hidden
  Thrown<grapnel::ConstraintError>([&] { create().OnConflict(F<&User::email>).Ignore().Save(); });
  CHECK(all.Of<User>().Get(cid).name == "Cid");
  CHECK(all.Of<User>()
            .Create()
            .Set(F<&User::name>, "New")
            .Set(F<&User::email>, "Cid@x")
            .Set(F<&User::phone>, "")
            .OnConflict(F<&User::email>)
            .UpdateNewValues()
            .Save()
            .name == "New");
}

TEST_CASE_METHOD(World, "B143 around and after run once for the caller's read, and change it") {
  int around = 0, after = 0;
  client.Of<User>().Intercept(
      [&](Reading<User>& r, NextRead<User> next) {
        ++around;
        return next(r);
      },
      hook::After([&](const Reading<User>&, Found<User>& f) {
        ++after;
        if (auto* rows = f.Rows()) {
          for (User& u : *rows) u.phone = "***";
        }
      }));
  const auto users = client.Of<User>();
  for (const User& user : users.Query().All()) CHECK(user.phone == "***");
  CHECK(users.Get(ada).phone == "***");
  CHECK(users.Find(bob)->phone == "***");
  CHECK(users.Query().First().phone == "***");
  CHECK(around == 4);
  CHECK(after == 4);
  const auto groups = client.Of<Group>().Query().With(F<&Group::users>).All();
  CHECK(groups[0].users[0].phone == "***");
  const auto cards = client.Of<Card>().Query().With(F<&Card::owner>, [](auto& of) {
    of.With(F<&User::groups>, [](auto& g) { g.With(F<&Group::users>); });
  });
  for (const Card& card : cards.All()) {
    if (card.owner.Get() == nullptr) continue;
    CHECK(card.owner->phone == "***");
    CHECK(card.owner->groups[0].users[0].phone == "***");
  }
  CHECK(around == 4);  // not for what is loaded, nor for conditions
  client.Of<Card>().Query().Where(F<&Card::owner>.Has()).Count();
  CHECK(around == 4);
}

TEST_CASE_METHOD(World, "B143 after-interceptors may take rows away, also of those loaded") {
  client.Of<User>().Intercept(hook::After([](const Reading<User>&, Found<User>& f) {
    if (auto* rows = f.Rows()) std::erase_if(*rows, [](const User& u) { return u.name == "Ada"; });
  }));
  CHECK(client.Of<User>().Query().Only().name == "Bob");
  CHECK(client.Of<Group>().Query().With(F<&Group::users>).Only().users.empty());
  for (const Card& card : client.Of<Card>().Query().With(F<&Card::owner>).All()) {
    CHECK(card.owner.IsLoaded());
    CHECK(card.owner.Get() == nullptr);
  }
}

TEST_CASE_METHOD(World, "B142 aggregates, groups and selections are narrowed") {
  const auto users = client.Of<User>();
  CHECK(users.Query().Max(F<&User::name>) == "Bob");
  CHECK(all.Of<User>().Query().Max(F<&User::name>) == "Cid");
  CHECK(users.Query().Count(F<&User::name>) == 2);
  CHECK(users.Query().Sum(F<&User::id>) == ada + bob);
  CHECK(users.Query().Where(F<&User::id> == cid).Min(F<&User::id>) == std::nullopt);
  CHECK(users.Query().Select(F<&User::name>).All() == Lines{"Ada", "Bob"});
  CHECK(users.Query().Select(F<&User::tenant>).Distinct().All().size() == 1);
  const auto [tenant, count] =
      users.Query().GroupBy(F<&User::tenant>).Select(grapnel::Count()).First();
  CHECK(count == 2);
  CHECK(users.Query()
            .Where(F<&User::boss>.Has())
            .GroupBy(F<&User::tenant>)
            .Select(grapnel::Count())
            .All()
            .empty());
  CHECK(users.Query().Traverse(F<&User::cards>).Max(F<&Card::number>) == "1");
}

TEST_CASE_METHOD(World, "B143 a masked field stays masked in selections, groups and bounds") {
  Lines kinds;
  client.Of<User>().Intercept(hook::After([&](const Reading<User>& r, Found<User>& f) {
    kinds.push_back(std::string(Name(r.Kind())));
    if (auto* rows = f.Rows()) {
      for (User& u : *rows) u.phone = u.name == "Ada" ? "***" : "ooo";
    }
  }));
  const auto users = client.Of<User>();
  using Row = std::tuple<std::string, std::string>;
  CHECK(users.Query().Order(Asc(F<&User::id>)).Select(F<&User::name>, F<&User::phone>).All() ==
        std::vector<Row>{{"Ada", "***"}, {"Bob", "ooo"}});
  CHECK(users.Query().Where(F<&User::id> == ada).Select(F<&User::phone>).First() == "***");
  CHECK(kinds == Lines{"Rows", "Rows"});
  CHECK(all.Of<User>().Query().Order(Asc(F<&User::id>)).Select(F<&User::phone>).Distinct().All() ==
        Lines{"***", "ooo"});
  CHECK(all.Of<User>()
            .Query()
            .Order(Asc(F<&User::phone>))
            .Offset(1)
            .Limit(5)
            .Select(F<&User::phone>)
            .Distinct()
            .All() == Lines{"ooo"});
  kinds.clear();
  CHECK(users.Query().Min(F<&User::phone>) == "***");
  CHECK(users.Query().Max(F<&User::id>) == bob);
  CHECK(users.Query().Where(F<&User::id> == cid).Max(F<&User::phone>) == std::nullopt);
  CHECK(users.Query().Avg(F<&User::id>) == 1.5);
  CHECK(kinds == Lines(4, "Aggregate"));
  const auto groups =
      users.Query()
          .GroupBy(F<&User::phone>, F<&User::name>)
          .Select(grapnel::Count(), grapnel::Max(F<&User::phone>), grapnel::Avg(F<&User::id>))
          .Order(Asc(F<&User::name>))
          .All();
  REQUIRE(groups.size() == 2);
  CHECK(groups[0] == std::tuple("***", "Ada", 1, "***", 1.0));
  CHECK(groups[1] == std::tuple("ooo", "Bob", 1, "ooo", 2.0));
}

TEST_CASE_METHOD(World, "B143 rows that are walked over are narrowed and masked, some at a time") {
  std::size_t runs = 0;
  const auto masked = client.Of<User>().Intercept(hook::After([&](const auto&, Found<User>& f) {
    ++runs;
    std::erase_if(*f.Rows(), [](const User& u) { return u.name == "Ada"; });
    for (User& u : *f.Rows()) u.phone = "***";
  }));
  std::vector<User> many(600);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i].name = i < 300 ? "Ada" : "Eve";
    many[i].email = std::to_string(i);
  }
  client.Of<User>().CreateBulk(many).Save();
  const auto count = [&](const auto& query) {
    int rows = 0;
    for (const User& user : query) {
      CHECK(user.phone == "***");
      CHECK(user.name != "Ada");
      ++rows;
    }
    return rows;
  };
  CHECK(count(client.Of<User>().Query()) == 301);  // Bob and 300 of the others
  CHECK(runs == 3);
  CHECK(count(client.Of<User>().Query().With(F<&User::cards>)) == 301);
  CHECK(count(client.Of<User>().Query().Where(F<&User::name> == "Ada")) == 0);
  client.Of<User>().Query().ForEach([](const User& user) { CHECK(user.phone == "***"); });
  masked.Remove();

  int around = 0;
  client.Of<User>().Intercept([&](Reading<User>& r, NextRead<User> next) {
    ++around;
    r.AtMost(2);
    auto found = next(r);
    for (User& u : *found.Rows()) u.phone = "***";
    return found;
  });
  CHECK(count(client.Of<User>().Query().Where(F<&User::name> != "Ada")) == 2);
  CHECK(around == 1);
}

TEST_CASE_METHOD(World, "B143 a mask that looks at the whole row holds for groups and bounds") {
  client.Of<User>().Intercept(hook::After([](const auto&, Found<User>& f) {
    if (auto* rows = f.Rows()) {
      for (User& u : *rows) {
        if (u.name == "Ada") u.phone = "***";
      }
    }
  }));
  const auto users = client.Of<User>();
  CHECK(users.Query().Min(F<&User::phone>) == "***");
  CHECK(users.Query().Max(F<&User::phone>) == "1Bob");
  const auto groups =
      users.Query()
          .GroupBy(F<&User::phone>)
          .Select(grapnel::Count(), grapnel::Max(F<&User::phone>), grapnel::Min(F<&User::id>))
          .Order(Asc(F<&User::phone>))
          .All();
  REQUIRE(groups.size() == 2);
  CHECK(groups[0] == std::tuple("***", 1, "***", ada));
  CHECK(groups[1] == std::tuple("1Bob", 1, "1Bob", bob));
  const auto by_gone = all.Of<User>()
                           .Query()
                           .GroupBy(F<&SoftDelete::deleted_at>)
                           .Select(grapnel::Max(F<&User::name>))
                           .Order(Asc(F<&SoftDelete::deleted_at>))
                           .All();
  REQUIRE(by_gone.size() == 2);
  CHECK(std::get<0>(by_gone[0]) == std::nullopt);
  CHECK(std::get<1>(by_gone[1]) == "Cid");
}

TEST_CASE_METHOD(World, "B143 rows of an Aggregate are changed, and neither come nor go") {
  bool more = false;
  const auto handle = client.Of<User>().Intercept(hook::After([&](const auto&, Found<User>& f) {
    if (f.Rows() != nullptr) f.Rows()->resize(more ? 9 : 0);
  }));
  const auto groups = client.Of<User>().Query().GroupBy(F<&User::name>).Select(grapnel::Count());
  CHECK_THROWS_AS(groups.All(), grapnel::Error);
  more = true;
  CHECK_THROWS_AS(groups.All(), grapnel::Error);
  handle.Remove();
  client.Of<User>().Intercept([](Reading<User>&, NextRead<User>) { return Found<User>(); });
  CHECK(groups.All().empty());
  CHECK(client.Of<User>().Query().Sum(F<&User::id>) == std::nullopt);
  CHECK(client.Of<User>().Query().Select(F<&User::id>).All().empty());
}

TEST_CASE_METHOD(World, "B144 what interceptors add is not intercepted again") {
  client.Of<User>().Intercept(
      hook::Before([](Reading<User>& r) { r.Where(F<&User::cards>.Has()); }));
  client.Of<Card>().Intercept(
      hook::Before([](Reading<Card>& r) { r.Where(F<&Card::owner>.Has(F<&User::name> != "")); }));
  CHECK(client.Of<User>().Query().Only().name == "Ada");
  CHECK(client.Of<Card>().Query().Count() == 2);  // the owner of 3 is deleted, and counts here
  CHECK(client.Of<Card>().Query().Where(F<&Card::owner>.Has()).Count() == 1);
}

TEST_CASE_METHOD(World, "B144 types that narrow through each other on several edges end") {
  int runs = 0;
  client.Of<User>().Intercept(hook::Before([&](Reading<User>& r) {
    ++runs;
    for (int i = 0; i < 3; ++i) r.Where(!F<&User::groups>.Has(F<&Group::name> == "none"));
  }));
  client.Of<Group>().Intercept(hook::Before([&](Reading<Group>& r) {
    ++runs;
    for (int i = 0; i < 3; ++i) r.Where(!F<&Group::users>.Has(F<&User::name> == "none"));
  }));
  CHECK(client.Of<User>().Query().Count() == 2);
  CHECK(runs == 1);
  const auto deep = !F<&User::groups>.Has(F<&Group::users>.Has(F<&User::groups>.Has()));
  CHECK(client.Of<User>().Query().Where(deep && deep).Count() == 1);
  CHECK(runs <= 6);  // once for each way
  CHECK(client.Of<User>().Query().With(F<&User::groups>).All().size() == 2);
}

TEST_CASE_METHOD(World, "B144 interceptors that read through each other end, and do not branch") {
  const int branches = GENERATE(2, 3);
  const bool catches = GENERATE(false, true);
  const bool in_tx = GENERATE(false, true);
  int runs = 0;
  const auto read = [&](const auto& query) {
    for (int i = 0; i < branches; ++i) {
      if (!catches) {
        static_cast<void>(query.IDs());
        continue;
      }
      try {
        static_cast<void>(query.IDs());
      } catch (const grapnel::RecursionError&) {
      }
    }
  };
  const auto of_users = client.Of<User>().Intercept(hook::Before([&](Reading<User>& r) {
    ++runs;
    read(r.Client().template Of<Group>().Query().Where(F<&Group::users>.Has()));
  }));
  const auto of_groups = client.Of<Group>().Intercept(hook::Before([&](Reading<Group>& r) {
    ++runs;
    read(r.Client().template Of<User>().Query().Where(F<&User::groups>.Has()));
  }));
  const auto ask = [&](const auto& of) {
    runs = 0;
    if (catches) {
      CHECK(of.template Of<User>().Query().Count() == 2);
    } else {
      CHECK_THROWS_AS(of.template Of<User>().Query().Count(), grapnel::RecursionError);
      CHECK_THROWS_AS(of.template Of<User>().Find(ada), grapnel::RecursionError);
    }
    CHECK(runs < 10'000);
    CHECK(runs >= 60);
  };
  const auto twice = [&](const auto& of) {
    ask(of);
    ask(of);  // not inside another one: it is as if nothing had been
    CHECK(of.template Of<Card>().Query().Where(F<&Card::number> != "").Count() == 2);
  };
  if (in_tx) {
    auto tx = client.Tx();
    twice(tx);
    tx.Commit();
  } else {
    twice(client);
  }
  of_users.Remove();
  of_groups.Remove();
  CHECK(client.Of<User>().Query().Count() == 2);
}

TEST_CASE_METHOD(World, "B145 what the machine reads for itself is not narrowed") {
  // Old, OldRows, IDs and the row that comes back, of a row that the write itself hides.
  std::string old, ids;
  const auto hook =
      client.Of<User>().Use([&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
        old = m.Old(F<&User::name>);
        auto value = next(m);
        ids = std::to_string(m.IDs().size()) + std::to_string(m.OldRows().size());
        return value;
      });
  const User hidden = client.Of<User>().UpdateOne(bob).Set(F<&SoftDelete::deleted_at>, 2).Save();
  CHECK(hidden.name == "Bob");
  CHECK(old == "Bob");
  CHECK(ids == "11");
  CHECK_FALSE(client.Of<User>().Find(bob));

  hook.Remove();

  // Uniqueness, and cascades: the deleted card of Ada goes with her, through its hooks.
  int deleted = 0;
  client.Of<Card>().Use([&](grapnel::Mutation<Card>& m, grapnel::Next<Card> next) {
    deleted += static_cast<int>(m.OldRows().size());
    return next(m);
  });
  all.Of<User>().Delete().Where(F<&User::id> == ada).Exec();
  CHECK(deleted == 2);
  CHECK(Raw("SELECT number FROM Card") == Lines{"3"});
}

TEST_CASE_METHOD(World, "B145 client-wide hooks and interceptors pass Internal types by") {
  int hooks = 0, reads = 0;
  client.Use(hook::Before([&](auto&) { ++hooks; }));
  client.Intercept(hook::Before([&](auto&) { ++reads; }));
  client.Of<Ledger>().Create().Set(F<&Ledger::line>, "1").Save();
  client.Of<Ledger>().Query().All();
  CHECK(hooks + reads == 0);
  client.Of<Ledger>().Use(hook::Before([&](auto&) { ++hooks; }));
  client.Of<Ledger>().Intercept(hook::Before([&](auto&) { ++reads; }));
  client.Of<Ledger>().Create().Set(F<&Ledger::line>, "2").Save();
  client.Of<Ledger>().Query().All();
  CHECK(hooks == 1);
  CHECK(reads == 1);
}

TEST_CASE_METHOD(World, "B146 a read with an interceptor keeps its prepared statement") {
  Lines statements;
  auto traced = client.Debug([&](std::string_view sql) { statements.emplace_back(sql); });
  const auto read = [&](std::int64_t tenant) {
    const auto with = traced.With(Tenant{tenant});
    with.Of<User>().Find(ada);
    with.Of<Card>().Query().Where(F<&Card::owner>.Has()).All();
    return Take(statements);
  };
  client.Of<User>().Intercept(hook::Before([](Reading<User>& r) {
    if (const auto* tenant = r.Context().Get<Tenant>()) r.Where(F<&User::tenant> == tenant->id);
  }));
  const Lines first = read(1);
  CHECK(first == read(2));  // the same texts, so that the same statements serve
  CHECK(first.size() == 2);
}

TEST_CASE_METHOD(World, "B142 neighbours that do not show do not order either") {
  const auto bob_by_boss = client.Of<User>().Query().Order(
      Asc(F<&User::boss>, F<&User::name>).NullsFirst(), grapnel::Desc(F<&User::id>));
  CHECK(bob_by_boss.IDs() == std::vector<std::int64_t>{bob, ada});  // no boss shows
  const auto by_cards = grapnel::Desc(grapnel::CountOf(F<&User::cards>));
  client.Of<Card>().Update().Where(F<&Card::number> == "1").Set(F<&Card::owner>, bob).Save();
  CHECK(client.Of<User>().Query().Order(by_cards).First().id == bob);
  CHECK(all.Of<User>().Query().Order(by_cards, Asc(F<&User::id>)).First().id == ada);
}

TEST_CASE_METHOD(World, "B142 hooks whose types are forgotten run on their own ways all the same") {
  using grapnel::Interceptor;
  const bool on = true;
  const auto always = [&](const auto&) -> bool { return on; };
  const Interceptor<User> narrow =
      hook::Before([](Reading<User>& r) { r.Where(F<&User::name> != "Ada"); });
  const Interceptor<User> mask = hook::After([](const Reading<User>&, Found<User>& f) {
    if (auto* rows = f.Rows()) {
      for (User& u : *rows) u.phone = "***";
    }
  });
  const auto holds = [&] {
    CHECK(client.Of<Card>().Query().Where(F<&Card::owner>.Has()).Count() == 0);
    CHECK(client.Of<User>().Update().Set(F<&User::tenant>, 1).Save() == 1);
    auto card = all.Of<Card>().Query().Where(F<&Card::number> == "3");
    CHECK(card.With(F<&Card::owner>).Only().owner->phone == "***");
    for (const User& user : client.Of<User>().Query()) CHECK(user.phone == "***");
  };
  const auto check = [&](const grapnel::core::HookHandle& handle) {
    holds();
    handle.Remove();
    CHECK(client.Of<Card>().Query().Where(F<&Card::owner>.Has()).Count() == 1);
  };
  check(client.Of<User>().Intercept(narrow, mask));
  check(client.Of<User>().Intercept(hook::Chain(narrow, mask)));
  check(client.Of<User>().Intercept(hook::If(hook::Chain(narrow, mask), always)));
  check(client.Of<User>().Intercept(hook::If(hook::If(narrow, always), always), mask));
  check(client.Of<User>().Intercept(hook::Chain(hook::If(mask, always)), hook::If(narrow, always)));
}

TEST_CASE_METHOD(World, "B143 nothing is nothing whatever was asked for") {
  const auto users = client.Of<User>();
  const auto hidden = [&] {
    CHECK(users.Query().Sum(F<&User::id>) == std::nullopt);
    CHECK(users.Query().Avg(F<&User::id>) == std::nullopt);
    CHECK(users.Query().Min(F<&User::name>) == std::nullopt);
    CHECK(users.Query().Count(F<&User::name>) == 0);
    CHECK(users.Query().GroupBy(F<&User::name>).Select(grapnel::Count()).All().empty());
    CHECK(users.Query().Select(F<&User::name>).Distinct().All().empty());
    CHECK_FALSE(users.Query().Exist());
    for (const User& user : users.Query()) CHECK(user.id == 0);
  };
  const auto after = users.Intercept(hook::After([](const auto&, Found<User>& f) { f = {}; }));
  hidden();
  after.Remove();
  const auto around = users.Intercept([](Reading<User>&, NextRead<User>) { return Found<User>(); });
  hidden();
  around.Remove();
  CHECK(users.Query().Sum(F<&User::id>) == ada + bob);
}

TEST_CASE_METHOD(World, "B153 pages go on by what is stored, also behind a row that was masked") {
  client.Of<User>().Intercept(hook::After([](const auto&, Found<User>& f) {
    if (auto* rows = f.Rows()) {
      for (User& u : *rows) u.phone = u.email = "***";
    }
  }));
  for (const bool down : {false, true}) {
    auto page = all.Of<User>().Query();
    down ? page.Order(grapnel::Desc(F<&User::phone>)) : page.Order(Asc(F<&User::phone>));
    page.Limit(1);
    std::vector<std::int64_t> ids;
    for (auto rows = page.All(); !rows.empty() && ids.size() < 9; rows = page.All()) {
      ids.push_back(rows.front().id);
      page.After(rows.front());
    }
    CHECK(ids == (down ? std::vector{cid, bob, ada} : std::vector{ada, bob, cid}));
  }
}

TEST_CASE_METHOD(World, "B153 a mask of another field leaves pages as they are when rows move") {
  const auto users = client.Of<User>();
  users.Intercept(hook::After([](const auto&, Found<User>& f) {
    if (auto* rows = f.Rows()) {
      for (User& u : *rows) u.email = "***";
    }
  }));
  auto pages = users.Query();
  pages.Order(Asc(F<&User::phone>)).Limit(1);
  const User first = pages.Only();
  all.Of<User>().UpdateOne(first.id).Set(F<&User::phone>, "zzz").Save();  // behind all others
  std::vector<std::int64_t> ids{first.id};
  for (auto page = pages.After(first).All(); !page.empty(); page = pages.All()) {
    ids.push_back(page.front().id);
    pages.After(page.front());
  }
  CHECK(ids == std::vector{ada, bob, ada});
}

TEST_CASE_METHOD(World, "B142 B153 behind a row that does not show is as behind one that is gone") {
  const auto users = client.Of<User>();
  users.Intercept(hook::After([](const auto&, Found<User>&) {}));
  auto hides =
      users.Intercept(hook::Before([this](Reading<User>& r) { r.Where(F<&User::id> != bob); }));
  User guess;
  guess.id = bob;
  const auto behind = [&](const char* phone) {
    guess.phone = phone;
    return users.Query().Order(Asc(F<&User::phone>)).After(guess).Count();
  };
  const auto as_it_says = [&] { return std::pair(behind(""), behind("zzz")); };
  const auto hidden = as_it_says();
  CHECK(hidden.first > hidden.second);
  CHECK(hidden.second == 0);
  hides.Remove();
  users.DeleteOne(bob).Exec();
  CHECK(as_it_says() == hidden);
}

TEST_CASE_METHOD(World, "B143 a walk over no rows passes the interceptors as well") {
  int runs = 0;
  client.Of<User>().Intercept(hook::After([&](const auto&, Found<User>&) { ++runs; }));
  for (const User& user : client.Of<User>().Query().Where(F<&User::id> == 0)) CHECK(user.id == 0);
  CHECK(runs == 1);
  for (const User& user : client.Of<User>().Query()) CHECK(user.id != 0);
  CHECK(runs == 2);
}

TEST_CASE_METHOD(World, "B142 in transactions, snapshots and mutations alike") {
  {
    const auto rtx = client.ReadTx();
    CHECK(rtx.Of<User>().Query().Count() == 2);
    CHECK_FALSE(rtx.Of<User>().Find(cid));
  }
  auto tx = client.Tx();
  CHECK(tx.Of<User>().Query().Where(!F<&User::boss>.Has()).Count() == 2);
  tx.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    CHECK(m.Client().Of<User>().Query().Count() == 2);
    CHECK(m.Client().With(WithDeleted()).Of<User>().Query().Count() == 3);
    return next(m);
  });
  CHECK(tx.Of<User>().Update().Set(F<&User::phone>, "x").Save() == 2);
  tx.Commit();
}
