#include <grapnel/store/postgres/commit_notes.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <future>
#include <string>
#include <thread>

using unit::Opened;
using namespace std::chrono_literals;

TEST_CASE("B174 a note tells what was committed, and what was not cannot be any more") {
  Opened db;
  grapnel::postgres::detail::PostgresConnection other(db.options, nullptr);
  db.connection.BeginWrite();
  db.connection.NoteCommit("one");
  db.connection.Commit();
  CHECK(other.FindCommit("one"));
  CHECK(other.FindCommit("one"));
  // Who has asked, and has not heard the answer, asks again: what he wrote himself is no commit.
  CHECK_FALSE(other.FindCommit("two"));
  CHECK_FALSE(other.FindCommit("two"));
  db.connection.BeginWrite();
  CHECK_THROWS_AS(db.connection.NoteCommit("two"), grapnel::ConstraintError);
  db.connection.Rollback();
}

TEST_CASE("B174 who asks waits for the end of one that is about to commit") {
  for (const bool commits : {true, false}) {
    Opened db;
    grapnel::postgres::detail::PostgresConnection other(db.options, nullptr);
    db.connection.BeginWrite();
    db.connection.NoteCommit("one");
    auto found = std::async(std::launch::async, [&] { return other.FindCommit("one"); });
    CHECK(found.wait_for(100ms) == std::future_status::timeout);
    commits ? db.connection.Commit() : db.connection.Rollback();
    CHECK(found.get() == commits);
  }
}

TEST_CASE("notes go after a day, behind the first of a client and every 1,000th of all together") {
  Opened db;
  auto commit = [n = 0](grapnel::postgres::detail::PostgresConnection& connection) mutable {
    connection.BeginWrite();
    connection.NoteCommit("mine" + std::to_string(++n));
    connection.Commit();
  };
  const auto old = [&] {
    return db.schema.Run("SELECT count(*) FROM grapnel_commits WHERE id LIKE 'old%'").at(0);
  };
  commit(db.connection);
  const auto age = [&] {
    db.schema.Run(
        "INSERT INTO grapnel_commits (id) SELECT 'old' || n FROM generate_series(1, 5090) AS n");
    db.schema.Run("UPDATE grapnel_commits SET at = now() - interval '25 hours'");
    db.schema.Run(
        "INSERT INTO grapnel_commits SELECT 'old asked', now() + interval '200 years' - interval "
        "'25 hours'");
    db.schema.Run(
        "INSERT INTO grapnel_commits SELECT 'young', now() - interval '23 hours' UNION ALL SELECT "
        "'young asked', now() + interval '200 years' ON CONFLICT DO NOTHING");
  };
  age();
  commit(db.connection);
  CHECK(old() == "5091");

  // Another client, and connections of its pool.
  const grapnel::postgres::detail::Options options{
      grapnel::postgres::detail::Conninfo(db.schema.Conninfo())};
  grapnel::postgres::detail::PostgresConnection one(options, nullptr), two(options, nullptr);
  commit(one);
  CHECK(old() == "0");
  CHECK(db.schema.Run("SELECT id FROM grapnel_commits ORDER BY id") ==
        Rows{"mine2", "mine3", "young", "young asked"});
  age();
  for (int i = 0; i < 499; ++i) commit(one), commit(two);
  commit(two);
  CHECK(old() == "5091");
  one.BeginWrite();
  one.NoteCommit("undone");
  one.Rollback();
  one.BeginWrite();  // which notes nothing
  one.Run(grapnel::store::RawSql{"SELECT 1", {}});
  one.Commit();
  CHECK(old() == "5091");
  commit(two);
  CHECK(old() == "0");
}
