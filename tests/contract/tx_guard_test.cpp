// B70, B85 to B87 and rule 5: what cannot be done with a client, a transaction or a builder.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using grapnel::Error;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::User;
using namespace tx_fixture;
using std::chrono_literals::operator""s;

namespace {

struct Viewer {
  std::string name;
};

/// Uses the base client in every way, each of which must be refused at once, with words that help.
void RequireRefused(const Db& client) {
  const std::vector<std::function<void()>> uses{
      [&] { Add(client, "refused"); },
      [&] { client.Of<User>().Update().Set(F<&User::age>, 1).Save(); },
      [&] { client.Of<User>().DeleteOne(1).Exec(); },
      [&] { client.Of<User>().CreateBulk(std::vector<User>{{.name = "refused"}}).Save(); },
      [&] { client.Of<User>().Find(1); },
      [&] { client.Of<User>().Get(1); },
      [&] { client.Of<User>().Query().All(); },
      [&] { client.Of<User>().Query().Count(); },
      [&] { static_cast<void>(client.Tx()); },
      [&] { client.WithTx([](Tx&) {}); },
      [&] { static_cast<void>(client.ReadTx()); },
      [&] { client.Migrate(); },
      [&] { Add(client.With(Viewer{"bob"}), "refused"); },
      [&] { client.Debug([](std::string_view) {}).Of<User>().Query().Exist(); },
  };
  for (const auto& use : uses) {
    const auto error = Thrown<TxError>(use);
    REQUIRE_THAT(error.what(), Catch::Contains("m.Client()") || Catch::Contains("tx.Client()"));
  }
}

/// What `action` throws on a thread of its own.
std::exception_ptr OnThread(const std::function<void()>& action) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      action();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  return thrown;
}

template <class T>
concept TakesHooks = requires(const T& client) {
  client.template Of<User>().Use([](Mutation<User>& m, Next<User> next) { return next(m); });
};
static_assert(TakesHooks<Db>);
static_assert(TakesHooks<Tx>);
static_assert(!TakesHooks<decltype(std::declval<Db>().With(Viewer{}))>, "B87 With(...).Use");
static_assert(!TakesHooks<decltype(std::declval<Db>().Debug())>);
static_assert(!TakesHooks<grapnel::Client>);
template <class T>
concept TakesAnyHook = requires(const T& client) {
  client.Use([]<class E>(Mutation<E>& m, Next<E> next) { return next(m); });
};
static_assert(TakesAnyHook<Db>);
static_assert(!TakesAnyHook<decltype(std::declval<Db>().With(Viewer{}))>, "B87 With(...).Use");

}  // namespace

TEST_CASE("B70 the base client is refused inside a transaction of the same thread, until its end") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto tx = world.client.Tx();
  RequireRefused(world.client);
  auto inner = tx.Tx();
  RequireRefused(world.client);
  Add(inner, "Ada");
  inner.Commit();
  tx.OnCommit([&](Tx& t, auto next) {
    RequireRefused(world.client);
    next(t);
    Add(world.client, "after the commit hook's next");
  });
  tx.AfterCommit([&] { Add(world.client, "in AfterCommit"); });
  tx.Commit();
  REQUIRE(Names(world.client) == Lines{"Ada", "after the commit hook's next", "in AfterCommit"});

  auto again = world.client.Tx();
  again.OnRollback([&](Tx& t, auto next) {
    RequireRefused(world.client);
    next(t);
    REQUIRE(Names(world.client).size() == 3);
  });
  again.AfterRollback([&] { Add(world.client, "in AfterRollback"); });
  again.Rollback();
  REQUIRE(Names(world.client).back() == "in AfterRollback");
}

