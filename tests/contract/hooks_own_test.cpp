// B101 to B103: the mutation that a hook is given is that one alone, and so is its next.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using grapnel::Op;
using model::Card;
using model::User;

template <class C>
void AddCard(const C& client, const std::string& number) {
  client.template Of<Card>()
      .Create()
      .Set(F<&Card::number>, number)
      .Set(F<&Card::in_hook>, "")
      .Save();
}

/// A hook of Card that adds another one, whose hook goes on with the first one's mutation.
struct Crossed {
  std::string refused{};
  int depth = 0;
  grapnel::AnyMutation* first = nullptr;

  template <class M, class Go>
  auto Run(M& m, Go go) {
    struct Deeper {
      int& depth;
      ~Deeper() { --depth; }
    } deeper{++depth};
    if (depth == 1) {
      first = &m;
      AddCard(m.Client(), "inner");
      return go(m);
    }
    try {
      return go(static_cast<M&>(*first));
    } catch (const grapnel::Error& error) {
      refused = error.what();
      throw;
    }
  }
};

/// The forms of a hook of Card that calls `use(m, next)`.
template <class Use>
void AddHook(const grapnel::Database<User, Card>& client, int form, Use use) {
  if (form == 0) {
    client.Of<Card>().Use(
        [use](grapnel::Mutation<Card>& m, grapnel::Next<Card> next) { return use(m, next); });
  } else if (form == 1) {
    client.Of<Card>().Use([use](grapnel::Mutator<Card> next) -> grapnel::Mutator<Card> {
      return [use, next](grapnel::Mutation<Card>& m) { return use(m, next); };
    });
  } else if (form == 2) {
    client.Use(grapnel::AnyHook([use](grapnel::AnyMutation& m, grapnel::AnyNext next) {
      return m.Type() == "Card" ? use(m, next) : next(m);
    }));
  } else {
    const auto hook = [use](grapnel::Mutation<Card>& m, grapnel::Next<Card> next) {
      return use(m, next);
    };
    client.Of<Card>().Use(grapnel::hook::On(
        grapnel::hook::Chain(grapnel::hook::Before([](auto&) {}), hook), Op::Create));
  }
}

}  // namespace

TEST_CASE("B101 a mutation is neither copied nor moved, and builders that move keep all") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<grapnel::Mutation<User>>);
  STATIC_REQUIRE_FALSE(std::is_move_constructible_v<grapnel::Mutation<User>>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<grapnel::Mutation<User>>);
  STATIC_REQUIRE_FALSE(std::is_move_assignable_v<grapnel::Mutation<User>>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<grapnel::AnyMutation>);
  STATIC_REQUIRE_FALSE(std::is_move_assignable_v<grapnel::AnyMutation>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<grapnel::store::Create<User>>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<grapnel::store::UpdateOne<User>>);

  const Fixture<User> db;
  const auto users = db.client.Of<User>();
  auto create = users.Create().Set(F<&User::name>, "Ada").Set(F<&User::age>, 36);
  auto moved = std::move(create);
  auto assigned = users.Create().Set(F<&User::nickname>, "gone");
  assigned = std::move(moved);
  auto& self = assigned;
  assigned = std::move(self);
  CHECK_THROWS_AS(create.Save(), grapnel::Error);  // NOLINT(bugprone-use-after-move)
  CHECK_THROWS_AS(moved.Save(), grapnel::Error);   // NOLINT(bugprone-use-after-move)
  const User ada = assigned.Save();
  CHECK((ada.name == "Ada" && ada.age == 36 && !ada.nickname));

  std::vector<grapnel::store::UpdateOne<User>> updates;
  for (int i = 0; i < 9; ++i) {
    updates.push_back(users.UpdateOne(ada.id).Add(F<&User::age>, 1).Clear(F<&User::nickname>));
  }
  for (auto& update : updates) update.Save();
  CHECK(users.Get(ada.id).age == 45);
  auto narrowed = users.Update().Where(F<&User::age> == 45).Set(F<&User::age>, 1);
  auto taken = std::move(narrowed);
  CHECK(taken.Save() == 1);
}

TEST_CASE("B102 next given another mutation than the hook's own is an Error, nothing written") {
  const int form = GENERATE(0, 1, 2, 3);
  const Fixture<User, Card> db;
  Crossed crossed;
  AddHook(db.client, form, [&](auto& m, auto next) { return crossed.Run(m, next); });
  CHECK_THROWS_AS(AddCard(db.client, "outer"), grapnel::Error);
  CHECK_THAT(crossed.refused, Catch::Contains("next was given another subject"));
  CHECK(db.Raw("SELECT count(*) FROM Card") == Lines{"0"});
  CHECK(crossed.depth == 0);
}

