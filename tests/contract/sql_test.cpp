// B156: SQL of one's own in the transaction.
#include "contract/all_kinds.hpp"
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

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

/// The names that SQL reads.
template <class C>
Lines NamesBySql(const C& client) {
  return client.Sql("SELECT name FROM User ORDER BY id").template As<std::string>();
}

/// A file and a database in memory.
constexpr Place kPlaces[] = {Place::File, Place::Memory};

/// The same value there and back again, through a field and through SQL alone.
template <auto M, class T>
void ThereAndBack(const Tx& tx, const T& value) {
  INFO(grapnel::core::TypeName<T>());
  CHECK(tx.Sql("SELECT ?1", value).template As<T>().at(0) == value);
  CHECK(tx.Sql("SELECT ?1", std::optional<T>()).template As<std::optional<T>>().at(0) ==
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
      CHECK(tx.Sql("UPDATE User SET age = age + ?2 WHERE name = ?1", "Ada", 5).Changes() == 1);
      CHECK(tx.Of<User>().Query().Only().age == 5);
      const auto ids = tx.Sql(
                             "INSERT INTO User (name, age, active, worth, version) "
                             "VALUES (?, ?, ?, 0, 0), ('Eve', 1, 1, 0, 0) RETURNING id, name",
                             "Bob", 7, true)
                           .As<std::int64_t, std::string>();
      CHECK(ids == std::vector{std::tuple<std::int64_t, std::string>{2, "Bob"}, {3, "Eve"}});
      CHECK(Names(tx.Client()) == Lines{"Ada", "Bob", "Eve"});
      tx.Commit();
    }
    CHECK(NamesBySql(world.client) == Lines{"Ada", "Bob", "Eve"});
    {
      Tx tx = world.client.Tx();
      tx.Sql("DELETE FROM User");
      CHECK(NamesBySql(tx).empty());
    }
    CHECK(world.client.Of<User>().Query().Count() == 3);
    CHECK(world.client.Sql("SELECT sum(age) FROM User WHERE age >= ?1", 5).As<std::int64_t>() ==
          std::vector<std::int64_t>{12});
  }
}