TEST_CASE("B70 the base client is refused inside a running mutation, until its commit") {
  World world{GENERATE(Place::Memory, Place::File)};
  world.client.OnCommit([&](Tx& t, auto next) {
    RequireRefused(world.client);
    next(t);
    REQUIRE_NOTHROW(Names(world.client));
  });
  auto handle = world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    RequireRefused(world.client);
    REQUIRE(Names(m.Client()) == Lines{});
    m.AfterCommit([&] { REQUIRE(Names(world.client) == Lines{"Ada"}); });
    auto value = next(m);
    RequireRefused(world.client);
    REQUIRE(Names(m.Client()) == Lines{"Ada"});
    return value;
  });
  Add(world.client, "Ada");
  handle.Remove();

  const User grace{.name = "Grace"};
  world.client.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>&) {
    RequireRefused(world.client);
    throw std::runtime_error("stop");
  }));
  REQUIRE_THROWS_WITH(world.client.Of<User>().CreateBulk(std::vector{grace}).Save(), "stop");
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B70 a ReadTx refuses the base client as well") {
  World world{GENERATE(Place::Memory, Place::File)};
  {
    const auto read = world.client.ReadTx();
    RequireRefused(world.client);
  }
  Add(world.client, "Ada");
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B70 other threads, and other databases, are not concerned") {
  World world;
  World other{Place::Memory};
  Add(world.client, "Ada");
  auto tx = world.client.Tx();
  Add(tx, "Grace");
  Lines seen;
  REQUIRE(OnThread([&] { seen = Names(world.client); }) == nullptr);
  REQUIRE(seen == Lines{"Ada"});
  Add(other.client, "Joan");
  tx.Commit();
  REQUIRE(Names(other.client) == Lines{"Joan"});
}

TEST_CASE("B85 a Tx, a view or a builder keeps the store alive") {
  Scratch scratch;
  const bool file = GENERATE(false, true);
  Lines log;
  std::optional<Db> client =
      engine::Open<User, model::Card, model::Pet>(file ? scratch.File("test.db") : ":memory:");
  client->Migrate();
  client->OnCommit(Around(log, "commit"));
  auto handle = client->Of<User>().Use(Noted(log, "hook"));
  auto view = client->With(Viewer{"bob"});
  auto builder = client->Of<User>().Create().Set(F<&User::name>, "by the builder");
  auto query = client->Of<User>().Query();
  std::optional<Tx> tx = client->Tx();
  client.reset();

  Add(*tx, "in the Tx");
  tx->Commit();
  REQUIRE(Take(log) == Lines{"hook", "before commit", "after commit"});
  builder.Save();
  Add(view, "by the view");
  REQUIRE(Names(view) == Lines{"in the Tx", "by the builder", "by the view"});
  REQUIRE(query.Count() == 3);
  {
    auto open = view.Tx();
    Add(open, "rolled back when everything is gone");
    tx.reset();
    view = engine::Open<User, model::Card, model::Pet>(":memory:").With(1);
    query = view.Of<User>().Query();
  }
  handle.Remove();
  if (file) {
    REQUIRE(RawRows(scratch.File("test.db"), "SELECT name FROM User ORDER BY id") ==
            Lines{"in the Tx", "by the builder", "by the view"});
  }
}

TEST_CASE("B86 a builder is spent once it ran, with success or not, and when it was moved from") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto users = world.client.Of<User>();
  auto create = users.Create().Set(F<&User::name>, "Ada");
  const auto id = create.Save().id;
  REQUIRE_THROWS_AS(create.Save(), Error);
  REQUIRE_THAT(Thrown<Error>([&] { create.Save(); }).what(),
               Catch::Contains("User") && Catch::Contains("spent"));
  auto failing = users.Create();
  REQUIRE_THROWS_AS(failing.Save(), grapnel::ValidationError);
  REQUIRE_THROWS_AS(failing.Set(F<&User::name>, "Grace"), Error);
  REQUIRE_THROWS_AS(failing.Save(), Error);

  auto update_one = users.UpdateOne(id).Set(F<&User::age>, 1);
  auto moved = std::move(update_one);
  REQUIRE_THROWS_AS(update_one.Save(), Error);  // NOLINT(bugprone-use-after-move)
  REQUIRE(moved.Save().age == 1);
  REQUIRE_THROWS_AS(moved.Save(), Error);

  auto update = users.Update().Add(F<&User::age>, 1);
  REQUIRE(update.Save() == 1);
  REQUIRE_THROWS_AS(update.Save(), Error);
  REQUIRE(users.Get(id).age == 2);

  std::array bulk_of{users.Create().Set(F<&User::name>, "Joan")};
  auto bulk = users.CreateBulk(bulk_of);
  auto moved_bulk = std::move(bulk);
  REQUIRE_THROWS_AS(bulk.Save(), Error);  // NOLINT(bugprone-use-after-move)
  moved_bulk.Save();
  REQUIRE_THROWS_AS(moved_bulk.Save(), Error);
  REQUIRE_THROWS_AS(bulk_of.front().Save(), Error);
  REQUIRE_THROWS_AS(users.CreateBulk(bulk_of).Save(), Error);
  REQUIRE(Names(world.client) == Lines{"Ada", "Joan"});

  auto remove = users.Delete().Where(F<&User::name> == "Joan");
  REQUIRE(remove.Exec() == 1);
  REQUIRE_THROWS_AS(remove.Exec(), Error);
  auto remove_one = users.DeleteOne(id);
  remove_one.Exec();
  REQUIRE_THAT(Thrown<Error>([&] { remove_one.Exec(); }).what(), Catch::Contains("spent"));
}

