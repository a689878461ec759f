// B156: SQL of one's own in the transaction.
#include "contract/all_kinds.hpp"
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

using grapnel::ConstraintError;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;
using grapnel::SqlError;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::Pet;
using model::User;
using namespace tx_fixture;
using std::chrono_literals::operator""ms;

namespace {

/// SQL of one's own, spelled for the engine.
template <class C, class... Vs>
auto Sql(const C& client, std::string_view sql, const Vs&... values) {
  return client.Sql(engine::Spelled(sql), values...);
}

/// The names that SQL reads.
template <class C>
Lines NamesBySql(const C& client) {
  return Sql(client, "SELECT name FROM User ORDER BY id").template As<std::string>();
}

/// A file and a database in memory.
constexpr Place kPlaces[] = {Place::File, Place::Memory};

/// The same value there and back again, through a field and through SQL alone.
template <auto M, class T>
void ThereAndBack(const Tx& tx, const T& value) {
  INFO(grapnel::core::TypeName<T>());
  CHECK(Sql(tx, "SELECT ?1", value).template As<T>().at(0) == value);
  CHECK(Sql(tx, "SELECT ?1", std::optional<T>()).template As<std::optional<T>>().at(0) ==
        std::nullopt);
}

}  // namespace

TEST_CASE("B156 SQL runs in the transaction, sees what it wrote, and goes with it") {
  for (const Place place : kPlaces) {
    World world(place);
    {
      Tx tx = world.client.Tx();
      Add(tx, "Ada");
      CHECK(NamesBySql(tx) == Lines{"Ada"});
      CHECK(Sql(tx, "UPDATE User SET age = age + ?2 WHERE name = ?1", "Ada", 5).Changes() == 1);
      CHECK(tx.Of<User>().Query().Only().age == 5);
      const auto ids = Sql(tx,
                           "INSERT INTO User (name, age, active, worth, version) "
                           "VALUES (?, ?, ?, 0, 0), ('Eve', 1, true, 0, 0) RETURNING id, name",
                           "Bob", 7, true)
                           .As<std::int64_t, std::string>();
      CHECK(ids == std::vector{std::tuple<std::int64_t, std::string>{2, "Bob"}, {3, "Eve"}});
      CHECK(Names(tx.Client()) == Lines{"Ada", "Bob", "Eve"});
      tx.Commit();
    }
    CHECK(NamesBySql(world.client) == Lines{"Ada", "Bob", "Eve"});
    {
      Tx tx = world.client.Tx();
      Sql(tx, "DELETE FROM User");
      CHECK(NamesBySql(tx).empty());
    }
    CHECK(world.client.Of<User>().Query().Count() == 3);
    CHECK(Sql(world.client, "SELECT CAST(sum(age) AS INTEGER) FROM User WHERE age >= ?1", 5)
              .As<std::int64_t>() == std::vector<std::int64_t>{12});
  }
}

TEST_CASE("B156 sums and averages are read as integers and as reals") {
  World world;
  Add(world.client, "Ada");
  Add(world.client, "Bob");
  world.client.Of<User>().Update().Set(F<&User::age>, 7).Save();
  CHECK(Sql(world.client, "SELECT sum(age) FROM User").As<std::int64_t>() ==
        std::vector<std::int64_t>{14});
  CHECK(Sql(world.client, "SELECT avg(age), count(*) FROM User").As<double, std::int64_t>() ==
        std::vector{std::tuple<double, std::int64_t>{7.0, 2}});
}

