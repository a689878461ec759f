// B68: every way in which a transaction can end, and what is said of it.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using grapnel::ConstraintError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::Pet;
using model::User;
using namespace tx_fixture;
using std::chrono_literals::operator""s;

namespace {

const Lines kRolledBack{"hook: rolled back", "after rollback"};

/// A world in whose file a pet's owner must be there, at the latest at COMMIT.
struct DeferredWorld : World {
  DeferredWorld() {
    Raw("DROP TABLE Pet; CREATE TABLE Pet (id INTEGER PRIMARY KEY, name TEXT NOT NULL, delete_time "
        "INTEGER, owner_id INTEGER NOT NULL REFERENCES User (id) DEFERRABLE INITIALLY DEFERRED)");
  }
};

}  // namespace

TEST_CASE(
    "B68 whatever ends a transaction, its rollback hooks and AfterRollback run exactly once") {
  using Way = std::pair<const char*, std::function<void(World&, Lines&)>>;
  const auto begin = [](const auto& client, Lines& log) {
    auto tx = client.Tx();
    LogEnd(tx, log);
    Add(tx, "Ada");
    return tx;
  };
  const auto way = GENERATE_COPY(values<Way>({
      {"Rollback", [=](World& w, Lines& log) { begin(w.client, log).Rollback(); }},
      {"the destructor", [=](World& w, Lines& log) { begin(w.client, log); }},
      {"assigning another",
       [=](World& w, Lines& log) {
         World other;
         auto tx = begin(w.client, log);
         tx = other.client.Tx();
       }},
      {"the destructor on another thread",
       [=](World& w, Lines& log) { std::thread([tx = begin(w.client, log)] {}).join(); }},
      {"an exception",
       [=](World& w, Lines& log) {
         const auto body = [&](Tx& tx) {
           LogEnd(tx, log);
           Add(tx, "Ada");
           throw std::runtime_error("stop");
         };
         REQUIRE_THROWS_WITH(w.client.WithTx(body), "stop");
       }},
      {"a commit hook",
       [=](World& w, Lines& log) {
         auto tx = begin(w.client, log);
         tx.OnCommit([](Tx&, auto) { throw std::runtime_error("stop"); });
         REQUIRE_THROWS_WITH(tx.Commit(), "stop");
       }},
      {"a commit hook that rolls back",
       [=](World& w, Lines& log) {
         auto tx = begin(w.client, log);
         tx.OnCommit([](Tx& t, auto next) {
           t.Rollback();
           next(t);
         });
         REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::RolledBack);
       }},
      {"a stop while it writes",
       [=](World& w, Lines& log) {
         std::stop_source stop;
         auto tx = begin(w.client.With(stop.get_token()), log);
         stop.request_stop();
         REQUIRE_THROWS_AS(Add(tx, "Grace"), grapnel::CancelledError);
         REQUIRE(log == kRolledBack);  // at once, not when the Tx is destroyed
         REQUIRE_THROWS_AS(tx.Commit(), TxError);
       }},
      {"a deadline while it reads",
       [=](World& w, Lines& log) {
         auto tx = begin(w.client, log);
         const auto late = tx.Client().With(std::chrono::steady_clock::now());
         REQUIRE_THROWS_AS(Names(late), grapnel::CancelledError);
         REQUIRE(log == kRolledBack);
         REQUIRE_THROWS_AS(Names(tx), TxError);
       }},
  }));
  INFO(way.first);
  Lines log;
  {
    World world{GENERATE(Place::Memory, Place::File)};
    way.second(world, log);
    REQUIRE(log == kRolledBack);
    REQUIRE(Names(world.client) == Lines{});
    Add(world.client.With(2s), "Joan");  // the lock is free, and so is this thread
  }
  REQUIRE(log == kRolledBack);
}

