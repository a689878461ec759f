// B151: going over rows one at a time.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using grapnel::TxError;
using std::chrono_literals::operator""ms;

static_assert(std::input_iterator<grapnel::store::RowIterator<User>>);

template <class Of>
User Add(const Of& client, const std::string& name) {
  return client.template Of<User>().Create().Set(F<&User::name>, name).Save();
}

/// A database in a file, or in memory, with the users a, b, c.
struct World {
  Scratch scratch{};
  grapnel::Database<User, Card, Pet> client;

  explicit World(bool in_memory = false)
      : client(engine::Open<User, Card, Pet>(in_memory ? ":memory:" : scratch.File("test.db"))) {
    client.Migrate();
    for (const char* name : {"a", "b", "c"}) Add(client, name);
  }
  auto Query() const { return client.Of<User>().Query().Order(Asc(F<&User::id>)); }
};

template <class Query>
Lines Names(const Query& query) {
  Lines names;
  for (const User& user : query) names.push_back(user.name);
  return names;
}
const Lines kAll{"a", "b", "c"};

template <class Action>
std::string Refused(Action action) {
  return Thrown<TxError>(action).what();
}

}  // namespace

TEST_CASE("B151 a loop and ForEach go over all rows in their order, in one object") {
  for (const bool in_memory : {false, true}) {
    World world(in_memory);
    CHECK(Names(world.Query()) == kAll);
    CHECK(Names(world.client.Of<User>()
                    .Query()
                    .Where(F<&User::name> > "a")
                    .Order(Desc(F<&User::name>))) == Lines{"c", "b"});
    CHECK(Names(world.Query().Offset(1).Limit(1)) == Lines{"b"});
    CHECK(Names(world.Query().Where(F<&User::name> == "z")).empty());
    Lines names;
    const void* seen = nullptr;
    world.Query().ForEach([&](const User& user) {
      CHECK((seen == nullptr || seen == &user));
      seen = &user;
      names.push_back(user.name);
    });
    CHECK(names == kAll);
    world.Query().ForEach([&](User& user) {  // each one anew, whatever became of the one before
      names.push_back(std::exchange(user.name, ""));
      CHECK(user.nickname == std::nullopt);
      user.nickname = "x";
    });
    world.Query().ForEach([&](auto& user) { names.push_back(std::move(user.name)); });
    CHECK(names.size() == 9);
    const auto query = world.Query();
    std::vector<User> rows(query.begin(), query.end());
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].name == "b");
    CHECK(std::ranges::count_if(query, [](const User& user) { return user.name > "a"; }) == 2);
    auto one = query.begin();
    const auto same = one;
    ++one;
    CHECK(same->name == "b");
    CHECK_THROWS_AS(query.ForEach(std::function<void(const User&)>()), grapnel::Error);
  }
}

TEST_CASE("B151 on a file reads and writes inside work, nested walks too, and are not seen") {
  World world;
  Lines names;
  for (const User& user : world.Query()) {
    names.push_back(user.name);
    Add(world.client, user.name + user.name);
    world.client.Of<User>().UpdateOne(user.id).Set(F<&User::name>, "x").Save();
    CHECK(world.client.Of<User>().Get(user.id).name == "x");
    CHECK(Names(world.Query()).size() == 4);  // as it is now
    world.client.WithTx([&](grapnel::Tx& tx) { tx.Of<User>().DeleteOne(user.id).Exec(); });
    Add(world.client, "y");
    world.client.Of<User>().Delete().Where(F<&User::name> == "y").Exec();
  }
  CHECK(names == kAll);
  CHECK(Names(world.Query()) == Lines{"aa", "bb", "cc"});
}

