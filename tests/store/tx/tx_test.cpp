#include <grapnel/store/tx/tx.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::TxOutcome;
using model::User;
using Texts = std::vector<std::string>;

namespace {

struct Fixture {
  grapnel::Database<User> client = grapnel::Open<User>(":memory:");
  Texts log;
  Fixture() { client.Migrate(); }

  static void Create(const grapnel::Tx& tx, const char* name) {
    tx.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  std::int64_t Count() const { return client.Of<User>().Query().Count(); }

  /// A hook that says its name before and after.
  auto Says(std::string name) {
    return [this, name](grapnel::Tx& tx, auto next) {
      log.push_back(name);
      next(tx);
      log.push_back("/" + name);
    };
  }
  /// A callback that says its name.
  auto Say(std::string name) {
    return [this, name] { log.push_back(name); };
  }
};

}  // namespace

TEST_CASE("the hooks of transactions are the core's, over a transaction") {
  STATIC_REQUIRE(std::same_as<grapnel::Committer, grapnel::core::Mutator<grapnel::Tx, void>>);
  STATIC_REQUIRE(std::same_as<grapnel::Rollbacker, grapnel::Committer>);
  STATIC_REQUIRE(std::same_as<grapnel::TxHook, grapnel::core::Hook<grapnel::Tx, void>>);
}

TEST_CASE_METHOD(Fixture, "it commits, rolls back, or rolls back at the end of its scope") {
  auto committed = client.Tx();
  CHECK(committed.Outcome() == TxOutcome::Open);
  Create(committed, "Ada");
  committed.Commit();
  CHECK(committed.Outcome() == TxOutcome::Committed);
  auto rolled_back = client.Tx();
  Create(rolled_back, "Bob");
  rolled_back.Rollback();
  CHECK(rolled_back.Outcome() == TxOutcome::RolledBack);
  {
    const auto left = client.Tx();
    Create(left, "Eve");
  }
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture, "B63 hooks stand around the event, callbacks come after it") {
  auto tx = client.Tx();
  tx.OnCommit(Says("a"), Says("b"));
  tx.OnRollback(Says("r"));
  auto removed = tx.OnCommit(Says("x"));
  removed.Remove();
  tx.AfterCommit(Say("first"));
  tx.AfterCommit(Say("second"));
  tx.AfterRollback(Say("never"));
  tx.Commit();
  CHECK(log == Texts{"a", "b", "/b", "/a", "first", "second"});
  log.clear();
  auto other = client.Tx();
  other.OnCommit(Says("a"));
  other.OnRollback(Says("r"));
  other.AfterCommit(Say("never"));
  other.AfterRollback(Say("gone"));
  other.Rollback();
  CHECK(log == Texts{"r", "/r", "gone"});
}

TEST_CASE_METHOD(Fixture, "ent's form is a hook of a transaction as well") {
  auto tx = client.Tx();
  tx.OnCommit([&](grapnel::Committer next) -> grapnel::Committer {
    return [this, next](grapnel::Tx& inner) {
      log.push_back("in");
      next(inner);
      log.push_back("out");
    };
  });
  tx.Commit();
  CHECK(log == Texts{"in", "out"});
}

TEST_CASE_METHOD(Fixture, "B64 after its end every call is a TxError that says how it ended") {
  auto tx = client.Tx();
  tx.OnCommit(Says("a"));
  tx.Commit();
  CHECK_THROWS_WITH(tx.Commit(), "the transaction has ended: committed");
  CHECK_THROWS_AS(tx.Rollback(), grapnel::TxError);
  CHECK_THROWS_AS(tx.AfterCommit([] {}), grapnel::TxError);
  CHECK_THROWS_AS(tx.OnCommit(Says("x")), grapnel::TxError);
  CHECK_THROWS_AS(tx.Tx(), grapnel::TxError);
  CHECK_THROWS_AS(Create(tx, "Ada"), grapnel::TxError);
  CHECK(log == Texts{"a", "/a"});
  CHECK(tx.Outcome() == TxOutcome::Committed);
}

TEST_CASE_METHOD(Fixture,
                 "B69 a nested one is kept or undone by itself; the outer one waits for it") {
  auto tx = client.Tx();
  Create(tx, "Ada");
  tx.WithTx([&](grapnel::Tx& inner) {
    Create(inner, "Bob");
    inner.AfterCommit(Say("bob"));
  });
  CHECK_THROWS_AS(tx.WithTx([&](grapnel::Tx& inner) {
    Create(inner, "Eve");
    inner.AfterCommit(Say("eve"));
    throw std::out_of_range("no");
  }),
                  std::out_of_range);
  {
    const auto inner = tx.Tx();
    CHECK_THROWS_WITH(Create(tx, "Zoe"),
                      "an outer transaction was used while one nested in it is open");
  }
  CHECK(log.empty());
  tx.Commit();
  CHECK(log == Texts{"bob"});
  CHECK(Count() == 2);
}

TEST_CASE_METHOD(Fixture, "it moves; the place that it left is no transaction any more") {
  auto first = client.Tx();
  auto second = std::move(first);
  CHECK_THROWS_WITH(first.Commit(), "a transaction was used after it was moved from");
  CHECK_THROWS_AS(first.OnCommit(Says("x")), grapnel::TxError);
  CHECK_THROWS_AS(first.AfterCommit([] {}), grapnel::TxError);
  Create(second, "Ada");
  second.Commit();
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture, "it reaches context and dependencies of its client") {
  int number = 5;
  client.Provide(number);
  const auto tx = client.With(std::string("call")).Tx();
  CHECK(tx.Dep<int>() == 5);
  CHECK(*tx.Context().Get<std::string>() == "call");
}

TEST_CASE_METHOD(Fixture, "the place that a moved one left begins no nested one either") {
  auto first = client.Tx();
  const auto second = std::move(first);
  CHECK_THROWS_AS(first.Tx(), grapnel::TxError);
  CHECK_THROWS_AS(first.WithTx([](grapnel::Tx&) {}), grapnel::TxError);
}
