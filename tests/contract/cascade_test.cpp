// Deleting rows that others hang on, through the hooks of all of them.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>

namespace cascade {

// A hierarchy whose lowest type also hangs directly on the highest, before and after its middle.
struct Team;
struct Member;
struct Task {
  std::int64_t id = 0;
  grapnel::One<Team> early{};
  grapnel::One<Member> member{};
  grapnel::One<Team> late{};
};
struct Bill {  // its task cannot go before it
  std::int64_t id = 0;
  grapnel::One<Task> task{};
  grapnel::One<Team> payer{};
};
struct Member {
  std::int64_t id = 0;
  grapnel::One<Team> team{};
  grapnel::Many<Task> tasks{};
};
struct Team {
  std::int64_t id = 0;
  grapnel::Many<Task> early_tasks{};
  grapnel::Many<Member> members{};
  grapnel::Many<Task> late_tasks{};
};

// Types whose cascades come back to where they began.
struct Pong;
struct Ping {
  std::int64_t id = 0;
  grapnel::Many<Pong> pongs{};
  grapnel::One<Pong> over{};
  grapnel::Many<Ping> children{};
  grapnel::One<Ping> parent{};
};
struct Pong {
  std::int64_t id = 0;
  grapnel::One<Ping> over{};
  grapnel::Many<Ping> pings{};
};
struct Guard {  // what it watches cannot go before it
  std::int64_t id = 0;
  grapnel::One<Ping> watches{};
  grapnel::One<Ping> post{};
};

}  // namespace cascade

