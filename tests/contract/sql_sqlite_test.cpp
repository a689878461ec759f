// B156: SQL of one's own as SQLite alone takes it.
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