TEST_CASE("B151 in memory everything inside on the base client is TxError at once") {
  World world(true);
  const auto query = world.Query();
  if (!engine::HasMemory()) {  // it is as any other database
    for (const User& user : query) CHECK(world.client.Of<User>().Get(user.id).name == user.name);
    return;
  }
  int rows = 0;
  for (const User& user : query) {
    ++rows;
    const auto says = [&](const auto& action) {
      CHECK(Refused(action).find("collect the rows first") != std::string::npos);
    };
    says([&] { Add(world.client, "x"); });
    says([&] { static_cast<void>(world.client.Of<User>().Get(user.id)); });
    says([&] { query.Count(); });
    says([&] { query.begin(); });
    says([&] { static_cast<void>(world.client.Tx()); });
    says([&] { static_cast<void>(world.client.ReadTx()); });
  }
  CHECK(rows == 3);
  Add(world.client, "d");  // it is over
  for (const User& user : query) {
    if (user.name == "b") break;
  }
  Add(world.client, "e");
  auto at = query.begin();
  CHECK_THROWS_AS(query.Count(), TxError);
  ++at, ++at, ++at, ++at;
  CHECK(at != query.end());  // NOLINT: it compares alone
  ++at;
  CHECK(at == query.end());
  CHECK(query.Count() == 5);  // though it still stands there
  const auto read = world.client.ReadTx();
  int inside = 0;
  for (const User& user : read.Of<User>().Query()) {
    inside += read.Of<User>().Find(user.id) ? 1 : 0;
  }
  CHECK(inside == 5);
}

TEST_CASE("B151 in a Tx reads inside work, and a write is TxError that loses nothing") {
  for (const bool in_memory : {false, true}) {
    World world(in_memory);
    auto tx = world.client.Tx();
    Add(tx, "d");
    const auto query = tx.Of<User>().Query().Order(Asc(F<&User::id>));
    Lines hooks;
    const auto handle = tx.Of<User>().Use(Noted(hooks, "hook"));
    Lines names;
    for (const User& user : query) {
      names.push_back(user.name);
      CHECK(tx.Of<User>().Get(user.id).name == user.name);
      CHECK(Names(query).size() == 4);
      const std::string reason = Refused([&] { Add(tx, "x"); });
      CHECK(reason.find("query.All()") != std::string::npos);
      CHECK_THROWS_AS(tx.Of<User>().UpdateOne(user.id).Set(F<&User::age>, 1).Save(), TxError);
      CHECK_THROWS_AS(tx.Of<User>().Delete().Exec(), TxError);
      std::vector<User> bulk(3);
      for (User& each : bulk) each.name = "x";
      CHECK_THROWS_AS(tx.Of<User>().CreateBulk(bulk).Save(), TxError);
      CHECK_THROWS_AS(tx.Of<Card>().Create().Set(F<&Card::number>, "1").Save(), TxError);
      CHECK_THROWS_AS(tx.Sql(engine::Spelled("UPDATE User SET age = 3")), TxError);
      CHECK(tx.Sql(engine::Spelled("SELECT count(*) FROM User")).As<std::int64_t>() ==
            std::vector<std::int64_t>{4});
      auto nested = tx.Tx();
      CHECK(nested.Of<User>().Query().Count() == 4);
      CHECK_THROWS_AS(Add(nested, "x"), TxError);
    }
    CHECK(names == Lines{"a", "b", "c", "d"});
    CHECK(hooks.empty());
    Add(tx, "e");  // it is over
    for (const User& user : query) {
      if (user.name == "b") break;
    }
    Add(tx, "f");
    tx.Commit();
    CHECK(Names(world.Query()) == Lines{"a", "b", "c", "d", "e", "f"});
    CHECK(hooks.size() == 2);
  }
}