template <>
struct grapnel::Schema<cascade::Task> {
  static constexpr std::string_view Type = "Task";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using namespace cascade;
    return grapnel::Edges(From<&Task::early>("early").Ref<&Team::early_tasks>(),
                          From<&Task::member>("member").Ref<&Member::tasks>(),
                          From<&Task::late>("late").Ref<&Team::late_tasks>());
  }
};
template <>
struct grapnel::Schema<cascade::Bill> {
  static constexpr std::string_view Type = "Bill";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using cascade::Bill;
    return grapnel::Edges(To<&Bill::task>("task").Required(),
                          To<&Bill::payer>("payer").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<cascade::Member> {
  static constexpr std::string_view Type = "Member";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using namespace cascade;
    return grapnel::Edges(From<&Member::team>("team").Ref<&Team::members>(),
                          To<&Member::tasks>("tasks").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<cascade::Team> {
  static constexpr std::string_view Type = "Team";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using namespace cascade;
    return grapnel::Edges(To<&Team::early_tasks>("early_tasks").OnDelete(Cascade),
                          To<&Team::members>("members").OnDelete(Cascade),
                          To<&Team::late_tasks>("late_tasks").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<cascade::Ping> {
  static constexpr std::string_view Type = "Ping";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using namespace cascade;
    return grapnel::Edges(To<&Ping::pongs>("pongs").OnDelete(Cascade),
                          From<&Ping::over>("over").Ref<&Pong::pings>(),
                          To<&Ping::children>("children").OnDelete(Cascade),
                          From<&Ping::parent>("parent").Ref<&Ping::children>());
  }
};
template <>
struct grapnel::Schema<cascade::Pong> {
  static constexpr std::string_view Type = "Pong";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using namespace cascade;
    return grapnel::Edges(From<&Pong::over>("over").Ref<&Ping::pongs>().Required(),
                          To<&Pong::pings>("pings").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<cascade::Guard> {
  static constexpr std::string_view Type = "Guard";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    using cascade::Guard;
    return grapnel::Edges(To<&Guard::watches>("watches").Required(),
                          To<&Guard::post>("post").OnDelete(Cascade));
  }
};

namespace {

using cascade::Bill;
using cascade::Guard;
using cascade::Member;
using cascade::Ping;
using cascade::Pong;
using cascade::Task;
using cascade::Team;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::hook::Before;
using grapnel::hook::On;

/// A hook of every type: logs what is deleted, by type, Op and the ids of the rows that are still
/// there.
auto Deletions(Lines& log) {
  return On(Before([&log]<class E>(Mutation<E>& m) {
              std::string line = std::string(m.Type()) + " " + ToString(m.Op());
              std::set<std::int64_t> ids;
              for (const E& row : m.OldRows()) ids.insert(row.id);
              for (const auto id : ids) line += " " + std::to_string(id);
              log.push_back(line);
            }),
            Op::Delete | Op::DeleteOne);
}

/// Users 1 and 2; cards 1 and 2 of user 1, 3 of user 2, 4 of nobody; pet 1 of user 1.
struct World : Fixture<User, Card, Pet> {
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  grapnel::store::HookedEntities<Card> cards = client.Of<Card>();

  World() {
    for (const char* name : {"Ada", "Bob"}) users.Create().Set(F<&User::name>, name).Save();
    for (const std::int64_t owner : {1, 1, 2, 0}) AddCard(client, owner);
    client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Set(F<&Pet::owner>, 1).Save();
    before = All();
  }
  static Card AddCard(const grapnel::Client& in, std::int64_t owner) {
    auto create = in.Of<Card>().Create();
    create.Set(F<&Card::number>, "no " + std::to_string(in.Of<Card>().Query().Count() + 1));
    if (owner != 0) create.Set(F<&Card::owner>, owner);
    return create.Save();
  }
  /// All that is there: users, cards, and the pets' owners.
  Lines All() const {
    Lines all = Raw(R"(SELECT 'user ' || id FROM "User" ORDER BY id)");
    for (const char* sql :
         {R"(SELECT 'card ' || id FROM "Card" ORDER BY id)",
          R"(SELECT 'pet of ' || coalesce(CAST(owner_id AS TEXT), 'nobody') FROM "Pet" )"
          "ORDER BY id"}) {
      for (auto& row : Raw(sql)) all.push_back(std::move(row));
    }
    return all;
  }
  Lines before{};
};

const Lines kWithoutAda = {"user 2", "card 3", "card 4", "pet of nobody"};

ConstraintError Refused(const std::function<void()>& action) {
  return Thrown<ConstraintError>(action);
}

}  // namespace

TEST_CASE("B75 deleting a user runs its cards' hooks, with the rows, in the same transaction") {
  World world;
  Lines log;
  int commits = 0;
  world.client.OnCommit([&](grapnel::Tx& tx, auto next) { next(tx), ++commits; });
  world.client.Use(Deletions(log));
  world.cards.Use([&](Mutation<Card>& m, Next<Card> next) -> Value<Card> {
    if (m.Op() == Op::Create) return next(m);
    const std::string in_tx = m.InTx() ? " in tx" : "";
    for (const Card& card : m.OldRows()) {
      const User owner = m.Client().Of<User>().Get(*card.owner.ID());  // still there
      log.push_back(card.number + " of " + owner.name + in_tx);
    }
    auto value = next(m);
    log.push_back("left " + std::to_string(m.Client().Of<Card>().Query().Count()) + " of count " +
                  std::to_string(value.Count()));
    m.AfterCommit([&] { log.push_back("committed"); });
    return value;
  });
  const Lines cards = {"Card Delete 1 2", "no 1 of Ada", "no 2 of Ada", "left 2 of count 2"};
  const auto expect = [&](Lines first, Lines last = {}) {
    first.insert(first.end(), cards.begin(), cards.end());
    first.insert(first.end(), last.begin(), last.end());
    CHECK(Take(log) == first);
    CHECK(world.All() == kWithoutAda);
    CHECK(commits == 1);
  };
  SECTION("DeleteOne") {
    world.users.DeleteOne(1).Exec();
    expect({"User DeleteOne 1"}, {"committed"});
    world.cards.DeleteOne(3).Exec();
    CHECK(log == Lines{"Card DeleteOne 3", "no 3 of Bob", "left 1 of count 1", "committed"});
  }
  SECTION("Delete") {
    CHECK(world.users.Delete().Where(F<&User::name> == "Ada").Exec() == 1);
    expect({"User Delete 1"}, {"committed"});
    CHECK(world.users.Delete().Where(F<&User::name> == "Ada").Exec() == 0);
    CHECK(log == Lines{"User Delete"});
  }
  SECTION("an update that a hook turned into a deletion") {
    world.users.Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
      if (m.Op() == Op::Update) m.SetOp(Op::Delete);
      return next(m);
    });
    CHECK(world.users.Update().Where(F<&User::name> == "Ada").Set(F<&User::age>, 1).Save() == 1);
    expect({}, {"committed"});
  }
  SECTION("re-dispatched from the start") {
    world.users.Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
      if (m.Op() != Op::Update) return next(m);
      m.SetOp(Op::Delete);
      return m.Client().Mutate(m);
    });
    CHECK(world.users.Update().Where(F<&User::name> == "Ada").Set(F<&User::age>, 1).Save() == 1);
    expect({"User Delete 1"}, {"committed"});
  }
  SECTION("in a nested Tx, rolled back and done again") {
    auto tx = world.client.Tx();
    for (const bool keep : {false, true}) {
      auto inner = tx.Tx();
      inner.Of<User>().DeleteOne(1).Exec();
      CHECK(inner.Of<Card>().Query().Count() == 2);
      keep ? inner.Commit() : inner.Rollback();
      CHECK(tx.Of<Card>().Query().Count() == (keep ? 2 : 4));
      if (!keep) Take(log);
    }
    CHECK(Take(log) == Lines{"User DeleteOne 1", "Card Delete 1 2", "no 1 of Ada in tx",
                             "no 2 of Ada in tx", "left 2 of count 2"});
    tx.Commit();
    CHECK(log == Lines{"committed"});
    CHECK(world.All() == kWithoutAda);
  }
  SECTION("inside a hook of another type") {
    world.client.Of<Pet>().Use(
        On(Before([](Mutation<Pet>& m) { m.Client().Of<User>().DeleteOne(1).Exec(); }),
           Op::DeleteOne));
    world.client.Of<Pet>().DeleteOne(1).Exec();
    CHECK(Take(log) == Lines{"Pet DeleteOne 1", "User DeleteOne 1", cards[0], cards[1], cards[2],
                             cards[3], "committed"});
    CHECK(world.All() == Lines{"user 2", "card 3", "card 4"});
  }
}

TEST_CASE("B75 a child that its hook keeps or refuses stops the deletion, everything rolled back") {
  World world;
  Lines log;
  world.client.Use(Deletions(log));
  const auto unchanged = [&] {
    CHECK(world.All() == world.before);
    world.client.WithTx([&](grapnel::Tx& tx) {  // nor is a Tx around it ended
      CHECK_THROWS_AS(tx.Of<User>().Delete().Exec(), std::exception);
      CHECK(tx.Of<User>().Query().Count() == 2);
      CHECK(tx.Of<Card>().Query().Count() == 4);
    });
    CHECK(world.All() == world.before);
    CHECK(world.Raw(R"(SELECT count(*) FROM "Card" WHERE expired_at IS NULL)") == Lines{"4"});
  };
  const auto refused_for_kept = [&](const std::string& kept) {
    const auto error = Refused([&] { world.users.DeleteOne(1).Exec(); });
    CHECK(error.Entity() == "User");
    CHECK(error.Op() == Op::DeleteOne);
    CHECK(error.Kind() == ConstraintKind::ForeignKey);
    CHECK(error.Detail().find(kept + " Card") != std::string::npos);
    unchanged();
  };
  SECTION("suppressed") {
    world.cards.Use([](Mutation<Card>&, Next<Card>) -> Value<Card> { return 2; });
    refused_for_kept("2");
  }
  SECTION("one row of two") {
    world.cards.Use(Before([](Mutation<Card>& m) { m.Where(F<&Card::number> != "no 1"); }));
    refused_for_kept("1");
  }
  SECTION("marked as deleted instead, by SetOp") {
    world.cards.Use([](Mutation<Card>& m, Next<Card> next) -> Value<Card> {
      m.SetOp(Op::Update);
      m.Set(F<&Card::expired_at>, graph::Time());
      return next(m);
    });
    refused_for_kept("2");
  }
  SECTION("marked as deleted instead, by Mutate") {
    world.cards.Use([](Mutation<Card>& m, Next<Card> next) -> Value<Card> {
      if (m.Op() == Op::Update) return next(m);
      m.SetOp(Op::Update);
      m.Set(F<&Card::expired_at>, graph::Time());
      return m.Client().Mutate(m);
    });
    refused_for_kept("2");
  }
  SECTION("vetoed") {
    world.cards.Use(grapnel::hook::Reject(Op::Delete));
    for (const auto& action : {std::function<void()>([&] { world.users.DeleteOne(1).Exec(); }),
                               std::function<void()>([&] { world.users.Delete().Exec(); })}) {
      const auto error = Thrown<grapnel::RejectedError>(action);
      CHECK(std::string(error.what()) == "Card: Delete is not allowed");
    }
    unchanged();
    Take(log);
    world.cards.DeleteOne(1).Exec();
    CHECK(log == Lines{"Card DeleteOne 1"});
  }
  SECTION("failed after the write") {
    world.cards.Use(grapnel::hook::After(
        [](const Mutation<Card>&, Value<Card>&) { throw std::domain_error("late"); }));
    CHECK_THROWS_AS(world.users.DeleteOne(1).Exec(), std::domain_error);
    unchanged();
  }
  SECTION("and then not: the user's hook tries again") {
    bool fail = true;
    world.cards.Use(Before([&](Mutation<Card>&) {
      if (std::exchange(fail, false)) throw std::domain_error("once");
    }));
    world.users.Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
      try {
        return next(m);
      } catch (const std::domain_error&) {
        return next(m);
      }
    });
    world.users.DeleteOne(1).Exec();
    CHECK(log == Lines{"User DeleteOne 1", "Card Delete 1 2", "Card Delete 1 2"});
    CHECK(world.All() == kWithoutAda);
  }
}

