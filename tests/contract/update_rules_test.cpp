// B76, B84, B90: what updates and deletes count, and how one may become the other.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::Error;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::NotFoundError;
using grapnel::Op;
using grapnel::StaleError;
using grapnel::Tx;
using model::Card;
using model::User;
using namespace tx_fixture;
namespace hook = grapnel::hook;

namespace update_rules {

/// Numbers that may be NULL, and update-defaults to see which of them apply.
struct Score {
  std::int64_t id = 0;
  std::optional<std::int64_t> points{};
  std::optional<double> mean{};
  std::string state;
};

}  // namespace update_rules

template <>
struct grapnel::Schema<update_rules::Score> {
  static constexpr std::string_view Type = "Score";
  static constexpr auto Fields() {
    using update_rules::Score;
    return grapnel::Fields(Field<&Score::points>("points"), Field<&Score::mean>("mean"),
                           Field<&Score::state>("state").Default("new").UpdateDefault("touched"));
  }
};

namespace {

using update_rules::Score;

/// A hook that logs the Op and what comes back.
template <class E>
auto Told(Lines& log) {
  return [&log](Mutation<E>& m, Next<E> next) {
    log.push_back(ToString(m.Op()));
    auto value = next(m);
    log.push_back(value.HasEntity() ? "an entity" : std::to_string(value.Count()));
    return value;
  };
}

/// Runs `action` alone or inside a transaction.
template <class Action>
void Everywhere(const Db& client, bool in_tx, Action action) {
  in_tx ? client.WithTx([&](Tx& tx) { action(tx.Client()); }) : action(client);
}

}  // namespace

TEST_CASE("B76 zero rows updated or deleted: hooks run once, the count is 0") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.Of<User>().Use(Told<User>(log));
  Everywhere(world.client, GENERATE(false, true), [&](const grapnel::Client& client) {
    const auto users = client.Of<User>();
    REQUIRE(users.Update().Set(F<&User::age>, 1).Save() == 0);
    REQUIRE(Take(log) == Lines{"Update", "0"});
    REQUIRE(users.Update().Where(F<&User::name> == "nobody").Save() == 0);
    REQUIRE(Take(log) == Lines{"Update", "0"});
    REQUIRE(users.Delete().Exec() == 0);
    REQUIRE(Take(log) == Lines{"Delete", "0"});
    REQUIRE(users.Delete().Where(F<&User::id>.In(std::vector<std::int64_t>{})).Exec() == 0);
    REQUIRE(Take(log) == Lines{"Delete", "0"});
  });
}

TEST_CASE("B76 a DeleteOne that a hook widens is still of one row, which has to be there") {
  World world;
  const auto ada = Add(world.client, "Ada");
  const Op widened = GENERATE(Op::Delete, Op::Update);
  const bool again = GENERATE(false, true);
  world.client.Of<User>().Use([=](Mutation<User>& m, Next<User> next) -> grapnel::Value<User> {
    if (m.Op() != Op::DeleteOne) return next(m);
    if (widened == Op::Update) m.SetOp(Op::UpdateOne);
    m.SetOp(widened);
    if (widened == Op::Update) m.Set(F<&User::age>, 7);
    return again ? m.Client().Mutate(m) : next(m);
  });
  Everywhere(world.client, GENERATE(false, true), [&](const grapnel::Client& client) {
    REQUIRE_THROWS_AS(client.Of<User>().DeleteOne(99).Exec(), NotFoundError);
    client.Of<User>().DeleteOne(ada.id).Exec();
    const auto left = client.Of<User>().Find(ada.id);
    REQUIRE(left.has_value() == (widened == Op::Update));
    REQUIRE((!left || left->age == 7));
  });
}