TEST_CASE("B151 a walk that outlives its transaction, or what it read, says so") {
  World world;
  const auto over = [](const auto& tx) {
    return tx.template Of<User>().Query().Order(Asc(F<&User::id>)).begin();
  };
  auto at = [&] {
    auto tx = world.client.Tx();
    Add(tx, "d");
    return over(tx);
  }();
  CHECK(Refused([&] { ++at; }).find("rolled back") != std::string::npos);
  CHECK_THROWS_AS(++at, TxError);
  auto tx = world.client.Tx();
  at = over(tx);
  tx.Commit();
  CHECK(Refused([&] { ++at; }).find("committed") != std::string::npos);

  tx = world.client.Tx();
  at = over(tx);
  {
    auto nested = tx.Tx();
    auto inner = over(nested);
    CHECK_THROWS_AS(++at, TxError);  // an outer one, while one in it is open
    nested.Rollback();
    CHECK_THROWS_AS(++inner, TxError);
    ++at;  // nothing was undone that it sees
    CHECK(at->name == "b");
  }
  at = {};
  Add(tx, "d");
  auto nested = tx.Tx();
  Add(nested, "e");
  auto inner = over(nested);
  nested.Commit();
  CHECK_THROWS_AS(++inner, TxError);
  Add(tx, "f");  // though it stands there
  CHECK(Names(tx.Of<User>().Query()).size() == 6);
  tx.Commit();

  auto read = std::make_unique<grapnel::ReadTx>(world.client.ReadTx());
  at = over(*read);
  read.reset();
  CHECK_THROWS_AS(++at, TxError);
}

TEST_CASE("B151 a walk whose rows a failed mutation undoes ends, and the others go on") {
  World world;
  auto tx = world.client.Tx();
  std::optional<grapnel::store::RowIterator<User>> kept;
  const auto handle = tx.Of<User>().Use(
      [&](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
        auto value = next(m);
        kept = m.Client().Of<User>().Query().begin();
        throw std::runtime_error("no");
      });
  CHECK_THROWS_WITH(Add(tx, "d"), "no");
  REQUIRE(kept);
  CHECK(Refused([&] { ++*kept; }).find("undone") != std::string::npos);
  CHECK(Names(tx.Of<User>().Query()) == kAll);
  tx.Commit();
}

TEST_CASE("B151 leaving early by break, return or exception leaves nothing open") {
  for (const bool in_memory : {false, true}) {
    World world(in_memory);
    CHECK_THROWS_WITH(
        world.Query().ForEach([](const User&) { throw std::runtime_error("enough"); }), "enough");
    Add(world.client, "d");
    const auto first = [&] {
      for (const User& user : world.Query()) return user.name;
      return std::string();
    };
    CHECK(first() == "a");
    Add(world.client, "e");
    // In a mutation's hook, whose mutation goes on.
    const auto handle =
        world.client.Of<User>().Use(grapnel::hook::Before([&](grapnel::Mutation<User>& m) {
          for (const User& user : m.Client().Of<User>().Query()) {
            if (user.name == "b") break;
          }
        }));
    Add(world.client, "f");
    CHECK(world.Query().Count() == 6);
    CHECK(world.client.Of<User>().Update().Set(F<&User::age>, 3).Save() == 6);
  }
}

TEST_CASE("B151 neighbours are loaded some rows at a time, from the same snapshot") {
  for (const bool in_memory : {false, true}) {
    World world(in_memory);
    std::vector<User> more(600);
    for (User& user : more) user.name = "many";
    more = world.client.Of<User>().CreateBulk(std::move(more)).Save();
    for (const User& user : {more.front(), more.back()}) {
      world.client.Of<Card>()
          .Create()
          .Set(F<&Card::number>, std::to_string(user.id))
          .Set(F<&Card::owner>, user.id)
          .Save();
    }
    const auto query =
        world.Query().With(F<&User::cards>, [](auto& cards) { cards.With(F<&Card::owner>); });
    std::int64_t rows = 0, cards = 0;
    for (const User& user : query) {
      if (rows++ == 0 && !in_memory) world.client.Of<Card>().Delete().Exec();
      for (const Card& card : user.cards) {
        ++cards;
        CHECK(card.number == std::to_string(user.id));
        CHECK(card.owner->name == "many");
      }
    }
    CHECK(rows == 603);
    CHECK(cards == 2);
    rows = 0;
    query.ForEach([&](const User&) { ++rows; });
    CHECK(rows == 603);
    CHECK(world.client.Of<User>().Query().Count() == 603);
  }
}