TEST_CASE("B75 where no hook of the child could run the database cascades alone") {
  World world;
  Lines sql;
  const auto traced = world.client.Debug([&](std::string_view text) {
    sql.push_back(std::string(text.substr(0, text.find(' ', text.find(' ') + 1))));
  });
  const Lines alone = engine::UndoesStatements()
                          ? Lines{"BEGIN IMMEDIATE", "DELETE FROM"}
                          : Lines{"BEGIN ISOLATION", "SAVEPOINT grapnel_1", "DELETE FROM"};
  Lines log;
  const auto deletes = [&](const grapnel::Client& client) {
    client.Of<User>().DeleteOne(1).Exec();
    return Take(sql);
  };
  SECTION("none is registered") {
    CHECK(deletes(traced) == alone);
    CHECK(world.All() == kWithoutAda);
  }
  SECTION("only for other Ops, or only hooks of the user") {
    world.cards.Use(
        grapnel::hook::Unless(Before([&](auto&) { log.push_back("card"); }), Op::Delete));
    world.users.Use(On(Before([&](auto&) { log.push_back("user"); }), ~Op::Update));
    CHECK(deletes(traced) == alone);
    CHECK(log == Lines{"user"});
    CHECK(world.All() == kWithoutAda);
  }
  SECTION("it was removed") {
    auto handle = world.cards.Use(Before([&](auto&) { log.push_back("card"); }));
    handle.Remove();
    CHECK(deletes(traced) == alone);
    CHECK(log.empty());
  }
  SECTION("it is a transaction's, which others do not see") {
    world.client.WithTx([&](grapnel::Tx& tx) {
      tx.Of<Card>().Use(Before([&](Mutation<Card>& m) { log.push_back(ToString(m.Op())); }));
      tx.WithTx([](grapnel::Tx& inner) { inner.Of<User>().DeleteOne(2).Exec(); });
    });
    CHECK(Take(log) == Lines{"Delete"});
    CHECK(deletes(traced) == alone);
    CHECK(log.empty());
    CHECK(world.All() == Lines{"card 4", "pet of nobody"});
  }
  SECTION("there is one, but nothing hangs on the user") {
    world.cards.Use(Before([&](auto&) { log.push_back("card"); }));
    world.cards.Update().ClearEdge(F<&Card::owner>).Save();
    Take(log);
    world.users.DeleteOne(1).Exec();
    CHECK(log.empty());
    CHECK(world.All() == Lines{"user 2", "card 1", "card 2", "card 3", "card 4", "pet of nobody"});
  }
}

