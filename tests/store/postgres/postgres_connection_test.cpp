#include <grapnel/store/postgres/postgres_connection.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using grapnel::Op;
using unit::Ada;
using unit::Opened;
using unit::People;
using unit::Person;
namespace store = grapnel::store;

namespace {

/// What becomes of an insert.
template <class Error>
Error Refused(Opened& db, const Person& person) {
  try {
    db.Insert(person);
  } catch (const Error& error) {
    return error;
  }
  throw std::runtime_error("it was taken");
}

Person WithAge(std::int64_t age) {
  Person person = Ada();
  person.age = age;
  return person;
}

}  // namespace

TEST_CASE("a row is written, found, changed and deleted") {
  Opened db;
  const std::int64_t id = db.Insert(Ada());
  CHECK(id == 1);
  Person key, found;
  key.id = id;
  const store::Find find{{&People()}, &key, &found};
  REQUIRE(db.connection.Run(find));
  CHECK(found.name == "Ada");
  CHECK(found.face == Ada().face);

  Person change = found;
  change.age = 4;
  store::Update update{{&People(), Op::UpdateOne}, &change};
  update.added.set(2);
  update.by_id = true;
  for (int times = 1; times <= 2; ++times) CHECK(db.connection.Run(update) == 1);
  CHECK(db.schema.Run("SELECT age FROM people") == Rows{"44"});

  store::Delete gone{{&People(), Op::DeleteOne}, &key, true};
  CHECK(db.connection.Run(gone) == 1);
  CHECK(db.connection.Run(gone) == 0);
  CHECK_FALSE(db.connection.Run(find));
  CHECK(db.connection.Changes() == 4);
}