TEST_CASE("B76 UpdateOne and DeleteOne of a missing row: NotFoundError, after the hooks ran once") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto ada = Add(world.client, "Ada");
  Lines log;
  world.client.Of<User>().Use(Told<User>(log));
  Everywhere(world.client, GENERATE(false, true), [&](const grapnel::Client& client) {
    const auto users = client.Of<User>();
    const auto missing = [&](const char* op, auto action) {
      const auto error = Thrown<NotFoundError>(action);
      REQUIRE(error.Entity() == "User");
      REQUIRE_THAT(error.what(), Catch::Contains("User") && Catch::Contains("99"));
      REQUIRE(Take(log) == Lines{op});
    };
    missing("UpdateOne", [&] { users.UpdateOne(99).Set(F<&User::age>, 1).Save(); });
    missing("UpdateOne", [&] { users.UpdateOne(99).Save(); });
    missing("DeleteOne", [&] { users.DeleteOne(99).Exec(); });
    const auto grown = F<&User::age> > 18;
    REQUIRE_THROWS_AS(users.UpdateOne(ada.id).Where(grown).Set(F<&User::age>, 1).Save(),
                      StaleError);
    REQUIRE_THROWS_AS(users.UpdateOne(ada.id).Where(grown).Save(), StaleError);
    REQUIRE_THROWS_AS(users.DeleteOne(ada.id).Where(grown).Exec(), StaleError);
    REQUIRE(users.Get(ada.id).age == 0);
  });
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B117 a lost optimistic lock is told from a missing row, by every One form") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto ada = Add(world.client, "Ada");
  const bool by_hook = GENERATE(false, true), looks = GENERATE(false, true);
  if (looks) {
    world.client.Of<User>().Use(hook::Before([](Mutation<User>& m) {
      if (m.Op() != Op::Create) m.IDs();
    }));
  }
  if (by_hook) {
    world.client.Of<User>().Use(
        hook::Before([](Mutation<User>& m) { m.Where(F<&User::name> != "Ada"); }));
  }
  const bool in_tx = GENERATE(false, true);
  for (const bool there : {false, true}) {
    const std::int64_t id = there ? ada.id : 99;
    const auto refused = [&](auto run) {
      const auto attempt = [&] {
        Everywhere(world.client, in_tx, [&](const grapnel::Client& client) {
          run(client.Of<User>(), by_hook ? F<&User::id> > 0 : F<&User::name> != "Ada");
        });
      };
      if (!there) return void(Thrown<NotFoundError>(attempt));
      const auto error = Thrown<StaleError>(attempt);
      REQUIRE(error.Entity() == "User");
      REQUIRE_THAT(error.what(), Catch::Contains("id " + std::to_string(id)));
    };
    refused([&](const auto& users, const auto& where) {  // changes nothing
      users.UpdateOne(id).Where(where).Save();
    });
    refused([&](const auto& users, const auto& where) {
      users.UpdateOne(id).Where(where).Set(F<&User::age>, 1).Save();
    });
    refused([&](const auto& users, const auto& where) { users.DeleteOne(id).Where(where).Exec(); });
  }
  REQUIRE(world.client.Of<User>().Get(ada.id).age == 0);
}

TEST_CASE("B117 a DeleteOne that became an UpdateOne, and Old, tell it too") {
  World world{Place::Memory};
  const auto ada = Add(world.client, "Ada");
  const auto users = world.client.Of<User>();
  users.Use([](Mutation<User>& m, Next<User> next) {
    if (m.Op() != Op::DeleteOne) return next(m);
    m.SetOp(Op::UpdateOne);
    m.Set(F<&User::age>, 9);
    m.Where(F<&User::age> != 9);
    return m.Client().Mutate(m);
  });
  users.DeleteOne(ada.id).Exec();
  Thrown<StaleError>([&] { users.DeleteOne(ada.id).Exec(); });
  Thrown<NotFoundError>([&] { users.DeleteOne(99).Exec(); });
  users.Use(hook::Before([](Mutation<User>& m) { m.Old(F<&User::age>); }));
  const auto young = F<&User::age> < 5;
  Thrown<StaleError>([&] { users.UpdateOne(ada.id).Where(young).Save(); });
  Thrown<NotFoundError>([&] { users.UpdateOne(99).Where(young).Save(); });
}