TEST_CASE("B102 next given a mutation of another type is an Error, nothing written") {
  const Fixture<User, Card> db;
  std::vector<grapnel::AnyMutation*> running;
  db.client.Use(grapnel::AnyHook([&](grapnel::AnyMutation& m, grapnel::AnyNext next) {
    running.push_back(&m);
    if (m.Type() == "User") AddCard(m.Client(), "1");
    return next(*running.front());  // of the Card: the User's
  }));
  const auto save = [&] {
    running.clear();
    db.client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  };
  CHECK_THROWS_WITH(save(),
                    Catch::Contains("next was given another subject") && Catch::Contains("Card"));
  db.client.WithTx([&](grapnel::Tx& tx) {
    running.clear();
    CHECK_THROWS_AS(tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save(), grapnel::Error);
    CHECK(tx.Of<User>().Query().Count() == 0);  // it lives on
  });
  CHECK(db.Raw("SELECT (SELECT count(*) FROM User) + (SELECT count(*) FROM Card)") == Lines{"0"});
}

TEST_CASE("B102 next used on another thread is an Error, in every form of hook") {
  const int form = GENERATE(0, 1, 2, 3);
  const bool caught = GENERATE(false, true);
  const Fixture<User, Card> db;
  std::string refused;
  AddHook(db.client, form, [&](auto& m, auto next) {
    std::exception_ptr thrown;
    std::thread([&] {
      try {
        next(m);
      } catch (const grapnel::Error& error) {
        refused = error.what();
        thrown = std::current_exception();
      }
    }).join();
    if (!caught && thrown) std::rethrow_exception(thrown);
    return next(m);  // on its own thread it still may
  });
  if (caught) {
    AddCard(db.client, "1");
  } else {
    CHECK_THROWS_AS(AddCard(db.client, "1"), grapnel::Error);
  }
  CHECK_THAT(refused, Catch::Contains("another thread"));
  CHECK(db.Raw("SELECT count(*) FROM Card") == Lines{caught ? "1" : "0"});
}

TEST_CASE("B102 next of a hook around a commit, a rollback or a migration keeps its thread") {
  const bool ent = GENERATE(false, true);
  const Fixture<User, Card> db;
  int refused = 0;
  const auto elsewhere = [&](auto& subject, auto next) {
    std::thread([&] {
      try {
        next(subject);
      } catch (const grapnel::Error&) {
        ++refused;
      }
    }).join();
    next(subject);
  };
  const auto of_ent = [&]<class S>(std::in_place_type_t<S>) {
    return [&elsewhere](grapnel::core::Mutator<S, void> next) {
      return grapnel::core::Mutator<S, void>(
          [&elsewhere, next](S& subject) { elsewhere(subject, next); });
    };
  };
  if (ent) {
    db.client.OnCommit(of_ent(std::in_place_type<grapnel::Tx>));
    db.client.OnRollback(of_ent(std::in_place_type<grapnel::Tx>));
    db.client.OnMigrate(of_ent(std::in_place_type<grapnel::store::Migration>));
  } else {
    db.client.OnCommit(elsewhere);
    db.client.OnRollback(elsewhere);
    db.client.OnMigrate(elsewhere);
  }
  AddCard(db.client, "1");
  CHECK(refused == 1);
  {
    auto tx = db.client.Tx();
    AddCard(tx, "2");
  }
  CHECK(refused == 2);
  db.client.Migrate();
  CHECK(refused == 3);
  CHECK(db.Raw("SELECT number FROM Card") == Lines{"1"});
}

TEST_CASE("B102 a hook around a commit passes on its transaction, by whatever object") {
  const Fixture<User, Card> db;
  auto tx = db.client.Tx();
  AddCard(tx, "1");
  tx.OnCommit([&](grapnel::Tx&, auto next) { next(tx); });
  tx.Commit();
  CHECK(db.Raw("SELECT count(*) FROM Card") == Lines{"1"});

  const Fixture<User, Card> other_db;
  auto other = other_db.client.Tx();
  auto third = db.client.Tx();
  AddCard(third, "2");
  third.OnCommit([&](grapnel::Tx&, auto next) { next(other); });
  CHECK_THROWS_AS(third.Commit(), grapnel::Error);
  CHECK(db.Raw("SELECT count(*) FROM Card") == Lines{"1"});
}