TEST_CASE("B156 rows are ranges, with names and values of any kind") {
  World world;
  auto rows = world.client.Sql("SELECT 1 AS a, 'x' AS b UNION ALL SELECT NULL, x'00ff'");
  CHECK(rows.Columns() == std::vector<std::string>{"a", "b"});
  CHECK(rows.Rows().size() == 2);
  std::vector<FieldValue> seen;
  for (const auto& row : world.client.Sql("SELECT 1 UNION SELECT 2").Rows()) seen.push_back(row[0]);
  for (const auto& row : rows) seen.push_back(row[1]);
  CHECK(seen ==
        std::vector<FieldValue>{1, 2, "x", FieldValue::Bytes{std::byte{0}, std::byte{255}}});
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
  plain.bytes = {std::byte{0}, std::byte{7}};
  plain.octets = {9, 8};
  plain.level = kinds::Level::High;
  plain.mood = kinds::Mood::Angry;
  plain.time = now;
  plain.day = std::chrono::floor<std::chrono::days>(now);
  plain.warmth = {36.6};
  Tx tx = world.client.Tx();
  tx.Sql(
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
  CHECK(tx.Sql("SELECT count(*) FROM Plain WHERE time = ?1 AND mood = ?2", now, kinds::Mood::Angry)
            .As<int>() == std::vector<int>{1});
  CHECK(tx.Sql("SELECT ?1 IS NULL", std::nullopt).As<bool>() == std::vector<bool>{true});
  for (const auto& bad : std::vector<std::function<void()>>{
           [&] { tx.Sql("SELECT ?1", std::numeric_limits<double>::quiet_NaN()); },
           [&] { tx.Sql("SELECT ?1", FieldValue(std::numeric_limits<double>::quiet_NaN())); },
           [&] { tx.Sql("SELECT ?1", std::numeric_limits<std::uint64_t>::max()); },
           [&] { tx.Sql("SELECT ?1", kinds::Mood::Odd); }}) {
    try {
      bad();
      FAIL("it passed");
    } catch (const grapnel::ValidationError& error) {
      CHECK(error.Field() == "?1");
    }
  }
  tx.Commit();
}

TEST_CASE("B156 outside of a transaction SQL only reads, on a file and in memory") {
  for (const Place place : kPlaces) {
    World world(place);
    Add(world.client, "Ada");
    for (const std::string_view sql :
         {"INSERT INTO User (name) VALUES ('x')", "DELETE FROM User", "UPDATE User SET age = 1",
          "DELETE FROM User RETURNING id", "WITH a AS (SELECT 1) DELETE FROM User",
          "REPLACE INTO User (id, name) VALUES (1, 'x')", "CREATE TABLE t (a)", "DROP TABLE User",
          "ALTER TABLE User ADD COLUMN x", "VACUUM", "VACUUM INTO 'copy.db'", "REINDEX", "ANALYZE",
          "CREATE TABLE t AS SELECT 1"}) {
      INFO(sql);
      CHECK_THROWS_AS(world.client.Sql(sql), TxError);
      const auto read = world.client.ReadTx();
      CHECK_THROWS_AS(read.Sql(sql), TxError);
      CHECK(NamesBySql(read) == Lines{"Ada"});
    }
    {
      Tx tx = world.client.Tx();
      const auto read = tx.Client().ReadTx();
      CHECK_THROWS_AS(read.Sql("DELETE FROM User"), TxError);
      CHECK(NamesBySql(read) == Lines{"Ada"});
      CHECK_THROWS_AS(world.client.Sql("SELECT 1"), TxError);  // by the base client, inside
    }
    CHECK(world.client.Sql("SELECT count(*) FROM pragma_table_info('User')").As<int>().at(0) == 8);
    CHECK_FALSE(
        world.client.Sql("EXPLAIN QUERY PLAN DELETE FROM User WHERE id > 1").Rows().empty());
    CHECK_FALSE(world.client.Sql("EXPLAIN DELETE FROM User").Rows().empty());
    CHECK(NamesBySql(world.client) == Lines{"Ada"});
  }
}

TEST_CASE("B156 a snapshot reads by SQL what it reads otherwise") {
  World world;
  Add(world.client, "Ada");
  const auto read = world.client.ReadTx();
  CHECK(NamesBySql(read) == Lines{"Ada"});
  std::thread([&] { Add(world.client, "Bob"); }).join();
  CHECK(NamesBySql(read) == Lines{"Ada"});
}

TEST_CASE("B156 what is Grapnel's alone is refused before it runs") {
  for (const Place place : kPlaces) {
    World world(place);
    const std::string copy = world.scratch.File("other.db");
    Tx tx = world.client.Tx();
    Add(tx, "Ada");
    for (const std::string& sql :
         Lines{"BEGIN",
               "COMMIT",
               "commit transaction",
               "/* ; */ END",
               "ROLLBACK",
               "SAVEPOINT a",
               "RELEASE grapnel_1",
               "ROLLBACK TO grapnel_1",
               "ATTACH '" + copy + "' AS other",
               "DETACH temp",
               "PRAGMA foreign_keys = OFF",
               "PRAGMA table_info('User')",
               "PRAGMA writable_schema = ON",
               "EXPLAIN COMMIT",
               "EXPLAIN PRAGMA foreign_keys",
               "UPDATE sqlite_schema SET sql = ''",
               "DELETE FROM sqlite_master",
               "INSERT INTO sqlite_temp_schema VALUES (1, 2, 3, 4, 5)",
               "DELETE FROM temp.grapnel_lists",
               "DROP TABLE temp.grapnel_lists",
               "WITH a(n) AS (SELECT 1) INSERT INTO temp.grapnel_lists SELECT n, n, n FROM a",
               "INSERT INTO GRAPNEL_LISTS VALUES (1, 1, 1) RETURNING id",
               "CREATE TABLE grapnel_mine (a)",
               "CREATE VIEW \"Grapnel_View\" AS SELECT 1",
               "CREATE TEMP TABLE \"User\" (id)",
               "CREATE TABLE temp.\"User\" (id)",
               "CREATE TEMP VIEW \"User\" AS SELECT 1 AS id",
               "CREATE TEMP TRIGGER t AFTER INSERT ON User BEGIN SELECT 1; END",
               "SELECT load_extension('x')",
               "SELECT grapnel_default('User', 'age')",
               "SELECT * FROM pragma_optimize",
               "VACUUM",
               "VACUUM INTO '" + copy + "'",
               "",
               " ; -- ",
               "SELECT 1; SELECT 2",
               "SELECT 1; DROP TABLE User",
               "SELECT 1; COMMIT",
               "SELECT",
               "SELEC 1",
               "SELECT nothing FROM User",
               "SELECT * FROM nowhere",
               "SELECT 'open",
               "SELECT \"text\"",
               "SELECT ?1",
               "SELECT :name",
               "SELECT ?2",
               std::string("SELECT 1\0, 2", 12)}) {
      INFO(sql);
      CHECK_THROWS_AS(tx.Sql(sql), SqlError);
      CHECK(tx.Outcome() == TxOutcome::Open);
    }
    CHECK_THROWS_AS(tx.Sql("SELECT 1", 1), SqlError);
    CHECK_THROWS_AS(tx.Sql("SELECT ?1, ?3", 1, 2, 3), SqlError);
    CHECK(NamesBySql(tx) == Lines{"Ada"});
    tx.Commit();
    CHECK(Names(world.client) == Lines{"Ada"});
    CHECK_THROWS_AS(world.client.Sql("COMMIT"), SqlError);
    CHECK_THROWS_AS(world.client.Sql("PRAGMA query_only = OFF"), SqlError);
    CHECK_THROWS_AS(world.client.Sql("SELECT * FROM pragma_optimize"), SqlError);
    CHECK_THROWS_AS(world.client.ReadTx().Sql("ROLLBACK"), SqlError);
  }
}

TEST_CASE("B156 what SQLite says of SQL is told with the text") {
  World world;
  try {
    world.client.Sql("SELECT nme FROM User");
    FAIL("it passed");
  } catch (const SqlError& error) {
    CHECK(error.Sql() == "SELECT nme FROM User");
    CHECK(error.Reason() == "no such column: nme");
    CHECK(std::string(error.what()) ==
          "this SQL cannot be run: no such column: nme: SELECT nme FROM User");
  }
}

TEST_CASE("B156 what fails undoes itself alone") {
  for (const Place place : kPlaces) {
    World world(place);
    Tx tx = world.client.Tx();
    Add(tx, "Ada");
    tx.Sql("CREATE TABLE t (n INTEGER PRIMARY KEY CHECK (n <> 3))");
    tx.Sql(
        "CREATE TRIGGER refuse BEFORE INSERT ON t WHEN new.n = 4 "
        "BEGIN SELECT RAISE(FAIL, 'no fours'); END");
    const auto count = [&] { return tx.Sql("SELECT count(*) FROM t").As<int>().at(0); };
    for (const std::string_view sql :
         {"INSERT INTO t VALUES (1), (2), (1)", "INSERT INTO t VALUES (1), (3)",
          "INSERT OR FAIL INTO t VALUES (1), (2), (2)", "INSERT INTO t VALUES (1), (4)"}) {
      INFO(sql);
      CHECK_THROWS_AS(tx.Sql(sql), ConstraintError);
      CHECK(count() == 0);
    }
    CHECK_THROWS_AS(
        tx.Sql("INSERT INTO t SELECT abs(?1) FROM User", std::numeric_limits<std::int64_t>::min()),
        SqlError);
    {
      Tx nested = tx.Tx();
      nested.Sql("INSERT INTO t VALUES (5)");
      CHECK_THROWS_AS(nested.Sql("INSERT OR FAIL INTO t VALUES (6), (5)"), ConstraintError);
      CHECK(nested.Sql("SELECT n FROM t").As<int>() == std::vector<int>{5});
      CHECK_THROWS_AS(tx.Sql("SELECT 1"), TxError);  // while one nested in it is open
    }
    CHECK(count() == 0);
    tx.WithTx([](Tx& nested) { nested.Sql("INSERT INTO t VALUES (7)"); });
    Add(tx, "Bob");
    CHECK(count() == 1);
    tx.Commit();
    CHECK(Names(world.client) == Lines{"Ada", "Bob"});
    CHECK_THROWS_AS(tx.Sql("SELECT 1"), TxError);
  }
}

TEST_CASE("B156 SQL that rolls the transaction back itself ends it, and it says so") {
  World world;
  Lines log;
  Tx tx = world.client.Tx();
  LogEnd(tx, log);
  Add(tx, "Ada");
  tx.Sql("CREATE TABLE t (n INTEGER PRIMARY KEY)");
  CHECK_THROWS_AS(tx.Sql("INSERT OR ROLLBACK INTO t VALUES (1), (1)"), ConstraintError);
  CHECK(tx.Outcome() == TxOutcome::RolledBack);
  CHECK_THROWS_AS(tx.Sql("INSERT INTO User (name) VALUES ('x')"), TxError);
  CHECK(log == Lines{"hook: rolled back", "after rollback"});
  CHECK(world.client.Sql("SELECT name FROM sqlite_schema WHERE name = 't'").Rows().empty());
  CHECK(Names(world.client).empty());
}

TEST_CASE("B156 another thread, and a moved-from client, are refused") {
  World world;
  Tx tx = world.client.Tx();
  std::thread([&] { CHECK_THROWS_AS(tx.Sql("SELECT 1"), TxError); }).join();
  const Tx other = std::move(tx);
  CHECK_THROWS_AS(tx.Sql("SELECT 1"), TxError);  // NOLINT(bugprone-use-after-move): on purpose
  CHECK(other.Sql("SELECT 1").Rows().size() == 1);
}

TEST_CASE("B156 a hook runs SQL in its mutation's transaction, and goes with it") {
  for (const Place place : kPlaces) {
    World world(place);
    world.client.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
      const auto client = m.Client();
      client.Sql("INSERT INTO Pet (name, owner_id) VALUES (?1, 0)", "before");
      auto value = next(m);
      const auto names = NamesBySql(client);
      client.Sql("INSERT INTO Pet (name, owner_id) VALUES (?1, ?2)", names.back(), *m.ID());
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
    CHECK(world.client.Sql("SELECT name FROM Pet ORDER BY id").As<std::string>() ==
          Lines{"before", "Ada", "before", "Bob"});
  }
}

TEST_CASE("B156 a before-hook, and one that catches, leave the mutation whole") {
  World world;
  world.client.Of<User>().Use(grapnel::hook::Before([](grapnel::Mutation<User>& m) {
    m.Client().Sql("INSERT INTO Pet (name, owner_id) VALUES ('p', 0)");
    CHECK_THROWS_AS(m.Client().Sql("INSERT OR FAIL INTO Pet (id, name, owner_id) "
                                   "VALUES (100, 'q', 0), (100, 'q', 0)"),
                    ConstraintError);
  }));
  Add(world.client, "Ada");
  const std::vector<User> rows{{.name = "Bob"}, {.name = "Eve"}};
  world.client.Of<User>().CreateBulk(rows).Save();
  CHECK(Names(world.client) == Lines{"Ada", "Bob", "Eve"});
  CHECK(world.client.Sql("SELECT count(*) FROM Pet").As<int>().at(0) == 3);
  CHECK_THROWS_AS(world.client.Of<User>().Create().Save(), grapnel::ValidationError);
  CHECK(world.client.Sql("SELECT count(*) FROM Pet").As<int>().at(0) == 3);
}

TEST_CASE("B156 rows of a bulk that wait are there for SQL") {
  World world;
  std::vector<std::int64_t> seen;
  world.client.Of<User>().Use(
      grapnel::hook::After([&](const grapnel::Mutation<User>& m, grapnel::Value<User>&) {
        seen.push_back(m.Client().Sql("SELECT count(*) FROM User").As<std::int64_t>().at(0));
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
    tx.Sql("INSERT INTO User (name, age, active, worth, version) VALUES ('Ada', 0, 1, 0, 0)");
    tx.Sql("UPDATE User SET age = 3");
    tx.Sql("DELETE FROM User");
  });
  CHECK(log.empty());
}

TEST_CASE("B156 callbacks of the transaction are as they were") {
  World world;
  Lines log;
  {
    Tx tx = world.client.Tx();
    LogEnd(tx, log);
    tx.Sql("DELETE FROM User");
    CHECK_THROWS_AS(tx.Sql("COMMIT"), SqlError);
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
      CHECK_THROWS_AS(tx.Sql(endless), grapnel::CancelledError);
      CHECK(tx.Outcome() == TxOutcome::RolledBack);
    }
    std::stop_source source;
    source.request_stop();
    CHECK_THROWS_AS(world.client.With(source.get_token()).Sql("SELECT 1"), grapnel::CancelledError);
    Lines texts;
    const auto traced = world.client.Debug([&](std::string_view sql) { texts.emplace_back(sql); });
    traced.Sql("SELECT ?1", 7);
    CHECK(texts == Lines{"SELECT ?1"});
    CHECK(world.client.Sql("SELECT 7").As<int>().at(0) == 7);
  }
}

TEST_CASE("B156 what SQL makes of the schema is seen by what comes after it") {
  for (const Place place : kPlaces) {
    World world(place);
    Add(world.client, "Ada");
    Tx tx = world.client.Tx();
    const auto add = [&](std::string_view name) { Add(tx, name); };
    add("first");  // plainly
    tx.Sql(
        "CREATE TRIGGER count AFTER INSERT ON User BEGIN UPDATE Pet SET name = new.name; "
        "INSERT INTO Pet (name, owner_id) VALUES ('of ' || new.name, new.id); END");
    add("second");
    {
      Tx nested = tx.Tx();
      nested.Sql("DROP TRIGGER count");
      Add(nested, "third");
      nested.Sql(
          "CREATE TRIGGER refuse AFTER INSERT ON User BEGIN "
          "INSERT INTO Pet (name, owner_id) VALUES ('mark', 0); "
          "SELECT RAISE(FAIL, 'refused'); END");
      CHECK_THROWS_AS(Add(nested, "fourth"), ConstraintError);
      CHECK(nested.Sql("SELECT name FROM Pet").As<std::string>() == Lines{"of second"});
    }
    tx.Sql(
        "CREATE TRIGGER refuse AFTER INSERT ON User WHEN new.name = 'bad' BEGIN "
        "INSERT INTO Pet (name, owner_id) VALUES ('mark', 0); "
        "SELECT RAISE(FAIL, 'refused'); END");
    CHECK_THROWS_AS(add("bad"), ConstraintError);
    CHECK(tx.Sql("SELECT name FROM Pet").As<std::string>() == Lines{"of second"});
    add("fifth");
    CHECK(Names(tx) == Lines{"Ada", "first", "second", "fifth"});
    tx.Commit();
    CHECK_THROWS_AS(Add(world.client, "bad"), ConstraintError);
    CHECK(world.client.Sql("SELECT name FROM Pet ORDER BY id").As<std::string>() ==
          Lines{"fifth", "of fifth"});
  }
}

TEST_CASE("B156 what a statement does is known whatever the schema was when it was prepared") {
  const std::string make =
      "CREATE TRIGGER IF NOT EXISTS tr AFTER INSERT ON Pet BEGIN SELECT 1; END";
  const std::pair<std::string, std::string> kinds[] = {
      {make, "DROP TRIGGER IF EXISTS tr"},
      {"CREATE TABLE IF NOT EXISTS t (a)", "DROP TABLE IF EXISTS t"},
      {"CREATE INDEX IF NOT EXISTS i ON Pet (name)", "DROP INDEX IF EXISTS i"},
      {"CREATE VIEW IF NOT EXISTS v AS SELECT 1", "DROP VIEW IF EXISTS v"}};
  for (const Place place : kPlaces) {
    for (const auto& [create, drop] : kinds) {
      INFO(create);
      World world(place);
      const auto run = [&](const std::string& sql) {
        world.client.WithTx([&](Tx& tx) { tx.Sql(sql); });
      };
      const auto made = [](const auto& client) {
        return client.Sql("SELECT count(*) FROM sqlite_schema WHERE name IN ('tr', 't', 'i', 'v')")
            .template As<int>()
            .at(0);
      };
      const auto refused = [&](const std::string& sql) {
        const int before = made(world.client);
        CHECK_THROWS_AS(world.client.Sql(sql), TxError);
        CHECK_THROWS_AS(world.client.ReadTx().Sql(sql), TxError);
        {
          Tx tx = world.client.Tx();
          CHECK_THROWS_AS(tx.Client().ReadTx().Sql(sql), TxError);
        }
        CHECK(made(world.client) == before);
      };
      refused(drop);  // with nothing to do, and then with something
      run(drop);
      run(create);
      refused(drop);
      refused(create);
      run(create);
      run(drop);
      refused(create);
      Tx tx = world.client.Tx();
      tx.Sql(drop);
      tx.Sql(create);
      tx.Sql(create);
      {
        Tx nested = tx.Tx();
        nested.Sql(drop);
        CHECK(made(nested) == 0);
      }
      CHECK(made(tx) == 1);
      tx.Sql(drop);
      {
        Tx nested = tx.Tx();
        nested.Sql(create);
        CHECK(made(nested) == 1);
      }
      CHECK(made(tx) == 0);
      Add(tx, "Ada");
      for (const User& user : tx.Of<User>().Query()) {
        CHECK(user.name == "Ada");
        CHECK_THROWS_AS(tx.Sql(create), TxError);
        CHECK_THROWS_AS(tx.Sql(drop), TxError);
      }
      CHECK(made(tx) == 0);
    }
  }
}

TEST_CASE("B156 a trigger that IF NOT EXISTS makes is seen, though once there was nothing to do") {
  for (const Place place : kPlaces) {
    World world(place);
    Tx tx = world.client.Tx();
    for (const char* name : {"Ada", "Bob"}) Add(tx, name);
    tx.Sql("UPDATE User SET age = 200 WHERE name = 'Bob'");
    const std::string make =
        "CREATE TRIGGER IF NOT EXISTS tr AFTER UPDATE ON User WHEN new.age > 100 "
        "BEGIN SELECT RAISE(FAIL, 'too old'); END";
    tx.Sql(make);
    tx.Sql(make);
    tx.Sql("DROP TRIGGER IF EXISTS tr");
    tx.Of<User>().Update().Where(F<&User::id> < 0).Set(F<&User::age>, 0).Save();
    tx.Sql(make);
    CHECK_THROWS_AS(tx.Of<User>().Update().Where(F<&User::id> > 0).Add(F<&User::age>, 10).Save(),
                    ConstraintError);
    CHECK(tx.Sql("SELECT age FROM User ORDER BY id").As<int>() == std::vector<int>{0, 200});
  }
}

TEST_CASE("B156 a hook's SQL goes with its mutation, though once it had nothing to do") {
  for (const Place place : kPlaces) {
    World world(place);
    world.client.Of<User>().Use(
        [](grapnel::Mutation<User>& m, grapnel::Next<User>) -> grapnel::Value<User> {
          m.Client().Sql("DROP TRIGGER IF EXISTS tr");
          throw std::runtime_error("refused");
        });
    Tx tx = world.client.Tx();
    CHECK_THROWS_AS(Add(tx, "Ada"), std::runtime_error);
    tx.Sql("CREATE TRIGGER tr AFTER INSERT ON Pet BEGIN SELECT 1; END");
    CHECK_THROWS_AS(Add(tx, "Ada"), std::runtime_error);
    CHECK(tx.Sql("SELECT 1 FROM sqlite_schema WHERE name = 'tr'").Rows().size() == 1);
  }
}

TEST_CASE("B156 virtual tables of SQLite's modules are made, written, asked and dropped") {
  const struct {
    const char *module, *columns, *insert, *find;
  } kinds[] = {{"fts5", "body", "INSERT INTO v (rowid, body) VALUES (?1, 'hello world')",
                "SELECT rowid FROM v WHERE v MATCH 'hello' ORDER BY rowid"},
               {"fts4", "body", "INSERT INTO v (rowid, body) VALUES (?1, 'hello world')",
                "SELECT rowid FROM v WHERE v MATCH 'hello' ORDER BY rowid"},
               {"rtree", "id, a, b", "INSERT INTO v VALUES (?1, 2, 3)",
                "SELECT id FROM v WHERE a < 5 ORDER BY id"}};
  for (const auto& kind : kinds) {
    for (const Place place : kPlaces) {
      INFO(kind.module);
      World world(place);
      const auto& client = world.client;
      if (client.Sql("SELECT 1 FROM pragma_module_list WHERE name = ?1", kind.module)
              .Rows()
              .empty()) {
        continue;  // this SQLite was built without it
      }
      const auto found = [&](const auto& by) { return by.Sql(kind.find).template As<int>(); };
      client.WithTx([&](Tx& tx) {
        tx.Sql(std::string("CREATE VIRTUAL TABLE v USING ") + kind.module + "(" + kind.columns +
               ")");
        tx.Sql(kind.insert, 1);
        CHECK(found(tx) == std::vector<int>{1});
        {
          Tx nested = tx.Tx();
          nested.Sql(kind.insert, 2);
          CHECK(found(nested) == std::vector<int>{1, 2});
        }
        CHECK(found(tx) == std::vector<int>{1});
      });
      CHECK(found(client) == std::vector<int>{1});
      CHECK(found(client.ReadTx()) == std::vector<int>{1});
      client.WithTx([&](Tx& tx) { tx.Sql(kind.insert, 3); });
      CHECK(found(client) == std::vector<int>{1, 3});
      CHECK_THROWS_AS(client.Sql(kind.insert, 4), TxError);
      if (place == Place::File) {
        auto another = world.Another();  // whose connections know nothing of it yet
        CHECK(found(another) == std::vector<int>{1, 3});
        another.WithTx([&](Tx& tx) { tx.Sql(kind.insert, 5); });
        CHECK(found(client) == std::vector<int>{1, 3, 5});
      }
      client.WithTx([&](Tx& tx) {
        tx.Sql("DELETE FROM v WHERE rowid = 1");
        CHECK(found(tx).front() == 3);
        tx.Sql("DROP TABLE v");
        CHECK_THROWS_AS(found(tx), SqlError);
      });
      Tx tx = client.Tx();
      for (const char* pragma :
           {"PRAGMA data_version", "PRAGMA page_size", "PRAGMA page_size = 512",
            "SELECT * FROM pragma_page_size('512')"}) {
        INFO(pragma);
        CHECK_THROWS_AS(tx.Sql(pragma), SqlError);
      }
      CHECK_THROWS_AS(tx.Sql(std::string("CREATE VIRTUAL TABLE grapnel USING ") + kind.module +
                             "(" + kind.columns + ")"),
                      SqlError);
    }
  }
}

TEST_CASE("B156 what is renamed gets no name of Grapnel's, and keeps its own") {
  for (const Place place : kPlaces) {
    World world(place);
    Tx tx = world.client.Tx();
    tx.Sql("CREATE TABLE mine (a)");
    tx.Sql("INSERT INTO mine VALUES (7)");
    for (const std::string_view sql :
         {"ALTER TABLE mine RENAME TO grapnel_mine", "ALTER TABLE mine RENAME TO 'Grapnel_Lists'",
          "ALTER TABLE mine /* RENAME TO x */ RENAME TO [GRAPNEL_rebuilt]",
          "ALTER TABLE User RENAME TO \"grapnel_user\""}) {
      INFO(sql);
      CHECK_THROWS_WITH(tx.Sql(sql), Catch::Matchers::Contains("is Grapnel's own"));
      CHECK(tx.Sql("SELECT a FROM mine").As<int>() == std::vector<int>{7});
      {
        Tx nested = tx.Tx();
        Add(nested, "Bob");
        CHECK_THROWS_AS(nested.Sql(sql), SqlError);
        CHECK(Names(nested) == Lines{"Bob"});
      }
      CHECK(Names(tx).empty());
      CHECK(
          tx.Sql(
                "SELECT name FROM sqlite_schema WHERE lower(name) GLOB 'grapnel_*' AND lower(name) "
                "IN ('grapnel_mine', 'grapnel_lists', 'grapnel_rebuilt', 'grapnel_user')")
              .Rows()
              .empty());
    }
    if (!tx.Sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").Rows().empty()) {
      tx.Sql("CREATE VIRTUAL TABLE words USING fts5(body)");  // it has tables of its own
      CHECK_THROWS_AS(tx.Sql("ALTER TABLE words RENAME TO grapnel"), SqlError);
      tx.Sql("ALTER TABLE words RENAME TO terms");
      CHECK(tx.Sql("SELECT * FROM terms").Rows().empty());
    }
    tx.Sql("ALTER TABLE mine RENAME TO grapnels");
    CHECK(tx.Sql("SELECT a FROM grapnels").As<int>() == std::vector<int>{7});
    tx.Commit();
    world.client.Migrate();
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
        nested.Sql("ALTER TABLE User DROP COLUMN worth");
        CHECK_THROWS_AS(nested.Of<User>().Query().All(), grapnel::SchemaError);
        CHECK_THROWS_AS(Add(nested, "Bob"), grapnel::SchemaError);
        CHECK(NamesBySql(nested) == Lines{"Ada"});
      }
      CHECK(Names(tx) == Lines{"Ada"});
      tx.Sql("ALTER TABLE User RENAME COLUMN worth TO value");
      CHECK_THROWS_AS(tx.Of<User>().Query().All(), grapnel::SchemaError);
    }
    CHECK(Names(world.client) == Lines{"Ada"});
    world.client.WithTx([](Tx& tx) { tx.Sql("ALTER TABLE User RENAME COLUMN worth TO value"); });
    CHECK_THROWS_AS(world.client.Of<User>().Query().All(), grapnel::SchemaError);
    world.client.WithTx([](Tx& tx) { tx.Sql("ALTER TABLE User RENAME COLUMN value TO worth"); });
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
    tx.Sql("ALTER TABLE User ADD COLUMN worth INTEGER NOT NULL DEFAULT 0");
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
  tx.Sql("CREATE TABLE child (user REFERENCES User (id) DEFERRABLE INITIALLY DEFERRED)");
  tx.Sql("INSERT INTO child VALUES (?1)", 99);
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
      CHECK(tx.Sql("SELECT name FROM User WHERE id = ?1", user.id).As<std::string>().at(0) ==
            user.name);
      CHECK_THROWS_AS(tx.Sql("DELETE FROM User WHERE id = ?1", user.id), TxError);
    }
    CHECK(walked == 3);
    CHECK(tx.Sql("DELETE FROM User").Changes() == 3);
  }
}