TEST_CASE("B117 the row is looked for only when nothing was written") {
  World world{Place::Memory};
  const auto ada = Add(world.client, "Ada");
  Lines sent;
  const auto trace = [&](std::string_view sql) { sent.emplace_back(sql.substr(0, 6)); };
  const auto users = world.client.Debug(trace).Of<User>();
  users.UpdateOne(ada.id).Where(F<&User::name> == "Ada").Set(F<&User::age>, 1).Save();
  REQUIRE(Take(sent) == Lines{"BEGIN ", "UPDATE", "SELECT"});
}

TEST_CASE("B90 an update that changes nothing: hooks run, no UPDATE is sent") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto ada = Add(world.client, "Ada");
  Add(world.client, "Grace");
  Lines log, sent;
  world.client.Of<User>().Use(Told<User>(log));
  const auto trace = [&](std::string_view sql) { sent.emplace_back(sql.substr(0, 6)); };
  Everywhere(world.client, GENERATE(false, true), [&](const grapnel::Client& client) {
    const auto users = client.Debug(trace).Of<User>();
    REQUIRE(users.UpdateOne(ada.id).Save().name == "Ada");
    REQUIRE(Take(log) == Lines{"UpdateOne", "an entity"});
    REQUIRE(users.Update().Save() == 2);
    REQUIRE(users.Update().Where(F<&User::name> == "Grace").Save() == 1);
    REQUIRE(Take(log) == Lines{"Update", "2", "Update", "1"});
  });
  REQUIRE_FALSE(sent.empty());
  for (const auto& word : sent) REQUIRE(word != "UPDATE");
}

TEST_CASE("B90 counts are matched rows, also of those that stay as they were") {
  World world{GENERATE(Place::Memory, Place::File)};
  for (const char* name : {"Ada", "Grace", "Joan"}) Add(world.client, name);
  const auto users = world.client.Of<User>();
  REQUIRE(users.Update().Where(F<&User::name> != "Joan").Set(F<&User::age>, 7).Save() == 2);
  REQUIRE(users.Update().Set(F<&User::age>, 7).Save() == 3);
  REQUIRE(users.Update().Set(F<&User::age>, 7).Save() == 3);
  REQUIRE(users.Update().Where(F<&User::age> == 7).Set(F<&User::age>, 8).Save() == 3);
  REQUIRE(users.Update().Where(F<&User::age> == 7).Set(F<&User::age>, 8).Save() == 0);
  REQUIRE(users.Delete().Where(F<&User::name> != "Joan").Exec() == 2);
  REQUIRE(Names(world.client) == Lines{"Joan"});
}

TEST_CASE("B90 counts do not take in what a hook or a trigger writes beside") {
  World world;
  world.Raw(
      "CREATE TRIGGER twice AFTER UPDATE OF age ON User BEGIN "
      "UPDATE User SET worth = worth + 1; END");
  for (const char* name : {"Ada", "Grace", "Joan"}) Add(world.client, name);
  const auto users = world.client.Of<User>();
  users.Use(hook::On(hook::After([](const Mutation<User>& m, grapnel::Value<User>&) {
                       const auto numbers = m.Client().Of<Card>();
                       numbers.Delete().Exec();
                     }),
                     Op::Update));
  REQUIRE(users.Update().Where(F<&User::name> == "Ada").Set(F<&User::age>, 7).Save() == 1);
  REQUIRE(world.Raw("SELECT sum(worth) FROM User") == Lines{"3"});
}

TEST_CASE("B90 Add on NULL counts from 0") {
  auto client = engine::Open<Score>(":memory:");
  client.Migrate();
  const auto scores = client.Of<Score>();
  const auto id = scores.Create().Save().id;
  REQUIRE(scores.Get(id).points == std::nullopt);

  auto now = scores.UpdateOne(id).Add(F<&Score::points>, -3).Add(F<&Score::mean>, 0.5).Save();
  REQUIRE(now.points == -3);
  REQUIRE(now.mean == 0.5);
  scores.UpdateOne(id).Clear(F<&Score::points>).Save();
  scores.Create().Set(F<&Score::points>, 10).Save();
  REQUIRE(scores.Update().Add(F<&Score::points>, 1).Save() == 2);
  REQUIRE(scores.Get(id).points == 1);
  REQUIRE(scores.Get(id + 1).points == 11);
  const auto most = std::numeric_limits<std::int64_t>::max();
  REQUIRE_THROWS_AS(scores.UpdateOne(id).Add(F<&Score::points>, most).Save(),
                    grapnel::ValidationError);
  REQUIRE(scores.Get(id).points == 1);
}