TEST_CASE("B86 a transaction that was moved from is a TxError") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto tx = world.client.Tx();
  auto moved = std::move(tx);
  REQUIRE_THROWS_AS(tx.Commit(), TxError);  // NOLINT(bugprone-use-after-move)
  REQUIRE_THROWS_AS(tx.Rollback(), TxError);
  REQUIRE_THROWS_AS(Add(tx, "Ada"), Error);
  Add(moved, "Grace");
  moved.Commit();
  REQUIRE(Names(world.client) == Lines{"Grace"});
}

TEST_CASE("B87 a transaction used on another thread is a TxError at once") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto tx = world.client.Tx();
  Add(tx, "Ada");
  auto prepared = tx.Of<User>().Create().Set(F<&User::name>, "prepared");
  const auto query = tx.Of<User>().Query();
  std::optional<grapnel::Client> of_mutation;
  tx.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>& m) { of_mutation = m.Client(); }));
  Add(tx, "Grace");
  const std::vector<std::function<void()>> uses{
      [&] { Add(tx, "never"); },
      [&] { Add(tx.Client(), "never"); },
      [&] { Add(*of_mutation, "never"); },
      [&] { prepared.Save(); },
      [&] { static_cast<void>(query.All()); },
      [&] { tx.Of<User>().Find(1); },
      [&] { static_cast<void>(tx.Tx()); },
      [&] { tx.WithTx([](Tx&) {}); },
      [&] { tx.OnCommit([](Tx& t, auto next) { next(t); }); },
      [&] { tx.AfterCommit([] {}); },
      [&] { tx.Commit(); },
      [&] { tx.Rollback(); },
  };
  for (const auto& use : uses) {
    const auto thrown = OnThread(use);
    REQUIRE(thrown != nullptr);
    const auto error = Thrown<TxError>([&] { std::rethrow_exception(thrown); });
    REQUIRE_THAT(error.what(), Catch::Contains("thread"));
  }
  tx.Commit();  // all that did no harm
  REQUIRE(Names(world.client) == Lines{"Ada", "Grace"});
}