TEST_CASE("an update reads its row along, as it is stored then") {
  Opened db;
  db.schema.Run(
      "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.full_name <> "
      "upper(NEW.full_name) THEN UPDATE people SET full_name = upper(NEW.full_name) WHERE id = "
      "NEW.id; END IF; "
      "RETURN NULL; END $$");
  db.schema.Run(
      "CREATE TRIGGER shouts AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION shout()");
  Person person = Ada(), stored;
  person.id = db.Insert(Ada());
  store::Update::Reread reread{&stored};
  store::Update update{{&People(), Op::UpdateOne}, &person};
  update.set.set(2);
  update.by_id = true;
  update.reread = &reread;
  const auto run = [&](std::int64_t age) {
    person.age = age;
    reread.done = false;
    return db.connection.Run(update);
  };

  SECTION("behind its triggers, prepared or not") {
    for (std::int64_t age = 50; age < 53; ++age) {
      CHECK(run(age) == 1);
      CHECK(reread.done);
      CHECK(stored.name == "ADA");
      CHECK(stored.age == age);
    }
  }
  SECTION("and not where no row matches") {
    person.id += 1;
    CHECK(run(50) == 0);
    CHECK_FALSE(reread.done);
  }
  SECTION("and not where it fails, of which the update tells") {
    db.schema.Run("ALTER TABLE people ADD CHECK (age < 1000)");
    CHECK_THROWS_AS(run(1'000), grapnel::ConstraintError);
    CHECK_FALSE(reread.done);
    CHECK(run(50) == 1);
    CHECK(reread.done);
  }
  SECTION("and not where it is to match, for it may not") {
    store::PredicateNode where{store::PredicateKind::Equal};
    where.field = People().columns[2].tag;
    where.value = std::int64_t{36};
    update.where = &where;
    CHECK(run(50) == 1);
    CHECK_FALSE(reread.done);
    CHECK(run(51) == 0);
  }
  SECTION("and neither where a tracer throws, of which no observer hears") {
    std::vector<std::string> told;
    store::Observers observers;
    grapnel::postgres::detail::Options options = db.options;
    options.observers = &observers;
    grapnel::postgres::detail::PostgresConnection traced(options, nullptr);
    observers.Add([&](const store::StatementInfo& info) { told.emplace_back(info.text); }, false);
    const auto context = grapnel::core::Context().WithTrace([](std::string_view text) {
      if (text.starts_with("SELECT")) throw std::runtime_error("enough");
    });
    traced.Watch(&context);
    CHECK_THROWS_WITH(traced.Run(update), "enough");
    traced.Watch(nullptr);
    CHECK(told.empty());
    CHECK(db.schema.Run("SELECT age FROM people") == Rows{"36"});
    CHECK(traced.Run(update) == 1);
    REQUIRE(told.size() == 2);
    CHECK(told[0].starts_with("UPDATE"));
    CHECK(told[1].starts_with("SELECT"));
  }
  SECTION("and not a value that cannot be read, which is told where it is read alone") {
    db.schema.Run("ALTER TABLE people ALTER COLUMN full_name DROP NOT NULL");
    db.schema.Run("DROP TRIGGER shouts ON people");
    db.schema.Run("UPDATE people SET full_name = NULL");
    CHECK(run(50) == 1);
    CHECK_FALSE(reread.done);
    CHECK(db.schema.Run("SELECT age FROM people") == Rows{"50"});
  }
  SECTION("as the table is by now, in a transaction of its own") {
    db.schema.Run("DROP TRIGGER shouts ON people");
    CHECK(run(50) == 1);
    db.schema.Run(
        "ALTER TABLE people ADD COLUMN late bigint; ALTER TABLE people ALTER COLUMN "
        "full_name TYPE varchar(20)");
    CHECK(run(51) == 1);
    CHECK(reread.done);
    CHECK(stored.age == 51);
    db.native.Execute("DEALLOCATE ALL");
    reread.done = false;
    person.age = 52;
    CHECK(db.connection.Run(update) == 1);
    CHECK(reread.done);
    CHECK(stored.age == 52);
  }
}

TEST_CASE("where only the row that an update reads along fails, that is told of it alone") {
  Opened db;
  Person person = Ada(), stored;
  person.id = db.Insert(Ada());
  std::vector<std::string> told;
  store::Observers observers;
  grapnel::postgres::detail::Options options = db.options;
  options.observers = &observers;
  grapnel::postgres::detail::PostgresConnection connection(options, nullptr);
  observers.Add(
      [&](const store::StatementInfo& info) {
        told.push_back(std::string(info.text.substr(0, 6)) + " " + std::to_string(info.changes) +
                       (info.error.empty() ? "" : " failed"));
      },
      false);
  store::Update::Reread reread{&stored};
  store::Update update{{&People(), Op::UpdateOne}, &person};
  update.added.set(2);
  update.by_id = true;
  update.reread = &reread;

  SECTION("by its own error, which is none of a field that was added to") {
    db.schema.Run("ALTER TABLE people RENAME TO kept; ALTER TABLE kept ADD n bigint DEFAULT 1");
    db.schema.Run(
        "CREATE VIEW people AS SELECT id, full_name, age / n AS age, mail, \"on\", score, face "
        "FROM "
        "kept");
    db.schema.Run(
        "CREATE FUNCTION empty() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE kept SET n = "
        "0 WHERE id = OLD.id; RETURN NEW; END $$");
    db.schema.Run(
        "CREATE TRIGGER empties INSTEAD OF UPDATE ON people FOR EACH ROW EXECUTE FUNCTION empty()");
    connection.BeginWrite();
    try {
      connection.Run(update);
      FAIL("it was read");
    } catch (const grapnel::ValidationError& error) {
      FAIL(error.what());
    } catch (const grapnel::Error& error) {
      CHECK_THAT(error.what(), Catch::Contains("division by zero"));
    }
  }
  SECTION("where others have changed the table since it was prepared") {
    CHECK(connection.Run(update) == 1);
    db.schema.Run("ALTER TABLE people ALTER COLUMN full_name TYPE varchar(20)");
    connection.BeginWrite();
    told.clear();
    CHECK_THROWS_AS(connection.Run(update), grapnel::BusyError);
    connection.Rollback();
    CHECK(connection.Run(update) == 1);
    CHECK(reread.done);
    told.resize(3);
  }
  CHECK(told == Rows{"BEGIN  0", "UPDATE 1", "SELECT 0 failed"});
}

TEST_CASE("what is added stays in the field's range") {
  Opened db;
  Person person = Ada();
  person.id = db.Insert(WithAge(999));
  person.age = 2;
  store::Update update{{&People(), Op::UpdateOne}, &person};
  update.added.set(2);
  update.by_id = true;
  try {
    db.connection.Run(update);
    FAIL();
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Field() == "age");
  }
}

TEST_CASE("a broken constraint names the field; the transaction goes back to its savepoint") {
  Opened db;
  db.connection.BeginWrite();
  db.Insert(Ada());
  db.connection.Savepoint(1);
  const auto error = Refused<grapnel::ConstraintError>(db, Ada());
  CHECK(error.Kind() == grapnel::ConstraintKind::Unique);
  CHECK(error.Fields() == Rows{"name"});
  CHECK(db.connection.IsAborted());
  db.connection.Discard(1);
  CHECK_FALSE(db.connection.IsAborted());
  db.Insert("Bob");
  db.connection.Commit();
  CHECK(db.Names() == Rows{"Ada", "Bob"});
}

TEST_CASE("an id that was given is not made later") {
  Opened db;
  Person person = Ada();
  const auto given = [&](Opened& where, std::int64_t id, const std::string& name) {
    person.id = id;
    person.name = name;
    where.connection.BeginWrite();
    where.Insert(person, true);
    where.connection.Commit();
  };
  given(db, 10, "Ada");
  CHECK(db.Insert("Bob") == 11);
  given(db, 5, "Eve");
  CHECK(db.Insert("Dan") == 12);
  given(db, std::numeric_limits<std::int64_t>::max(), "Last");
  CHECK(db.Insert("Joe") == 13);

  SECTION("that it failed before changes nothing") {
    CHECK_THROWS_AS(given(db, 20, "Joe"), grapnel::ConstraintError);
    db.connection.Rollback();
    given(db, 20, "Kim");
    CHECK(db.Insert("Leo") == 21);
  }
  SECTION("nor that others set the sequence back") {
    db.schema.Run("TRUNCATE people RESTART IDENTITY");
    given(db, 1, "Kim");
    CHECK(db.Insert("Leo") == 2);
  }
  SECTION("two transactions that give ids need not wait for each other") {
    db.connection.BeginWrite();
    person.id = 30;
    person.name = "Kim";
    db.Insert(person, true);
    grapnel::postgres::detail::PostgresConnection other{db.options, nullptr};
    other.BeginWrite();
    person.id = 40;
    person.name = "Leo";
    auto set = unit::AllButId();
    set.set(0);
    other.Run(store::Insert{{&People(), Op::Create}, &person, set});
    other.Commit();
    db.connection.Commit();
    CHECK(db.Insert("Max") == 41);
  }
  SECTION("a sequence of others that descends is left to them") {
    db.schema.Run(
        "ALTER TABLE people ALTER id SET INCREMENT -1 SET MINVALUE -100 SET MAXVALUE 0 "
        "SET START 0 RESTART");
    grapnel::postgres::detail::PostgresConnection other{db.options, nullptr};
    other.BeginWrite();
    person.id = 40;
    person.name = "Kim";
    auto set = unit::AllButId();
    set.set(0);
    other.Run(store::Insert{{&People(), Op::Create}, &person, set});
    other.Commit();
    CHECK(db.Insert("Max") == 0);
  }
}

TEST_CASE("a row that a trigger of others leaves out fails, and what it did is undone") {
  Opened db;
  db.schema.Run("CREATE TABLE log (a int)");
  db.schema.Run(
      "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES "
      "(1); RETURN NULL; END'");
  db.schema.Run(
      "CREATE TRIGGER skips BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION skip()");
  db.connection.BeginWrite();
  CHECK_FALSE(db.connection.WritesPlainly(People()));
  db.connection.Savepoint(1);
  CHECK(Refused<grapnel::ConstraintError>(db, Ada()).Kind() == grapnel::ConstraintKind::Skipped);
  CHECK(db.connection.IsAborted());
  db.connection.Discard(1);
  CHECK_FALSE(db.connection.IsAborted());
  db.connection.Commit();
  CHECK(db.schema.Run("SELECT * FROM log").empty());
}

TEST_CASE("a transaction in which nothing was sent costs nothing") {
  Opened db;
  db.connection.BeginWrite();
  CHECK(db.connection.InTransaction());
  db.connection.Savepoint(1);
  db.connection.Release(1);
  db.connection.Commit();
  CHECK_FALSE(db.connection.InTransaction());
  db.connection.BeginWrite();
  db.connection.Rollback();
  CHECK_FALSE(db.connection.InTransaction());
}

TEST_CASE("a snapshot is fixed when it begins, and nothing is written in it") {
  Opened db;
  db.connection.BeginRead();
  db.schema.Run(
      "INSERT INTO people (full_name, age, \"on\", score, face) VALUES ('Bob', 1, true, 1, '')");
  store::Select count{{&People()}};
  count.want = store::Select::Want::Count;
  CHECK(db.connection.Count(count) == 0);
  try {
    db.Insert(Ada());
    FAIL();
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::ReadOnly);
  }
  db.connection.Rollback();
  CHECK(db.connection.Count(count) == 1);
  count.want = store::Select::Want::Exist;
  CHECK(db.connection.Count(count) == 1);
}

