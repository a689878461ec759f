// B65 to B67, B81, B82: what tx hooks may do, and what is said of the outcome.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using grapnel::CommittedError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::Pet;
using model::User;
using namespace tx_fixture;
using std::chrono_literals::operator""s;

TEST_CASE("B65 a commit hook that throws before next rolls back, and the lock is free at once") {
  const bool file = GENERATE(false, true);
  World world{file ? Place::File : Place::Memory};
  Lines log;
  auto tx = world.client.Tx();
  tx.OnCommit(Around(log, "A"));
  tx.OnCommit([](Tx&, auto) { throw std::runtime_error("vetoed"); });
  tx.OnCommit(Around(log, "never"));
  tx.AfterCommit(Note(log, "after commit"));
  tx.OnRollback(Around(log, "rollback"));
  tx.OnRollback([&](Tx& t, auto next) {
    next(t);
    if (file) Add(world.Another().With(2s), "Grace");  // another connection
  });
  tx.AfterRollback(Note(log, "after rollback"));
  Add(tx, "Ada");

  REQUIRE(Thrown<std::runtime_error>([&] { tx.Commit(); }).what() == std::string("vetoed"));
  REQUIRE(log == Lines{"before A", "before rollback", "after rollback", "after rollback"});
  REQUIRE(tx.Outcome() == TxOutcome::RolledBack);
  Add(world.client.With(2s), "Joan");
  REQUIRE(Names(world.client) == (file ? Lines{"Grace", "Joan"} : Lines{"Joan"}));
}

TEST_CASE("B66 a commit hook that throws after next: committed, and the exception says so") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit([&](Tx& t, auto next) {
    next(t);
    log.push_back(std::string(Name(t.Outcome())));
    throw std::runtime_error("too late");
  });
  Add(tx, "Ada");

  const auto error = Thrown<CommittedError>([&] { tx.Commit(); });
  REQUIRE(Causes(error) == Lines{"too late"});
  REQUIRE_THAT(error.what(), Catch::Contains("committed") && Catch::Contains("too late"));
  REQUIRE(log == Lines{"committed", "after commit"});
  REQUIRE(tx.Outcome() == TxOutcome::Committed);
  REQUIRE_THROWS_AS(tx.Rollback(), TxError);
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B66 causes come in the order in which they were thrown, with the mutation's value") {
  World world{GENERATE(Place::Memory, Place::File)};
  world.client.OnCommit([](Tx& t, auto next) {
    next(t);
    throw std::runtime_error("hook");
  });
  world.client.Of<User>().Use(grapnel::hook::Before(
      [](Mutation<User>& m) { m.AfterCommit([] { throw std::logic_error("callback"); }); }));
  const auto error = Thrown<CommittedError>([&] { Add(world.client, "Ada"); });
  REQUIRE(Causes(error) == Lines{"hook", "callback"});
  const auto* value = error.Value<grapnel::Value<User>>();
  REQUIRE(value != nullptr);
  REQUIRE(value->Entity().name == "Ada");
  REQUIRE(world.client.Of<User>().Get(value->Entity().id).name == "Ada");

  const auto of_tx =
      Thrown<CommittedError>([&] { world.client.WithTx([](Tx& tx) { Add(tx, "Grace"); }); });
  REQUIRE(Causes(of_tx) == Lines{"hook", "callback"});
  REQUIRE(of_tx.Value<grapnel::Value<User>>() == nullptr);
  REQUIRE(Names(world.client) == Lines{"Ada", "Grace"});
}