TEST_CASE("B75 hooks in a cascade that delete and create") {
  World world;
  Lines log;
  world.client.Use(Deletions(log));
  const auto on_cards = [&](std::function<void(Mutation<Card>&)> hook) {
    world.cards.Use(On(Before([&log, hook](Mutation<Card>& m) {
                         if (log.size() < 9) hook(m);
                       }),
                       Op::Delete | Op::DeleteOne));
  };
  SECTION("another user, with its cards") {
    on_cards([once = std::make_shared<bool>(true)](Mutation<Card>& m) {
      if (std::exchange(*once, false)) m.Client().Of<User>().DeleteOne(2).Exec();
    });
    world.users.DeleteOne(1).Exec();
    CHECK(log == Lines{"User DeleteOne 1", "Card Delete 1 2", "User DeleteOne 2", "Card Delete 3"});
    CHECK(world.All() == Lines{"card 4", "pet of nobody"});
  }
  SECTION("a card that is about to be deleted") {
    on_cards([](Mutation<Card>& m) {
      if (m.IDs().size() != 2) return;
      m.Client().Of<Card>().Delete().Where(F<&Card::id> == 2).Exec();
    });
    world.users.DeleteOne(1).Exec();
    CHECK(std::count(log.begin(), log.end(), "Card Delete 1 2") == 1);
    CHECK(world.All() == kWithoutAda);
  }
  SECTION("the owner, who is being deleted: his cards go once, and the outer deletion succeeds") {
    on_cards(
        [](Mutation<Card>& m) { m.Client().Of<User>().Delete().Where(F<&User::id> == 1).Exec(); });
    world.users.DeleteOne(1).Exec();
    CHECK(world.All() == kWithoutAda);
    CHECK(std::count(log.begin(), log.end(), "Card Delete 1 2") == 1);
    CHECK(std::count(log.begin(), log.end(), "Card Delete") == 0);
  }
  SECTION("a new card of a user who is being deleted goes through its hooks or stops it all") {
    on_cards([](Mutation<Card>& m) { World::AddCard(m.Client(), 1); });
    try {
      world.users.DeleteOne(1).Exec();
      CHECK(std::count(log.begin(), log.end(), "Card Delete 5") == 1);
    } catch (const ConstraintError&) {
      CHECK(world.All() == world.before);
    }
  }
  SECTION("a card handed over to a user who is being deleted") {
    on_cards([](Mutation<Card>& m) {
      m.Client().Of<Card>().UpdateOne(4).Set(F<&Card::owner>, 1).Save();
    });
    try {
      world.users.DeleteOne(1).Exec();
      CHECK(std::count(log.begin(), log.end(), "Card Delete 4") == 1);
    } catch (const ConstraintError&) {
      CHECK(world.All() == world.before);
    }
  }
  SECTION("a card handed over to somebody else is kept") {
    on_cards([](Mutation<Card>& m) {
      m.Client().Of<Card>().UpdateOne(1).Set(F<&Card::owner>, 2).Save();
      m.Where(F<&Card::id> != 1);
    });
    CHECK(Refused([&] { world.users.DeleteOne(1).Exec(); }).Kind() == ConstraintKind::ForeignKey);
    CHECK(world.All() == world.before);
  }
  SECTION("a new card of nobody") {
    on_cards([](Mutation<Card>& m) { World::AddCard(m.Client(), 0); });
    world.users.DeleteOne(1).Exec();
    CHECK(world.All() == Lines{"user 2", "card 3", "card 4", "card 5", "pet of nobody"});
  }
}