TEST_CASE("rows that another transaction has changed end this one, to be run again") {
  Opened db;
  Person person = Ada();
  person.id = db.Insert(Ada());
  db.connection.BeginWrite();
  store::Select all{{&People()}};
  db.connection.Run(all, [](grapnel::detail::Row&) {});
  db.schema.Run("UPDATE people SET age = 1");
  store::Update update{{&People(), Op::UpdateOne}, &person};
  update.set.set(2);
  update.by_id = true;
  try {
    db.connection.Run(update);
    FAIL();
  } catch (const grapnel::BusyError& error) {
    CHECK(error.Retryable());
  }
  db.connection.Rollback();
  CHECK(db.connection.Run(update) == 1);
}

TEST_CASE("a lock that is not had is a BusyError") {
  Opened db;
  db.Insert(Ada());
  db.schema.Run("BEGIN");
  db.schema.Run("LOCK TABLE people");
  db.native.Execute("SET lock_timeout = 50");
  CHECK_THROWS_AS(db.Insert("Bob"), grapnel::BusyError);
  db.schema.Run("ROLLBACK");
  CHECK_NOTHROW(db.Insert("Bob"));
}

TEST_CASE("a foreign key that COMMIT finds broken is found, and ends the transaction") {
  Opened db;
  db.schema.Run(
      "CREATE TABLE pets (id bigint PRIMARY KEY, owner bigint, mate bigint, CONSTRAINT k FOREIGN "
      "KEY (owner) REFERENCES people (id) DEFERRABLE INITIALLY IMMEDIATE)");
  db.connection.BeginWrite();
  db.connection.DeferForeignKeys(true);
  db.native.Execute("INSERT INTO pets VALUES (1, 7)");
  CHECK_THROWS_AS(db.connection.Commit(), grapnel::ConstraintError);
  CHECK_FALSE(db.connection.InTransaction());
  const auto key = db.connection.FindBrokenKey();
  REQUIRE(key);
  CHECK(key->table == "pets");
  CHECK(key->column == "owner");
  CHECK(key->referred == "people");
}

TEST_CASE("a connection that is lost in the middle is an error, and the transaction is gone") {
  Opened db;
  db.connection.BeginWrite();
  db.Insert(Ada());
  db.schema.Run("SELECT pg_terminate_backend(" +
                std::to_string(PQbackendPID(db.native.GetSession().Handle())) + ")");
  try {
    db.Insert("Bob");
    FAIL();
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::Connection);
  }
  CHECK_FALSE(db.connection.InTransaction());
  db.connection.Rollback();
  CHECK(db.Names().empty());
}

TEST_CASE("a condition with a text that cannot be stored is refused") {
  Opened db;
  const grapnel::detail::Column& name = People().columns[1];
  store::PredicateNode where{};
  where.kind = store::PredicateKind::Equal;
  where.field = name.tag;
  where.value = grapnel::FieldValue(std::string("\0", 1));
  store::Select select{{&People()}};
  select.where = &where;
  CHECK_THROWS_AS(db.connection.Run(select, [](grapnel::detail::Row&) {}),
                  grapnel::ValidationError);
}