TEST_CASE("B68 a mutation's own transaction runs them exactly once as well") {
  const std::string end = GENERATE("a hook", "a constraint", "cancellation", "a commit hook");
  INFO(end);
  Lines log;
  std::stop_source stop;
  {
    World world{GENERATE(Place::Memory, Place::File)};
    if (end == "a commit hook") {
      world.client.OnCommit([](Tx&, auto) { throw std::runtime_error("stop"); });
    }
    world.client.OnRollback(Around(log, "rollback"));
    world.client.Of<User>().Use([&](Mutation<User>& m, grapnel::Next<User> next) {
      m.AfterRollback(Note(log, "callback"));
      m.AfterCommit(Note(log, "never"));
      auto value = next(m);
      if (end == "a hook") throw std::runtime_error("stop");
      if (end == "a constraint")
        m.Client().Of<User>().CreateBulk(std::vector{value.Entity()}).Save();
      if (end == "cancellation") stop.request_stop(), Names(m.Client());
      return value;
    });
    REQUIRE_THROWS(Add(world.client.With(stop.get_token()), "Ada"));
    // In the bulk the hook runs once more, and its callback is a second one.
    REQUIRE(log == (end == "a constraint"
                        ? Lines{"before rollback", "after rollback", "callback", "callback"}
                        : Lines{"before rollback", "after rollback", "callback"}));
    REQUIRE(Names(world.client) == Lines{});
  }
  REQUIRE(log.size() == (end == "a constraint" ? 4 : 3));
}

TEST_CASE("B68 the engine's own rollback, by a trigger, ends the transaction whole") {
  World world;
  world.Raw(
      "CREATE TRIGGER no_bad BEFORE INSERT ON User WHEN NEW.name = 'bad' "
      "BEGIN SELECT RAISE(ROLLBACK, 'no bad users'); END");
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  Add(tx, "Ada");
  REQUIRE_THROWS_AS(Add(tx, "bad"), ConstraintError);
  if (!engine::TriggersEndTransactions()) {  // it fails like any other statement
    REQUIRE(log == Lines{});
    tx.Commit();
    REQUIRE(Names(world.client) == Lines{"Ada"});
    return;
  }
  REQUIRE(log == kRolledBack);
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE_THROWS_AS(tx.Commit(), TxError);
  REQUIRE(log == kRolledBack);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B68 a COMMIT that a deferred constraint refuses is rolled back") {
  DeferredWorld world;
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  AddPetOf(tx, 7);
  REQUIRE(Thrown<ConstraintError>([&] { tx.Commit(); }).Kind() ==
          grapnel::ConstraintKind::ForeignKey);
  REQUIRE(log == kRolledBack);
  REQUIRE(tx.Outcome() == TxOutcome::RolledBack);
  REQUIRE(world.client.Of<Pet>().Query().Count() == 0);

  REQUIRE_THROWS_AS(AddPetOf(world.client, 7), ConstraintError);
  REQUIRE(world.Raw("SELECT count(*) FROM Pet") == Lines{"0"});
}

TEST_CASE(
    "B68 after a deferred constraint at COMMIT a commit hook may mend it and call next again") {
  DeferredWorld world;
  Lines log;
  const bool mend = GENERATE(true, false);
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit([&](Tx& t, auto next) {
    for (int tries = 0; tries < 2; ++tries) {
      try {
        return next(t);
      } catch (const ConstraintError&) {
        log.push_back(std::string(Name(t.Outcome())));
        if (mend) t.Of<User>().Create().Set(F<&User::id>, 7).Set(F<&User::name>, "Ada").Save();
      }
    }
  });
  tx.OnCommit(Around(log, "inner"));
  AddPetOf(tx, 7);
  if (!engine::CommitGoesOn()) {  // the first COMMIT has ended it
    REQUIRE_THROWS_AS(tx.Commit(), grapnel::Error);
    REQUIRE(tx.Outcome() == TxOutcome::RolledBack);
    REQUIRE(world.Raw("SELECT count(*) FROM Pet") == Lines{"0"});
    return;
  }
  if (mend) {
    tx.Commit();
    REQUIRE(log == Lines{"before inner", "open", "before inner", "after inner", "after commit"});
    REQUIRE(world.Raw("SELECT owner_id, User.name FROM Pet JOIN User ON User.id = owner_id") ==
            Lines{"7|Ada"});
  } else {
    REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::RolledBack);
    REQUIRE(log == Lines{"before inner", "open", "before inner", "open", "hook: rolled back",
                         "after rollback"});
    REQUIRE(world.Raw("SELECT count(*) FROM Pet") == Lines{"0"});
  }
}