TEST_CASE("B156 rows are ranges, with names and values of any kind") {
  World world;
  auto rows = Sql(world.client, "SELECT 1 AS a, 'x' AS b UNION ALL SELECT NULL, 'y' ORDER BY b");
  CHECK(rows.Columns() == std::vector<std::string>{"a", "b"});
  CHECK(rows.Rows().size() == 2);
  std::vector<FieldValue> seen;
  const auto numbers = Sql(world.client, "SELECT 1 UNION SELECT 2 ORDER BY 1");
  for (const auto& row : numbers.Rows()) seen.push_back(row[0]);
  for (const auto& row : rows) seen.push_back(row[1]);
  seen.push_back(Sql(world.client, "SELECT x'00ff'").Rows().at(0).at(0));
  CHECK(seen ==
        std::vector<FieldValue>{1, 2, "x", "y", FieldValue::Bytes{std::byte{0}, std::byte{255}}});
  CHECK_THROWS_AS(rows.As<std::string>(), grapnel::TypeMismatchError);
  CHECK_THROWS_AS((rows.As<int, std::string>()), grapnel::TypeMismatchError);
  CHECK((rows.As<std::optional<int>, FieldValue>().size()) == 2);
}

TEST_CASE("B156 values of every kind go as fields of that kind do, and come back") {
  Fixture<kinds::Plain, kinds::Maybe> world;
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  kinds::Plain plain{};
  plain.flag = true;
  plain.i8 = -5;
  plain.u64 = std::numeric_limits<std::int64_t>::max();
  plain.real = 0.25;
  plain.text = std::string("a\0'; DROP TABLE Plain; --", 25);
  if (!engine::StoresNulInText()) plain.text.erase(1, 1);
  plain.bytes = {std::byte{0}, std::byte{7}};
  plain.octets = {9, 8};
  plain.level = kinds::Level::High;
  plain.mood = kinds::Mood::Angry;
  plain.time = now;
  plain.day = std::chrono::floor<std::chrono::days>(now);
  plain.warmth = {36.6};
  Tx tx = world.client.Tx();
  Sql(tx,
      "INSERT INTO Plain (flag, i8, i16, i32, i64, u8, u16, u32, u64, real, text, bytes, octets, "
      "level, mood, time, day, warmth) VALUES (?1, ?2, 0, 0, 0, 0, 0, 0, ?3, ?4, ?5, ?6, ?7, ?8, "
      "?9, ?10, ?11, ?12)",
      plain.flag, plain.i8, plain.u64, plain.real, plain.text, plain.bytes, plain.octets,
      plain.level, plain.mood, plain.time, plain.day, plain.warmth);
  auto stored = tx.Of<kinds::Plain>().Query().Only();
  stored.id = 0;
  CHECK(stored == plain);
  ThereAndBack<0>(tx, plain.flag);
  ThereAndBack<0>(tx, plain.i8);
  ThereAndBack<0>(tx, plain.u64);
  ThereAndBack<0>(tx, plain.real);
  ThereAndBack<0>(tx, plain.text);
  ThereAndBack<0>(tx, plain.bytes);
  ThereAndBack<0>(tx, plain.octets);
  ThereAndBack<0>(tx, plain.level);
  ThereAndBack<0>(tx, plain.mood);
  ThereAndBack<0>(tx, plain.time);
  ThereAndBack<0>(tx, plain.day);
  ThereAndBack<0>(tx, plain.warmth);
  CHECK(Sql(tx, "SELECT count(*) FROM Plain WHERE time = ?1 AND mood = ?2", now, kinds::Mood::Angry)
            .As<int>() == std::vector<int>{1});
  CHECK(Sql(tx, "SELECT CAST(?1 AS INTEGER) IS NULL", std::nullopt).As<bool>() ==
        std::vector<bool>{true});
  for (const auto& bad : std::vector<std::function<void()>>{
           [&] { Sql(tx, "SELECT ?1", std::numeric_limits<double>::quiet_NaN()); },
           [&] { Sql(tx, "SELECT ?1", FieldValue(std::numeric_limits<double>::quiet_NaN())); },
           [&] { Sql(tx, "SELECT ?1", std::numeric_limits<std::uint64_t>::max()); },
           [&] { Sql(tx, "SELECT ?1", kinds::Mood::Odd); }}) {
    try {
      bad();
      FAIL("it passed");
    } catch (const grapnel::ValidationError& error) {
      CHECK(error.Field() == "?1");
    }
  }
  tx.Commit();
}