TEST_CASE("B75 rows go by level, the deepest first, each once though several ways lead to it") {
  Fixture<Team, Member, Task, Bill> world;
  Lines log;
  const auto teams = world.client.Of<Team>();
  const auto left = [&] {
    return world.Raw(
        R"(SELECT '' || (SELECT count(*) FROM "Team") || (SELECT count(*) FROM "Member") || )"
        R"((SELECT count(*) FROM "Task"))");
  };
  for (int i = 0; i < 2; ++i) teams.Create().Save();
  for (const int team : {1, 1, 2}) {
    world.client.Of<Member>().Create().Set(F<&Member::team>, team).Save();
  }
  const auto task = [&] { return world.client.Of<Task>().Create(); };
  task().Set(F<&Task::member>, 1).Save();
  task().Set(F<&Task::member>, 2).Save();
  SECTION("three types in a row") {
    world.client.Use(Deletions(log));
    task().Set(F<&Task::member>, 3).Save();
    teams.DeleteOne(1).Exec();
    CHECK(log == Lines{"Team DeleteOne 1", "Task Delete 1 2", "Member Delete 1 2"});
    CHECK(left() == Lines{"111"});
  }
  SECTION("the middle type has no hooks") {
    world.client.Of<Task>().Use(Deletions(log));
    teams.Delete().Exec();
    CHECK(log == Lines{"Task Delete 1 2"});
    CHECK(left() == Lines{"000"});
  }
  SECTION("the highest type reaches the lowest directly as well") {
    task().Set(F<&Task::early>, 1).Set(F<&Task::member>, 1).Save();
    task().Set(F<&Task::member>, 1).Set(F<&Task::late>, 1).Save();
    task().Set(F<&Task::early>, 2).Set(F<&Task::member>, 2).Set(F<&Task::late>, 1).Save();
    task().Set(F<&Task::early>, 1).Save();
    task().Set(F<&Task::member>, 3).Set(F<&Task::late>, 1).Save();
    world.client.Use(Deletions(log));
    teams.DeleteOne(1).Exec();
    // Each goes at the deepest level at which it is reached; types of one level in either order.
    REQUIRE(log.size() == 4);
    CHECK(log[0] == "Team DeleteOne 1");
    CHECK(log[1] == "Task Delete 1 2 3 4 5");
    CHECK(std::set<std::string>(log.begin() + 2, log.end()) ==
          std::set<std::string>{"Member Delete 1 2", "Task Delete 6 7"});
    CHECK(left() == Lines{"110"});
  }
  SECTION("a row that something else requires stops it, and is named") {
    world.client.Of<Bill>().Create().Set(F<&Bill::task>, 2).Save();
    const auto refused = [&](const std::string& detail) {
      const auto error = Refused([&] { teams.DeleteOne(1).Exec(); });
      CHECK(error.Kind() == ConstraintKind::ForeignKey);
      CHECK(error.Fields() == Lines{"Bill.task"});
      CHECK(error.Detail() == detail);
      CHECK(left() == Lines{"232"});
    };
    refused("1 Bill refers to what hangs on it");  // by the database alone
    const auto direct = Refused([&] { world.client.Of<Task>().DeleteOne(2).Exec(); });
    CHECK(direct.Entity() == "Task");
    CHECK(direct.Fields() == Lines{"Bill.task"});
    world.client.Use(Deletions(log));
    refused("1 Bill refers to it");  // to the task, in a deletion of its own
    CHECK(log == Lines{"Team DeleteOne 1", "Task Delete 1 2"});
  }
  SECTION("unless that goes as well: what is being deleted counts as deleted") {
    const auto bills = world.client.Of<Bill>();
    std::int64_t bill = 0;
    const auto goes = [&] {
      bill = bills.Create().Set(F<&Bill::task>, 2).Set(F<&Bill::payer>, 1).Save().id;
      Lines logged;
      {
        auto tx = world.client.Tx();
        tx.Of<Team>().DeleteOne(1).Exec();
        logged = Take(log);
        CHECK(tx.Of<Bill>().Query().Count() == 0);
      }
      bills.Delete().Exec();
      Take(log);
      return logged;
    };
    CHECK(goes().empty());  // by the database alone
    auto handle = world.client.Of<Task>().Use(Deletions(log));
    CHECK(goes() == Lines{"Task Delete 1 2"});
    handle.Remove();
    world.client.Of<Bill>().Use(Deletions(log));
    const Lines logged = goes();
    CHECK(logged == Lines{"Bill Delete " + std::to_string(bill)});
  }
}

