// B60 to B64: a transaction, the hooks around its end, and what is left after it.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <stdexcept>
#include <string>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::Card;
using model::User;
using namespace tx_fixture;

namespace {

/// Creates a card with this number.
template <class C>
void AddCard(const C& client, const std::string& number) {
  client.template Of<Card>()
      .Create()
      .Set(F<&Card::number>, number)
      .Set(F<&Card::in_hook>, "")
      .Save();
}

}  // namespace

TEST_CASE("B60 a hook gets the transaction inside one, and a typed error outside") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool debug = GENERATE(false, true);
  Lines log, statements;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    if (m.InTx()) {
      Tx tx = m.Tx();
      tx.AfterCommit(Note(log, "committed with the transaction"));
      AddCard(tx, *m.Get(F<&User::name>));
    } else {
      const TxError error = Thrown<TxError>([&] { m.Tx(); });
      log.push_back(error.what());
    }
    return next(m);
  });
  const grapnel::Client client =
      debug ? world.client.Debug([&](std::string_view sql) { statements.emplace_back(sql); })
            : world.client;

  Add(client, "Ada");
  REQUIRE(log.size() == 1);
  REQUIRE_THAT(Take(log).front(), Catch::Contains("User Create") && Catch::Contains("InTx()"));

  auto rolled_back = client.Tx();
  Add(rolled_back, "Grace");
  REQUIRE(rolled_back.Of<Card>().Query().Count() == 1);
  rolled_back.Rollback();
  REQUIRE(Take(log) == Lines{});
  REQUIRE(world.client.Of<Card>().Query().Count() == 0);

  client.WithTx([](Tx& tx) { Add(tx, "Joan"); });
  REQUIRE(log == Lines{"committed with the transaction"});
  REQUIRE(world.client.Of<Card>().Query().Only().number == "Joan");
  REQUIRE(Names(world.client) == Lines{"Ada", "Joan"});
  REQUIRE(statements.empty() != debug);
}

TEST_CASE("B61 a hook rolls the transaction back and throws") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.Of<User>().Use([](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    if (value.Entity().name != "bad") return value;
    m.Tx().Rollback();
    throw std::runtime_error("no bad users");
  });
  auto tx = world.client.Tx();
  tx.OnRollback(Around(log, "rollback"));
  tx.AfterRollback(Note(log, "after rollback"));
  Add(tx, "Ada");

  REQUIRE(Thrown<std::runtime_error>([&] { Add(tx, "bad"); }).what() ==
          std::string("no bad users"));
  REQUIRE(Take(log) == Lines{"before rollback", "after rollback", "after rollback"});
  REQUIRE(tx.Outcome() == TxOutcome::RolledBack);
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE_THROWS_AS(Names(tx), TxError);
  REQUIRE_THROWS_AS(tx.Of<User>().Find(1), TxError);
  REQUIRE_THROWS_AS(tx.Commit(), TxError);
  REQUIRE_THROWS_AS(tx.Rollback(), TxError);
  REQUIRE_THROWS_AS(tx.Tx(), TxError);
  REQUIRE_THROWS_AS(tx.AfterCommit([] {}), TxError);
  REQUIRE(log == Lines{});
  REQUIRE(Names(world.client) == Lines{});

  const auto body = [](Tx& within) { Add(within, "bad"); };
  REQUIRE(Thrown<std::runtime_error>([&] { world.client.WithTx(body); }).what() ==
          std::string("no bad users"));
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B62 an on-commit hook that a hook registers reads the row, rolls back and throws") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    m.Tx().OnCommit([&log, id = value.Entity().id](Tx& tx, auto) {
      log.push_back("read " + tx.Of<User>().Get(id).name);
      tx.Rollback();
      throw std::runtime_error("not this one");
    });
    return value;
  });
  auto tx = world.client.Tx();
  tx.OnRollback(Around(log, "rollback"));
  tx.AfterCommit(Note(log, "after commit"));
  Add(tx, "Ada");

  REQUIRE(Thrown<std::runtime_error>([&] { tx.Commit(); }).what() == std::string("not this one"));
  REQUIRE(log == Lines{"read Ada", "before rollback", "after rollback"});
  REQUIRE_THROWS_AS(Names(tx), TxError);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE(
    "B63 commit hooks stand around COMMIT, those of the client outside of the transaction's") {
  World world;
  Lines log;
  const auto counted = [&](std::string name) {
    return [&, name](Tx& tx, auto next) {
      log.push_back("before " + name + world.Raw("SELECT count(*) FROM User").front());
      next(tx);
      log.push_back("after " + name + world.Raw("SELECT count(*) FROM User").front());
    };
  };
  world.client.OnCommit(counted("C"));
  world.client.OnRollback(Around(log, "R"));

  auto tx = world.client.Tx();
  tx.OnRollback(Around(log, "rollback"));
  tx.OnCommit(counted("A"));
  tx.OnCommit(counted("B"));
  tx.AfterCommit(Note(log, "after commit"));
  Add(tx, "Ada");
  tx.Commit();
  REQUIRE(Take(log) == Lines{"before C0", "before A0", "before B0",  // COMMIT
                             "after B1", "after A1", "after C1", "after commit"});

  world.client.WithTx([](Tx& another) { Add(another, "Grace"); });
  REQUIRE(Take(log) == Lines{"before C1", "after C2"});

  world.client.Tx().Rollback();
  REQUIRE(Take(log) == Lines{"before R", "after R"});
}