TEST_CASE("B156 a snapshot reads by SQL what it reads otherwise") {
  World world;
  Add(world.client, "Ada");
  const auto read = world.client.ReadTx();
  CHECK(NamesBySql(read) == Lines{"Ada"});
  std::thread([&] { Add(world.client, "Bob"); }).join();
  CHECK(NamesBySql(read) == Lines{"Ada"});
}

TEST_CASE("B156 another thread, and a moved-from client, are refused") {
  World world;
  Tx tx = world.client.Tx();
  std::thread([&] { CHECK_THROWS_AS(Sql(tx, "SELECT 1"), TxError); }).join();
  const Tx other = std::move(tx);
  CHECK_THROWS_AS(Sql(tx, "SELECT 1"), TxError);  // NOLINT(bugprone-use-after-move): on purpose
  CHECK(Sql(other, "SELECT 1").Rows().size() == 1);
}

TEST_CASE("B156 a hook runs SQL in its mutation's transaction, and goes with it") {
  for (const Place place : kPlaces) {
    World world(place);
    world.client.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
      const auto client = m.Client();
      Sql(client, "INSERT INTO Pet (name, owner_id) VALUES (?1, 0)", "before");
      auto value = next(m);
      const auto names = NamesBySql(client);
      Sql(client, "INSERT INTO Pet (name, owner_id) VALUES (?1, ?2)", names.back(), *m.ID());
      if (names.back() == "Eve") throw std::runtime_error("no Eve");
      return value;
    });
    Add(world.client, "Ada");
    CHECK_THROWS_AS(Add(world.client, "Eve"), std::runtime_error);
    {
      Tx tx = world.client.Tx();
      CHECK_THROWS_AS(Add(tx, "Eve"), std::runtime_error);
      Add(tx, "Bob");
      tx.Commit();
    }
    CHECK(Sql(world.client, "SELECT name FROM Pet ORDER BY id").As<std::string>() ==
          Lines{"before", "Ada", "before", "Bob"});
  }
}

TEST_CASE("B156 a before-hook, and one that catches, leave the mutation whole") {
  World world;
  world.client.Of<User>().Use(grapnel::hook::Before([](grapnel::Mutation<User>& m) {
    Sql(m.Client(), "INSERT INTO Pet (name, owner_id) VALUES ('p', 0)");
    CHECK_THROWS_AS(Sql(m.Client(),
                        "INSERT INTO Pet (id, name, owner_id) "
                        "VALUES (100, 'q', 0), (100, 'q', 0)"),
                    ConstraintError);
  }));
  Add(world.client, "Ada");
  const std::vector<User> rows{{.name = "Bob"}, {.name = "Eve"}};
  world.client.Of<User>().CreateBulk(rows).Save();
  CHECK(Names(world.client) == Lines{"Ada", "Bob", "Eve"});
  CHECK(Sql(world.client, "SELECT count(*) FROM Pet").As<int>().at(0) == 3);
  CHECK_THROWS_AS(world.client.Of<User>().Create().Save(), grapnel::ValidationError);
  CHECK(Sql(world.client, "SELECT count(*) FROM Pet").As<int>().at(0) == 3);
}