TEST_CASE("B66 a second next after a success is an error of the committed kind") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit([](Tx& t, auto next) {
    next(t);
    next(t);
  });
  Add(tx, "Ada");
  REQUIRE_THROWS_AS(tx.Commit(), CommittedError);
  REQUIRE(log == Lines{"after commit"});
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B67 a commit hook that neither throws nor calls next: rolled back, and Commit throws") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  tx.OnCommit(Around(log, "outer"));
  tx.OnCommit([](Tx&, auto) {});
  Add(tx, "Ada");
  const auto error = Thrown<TxError>([&] { tx.Commit(); });
  REQUIRE(error.Outcome() == TxOutcome::RolledBack);
  REQUIRE_THAT(error.what(), Catch::Contains("next"));
  REQUIRE(log == Lines{"before outer", "after outer", "hook: rolled back", "after rollback"});
  REQUIRE(Names(world.client) == Lines{});

  world.client.OnCommit([](Tx&, auto) {});
  REQUIRE(Thrown<TxError>([&] { Add(world.client, "Grace"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B81 the client's tx hooks cover implicit transactions, and InTx() is false in those") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.OnCommit(Around(log, "commit"));
  world.client.OnRollback(Around(log, "rollback"));
  world.client.Use([&]<class E>(Mutation<E>& m, Next<E> next) {
    log.push_back(std::string(m.Type()) + (m.InTx() ? " in a tx" : " alone"));
    if constexpr (std::is_same_v<E, User>) {
      AddPetOf(m.Client(), 1);
      if (*m.Get(F<&User::name>) == "bad") throw std::runtime_error("no bad users");
    }
    return next(m);
  });
  Add(world.client, "Ada");
  REQUIRE(Take(log) == Lines{"User alone", "Pet alone", "before commit", "after commit"});

  REQUIRE_THROWS_WITH(Add(world.client, "bad"), "no bad users");
  REQUIRE(Take(log) == Lines{"User alone", "Pet alone", "before rollback", "after rollback"});

  const std::vector<User> two{{.name = "Grace"}, {.name = "Joan"}};
  world.client.Of<User>().CreateBulk(two).Save();
  REQUIRE(Take(log) == Lines{"User alone", "Pet alone", "User alone", "Pet alone", "before commit",
                             "after commit"});

  world.client.WithTx([](Tx& tx) { Add(tx, "Edsger"); });
  REQUIRE(Take(log) == Lines{"User in a tx", "Pet in a tx", "before commit", "after commit"});
  REQUIRE(world.client.Of<Pet>().Query().Count() == 4);
}

TEST_CASE("B82 commit hooks of a released nested Tx move to the outer one") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool commit = GENERATE(true, false);
  Lines log;
  auto tx = world.client.Tx();
  tx.OnCommit(Around(log, "outer"));
  tx.OnRollback(Around(log, "outer rollback"));
  {
    auto kept = tx.Tx();
    kept.OnCommit(Around(log, "kept"));
    kept.OnRollback(Around(log, "kept rollback"));
    kept.Commit();
    auto dropped = tx.Tx();
    dropped.OnCommit(Around(log, "dropped"));
    dropped.OnRollback(Around(log, "dropped rollback"));
    dropped.Rollback();
  }
  REQUIRE(Take(log) == Lines{"before dropped rollback", "after dropped rollback"});
  commit ? tx.Commit() : tx.Rollback();
  REQUIRE(log == (commit ? Lines{"before outer", "before kept", "after kept", "after outer"}
                         : Lines{"before outer rollback", "before kept rollback",
                                 "after kept rollback", "after outer rollback"}));
}

TEST_CASE("B82 an inner AfterRollback runs when the outermost has ended") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool commit = GENERATE(true, false);
  Lines log;
  {
    auto tx = world.client.Tx();
    tx.AfterCommit(Note(log, "outer committed"));
    tx.AfterRollback(Note(log, "outer rolled back"));
    auto inner = tx.Tx();
    inner.AfterRollback(Note(log, "inner rolled back"));
    inner.AfterCommit(Note(log, "never"));
    inner.Rollback();
    REQUIRE(log == Lines{});
    if (commit) tx.Commit();
  }
  REQUIRE(log == (commit ? Lines{"outer committed", "inner rolled back"}
                         : Lines{"inner rolled back", "outer rolled back"}));
}

TEST_CASE("B82 a rollback hook that throws, skips next or commits cannot prevent the rollback") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool nested = GENERATE(false, true);
  const bool skip = GENERATE(false, true);
  const bool commit = GENERATE(false, true);
  Lines reported;
  world.client.OnError([&](const std::exception& error) { reported.push_back(error.what()); });
  const auto bad = [&](Tx& tx, auto) {
    if (commit) REQUIRE_THROWS_AS(tx.Commit(), grapnel::TxError);
    if (!skip) throw std::runtime_error("I refuse");
  };
  const auto begin = [&] {
    auto tx = world.client.Tx();
    tx.OnRollback(bad);
    Add(tx, "Ada");
    return tx;
  };
  const auto begin_nested = [&](Tx& tx) {
    auto inner = tx.Tx();
    inner.OnRollback(bad);
    Add(inner, "Ada");
    return inner;
  };

  {  // to the caller of Rollback
    auto outer = nested ? world.client.Tx() : begin();
    auto tx = nested ? begin_nested(outer) : std::move(outer);
    if (skip) {
      REQUIRE_NOTHROW(tx.Rollback());
    } else {
      REQUIRE_THROWS_WITH(tx.Rollback(), "I refuse");
    }
    if (nested) outer.Commit();
  }
  REQUIRE(reported == Lines{});
  {  // to OnError where there is no such caller
    auto outer = nested ? world.client.Tx() : begin();
    { auto tx = nested ? begin_nested(outer) : std::move(outer); }
    if (nested) outer.Commit();
  }
  REQUIRE(reported == (skip ? Lines{} : Lines{"I refuse"}));
  REQUIRE(Names(world.client) == Lines{});
  Add(world.client.With(2s), "Joan");
  REQUIRE(Names(world.client) == Lines{"Joan"});
}

TEST_CASE("B82 what a hook vetoed stays undone when a rollback hook commits") {
  World world{GENERATE(Place::Memory, Place::File)};
  world.client.OnRollback([](Tx& tx, auto next) {
    REQUIRE_THROWS_AS(tx.Commit(), grapnel::TxError);
    tx.WithTx([](Tx& inner) { Add(inner, "Grace"); });  // goes with it
    next(tx);
  });
  const auto veto =
      world.client.Of<User>().Use([](Mutation<User>& m, Next<User> next) -> grapnel::Value<User> {
        next(m);
        if (*m.Get(F<&User::name>) != "Grace") throw std::runtime_error("veto");
        return 0;
      });
  REQUIRE_THROWS(Add(world.client, "Ada"));
  REQUIRE_THROWS(world.client.WithTx([](Tx& tx) { Add(tx, "Ada"); }));
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE(
    "B82 what an AfterRollback callback throws goes to the caller of Rollback, or to OnError") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.OnError([&](const std::exception& error) { log.push_back(error.what()); });
  const auto begin = [&] {
    auto tx = world.client.Tx();
    tx.AfterRollback([] { throw std::runtime_error("first"); });
    tx.AfterRollback([] { throw std::runtime_error("second"); });
    tx.AfterRollback(Note(log, "third ran"));
    return tx;
  };
  auto tx = begin();
  REQUIRE_THROWS_WITH(tx.Rollback(), "first");
  REQUIRE(Take(log) == Lines{"third ran", "second"});
  begin();
  REQUIRE(log.size() == 3);
  REQUIRE(log.front() == "third ran");
}