TEST_CASE("B156 many statements, values and rows") {
  World world;
  Tx tx = world.client.Tx();
  std::string list;
  for (int i = 0; i < 200; ++i) {  // more than are kept
    const auto value = tx.Sql("SELECT ?1 + " + std::to_string(i), i).As<int>().at(0);
    REQUIRE(value == 2 * i);
    list += i == 0 ? "?" : ", ?";
  }
  CHECK_THROWS_AS(tx.Sql("SELECT " + list, 1), SqlError);
  CHECK_THROWS_AS(tx.Sql("SELECT 1" + std::string(2'000'000, '+') + "1"), SqlError);
  CHECK(tx.Sql("SELECT length(?1)", std::string(1'000'000, 'x')).As<int>().at(0) == 1'000'000);
  CHECK(tx.Sql("SELECT value FROM json_each(?1)", "[3, 1, 2]").As<int>() ==
        std::vector<int>{3, 1, 2});
  const auto rows = tx.Sql(
                          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                          "LIMIT 20000) SELECT i FROM n")
                        .As<std::int64_t>();
  CHECK(rows.size() == 20'000);
  CHECK(rows.back() == 20'000);
}

TEST_CASE("B156 random SQL, nested and failing, against a table in memory") {
  std::mt19937 random(156);  // NOLINT(cert-msc51-cpp): the same each time
  const auto below = [&](int most) { return static_cast<int>(random() % unsigned(most)); };
  World world(Place::Memory);
  world.client.WithTx([](Tx& tx) { tx.Sql("CREATE TABLE t (n INTEGER PRIMARY KEY)"); });
  using Table = std::vector<int>;
  Table committed;
  const auto step = [&](const Tx& tx, Table& table) {
    const int n = below(12);
    const auto at = std::ranges::find(table, n);
    switch (below(5)) {
      case 0:
        if (at == table.end()) {
          CHECK(tx.Sql("INSERT INTO t VALUES (?1)", n).Changes() == 1);
          table.push_back(n);
        } else {
          CHECK_THROWS_AS(tx.Sql("INSERT INTO t VALUES (?1)", n), ConstraintError);
        }
        break;
      case 1:
        CHECK_THROWS_AS(tx.Sql("INSERT OR FAIL INTO t VALUES (?1 + 100), (?1 + 100)", n),
                        ConstraintError);
        break;
      case 2:
        CHECK(tx.Sql("DELETE FROM t WHERE n = ?1", n).Changes() ==
              static_cast<std::int64_t>(std::erase(table, n)));
        break;
      case 3:
        CHECK_THROWS_AS(tx.Sql("DELETE FROM t; COMMIT"), SqlError);
        break;
      default:
        break;
    }
    std::ranges::sort(table);
    CHECK(tx.Sql("SELECT n FROM t ORDER BY n").As<int>() == table);
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
  CHECK(world.client.Sql("SELECT n FROM t ORDER BY n").As<int>() == committed);
}
