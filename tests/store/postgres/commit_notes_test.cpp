#include <grapnel/store/postgres/commit_notes.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <future>
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