TEST_CASE("B103 Before and After stand around commits and rollbacks too") {
  const Fixture<User, Card> db;
  Lines log;
  db.client.OnCommit(
      grapnel::hook::Before([&](grapnel::Tx&) { log.push_back("before commit"); }),
      grapnel::hook::After([&](const grapnel::Tx&) { log.push_back("after commit"); }));
  db.client.OnRollback(grapnel::hook::After([&](const auto&) { log.push_back("after rollback"); }));
  AddCard(db.client, "1");
  CHECK(Take(log) == Lines{"before commit", "after commit"});
  db.client.Tx().Rollback();
  CHECK(log == Lines{"after rollback"});
}

TEST_CASE("B9 B14 what holds nothing to call is refused where it is given, not when it runs") {
  const Fixture<User> db;
  const auto& client = db.client;
  using Mutation = grapnel::Mutation<User>;
  using Next = grapnel::Next<User>;
  using Value = grapnel::Value<User>;
  namespace hook = grapnel::hook;
  const std::function<Value(Mutation&, Next)> none;
  Value (*const null)(Mutation&, Next) = nullptr;
  const auto pass = [](Mutation& m, Next next) -> Value { return next(m); };
  REQUIRE_THROWS_AS(client.Of<User>().Use(none), grapnel::Error);
  REQUIRE_THROWS_AS(client.Of<User>().Use(pass, null), grapnel::Error);
  grapnel::Hook<User> moved(pass);
  client.Of<User>().Use(std::move(moved));
  REQUIRE_THROWS_AS(client.Of<User>().Use(moved), grapnel::Error);  // NOLINT: moved from
  REQUIRE_THROWS_AS(hook::On(moved, grapnel::Op::Create), grapnel::Error);
  REQUIRE_THROWS_AS(hook::On(none, grapnel::Op::Create), grapnel::Error);
  REQUIRE_THROWS_AS(hook::Chain(pass, none), grapnel::Error);
  REQUIRE_THROWS_AS(hook::Before(std::function<void(Mutation&)>()), grapnel::Error);
  REQUIRE_THROWS_AS(hook::After(std::function<void(const Mutation&, Value&)>()), grapnel::Error);
  const std::function<bool(const Mutation&)> no_condition;
  REQUIRE_THROWS_AS(hook::If(pass, no_condition), grapnel::Error);
  REQUIRE_THROWS_AS(hook::Not(no_condition), grapnel::Error);
  REQUIRE_THROWS_AS(hook::And(hook::HasOp(grapnel::Op::Create), no_condition), grapnel::Error);
  const std::function<void(grapnel::Tx&, grapnel::core::Next<grapnel::Tx, void>)> no_tx_hook;
  REQUIRE_THROWS_AS(client.OnCommit(no_tx_hook), grapnel::Error);
  REQUIRE_THROWS_AS(client.OnRollback(no_tx_hook), grapnel::Error);
  client.WithTx([&](grapnel::Tx& tx) {
    REQUIRE_THROWS_AS(tx.OnCommit(no_tx_hook), grapnel::Error);
    REQUIRE_THROWS_AS(tx.OnRollback(no_tx_hook), grapnel::Error);
    REQUIRE_THROWS_AS(tx.Of<User>().Use(none), grapnel::Error);
    REQUIRE_THROWS_AS(tx.AfterCommit(std::function<void()>()), grapnel::Error);
    using Callback = std::function<void(const grapnel::Client&)>;
    REQUIRE_THROWS_AS(tx.AfterCommit(Callback()), grapnel::Error);
    REQUIRE_THROWS_AS(tx.AfterRollback(Callback()), grapnel::Error);
    void (*const callback)(const grapnel::Client&) = nullptr;
    REQUIRE_THROWS_AS(tx.AfterCommit(callback), grapnel::Error);
    REQUIRE_THROWS_AS(tx.WithTx(std::function<void(grapnel::Tx&)>()), grapnel::Error);
    REQUIRE_THROWS_AS(tx.Client().WithTx(std::function<int(grapnel::Tx&)>()), grapnel::Error);
  });
  REQUIRE_THROWS_AS(client.WithTx(std::function<void(grapnel::Tx&)>()), grapnel::Error);
  void (*const body)(grapnel::Tx&) = nullptr;
  REQUIRE_THROWS_AS(client.WithTx(body), grapnel::Error);
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
}
