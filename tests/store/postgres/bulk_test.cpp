#include <grapnel/store/postgres/bulk.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <unistd.h>

using unit::Opened;
using unit::People;
using unit::Person;
namespace store = grapnel::store;

namespace {

struct Many {
  std::vector<Person> rows;
  std::vector<grapnel::detail::FieldSet> sets;
  std::vector<std::int64_t> ids{};

  Many(const std::string& prefix, std::size_t count) : rows(count), sets(count, unit::AllButId()) {
    for (std::size_t at = 0; at < count; ++at) {
      rows[at] = unit::Ada();
      rows[at].name = prefix + std::to_string(at);
    }
  }
  bool Insert(Opened& db) { return Insert(db.connection); }
  bool Insert(grapnel::postgres::detail::PostgresConnection& connection) {
    ids.clear();
    return connection.Run(store::InsertMany{{&People(), grapnel::Op::Create},
                                            [&](std::size_t at) -> void* { return &rows[at]; },
                                            sets},
                          ids);
  }
  /// Whether each row has the id that was told.
  bool AreThere(const Opened& db) const {
    for (std::size_t at = 0; at < rows.size(); ++at) {
      const auto found =
          db.schema.Run("SELECT id FROM people WHERE full_name = '" + rows[at].name + "'");
      if (found != Rows{std::to_string(ids[at])}) return false;
    }
    return ids.size() == rows.size();
  }
};

}  // namespace

TEST_CASE("B180 rows are inserted together, few by an INSERT and many by COPY, with their ids") {
  Opened db;
  for (const std::size_t count : {std::size_t{3}, grapnel::postgres::detail::Bulk::kCopied,
                                  grapnel::postgres::detail::Bulk::kMany}) {
    for (const char* again : {"a", "b"}) {
      Many many(again + std::to_string(count) + "_", count);
      REQUIRE(many.Insert(db));
      CHECK(many.ids.size() == count);
      if (count < 1000) CHECK(many.AreThere(db));
    }
  }
  CHECK(db.schema.Run("SELECT count(*), count(DISTINCT id) FROM people WHERE mail IS NULL") ==
        Rows{"8710|8710"});
  CHECK(db.Insert("behind") > 8710);
}

TEST_CASE("B175 B180 others draw ids meanwhile") {
  Opened db;
  Many one("one", 300);
  REQUIRE(one.Insert(db));
  db.schema.Run("SELECT nextval('people_id_seq')");
  db.schema.Run("ALTER SEQUENCE people_id_seq INCREMENT BY 3");
  Many two("two", 300);
  REQUIRE(two.Insert(db));
  CHECK(two.AreThere(db));
}

TEST_CASE("B180 one row that is refused refuses all") {
  for (const std::size_t count : {std::size_t{3}, grapnel::postgres::detail::Bulk::kCopied}) {
    Opened db;
    Many many("a", count);
    many.rows.back().name = "a0";
    CHECK_THROWS_AS(many.Insert(db), grapnel::ConstraintError);
    CHECK(db.Names().empty());
    many.rows.back().name = std::string("\0", 1);
    CHECK_THROWS_AS(many.Insert(db), grapnel::ValidationError);
    CHECK(db.Names().empty());
    CHECK(db.Insert("still there") > 0);
  }
}

TEST_CASE("B180 where a table's ids come from elsewhere, or its columns differ, it is told") {
  Opened db;
  db.schema.Run("ALTER TABLE people ALTER COLUMN age TYPE int");
  Many many("a", 300);
  REQUIRE(many.Insert(db));  // by no COPY
  CHECK(many.AreThere(db));
  Opened other;
  other.schema.Run("ALTER TABLE people ALTER COLUMN id DROP IDENTITY");
  CHECK_FALSE(many.Insert(other));
  CHECK(other.Names().empty());
}

TEST_CASE("B180 a trigger that leaves out rows makes all fail") {
  Opened db;
  db.schema.Run(
      "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.full_name = "
      "''a1'' THEN RETURN NULL; END IF; RETURN NEW; END'");
  db.schema.Run(
      "CREATE TRIGGER skips BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION skip()");
  for (const std::size_t count : {std::size_t{3}, grapnel::postgres::detail::Bulk::kCopied}) {
    Many many("a", count);
    db.connection.BeginWrite();
    CHECK_THROWS_AS(many.Insert(db), grapnel::ConstraintError);
    CHECK(db.connection.IsAborted());
    db.connection.Rollback();
  }
  CHECK(db.Names().empty());
}

TEST_CASE("the server goes away in the middle of a bulk: nothing is written") {
  Opened db;
  db.connection.BeginWrite();
  Many first("a", 300);
  REQUIRE(first.Insert(db));
  std::size_t asked = 0;
  Many second("b", 100'000);
  const std::string stop = "SELECT pg_terminate_backend(" +
                           std::to_string(PQbackendPID(db.native.GetSession().Handle())) +
                           ", 5000)";
  const auto row = [&](std::size_t at) -> void* {
    if (++asked == 50'000) db.schema.Run(stop);
    return &second.rows[at];
  };
  try {
    db.connection.Run(store::InsertMany{{&People(), grapnel::Op::Create}, row, second.sets},
                      second.ids);
    FAIL();
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::Connection);
  }
  CHECK_FALSE(db.connection.InTransaction());
  CHECK(db.Names().empty());
}

TEST_CASE("B180 the ids that a trigger of others gives are those that are told") {
  Opened db;
  db.schema.Run(
      "CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id = NEW.id + 10000; "
      "RETURN NEW; END'");
  db.schema.Run(
      "CREATE TRIGGER moves BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION moves()");
  for (const std::size_t count : {std::size_t{3}, grapnel::postgres::detail::Bulk::kCopied}) {
    Many many("a" + std::to_string(count) + "_", count);
    db.connection.BeginWrite();
    REQUIRE(many.Insert(db));
    db.connection.Commit();
    CHECK(many.AreThere(db));
  }
}

TEST_CASE("B180 who may write the table alone writes it, and leaves its sequence as it is") {
  Opened db;
  const std::string role = "grapnel_" + std::to_string(::getpid());
  const std::string schema = db.schema.Run("SELECT current_schema()").at(0);
  db.schema.Run("CREATE ROLE " + role + "; GRANT USAGE ON SCHEMA " + schema + " TO " + role +
                "; GRANT SELECT, INSERT ON people TO " + role);
  {
    grapnel::postgres::detail::Options options = db.options;
    options.info = grapnel::postgres::detail::Conninfo(
        Server() + " options='-c search_path=" + schema + " -c role=" + role + "'");
    grapnel::postgres::detail::PostgresConnection connection{options, nullptr};
    connection.BeginWrite();
    for (const std::size_t count : {std::size_t{3}, grapnel::postgres::detail::Bulk::kCopied}) {
      Many many("a" + std::to_string(count) + "_", count);
      REQUIRE(many.Insert(connection));
      CHECK(many.ids.size() == count);
    }
    Person person = unit::Ada();
    person.id = 1000;
    auto set = unit::AllButId();
    set.set(0);
    connection.Run(store::Insert{{&People(), grapnel::Op::Create}, &person, set});
    connection.Commit();
  }
  CHECK(db.schema.Run("SELECT count(*) FROM people") == Rows{"260"});
  db.schema.Run("DROP OWNED BY " + role + "; DROP ROLE " + role);
}