TEST_CASE("B63 rollback hooks run on rollback only, commit hooks on commit only") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  {
    auto tx = world.client.Tx();
    tx.OnCommit(Around(log, "commit"));
    tx.AfterCommit(Note(log, "after commit"));
    tx.OnRollback(Around(log, "A"), Around(log, "B"));
    tx.OnRollback([&](Tx& t, auto next) {
      log.push_back("sees " + std::to_string(t.Of<User>().Query().Count()));
      next(t);
      log.push_back(std::string(Name(t.Outcome())));
    });
    Add(tx, "Ada");
  }
  REQUIRE(log == Lines{"before A", "before B", "sees 1", "rolled back", "after B", "after A"});
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B63 a tx hook may be written in ent's form, and be taken out again") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto tx = world.client.Tx();
  tx.OnCommit([&](grapnel::Committer next) -> grapnel::Committer {
    log.push_back("composed");
    return [&log, next](Tx& t) {
      log.push_back("before");
      next(t);
      log.push_back("after");
    };
  });
  auto handle = tx.OnCommit(Around(log, "gone"));
  handle.Remove();
  auto of_client = world.client.OnCommit(Around(log, "gone too"));
  of_client.Remove();
  tx.Commit();
  REQUIRE(log == Lines{"composed", "before", "after"});
}

TEST_CASE("B64 after the end everything is a TxError, and entities stay what they are") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool commit = GENERATE(true, false);
  Lines log;
  auto tx = world.client.Tx();
  tx.OnCommit(Around(log, "commit"));
  tx.OnRollback(Around(log, "rollback"));
  tx.AfterCommit(Note(log, "after commit"));
  tx.AfterRollback(Note(log, "after rollback"));
  const User ada = Add(tx, "Ada");
  commit ? tx.Commit() : tx.Rollback();
  REQUIRE(Take(log) == (commit ? Lines{"before commit", "after commit", "after commit"}
                               : Lines{"before rollback", "after rollback", "after rollback"}));

  const auto ended = commit ? TxOutcome::Committed : TxOutcome::RolledBack;
  REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == ended);
  REQUIRE(Thrown<TxError>([&] { tx.Rollback(); }).Outcome() == ended);
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == ended);
  REQUIRE_THROWS_AS(tx.OnCommit(Around(log, "late")), TxError);
  REQUIRE_THROWS_AS(tx.Of<User>().Use(Noted(log, "late")), TxError);
  REQUIRE(log == Lines{});
  REQUIRE(ada.name == "Ada");
  REQUIRE(ada.id == 1);
  REQUIRE(Names(world.client) == (commit ? Lines{"Ada"} : Lines{}));
}

TEST_CASE("B64 Commit inside a commit hook is a TxError, and next still commits") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto tx = world.client.Tx();
  tx.OnCommit([&](Tx& t, auto next) {
    REQUIRE(Thrown<TxError>([&] { t.Commit(); }).Outcome() == TxOutcome::Open);
    Add(t, "by the hook");
    t.AfterCommit(Note(log, "after commit"));
    next(t);
    REQUIRE(Thrown<TxError>([&] { t.Commit(); }).Outcome() == TxOutcome::Committed);
    REQUIRE_THROWS_AS(Add(t, "late"), TxError);
    log.push_back("after part");
  });
  tx.Commit();
  REQUIRE(log == Lines{"after part", "after commit"});
  REQUIRE(Names(world.client) == Lines{"by the hook"});
}