TEST_CASE("B75 a cascade stands outside the depth limit, in its caller's context") {
  World world;
  Lines log;
  constexpr int kLimit = 64;
  int updates = kLimit - 1;  // inside one another; a deletion is one more
  world.users.Use(On(Before([&](Mutation<User>& m) {
                       const int* depth = m.Context().Get<int>();
                       const auto inside = m.Client().With(depth == nullptr ? 2 : *depth + 1);
                       if (depth != nullptr && *depth >= updates) {
                         inside.Of<User>().DeleteOne(1).Exec();
                       } else {
                         inside.Of<User>().Update().Save();
                       }
                     }),
                     Op::Update));
  world.cards.Use(Before([&](Mutation<Card>& m) {
    log.push_back(ToString(m.Op()) + " at " + std::to_string(*m.Context().Get<int>()));
  }));
  world.client.With(1).Of<User>().Update().Save();
  CHECK(log == Lines{"Delete at 64"});
  CHECK(world.All() == kWithoutAda);
  updates = kLimit;
  CHECK_THROWS_AS(world.client.With(1).Of<User>().Update().Save(), grapnel::RecursionError);
}

namespace {

/// Pings, pongs and guards, made and joined by SQL; a key of 0 is NULL. Deletions are logged.
struct Ring : Fixture<Ping, Pong, Guard> {
  Lines log{};
  grapnel::store::HookedEntities<Ping> pings = client.Of<Ping>();

  Ring() { client.Use(Deletions(log)); }
  void Insert(const std::string& table, const std::string& columns, const std::string& values) {
    to_insert_ += "INSERT INTO \"" + table + "\" (" + columns + ") VALUES (" + values + ");";
  }
  /// Writes what was added. Throws what it finds already there away.
  void Write() {
    Raw(R"(BEGIN; DELETE FROM "Ping"; DELETE FROM "Pong"; DELETE FROM "Guard";)" +
        std::exchange(to_insert_, "") + "COMMIT");
    log.clear();
  }
  static std::string Key(int id) { return id == 0 ? "NULL" : std::to_string(id); }
  void AddPing(int id, int over = 0, int parent = 0) {
    Insert("Ping", "id, over_id, parent_id", Key(id) + "," + Key(over) + "," + Key(parent));
  }
  void AddPong(int id, int over) { Insert("Pong", "id, over_id", Key(id) + "," + Key(over)); }
  void AddGuard(int id, int watches, int post = 0) {
    Insert("Guard", "id, watches_id, post_id", Key(id) + "," + Key(watches) + "," + Key(post));
  }
  Lines All() const {
    return Raw(
        R"(SELECT 'ping ' || id AS line FROM "Ping" UNION ALL SELECT 'pong ' || id FROM "Pong")"
        R"( UNION ALL SELECT 'guard ' || id FROM "Guard" ORDER BY line)");
  }

 private:
  std::string to_insert_;
};

}  // namespace

TEST_CASE("B75 rows that refer to one another in a circle go, each through its hook once") {
  Ring ring;
  const auto deletes_all = [&](const Lines& expected) {
    ring.Write();
    for (const bool in_tx : {true, false}) {
      if (in_tx) {
        auto tx = ring.client.Tx();
        tx.Of<Ping>().DeleteOne(1).Exec();
        CHECK(tx.Of<Ping>().Query().Count() + tx.Of<Pong>().Query().Count() == 0);
      } else {
        ring.pings.DeleteOne(1).Exec();
      }
      CHECK(Take(ring.log) == expected);
    }
    CHECK(ring.All().empty());
  };
  SECTION("one that refers to itself") {
    ring.AddPing(1, 0, 1);
    deletes_all({"Ping DeleteOne 1"});
  }
  SECTION("two of one type") {
    ring.AddPing(1, 0, 2);
    ring.AddPing(2, 0, 1);
    deletes_all({"Ping DeleteOne 1", "Ping Delete 2"});
  }
  SECTION("two of two types") {
    ring.AddPing(1, 1);
    ring.AddPong(1, 1);
    deletes_all({"Ping DeleteOne 1", "Pong Delete 1"});
  }
  SECTION("four of two types") {
    ring.AddPing(1, 2);
    ring.AddPong(1, 1);
    ring.AddPing(2, 1);
    ring.AddPong(2, 2);
    deletes_all({"Ping DeleteOne 1", "Pong Delete 2", "Ping Delete 2", "Pong Delete 1"});
  }
  SECTION("two rings that share a row, guarded from within") {
    ring.AddPing(1, 1, 2);
    ring.AddPing(2, 0, 1);
    ring.AddPong(1, 1);
    ring.AddGuard(1, 2, 1);
    ring.AddGuard(2, 1, 2);
    ring.Write();
    ring.pings.DeleteOne(1).Exec();
    CHECK(std::count(ring.log.begin(), ring.log.end(), "Ping Delete 2") == 1);
    CHECK(ring.All().empty());
  }
}

