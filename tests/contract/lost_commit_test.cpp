// B174: a connection that is lost in COMMIT leaves open what came of it, unless that is looked for.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

using grapnel::F;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;

namespace {

struct Part;

struct Order {
  std::int64_t id = 0;
  std::string item;
  grapnel::Many<Part> parts{};
};

struct Part {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Order> order{};
};

}  // namespace

template <>
struct grapnel::Schema<Order> {
  static constexpr std::string_view Type = "Order";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Order::item>("item")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Order::parts>("parts").OnDelete(Cascade));
  }
};

template <>
struct grapnel::Schema<Part> {
  static constexpr std::string_view Type = "Part";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Part::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Part::order>("order").Ref<&Order::parts>());
  }
};

TEST_CASE(
    "B174 an engine that loses no connection takes the wish to find it, and does nothing for it") {
  const Fixture<Order, Part> db;
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
  grapnel::Database<Order, Part> client;

  explicit World(bool finds)
      : client(grapnel::OpenPostgres<Order, Part>(proxy.Url(), {.find_lost_commits = finds})) {
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

/// A database, and somebody who ends the sessions of others.
struct Ended {
  Scratch scratch{};
  grapnel::Database<Order, Part> client = Open(), other = Open();

  Ended() { client.Migrate(); }
  grapnel::Database<Order, Part> Open() const {
    return grapnel::OpenPostgres<Order, Part>(engine::Url(scratch.File("test.db")), {.pool = 1});
  }
  /// The session of `inside`; it is told of that, and has not looked.
  template <class Inside>
  void End(const Inside& inside) const {
    const auto pid = inside.Sql("SELECT pg_backend_pid()").template As<std::int64_t>().front();
    other.Sql("SELECT pg_terminate_backend($1::int)", pid);
    const auto count = [&] {
      return other.Sql("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid)
          .template As<std::int64_t>()
          .front();
    };
    while (count() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  template <class Write>
  void CheckRolledBack(const grapnel::Client& by, Write write) const {
    auto tx = by.Tx();
    write(tx);
    End(tx);
    try {
      tx.Commit();
      FAIL("nothing was thrown");
    } catch (const grapnel::StorageError& error) {
      CHECK(error.Kind() == grapnel::StorageKind::Connection);
      CHECK_THAT(error.what(), Catch::Contains("terminating connection"));
    }
    CHECK(tx.Outcome() == TxOutcome::RolledBack);
    CHECK(client.Of<Order>().Query().Count() == 0);
  }
};

void Write(const Tx& tx) { tx.Of<Order>().Create().Set(F<&Order::item>, "tea").Save(); }

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

TEST_CASE("B174 nobody knows what came of a COMMIT in which the connection was lost") {
  if (engine::Current() != engine::Kind::Postgres) return;
  World world(false);
  const bool before = GENERATE(false, true);
  world.proxy.Lose(before ? Loses::BeforeCommit : Loses::AfterCommit);
  CHECK(OutcomeOf(world, world.client) == TxOutcome::Unknown);
  CHECK((world.committed == 0 && world.hooked == TxOutcome::Unknown));
  CHECK(world.proxy.Lost() == 1);
  CHECK(world.Count() == (before ? 0 : 1));  // and all goes on, by another connection
}

TEST_CASE("B174 where it is looked for, the truth is told") {
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
  SECTION("also of one that found nothing to write") {
    const bool before = GENERATE(false, true);
    world.proxy.Lose(before ? Loses::BeforeCommit : Loses::AfterCommit);
    CHECK(client.Of<Order>().Delete().Exec() == 0);
    CHECK(world.proxy.Lost() == 1);
  }
  SECTION("and a mutation of its own transaction is run again by itself") {
    world.proxy.Lose(Loses::BeforeCommit);
    client.Of<Order>().Create().Set(F<&Order::item>, "tea").Save();
    CHECK(world.proxy.Lost() == 1);
    CHECK(world.Count() == 1);
  }
}

TEST_CASE("B174 what has only read loses nothing with the connection, and is known not to have") {
  if (engine::Current() != engine::Kind::Postgres) return;
  World world(false);
  auto tx = world.client.Tx();
  CHECK(tx.Of<Order>().Query().Count() == 0);
  world.proxy.Lose(Loses::AfterCommit);
  CHECK_THROWS_AS(tx.Commit(), grapnel::StorageError);
  CHECK(world.proxy.Lost() == 1);
  CHECK(tx.Outcome() == TxOutcome::RolledBack);
}

TEST_CASE("B174 what the server has ended before COMMIT is sent is known to be rolled back") {
  if (engine::Current() != engine::Kind::Postgres) return;
  const Ended db;
  const bool finds = GENERATE(false, true);
  grapnel::Client client = db.client;
  if (finds) client = db.client.With(grapnel::FindLostCommits{});
  db.CheckRolledBack(client, Write);
  db.CheckRolledBack(client, [](const Tx& tx) { tx.Of<Order>().Query().Count(); });
  db.CheckRolledBack(client, [](const Tx& tx) { tx.Of<Order>().Delete().Exec(); });
  client.WithTx(Write);
  CHECK(client.Of<Order>().Query().Count() == 1);
}

TEST_CASE("B174 and it is told as that, wherever in a mutation it is") {
  if (engine::Current() != engine::Kind::Postgres) return;
  const Ended db;
  const int at = GENERATE(1, 2, 3);
  db.client.Of<Part>().Use([&](grapnel::Mutation<Part>& m, grapnel::Next<Part> next) {
    if (at == 1 && m.Op() == grapnel::Op::Delete) db.End(m.Client());
    if (m.Op() == grapnel::Op::Delete) m.OldRows();
    if (at == 2 && m.Op() == grapnel::Op::Delete) db.End(m.Client());
    auto value = next(m);
    if (at == 3 && m.Op() == grapnel::Op::Delete) db.End(m.Client());
    return value;
  });
  const auto order = db.client.Of<Order>().Create().Set(F<&Order::item>, "tea").Save();
  for (const char* name : {"leaf", "cup"}) {
    db.client.Of<Part>().Create().Set(F<&Part::name>, name).Set(F<&Part::order>, order.id).Save();
  }
  CHECK_THROWS_AS(db.client.Of<Part>().Delete().Exec(), grapnel::StorageError);
  CHECK_THROWS_AS(db.client.Of<Order>().Delete().Exec(), grapnel::StorageError);
  CHECK(db.client.Of<Part>().Query().Count() == 2);
}
#endif