TEST_CASE("B84 SetOp goes Delete to Update and back, between the One forms, and from one to many") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto ada = Add(world.client, "Ada");
  using Change = std::pair<Op, Op>;
  const std::vector<Op> ops{Op::Create, Op::Update, Op::UpdateOne, Op::Delete, Op::DeleteOne};
  const std::vector<Change> allowed{{Op::Update, Op::Delete},       {Op::Delete, Op::Update},
                                    {Op::UpdateOne, Op::DeleteOne}, {Op::DeleteOne, Op::UpdateOne},
                                    {Op::UpdateOne, Op::Update},    {Op::UpdateOne, Op::Delete},
                                    {Op::DeleteOne, Op::Update},    {Op::DeleteOne, Op::Delete}};
  std::vector<Op> tried = ops;
  tried.push_back(Op::Update | Op::Delete);
  tried.push_back(Op{});
  Lines wrong;
  Op to{};
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User>) -> grapnel::Value<User> {
    const Op from = m.Op();
    bool changed = true;
    try {
      m.SetOp(to);
    } catch (const Error& error) {
      changed = false;
      if (m.Op() != from) wrong.push_back("changed all the same");
      if (std::string_view(error.what()).find("User") == std::string_view::npos) {
        wrong.emplace_back(error.what());
      }
    }
    const bool may =
        from == to || std::find(allowed.begin(), allowed.end(), Change(from, to)) != allowed.end();
    if (changed != may) wrong.push_back(ToString(from) + " to " + ToString(to));
    if (changed && m.Op() != to) wrong.emplace_back("not changed");
    throw std::runtime_error("tried");
  });
  for (const Op target : tried) {
    to = target;
    const auto users = world.client.Of<User>();
    REQUIRE_THROWS_WITH(Add(world.client, "Grace"), "tried");
    REQUIRE_THROWS_WITH(users.Update().Save(), "tried");
    REQUIRE_THROWS_WITH(users.UpdateOne(ada.id).Save(), "tried");
    REQUIRE_THROWS_WITH(users.Delete().Exec(), "tried");
    REQUIRE_THROWS_WITH(users.DeleteOne(ada.id).Exec(), "tried");
  }
  REQUIRE(wrong == Lines{});
}

TEST_CASE("B84 after SetOp the new Op's defaults apply, and next carries it out") {
  auto client = engine::Open<Score>(":memory:");
  client.Migrate();
  const auto scores = client.Of<Score>();
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(scores.Create().Set(F<&Score::points>, i).Save().id);
  const auto states = [&] {
    Lines all;
    for (const auto id : ids) {
      const auto score = scores.Find(id);
      all.push_back(score ? score->state : "gone");
    }
    return all;
  };
  REQUIRE(states() == Lines{"new", "new", "new"});
  Lines log;
  Op from{}, to{};
  auto handle = scores.Use([&](Mutation<Score>& m, Next<Score> next) {
    if (m.Op() == from) m.SetOp(to);
    if (const auto* state = m.Get(F<&Score::state>)) log.push_back("state=" + *state);
    return next(m);
  });
  scores.Use(Told<Score>(log));

  from = Op::DeleteOne, to = Op::UpdateOne;
  scores.DeleteOne(ids[0]).Exec();
  REQUIRE(Take(log) == Lines{"state=touched", "UpdateOne", "an entity"});
  REQUIRE(states() == Lines{"touched", "new", "new"});

  from = Op::Delete, to = Op::Update;
  REQUIRE(scores.Delete().Where(F<&Score::points> > 0).Exec() == 2);
  REQUIRE(Take(log) == Lines{"state=touched", "Update", "2"});
  REQUIRE(states() == Lines{"touched", "touched", "touched"});

  from = Op::DeleteOne, to = Op::Delete;  // the row with that id, and no other
  scores.DeleteOne(ids[0]).Exec();
  REQUIRE(Take(log) == Lines{"Delete", "1"});
  REQUIRE(states() == Lines{"gone", "touched", "touched"});

  from = Op::Update, to = Op::Delete;
  REQUIRE(scores.Update().Where(F<&Score::points> == 2).Set(F<&Score::state>, "x").Save() == 1);
  REQUIRE(Take(log) == Lines{"state=x", "Delete", "1"});
  REQUIRE(states() == Lines{"gone", "touched", "gone"});

  from = Op::UpdateOne, to = Op::Update;  // the caller still gets the entity
  REQUIRE(scores.UpdateOne(ids[1]).Add(F<&Score::points>, 6).Save().points == 7);
  REQUIRE(Take(log) == Lines{"state=touched", "Update", "1"});
}

