// B174: a connection that is lost in COMMIT leaves open what came of it, unless that is looked for.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>

using grapnel::F;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;

namespace {

struct Order {
  std::int64_t id = 0;
  std::string item;
};

}  // namespace

template <>
struct grapnel::Schema<Order> {
  static constexpr std::string_view Type = "Order";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Order::item>("item")); }
};

TEST_CASE("an engine that loses no connection takes the wish to find it, and does nothing for it") {
  const Fixture<Order> db;
  const auto client = db.client.With(grapnel::FindLostCommits{});
  client.Of<Order>().Create().Set(F<&Order::item>, "tea").Save();
  CHECK(client.Of<Order>().Query().Count() == 1);
}

#ifdef GRAPNEL_TEST_OPENS_POSTGRES
#include "support/engine/proxy.hpp"

namespace {

using Loses = engine::Proxy::Loses;

/// A database that is reached through a proxy.
struct World {
  Scratch scratch{};
  engine::Proxy proxy{engine::Url(scratch.File("test.db"))};
  int committed = 0, rolled_back = 0;
  TxOutcome hooked = TxOutcome::Open;  // what a rollback hook learned
  grapnel::Database<Order> client;

  explicit World(bool finds)
      : client(grapnel::OpenPostgres<Order>(proxy.Url(), {.find_lost_commits = finds})) {
    client.Migrate();
    client.OnRollback([this](Tx& tx, auto next) {
      next(tx);
      hooked = tx.Outcome();
    });
  }
  auto Body() {
    return [this](Tx& tx) {
      tx.AfterCommit([this] { ++committed; });
      tx.AfterRollback([this] { ++rolled_back; });
      tx.Of<Order>().Create().Set(F<&Order::item>, "tea").Save();
    };
  }
  std::int64_t Count() const { return client.Of<Order>().Query().Count(); }
};

TxOutcome OutcomeOf(World& world, const grapnel::Client& client) {
  try {
    client.WithTx(world.Body());
  } catch (const TxError& error) {
    return error.Outcome();
  } catch (const grapnel::BusyError& error) {
    return error.Retryable() ? TxOutcome::RolledBack : TxOutcome::Open;
  }
  return TxOutcome::Committed;
}

}  // namespace

TEST_CASE("nobody knows what came of a COMMIT in which the connection was lost") {
  if (engine::Current() != engine::Kind::Postgres) return;
  World world(false);
  const bool before = GENERATE(false, true);
  world.proxy.Lose(before ? Loses::BeforeCommit : Loses::AfterCommit);
  CHECK(OutcomeOf(world, world.client) == TxOutcome::Unknown);
  CHECK((world.committed == 0 && world.hooked == TxOutcome::Unknown));
  CHECK(world.proxy.Lost() == 1);
  CHECK(world.Count() == (before ? 0 : 1));  // and all goes on, by another connection
}

TEST_CASE("where it is looked for, the truth is told") {
  if (engine::Current() != engine::Kind::Postgres) return;
  const bool by_call = GENERATE(false, true);
  World world(!by_call);
  const grapnel::Client client =
      by_call ? world.client.With(grapnel::FindLostCommits{}) : world.client;
  SECTION("that it was committed, which is no error") {
    world.proxy.Lose(Loses::AfterCommit);
    CHECK(OutcomeOf(world, client) == TxOutcome::Committed);
    CHECK((world.committed == 1 && world.rolled_back == 0));
    CHECK(world.Count() == 1);
  }
  SECTION("that it was not, and may be run again") {
    world.proxy.Lose(Loses::BeforeCommit);
    CHECK(OutcomeOf(world, client) == TxOutcome::RolledBack);
    CHECK((world.committed == 0 && world.rolled_back == 1));
    CHECK(world.Count() == 0);
    world.proxy.Lose(Loses::BeforeCommit);
    client.WithTx(world.Body(), grapnel::Retry{});
    CHECK((world.committed == 1 && world.rolled_back == 2));
    CHECK(world.Count() == 1);
  }
  SECTION("and a mutation of its own transaction is run again by itself") {
    world.proxy.Lose(Loses::BeforeCommit);
    client.Of<Order>().Create().Set(F<&Order::item>, "tea").Save();
    CHECK(world.proxy.Lost() == 1);
    CHECK(world.Count() == 1);
  }
}
#endif
