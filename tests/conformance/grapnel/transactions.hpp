#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "model.hpp"
#include "mutations.hpp"

/// A commit or rollback hook that prints its name around the rest.
inline auto Around(std::string name) {
  return [name = std::move(name)](grapnel::Tx& tx, auto next) {
    Say("before {}", name);
    next(tx);
    Say("after {}", name);
  };
}

/// Commits, says what is stored and whether others can write, and rolls back what is still open.
inline void End(const grapnel::Client& client, grapnel::Tx& tx) {
  Report("Commit", [&] { tx.Commit(); });
  Stored(client);
  Report("writing outside",
         [&] { client.Of<User>().Create().Set(F<&User::name>, "another").Save(); });
  Report("Rollback", [&] { tx.Rollback(); });
}

inline void EndsOfTransactions() {
  Scenario("B63 commit hooks", [](Database& c) {
    auto tx = c.Tx();
    tx.OnCommit(Around("A"));
    tx.OnCommit(Around("B"));
    tx.OnRollback(Around("R"));
    Add(tx.Client(), "Ada");
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B63 rollback hooks", [](Database& c) {
    auto tx = c.Tx();
    tx.OnCommit(Around("A"));
    tx.OnRollback(Around("R"));
    tx.OnRollback(Around("S"));
    Add(tx.Client(), "Ada");
    Report("Rollback", [&] { tx.Rollback(); });
    Stored(c);
  });
  Scenario("B71 mutation hooks in a transaction", [](Database& c) {
    c.Of<User>().Use(Traced("f"));
    auto tx = c.Tx();
    Add(tx.Client(), "Ada");
    Add(tx.Client(), "Grace");
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B11 an error in a mutation leaves the transaction usable", [](Database& c) {
    auto tx = c.Tx();
    Add(tx.Client(), "Ada");
    Report("Create without a name", [&] { tx.Of<User>().Create().Save(); });
    Add(tx.Client(), "Grace");
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B64 Commit and Rollback after the end", [](Database& c) {
    auto tx = c.Tx();
    tx.OnCommit(Around("A"));
    tx.OnRollback(Around("R"));
    Add(tx.Client(), "Ada");
    Report("Commit", [&] { tx.Commit(); });
    Report("Commit again", [&] { tx.Commit(); });
    Report("Rollback", [&] { tx.Rollback(); });
    Report("Create", [&] { tx.Of<User>().Create().Set(F<&User::name>, "Grace").Save(); });
    Stored(c);
  });
}

inline void TxHooksThatMisbehave() {
  Scenario("B65 a commit hook fails before next", [](Database& c) {
    auto tx = c.Tx();
    tx.OnCommit(Around("A"));
    tx.OnCommit([](grapnel::Tx&, auto) { throw std::runtime_error("vetoed"); });
    tx.OnCommit(Around("B"));
    tx.OnRollback(Around("R"));
    Add(tx.Client(), "Ada");
    End(c, tx);
  });
  Scenario("B66 a commit hook fails after next", [](Database& c) {
    auto tx = c.Tx();
    tx.OnCommit(Around("A"));
    tx.OnCommit([](grapnel::Tx& t, auto next) {
      next(t);
      throw std::runtime_error("too late");
    });
    Add(tx.Client(), "Ada");
    End(c, tx);
  });
  Scenario("B67 a commit hook does not call next", [](Database& c) {
    auto tx = c.Tx();
    tx.OnCommit(Around("A"));
    tx.OnCommit([](grapnel::Tx&, auto) {});
    tx.OnRollback(Around("R"));
    Add(tx.Client(), "Ada");
    End(c, tx);
  });
  Scenario("B82 a rollback hook does not call next", [](Database& c) {
    auto tx = c.Tx();
    tx.OnRollback([](grapnel::Tx&, auto) {});
    Add(tx.Client(), "Ada");
    Report("Rollback", [&] { tx.Rollback(); });
    End(c, tx);
  });
  Scenario("B62 a commit hook rolls back", [](Database& c) {
    auto tx = c.Tx();
    tx.OnRollback(Around("R"));
    tx.OnCommit([](grapnel::Tx& t, auto) {
      Stored(t.Client());
      Report("Rollback", [&] { t.Rollback(); });
      throw std::runtime_error("changed its mind");
    });
    Add(tx.Client(), "Ada");
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
}

inline void MutationsInTransactions() {
  Scenario("B61 a mutation hook rolls back", [](Database& c) {
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      if (!m.InTx()) return next(m);
      Report("Rollback", [&] { m.Tx().Rollback(); });
      throw std::runtime_error("nobody is to be added");
    });
    auto tx = c.Tx();
    tx.OnRollback(Around("R"));
    Report("Create", [&] { tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
    Report("Create of a card", [&] { AddCard(tx.Client(), "1", 0); });
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B71 what a hook wrote goes with the transaction", [](Database& c) {
    c.Of<Card>().Use(Edit([](CardMutation& m) { Add(m.Client(), "written by the hook"); }));
    auto tx = c.Tx();
    AddCard(tx.Client(), "1", 0);
    Stored(tx.Client());
    Report("Rollback", [&] { tx.Rollback(); });
    Stored(c);
  });
  Scenario("B83 a mutation hook commits", [](Database& c) {
    c.Of<User>().Use(
        Edit([](UserMutation& m) { Report("Commit in the hook", [&] { m.Tx().Commit(); }); }));
    auto tx = c.Tx();
    Report("Create", [&] { tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B62 a mutation hook registers a commit hook", [](Database& c) {
    c.Of<User>().Use(Edit([](UserMutation& m) { m.Tx().OnCommit(Around("A")); }));
    auto tx = c.Tx();
    Add(tx.Client(), "Ada");
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B60 whether a mutation runs in a transaction", [](Database& c) {
    c.Of<User>().Use(
        Edit([](UserMutation& m) { Say("{}: {}", *m.Get(F<&User::name>), m.InTx()); }));
    Add(c, "outside");
    auto tx = c.Tx();
    Add(tx.Client(), "inside");
    Add(tx.Client().Debug([](std::string_view) {}), "inside, traced");
    Report("Commit", [&] { tx.Commit(); });
  });
  Scenario("B13 a hook registered on a transaction", [](Database& c) {
    auto tx = c.Tx();
    tx.Of<User>().Use(Traced("f"));
    Add(tx.Client(), "Ada");
    Report("Commit", [&] { tx.Commit(); });
    Say("afterwards");
    Add(c, "Grace");
  });
  Scenario("B69 a transaction in a transaction", [](Database& c) {
    auto tx = c.Tx();
    Add(tx.Client(), "Ada");
    auto inner = tx.Client().Tx();
    Say("inner: done");
    Add(inner.Client(), "Grace");
    Report("inner Rollback", [&] { inner.Rollback(); });
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
  Scenario("B70 the base client in a transaction", [](Database& c) {
    auto tx = c.Tx();
    Add(tx.Client(), "Ada");
    Report("Count", [&] { return c.Of<User>().Query().Count(); });
    Report("Create", [&] { Add(c, "Grace"); });
    Report("Commit", [&] { tx.Commit(); });
    Stored(c);
  });
}

inline void Transactions() {
  EndsOfTransactions();
  TxHooksThatMisbehave();
  MutationsInTransactions();
}