TEST_CASE("B156 rows of a bulk that wait are there for SQL") {
  World world;
  std::vector<std::int64_t> seen;
  world.client.Of<User>().Use(
      grapnel::hook::After([&](const grapnel::Mutation<User>& m, grapnel::Value<User>&) {
        seen.push_back(Sql(m.Client(), "SELECT count(*) FROM User").As<std::int64_t>().at(0));
      }));
  std::vector<User> rows(5);
  for (User& user : rows) user.name = "u";
  world.client.Of<User>().CreateBulk(rows).Save();
  CHECK(seen == std::vector<std::int64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("B156 no hook sees SQL, and what it leaves behind is what hooks find") {
  World world;
  Lines log;
  world.client.Use(Logged(log, "h"));
  world.client.WithTx([](Tx& tx) {
    Sql(tx, "INSERT INTO User (name, age, active, worth, version) VALUES ('Ada', 0, true, 0, 0)");
    Sql(tx, "UPDATE User SET age = 3");
    Sql(tx, "DELETE FROM User");
  });
  CHECK(log.empty());
}

TEST_CASE("B156 callbacks of the transaction are as they were") {
  World world;
  Lines log;
  {
    Tx tx = world.client.Tx();
    LogEnd(tx, log);
    Sql(tx, "DELETE FROM User");
    CHECK_THROWS_AS(Sql(tx, "COMMIT"), SqlError);
    tx.Commit();
  }
  CHECK(log == Lines{"after commit"});
}

TEST_CASE("B156 a deadline and a stop interrupt SQL, and a tracer sees it") {
  const auto endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  for (const Place place : kPlaces) {
    World world(place);
    CHECK_THROWS_AS(world.client.With(20ms).Sql(endless), grapnel::CancelledError);
    {
      const auto tx = world.client.With(50ms).Tx();
      CHECK_THROWS_AS(Sql(tx, endless), grapnel::CancelledError);
      CHECK(tx.Outcome() == TxOutcome::RolledBack);
    }
    std::stop_source source;
    source.request_stop();
    CHECK_THROWS_AS(Sql(world.client.With(source.get_token()), "SELECT 1"),
                    grapnel::CancelledError);
    Lines texts;
    const auto traced = world.client.Debug([&](std::string_view sql) { texts.emplace_back(sql); });
    Sql(traced, "SELECT ?1", 7);
    CHECK(texts == Lines{engine::Spelled("SELECT ?1")});
    CHECK(Sql(world.client, "SELECT 7").As<int>().at(0) == 7);
  }
}

TEST_CASE("B156 a column that SQL takes away is a SchemaError, and is there again when undone") {
  for (const Place place : kPlaces) {
    World world(place);
    Add(world.client, "Ada");
    {
      Tx tx = world.client.Tx();
      {
        Tx nested = tx.Tx();
        Sql(nested, "ALTER TABLE User DROP COLUMN worth");
        CHECK_THROWS_AS(nested.Of<User>().Query().All(), grapnel::SchemaError);
        CHECK_THROWS_AS(Add(nested, "Bob"), grapnel::SchemaError);
        CHECK(NamesBySql(nested) == Lines{"Ada"});
      }
      CHECK(Names(tx) == Lines{"Ada"});
      Sql(tx, "ALTER TABLE User RENAME COLUMN worth TO value");
      CHECK_THROWS_AS(tx.Of<User>().Query().All(), grapnel::SchemaError);
    }
    CHECK(Names(world.client) == Lines{"Ada"});
    world.client.WithTx([](Tx& tx) { Sql(tx, "ALTER TABLE User RENAME COLUMN worth TO value"); });
    CHECK_THROWS_AS(world.client.Of<User>().Query().All(), grapnel::SchemaError);
    world.client.WithTx([](Tx& tx) { Sql(tx, "ALTER TABLE User RENAME COLUMN value TO worth"); });
    CHECK(Names(world.client) == Lines{"Ada"});
  }
}

TEST_CASE("B156 what SQL adds to the schema and is undone is asked for again") {
  World world;
  const std::string file = world.scratch.File("test.db");
  world.Raw("ALTER TABLE User RENAME COLUMN worth TO value");
  auto client = world.Another();
  {
    Tx tx = client.Tx();
    Sql(tx, "ALTER TABLE User ADD COLUMN worth INTEGER NOT NULL DEFAULT 0");
    CHECK(tx.Of<User>().Query().Count() == 0);
  }
  try {
    client.Of<User>().Query().All();
    FAIL("it passed");
  } catch (const grapnel::SchemaError& error) {
    CHECK(error.Field() == "worth");
  }
}

TEST_CASE("B156 a broken foreign key is told at the commit, as of any write") {
  World world;
  Tx tx = world.client.Tx();
  Sql(tx, "CREATE TABLE child (parent INTEGER REFERENCES User (id) DEFERRABLE INITIALLY DEFERRED)");
  Sql(tx, "INSERT INTO child VALUES (?1)", 99);
  try {
    tx.Commit();
    FAIL("it passed");
  } catch (const ConstraintError& error) {
    CHECK(error.Kind() == grapnel::ConstraintKind::ForeignKey);
  }
  CHECK(tx.Outcome() == TxOutcome::RolledBack);
}

TEST_CASE("B156 while rows are walked over SQL reads, and does not write") {
  for (const Place place : kPlaces) {
    World world(place);
    Tx tx = world.client.Tx();
    for (const char* name : {"Ada", "Bob", "Eve"}) Add(tx, name);
    int walked = 0;
    for (const User& user : tx.Of<User>().Query().Order(grapnel::Asc(F<&User::id>))) {
      ++walked;
      CHECK(Sql(tx, "SELECT name FROM User WHERE id = ?1", user.id).As<std::string>().at(0) ==
            user.name);
      CHECK_THROWS_AS(Sql(tx, "DELETE FROM User WHERE id = ?1", user.id), TxError);
    }
    CHECK(walked == 3);
    CHECK(Sql(tx, "DELETE FROM User").Changes() == 3);
  }
}

TEST_CASE("B156 random SQL, nested and failing, against a table in memory") {
  std::mt19937 random(156);  // NOLINT(cert-msc51-cpp): the same each time
  const auto below = [&](int most) { return static_cast<int>(random() % unsigned(most)); };
  World world(Place::Memory);
  world.client.WithTx([](Tx& tx) { Sql(tx, "CREATE TABLE t (n INTEGER PRIMARY KEY)"); });
  using Table = std::vector<int>;
  Table committed;
  const auto step = [&](const Tx& tx, Table& table) {
    const int n = below(12);
    const auto at = std::ranges::find(table, n);
    switch (below(5)) {
      case 0:
        if (at == table.end()) {
          CHECK(Sql(tx, "INSERT INTO t VALUES (?1)", n).Changes() == 1);
          table.push_back(n);
        } else {
          CHECK_THROWS_AS(Sql(tx, "INSERT INTO t VALUES (?1)", n), ConstraintError);
        }
        break;
      case 1:
        CHECK_THROWS_AS(Sql(tx, "INSERT INTO t VALUES (?1 + 100), (?1 + 100)", n), ConstraintError);
        break;
      case 2:
        CHECK(Sql(tx, "DELETE FROM t WHERE n = ?1", n).Changes() ==
              static_cast<std::int64_t>(std::erase(table, n)));
        break;
      case 3:
        CHECK_THROWS_AS(Sql(tx, "DELETE FROM t; COMMIT"), SqlError);
        break;
      default:
        break;
    }
    std::ranges::sort(table);
    CHECK(Sql(tx, "SELECT n FROM t ORDER BY n").As<int>() == table);
  };
  for (int round = 0; round < 60; ++round) {
    Table table = committed;
    Tx tx = world.client.Tx();
    for (int i = below(5); i > 0; --i) step(tx, table);
    if (below(2) == 0) {
      Table inner = table;
      Tx nested = tx.Tx();
      for (int i = below(4); i > 0; --i) step(nested, inner);
      if (below(2) == 0) {
        nested.Commit();
        table = inner;
      }
    }
    if (below(3) != 0) {
      tx.Commit();
      committed = table;
    }
  }
  CHECK(Sql(world.client, "SELECT n FROM t ORDER BY n").As<int>() == committed);
}