TEST_CASE("B75 what stands in the way of a circle is named, and its transaction goes on") {
  Ring ring;
  ring.AddPing(1, 1);
  ring.AddPong(1, 1);
  ring.AddPing(2, 0, 1);
  ring.Write();
  const Lines before = {"ping 1", "ping 2", "pong 1"};
  SECTION("a row that is required") {
    ring.client.Of<Guard>().Create().Set(F<&Guard::watches>, 2).Save();
    const auto refused = [](const grapnel::Client& client) {
      const auto error = Refused([&] { client.Of<Ping>().DeleteOne(1).Exec(); });
      CHECK(error.Kind() == ConstraintKind::ForeignKey);
      CHECK(error.Fields() == Lines{"Guard.watches"});
      CHECK(error.Detail().find("1 Guard") != std::string::npos);
    };
    refused(ring.client);
    auto tx = ring.client.Tx();
    refused(tx.Client());
    CHECK(tx.Of<Ping>().Query().Count() == 2);
    tx.Commit();
    CHECK(ring.All() == Lines{"guard 1", "ping 1", "ping 2", "pong 1"});
  }
  SECTION("a row that its hook keeps") {
    ring.client.Of<Pong>().Use([](Mutation<Pong>&, Next<Pong>) -> Value<Pong> { return 1; });
    const auto error = Refused([&] { ring.pings.DeleteOne(1).Exec(); });
    CHECK(error.Detail().find("1 Pong") != std::string::npos);
    CHECK(ring.All() == before);
  }
  SECTION("a row that a hook adds to one that is being deleted") {
    ring.client.Of<Pong>().Use(On(Before([](Mutation<Pong>& m) {
                                    m.Client().Of<Pong>().Create().Set(F<&Pong::over>, 1).Save();
                                  }),
                                  Op::Delete));
    CHECK(Refused([&] { ring.pings.DeleteOne(1).Exec(); }).Kind() == ConstraintKind::ForeignKey);
    CHECK(ring.All() == before);
  }
  SECTION("a missing neighbour is refused at once, during a cascade and after it") {
    const auto refused = [](const grapnel::Client& client) {
      const auto error =
          Refused([&] { client.Of<Pong>().Create().Set(F<&Pong::over>, 99).Save(); });
      CHECK(error.Fields() == Lines{"over"});
    };
    ring.client.Of<Pong>().Use(
        On(Before([&](Mutation<Pong>& m) { refused(m.Client()); }), Op::Delete));
    auto tx = ring.client.Tx();
    tx.Of<Ping>().DeleteOne(1).Exec();
    refused(tx.Client());
    tx.Commit();
    CHECK(ring.All().empty());
  }
}

TEST_CASE("B75 a long chain of rows goes, level by level, with hooks and without") {
  Ring ring;
  const auto fill = [&](int pairs) {
    ring.Raw("BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
             std::to_string(pairs) +
             R"() INSERT INTO "Ping" (id, over_id) SELECT i, nullif(i - 1, 0) FROM n;)" +
             R"( INSERT INTO "Pong" (id, over_id) SELECT id, id FROM "Ping"; COMMIT)");
  };
  const int pairs = engine::IsInProcess() ? 5000 : 1000;
  fill(pairs);
  ring.pings.DeleteOne(1).Exec();
  CHECK(ring.All().empty());
  REQUIRE(ring.log.size() == static_cast<std::size_t>(2 * pairs));
  CHECK(ring.log[0] == "Ping DeleteOne 1");
  CHECK(ring.log[1] == "Pong Delete " + std::to_string(pairs));
  CHECK(ring.log[2] == "Ping Delete " + std::to_string(pairs));
  CHECK(ring.log.back() == "Pong Delete 1");
  fill(600);  // still deeper than SQLite's own cascades go
  const auto plain = engine::Open<Ping, Pong, Guard>(ring.scratch.File("test.db"));
  plain.Of<Ping>().DeleteOne(1).Exec();
  CHECK(ring.All().empty());
}

namespace {

/// What a Ring holds, and what goes when pings are deleted.
struct Model {
  struct Row {
    std::vector<std::string> over{};  // of cascades
    std::string watches{};
  };
  std::map<std::string, Row> rows{};  // "ping 1"

