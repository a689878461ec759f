#include <grapnel/store/postgres/cursor.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <memory>
#include <string>

using unit::Opened;
using unit::People;
using unit::Person;
namespace store = grapnel::store;

TEST_CASE("rows are walked along, some at a time, while others are read") {
  for (const std::int64_t rows : {0, 1, 1000, 2500}) {
    Opened db;
    db.schema.Run(
        "INSERT INTO people (full_name, age, \"on\", score, face) SELECT 'p' || n, 1, true, 1, '' "
        "FROM generate_series(1, " +
        std::to_string(rows) + ") AS n");
    db.connection.BeginRead();
    const store::Select all{{&People()}};
    auto one = db.connection.Open(all), two = db.connection.Open(all);
    Person person;
    std::int64_t count = 0;
    while (one->Next(&person)) {
      if (++count % 500 == 0) CHECK(two->Next(&person));
    }
    CHECK(count == rows);
    one.reset();
    two.reset();
    db.connection.Commit();
    CHECK_FALSE(db.connection.InTransaction());
  }
}

TEST_CASE("a walk ends with its transaction") {
  Opened db;
  db.Insert("a");
  db.connection.BeginWrite();
  auto cursor = db.connection.Open(store::Select{{&People()}});
  db.connection.Rollback();
  Person person;
  CHECK_THROWS_AS(cursor->Next(&person), grapnel::Error);
  cursor.reset();
  CHECK(db.Insert("b") == 2);
}