TEST_CASE("rule 5: nothing slips out of a transaction that is gone, whatever still points to it") {
  World world{GENERATE(Place::Memory, Place::File)};
  const std::string end = GENERATE("Commit", "Rollback", "cancellation");
  INFO(end);
  std::stop_source stop;
  std::optional<grapnel::Client> of_mutation, of_implicit;
  world.client.Of<User>().Use(grapnel::hook::Before(
      [&](Mutation<User>& m) { (m.InTx() ? of_mutation : of_implicit) = m.Client(); }));
  Add(world.client, "alone");
  auto tx = world.client.With(stop.get_token()).Tx();
  Add(tx, "Ada");
  const auto client = tx.Client().With(std::stop_token());
  auto prepared = client.Of<User>().Create().Set(F<&User::name>, "prepared");
  auto removal = client.Of<User>().Delete();
  const auto query = client.Of<User>().Query();
  if (end == "Commit") tx.Commit();
  if (end == "Rollback") tx.Rollback();
  if (end == "cancellation") {
    stop.request_stop();
    REQUIRE_THROWS_AS(Add(tx, "late"), grapnel::CancelledError);
  }

  const auto outcome = end == "Commit" ? TxOutcome::Committed : TxOutcome::RolledBack;
  REQUIRE(Thrown<TxError>([&] { prepared.Save(); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { removal.Exec(); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { query.All(); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { Add(client, "late"); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { static_cast<void>(client.Tx()); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { Names(client.ReadTx()); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { Add(*of_mutation, "late"); }).Outcome() == outcome);
  REQUIRE(Thrown<TxError>([&] { Add(*of_implicit, "late"); }).Outcome() == TxOutcome::Committed);
  REQUIRE(Names(world.client) == (end == "Commit" ? Lines{"alone", "Ada"} : Lines{"alone"}));
}

TEST_CASE("rule 5: a hook that swallows what ended the transaction changes nothing") {
  World world{GENERATE(Place::Memory, Place::File)};
  std::stop_source stop;
  Lines log;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    stop.request_stop();
    REQUIRE_THROWS_AS(Names(m.Client()), grapnel::CancelledError);
    REQUIRE_THROWS_AS(Names(m.Client()), TxError);
    log.push_back("swallowed");
    return value;
  });
  const auto client = world.client.With(stop.get_token());
  REQUIRE(Thrown<TxError>([&] { Add(client, "Ada"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE(log == Lines{"swallowed"});

  stop = std::stop_source();
  auto tx = world.client.With(stop.get_token()).Tx();
  Add(tx, "Ada");
  REQUIRE(Thrown<TxError>([&] { tx.Commit(); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE(
    "rule 4: a WithTx whose body swallows what ended the transaction does not report success") {
  World world{GENERATE(Place::Memory, Place::File)};
  std::stop_source stop;
  const auto body = [&](Tx& tx) {
    Add(tx, "Ada");
    stop.request_stop();
    REQUIRE_THROWS_AS(Add(tx, "Grace"), grapnel::CancelledError);
  };
  const auto client = world.client.With(stop.get_token());
  REQUIRE(Thrown<TxError>([&] { client.WithTx(body); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B113 a predicate that was moved from is the predicate that it was") {
  World world;
  Add(world.client, "Ada");
  Add(world.client, "Grace");
  const auto users = world.client.Of<User>();
  auto ada = F<&User::name> == "Ada";
  const auto taken = std::move(ada);
  REQUIRE(users.Query().Where(ada).Count() == 1);
  REQUIRE(users.Query().Where(!ada).Count() == 1);
  REQUIRE(users.Query().Where(ada && taken).Count() == 1);
  auto grace = F<&User::name> == "Grace";
  ada = std::move(grace);
  REQUIRE(users.Query().Where(ada || grace).Count() == 1);
  REQUIRE(users.Delete().Where(grace).Exec() == 1);
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B113 every call on what was moved from is an Error, and what it was moved to works") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto ada = Add(world.client, "Ada").id;
  Db database = world.client;
  auto view = database.With(Viewer{"bob"});
  grapnel::Client client = database;
  auto snapshot = database.ReadTx();
  auto entities = database.Of<User>();
  auto reader = snapshot.Of<User>();
  auto query = entities.Query();
  auto bulk = entities.CreateBulk(std::vector<User>{{.name = "Grace"}});
  auto create = entities.Create();
  auto update = entities.UpdateOne(ada);
  auto many = entities.Update();
  auto remove = entities.Delete();
  auto remove_one = entities.DeleteOne(ada);
  const auto on_conflict = [&] { create.OnConflict(F<&User::id>).Ignore(); };

  Db database2 = std::move(database);
  auto view2 = std::move(view);
  auto client2 = std::move(client);
  auto snapshot2 = std::move(snapshot);
  auto entities2 = std::move(entities);
  auto reader2 = std::move(reader);
  auto query2 = std::move(query);
  auto bulk2 = std::move(bulk);
  auto create2 = std::move(create);
  auto update2 = std::move(update);
  auto many2 = std::move(many);
  auto remove2 = std::move(remove);
  auto remove_one2 = std::move(remove_one);

  // NOLINTBEGIN(bugprone-use-after-move)
  const auto hook = [](Tx& t, auto next) { next(t); };
  int number = 0;
  const std::vector<std::function<void()>> uses{
      [&] { static_cast<void>(database.Of<User>()); },
      [&] { database.Migrate(); },
      [&] { static_cast<void>(database.PlanMigration()); },
      [&] { static_cast<void>(database.With(1)); },
      [&] { static_cast<void>(database.Debug()); },
      [&] { database.Use([]<class E>(Mutation<E>& m, Next<E> next) { return next(m); }); },
      [&] { database.OnCommit(hook); },
      [&] { database.OnRollback(hook); },
      [&] { database.OnMigrate([](grapnel::store::Migration& m, auto next) { next(m); }); },
      [&] { database.OnError([](const std::exception&) {}); },
      [&] { database.Provide(number); },
      [&] { static_cast<void>(database.Dep<int>()); },
      [&] { static_cast<void>(database.Tx()); },
      [&] { database.WithTx([](Tx&) {}); },
      [&] { static_cast<void>(database.ReadTx()); },
      [&] { static_cast<void>(database.Context()); },
      [&] { static_cast<void>(view.Of<User>()); },
      [&] { view.Migrate(); },
      [&] { static_cast<void>(view.With(1)); },
      [&] { static_cast<void>(view.Debug()); },
      [&] { static_cast<void>(view.Context()); },
      [&] { static_cast<void>(client.Of<User>()); },
      [&] { static_cast<void>(client.Tx()); },
      [&] { static_cast<void>(client.ReadTx()); },
      [&] { static_cast<void>(client.With(1)); },
      [&] { static_cast<void>(client.Context()); },
      [&] { static_cast<void>(client.Dep<int>()); },
      [&] { static_cast<void>(snapshot.Of<User>()); },
      [&] { static_cast<void>(snapshot.Context()); },
      [&] { entities.Find(1); },
      [&] { static_cast<void>(entities.Query()); },
      [&] { static_cast<void>(entities.Create()); },
      [&] { static_cast<void>(entities.CreateBulk(std::vector<User>{})); },
      [&] { static_cast<void>(entities.Update()); },
      [&] { static_cast<void>(entities.UpdateOne(1)); },
      [&] { static_cast<void>(entities.Delete()); },
      [&] { static_cast<void>(entities.DeleteOne(1)); },
      [&] { static_cast<void>(client.Explain<User>()); },
      [&] { static_cast<void>(client.Types()); },
      [&] { entities.Use([](Mutation<User>& m, Next<User> next) { return next(m); }); },
      [&] { reader.Get(1); },
      [&] { query.All(); },
      [&] { query.First(); },
      [&] { query.Only(); },
      [&] { query.Count(); },
      [&] { query.Exist(); },
      [&] { query.IDs(); },
      [&] { query.Limit(1); },
      [&] { query.Offset(1); },
      [&] { query.Where(F<&User::age> > 1); },
      [&] { query.Order(grapnel::Asc(F<&User::age>)); },
      [&] { bulk.Save(); },
      [&] { create.Set(F<&User::name>, "never"); },
      [&] { create.Save(); },
      on_conflict,
      [&] { update.Set(F<&User::age>, 1); },
      [&] { update.Where(F<&User::age> > 1); },
      [&] { update.Add(F<&User::age>, 1); },
      [&] { update.Save(); },
      [&] { many.Clear(F<&User::nickname>); },
      [&] { many.Save(); },
      [&] { remove.Where(F<&User::age> > 1); },
      [&] { remove.Exec(); },
      [&] { remove_one.Exec(); },
  };
  // NOLINTEND(bugprone-use-after-move)
  std::size_t at = 0;
  for (const auto& use : uses) {
    INFO("use " << at++);
    CHECK_THAT(Thrown<Error>(use).what(), Catch::Contains("moved from"));
  }
  CHECK(reader2.Get(ada).name == "Ada");
  { auto ended = std::move(snapshot2); }
  auto tx = std::make_unique<Tx>(view2.Tx());
  auto tx2 = std::move(*tx);
  const std::vector<std::function<void()>> tx_uses{
      [&] { static_cast<void>(tx->Of<User>()); },
      [&] { static_cast<void>(tx->Client()); },
      [&] { tx->Commit(); },
      [&] { tx->Rollback(); },
      [&] { tx->OnCommit(hook); },
      [&] { tx->OnRollback(hook); },
      [&] { tx->AfterCommit([] {}); },
      [&] { tx->AfterRollback([] {}); },
      [&] { static_cast<void>(tx->Tx()); },
      [&] { tx->WithTx([](Tx&) {}); },
      [&] { static_cast<void>(tx->Context()); },
      [&] { static_cast<void>(tx->Outcome()); },
      [&] { static_cast<void>(tx->Dep<int>()); },
  };
  for (const auto& use : tx_uses)
    CHECK_THAT(Thrown<TxError>(use).what(), Catch::Contains("moved from"));
  tx.reset();
  tx2.Rollback();
  CHECK(query2.Count() == 1);
  CHECK(bulk2.Save().size() == 1);
  CHECK(create2.Set(F<&User::name>, "Joan").Save().name == "Joan");
  CHECK(update2.Set(F<&User::age>, 1).Save().age == 1);
  CHECK(many2.Set(F<&User::age>, 2).Save() == 3);
  remove_one2.Exec();
  CHECK(remove2.Exec() == 2);
  CHECK(client2.Of<User>().Query().Count() == 0);
  CHECK(entities2.Query().Count() == 0);
  database = std::move(database2);  // what was moved from may be given something new
  CHECK(database.Of<User>().Query().Count() == 0);
}