TEST_CASE("B151 B97 a deadline and a stop end a walk between two rows and inside one") {
  World world;
  std::stop_source stop;
  const auto client = world.client.With(stop.get_token());
  auto at = client.Of<User>().Query().begin();
  stop.request_stop();
  CHECK_THROWS_AS(++at, grapnel::CancelledError);
  CHECK_THROWS_AS(client.Of<User>().Query().begin(), grapnel::CancelledError);
  Add(world.client, "d");

  auto tx = world.client.Tx();
  Add(tx, "e");
  std::stop_source other;
  at = tx.Client().With(other.get_token()).Of<User>().Query().begin();
  other.request_stop();
  CHECK_THROWS_AS(++at, grapnel::CancelledError);
  CHECK(tx.Outcome() == grapnel::TxOutcome::RolledBack);
  CHECK_THROWS_AS(++at, TxError);
  CHECK(world.Query().Count() == 4);
}

TEST_CASE("B151 another thread is refused, and may drop what it was given") {
  for (const bool in_memory : {false, true}) {
    World world(in_memory);
    auto at = world.Query().begin();
    std::thread([&] { CHECK(Refused([&] { ++at; }).find("thread") != std::string::npos); }).join();
    std::thread([moved = std::move(at)]() mutable { moved = {}; }).join();
    Add(world.client, "d");
    auto tx = world.client.Tx();
    at = tx.Of<User>().Query().begin();
    std::thread([&] { at = {}; }).join();
    Add(tx, "e");
    tx.Commit();
    std::thread([&] { at = world.Query().begin(); }).join();  // left by the thread that began it
    CHECK_THROWS_AS(++at, TxError);
    at = {};
    Add(world.client, "f");
    CHECK(world.Query().Count() == 6);
  }
}

TEST_CASE("B151 what cannot be read is told at its row, and a table that is not there at once") {
  World world;
  CHECK_THROWS_AS((engine::Open<User, Card, Pet>(":memory:").Of<User>().Query().begin()),
                  grapnel::SchemaError);
  const std::string file = world.scratch.File("test.db");
  if (!engine::Spoiled([&] { RawRows(file, "UPDATE User SET age = 'old' WHERE name = 'b'"); })) {
    return;
  }
  Lines names;
  const auto error = Thrown<grapnel::SchemaError>(
      [&] { world.Query().ForEach([&](const User& user) { names.push_back(user.name); }); });
  CHECK(error.Field() == "age");
  CHECK(names == Lines{"a"});
}

TEST_CASE("B143 B151 interceptors narrow what is walked over, and see it whole") {
  World world;
  const auto narrow = world.client.Of<User>().Intercept(
      grapnel::hook::Before([](grapnel::Reading<User>& r) { r.Where(F<&User::name> != "b"); }));
  CHECK(Names(world.Query()) == Lines{"a", "c"});
  const auto mask = world.client.Of<User>().Intercept(
      grapnel::hook::After([](const grapnel::Reading<User>&, grapnel::Found<User>& found) {
        for (User& user : *found.Rows()) user.name = "***";
      }));
  CHECK(Names(world.Query()) == Lines{"***", "***"});
  CHECK(Names(world.client.ReadTx().Of<User>().Query().With(F<&User::cards>)).size() == 2);
  // Few rows, which are read together, are walked over as many are.
  auto tx = world.client.Tx();
  const auto users = tx.Of<User>();
  const auto write = [&] { users.UpdateOne(1).Set(F<&User::age>, 7).Save(); };
  int seen = 0;
  for (const User& user : users.Query()) {
    CHECK(Refused(write).find("while rows are walked over") != std::string::npos);
    seen += user.name == "***" ? 1 : 0;
  }
  CHECK(seen == 2);
  write();
  auto rows = users.Query().begin();
  tx.Rollback();
  CHECK_THROWS_AS(++rows, TxError);
}