TEST_CASE("B84 m.Client().Mutate(m) and then next is an Error, and nothing is written") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool in_tx = GENERATE(false, true);
  const auto ada = Add(world.client, "Ada");
  Lines log;
  bool both = true;
  world.client.Of<User>().Use(hook::On(
      [&](Mutation<User>& m, Next<User> next) {
        m.SetOp(Op::UpdateOne);
        m.Set(F<&User::active>, false);
        auto value = m.Client().Mutate(m);
        return both ? next(m) : value;
      },
      Op::DeleteOne));
  world.client.Of<User>().Use(Told<User>(log));
  const auto remove = [&](const grapnel::Client& client) {
    client.Of<User>().DeleteOne(ada.id).Exec();
  };

  Everywhere(world.client, in_tx, [&](const grapnel::Client& client) {
    REQUIRE_THAT(Thrown<Error>([&] { remove(client); }).what(),
                 Catch::Contains("User") && Catch::Contains("Mutate"));
    REQUIRE(client.Of<User>().Get(ada.id).active);
  });
  REQUIRE(Take(log) == Lines{"UpdateOne", "an entity", "UpdateOne"});
  REQUIRE(world.client.Of<User>().Get(ada.id).active);

  both = false;
  Everywhere(world.client, in_tx, remove);
  REQUIRE(log == Lines{"UpdateOne", "an entity"});
  REQUIRE_FALSE(world.client.Of<User>().Get(ada.id).active);
}

TEST_CASE("B84 next and then m.Client().Mutate(m) is an Error, and nothing is written") {
  World world;
  const bool in_tx = GENERATE(false, true);
  Lines log;
  world.client.Of<User>().Use(
      [](Mutation<User>& m, Next<User> next) {
        next(m);
        return m.Client().Mutate(m);
      },
      Told<User>(log));
  Everywhere(world.client, in_tx, [&](const grapnel::Client& client) {
    REQUIRE_THAT(Thrown<Error>([&] { Add(client, "Ada"); }).what(),
                 Catch::Contains("User: the mutation was already carried out") &&
                     Catch::Contains("must not run it by Mutate as well"));
    REQUIRE(client.Of<User>().Query().Count() == 0);
  });
  REQUIRE(log == Lines{"Create", "an entity"});
}

TEST_CASE("B84 a Mutate that failed wrote nothing, and next may still run") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto ada = Add(world.client, "Ada");
  world.client.Of<User>().Use(hook::On(
      [&](Mutation<User>& m, Next<User> next) {
        m.SetOp(Op::UpdateOne);
        m.Set(F<&User::name>, "");
        REQUIRE_THROWS_AS(m.Client().Mutate(m), grapnel::ValidationError);
        m.Set(F<&User::name>, "Lovelace");
        return next(m);
      },
      Op::DeleteOne));
  world.client.Of<User>().DeleteOne(ada.id).Exec();
  REQUIRE(Names(world.client) == Lines{"Lovelace"});
}