  /// The rows that go, by level: the ways that lead to them, the shortest.
  std::vector<std::set<std::string>> Levels(std::set<std::string> roots) const {
    std::set<std::string> all = roots;
    std::vector<std::set<std::string>> levels{std::move(roots)};
    while (!levels.back().empty()) {
      std::set<std::string> next;
      for (const auto& [name, row] : rows) {
        for (const auto& over : row.over) {
          if (levels.back().contains(over) && !all.contains(name)) next.insert(name);
        }
      }
      all.insert(next.begin(), next.end());
      levels.push_back(std::move(next));
    }
    levels.pop_back();
    return levels;
  }
};

/// "Pong Delete 1 2" as {"pong 1", "pong 2"}.
std::set<std::string> RowsOf(const std::string& line) {
  std::set<std::string> rows;
  const std::string type = line.substr(0, line.find(' '));
  const std::string name = static_cast<char>(std::tolower(type[0])) + type.substr(1);
  for (std::size_t at = line.find(' ', type.size() + 1); at != line.npos;
       at = line.find(' ', at + 1)) {
    rows.insert(name + line.substr(at, line.find(' ', at + 1) - at));
  }
  return rows;
}

/// A ring of up to 12 rows of each type joined at random, or, as a forest, each under one other at
/// most; some of its pings are deleted.
void RunRandom(Ring& ring, std::mt19937& random, bool forest) {
  Model model;
  const auto under = [&](int most) {
    return most > 0 ? static_cast<int>(random() % static_cast<unsigned>(most + 1)) : 0;
  };
  const int count = 2 + under(10);
  const auto ping = [](int id) { return "ping " + std::to_string(id); };
  for (int id = 1; id <= count; ++id) {
    // Of a forest: what stands over a row has a smaller id, and each pong is over no smaller ping.
    const int over = under(forest ? id - 1 : count);
    const int parent = forest && over != 0 ? 0 : under(forest ? id - 1 : count);
    ring.AddPing(id, over, parent);
    auto& row = model.rows[ping(id)];
    if (over != 0) row.over.push_back("pong " + std::to_string(over));
    if (parent != 0) row.over.push_back(ping(parent));
    const int pong_over = forest ? 1 + under(id - 1) : 1 + under(count - 1);
    ring.AddPong(id, pong_over);
    model.rows["pong " + std::to_string(id)].over.push_back(ping(pong_over));
  }
  for (int id = 1; id <= under(3); ++id) {
    const int watches = 1 + under(count - 1), post = under(count);
    ring.AddGuard(id, watches, post);
    auto& row = model.rows["guard " + std::to_string(id)];
    row.watches = ping(watches);
    if (post != 0) row.over.push_back(ping(post));
  }
  std::vector<std::int64_t> roots;
  std::set<std::string> names;
  for (int i = 0; i <= under(2); ++i) {
    roots.push_back(1 + under(count - 1));
    names.insert(ping(static_cast<int>(roots.back())));
  }

  ring.Write();
  const auto levels = model.Levels(names);
  std::set<std::string> going;
  for (const auto& level : levels) going.insert(level.begin(), level.end());
  const bool refused = std::any_of(model.rows.begin(), model.rows.end(), [&](const auto& each) {
    return !going.contains(each.first) && going.contains(each.second.watches);
  });
  const auto exec = [&] { ring.pings.Delete().Where(F<&Ping::id>.In(roots)).Exec(); };
  const Lines before = ring.All();
  if (refused) {
    const auto error = Refused(exec);
    CHECK(error.Fields() == Lines{"Guard.watches"});
    REQUIRE(ring.All() == before);
    return;
  }
  exec();
  Lines expected;
  for (const auto& name : before) {
    if (!going.contains(name)) expected.push_back(name);
  }
  REQUIRE(ring.All() == expected);

  // The roots first, then one line for each level and type, the deepest first.
  REQUIRE(RowsOf(ring.log.at(0)) == names);
  if (forest) {
    std::size_t at = 1;
    for (std::size_t level = levels.size() - 1; level > 0; --level) {
      std::set<std::string> types, rows;
      for (const auto& name : levels[level]) types.insert(name.substr(0, 5));
      for (std::size_t i = 0; i < types.size(); ++i) rows.merge(RowsOf(ring.log.at(at++)));
      REQUIRE(rows == levels[level]);
    }
    REQUIRE(at == ring.log.size());
  }
  std::multiset<std::string> hooked;
  for (const auto& line : ring.log) {
    for (const auto& row : RowsOf(line)) hooked.insert(row);
  }
  REQUIRE(hooked == std::multiset<std::string>(going.begin(), going.end()));
}

}  // namespace

TEST_CASE("B75 a random forest goes level by level, as the model's") {
  Ring ring;
  std::mt19937 random(75);
  for (int round = 0; round < (engine::IsInProcess() ? 150 : 30); ++round) {
    CAPTURE(round);
    RunRandom(ring, random, true);
  }
}

TEST_CASE("B75 a random graph with circles goes as the model's") {
  Ring ring;
  std::mt19937 random(750);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    RunRandom(ring, random, false);
  }
}
