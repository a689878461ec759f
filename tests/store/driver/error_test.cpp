#include <grapnel/store/driver/error.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using grapnel::Op;

TEST_CASE("all errors of the store have the one root") {
  STATIC_REQUIRE(std::derived_from<grapnel::NotFoundError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::NotSingularError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::ConstraintError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::TxError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::CommittedError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::BusyError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::RecursionError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::MigrationError, grapnel::Error>);
  STATIC_REQUIRE(std::derived_from<grapnel::StorageError, grapnel::Error>);
}

TEST_CASE("what is not found, or found too often, is named") {
  const grapnel::NotFoundError missing("User", "id 7");
  CHECK(missing.Entity() == "User");
  CHECK(missing.what() == std::string("User not found: id 7"));
  const grapnel::StaleError stale("User", "id 7");
  CHECK(stale.Entity() == "User");
  CHECK(stale.what() == std::string("User is stale: id 7 is there, but does not match: it was "
                                    "changed meanwhile, or a Where excludes it"));
  STATIC_REQUIRE(std::derived_from<grapnel::StaleError, grapnel::NotFoundError>);
  const grapnel::NotSingularError several("User");
  CHECK(several.Entity() == "User");
  CHECK(several.what() == std::string("User: Only() found more than one row"));
}

TEST_CASE("B58 a constraint error tells entity, op, kind and fields, and the row of a bulk") {
  const grapnel::ConstraintError error("User", Op::Create, grapnel::ConstraintKind::Unique,
                                       {"first", "last"}, "UNIQUE constraint failed");
  CHECK(error.Entity() == "User");
  CHECK(error.Op() == Op::Create);
  CHECK(error.Kind() == grapnel::ConstraintKind::Unique);
  CHECK(error.Fields() == std::vector<std::string>{"first", "last"});
  CHECK(error.Detail() == "UNIQUE constraint failed");
  CHECK(error.Row() == std::nullopt);
  CHECK(error.what() == std::string("User: Create breaks a unique constraint on first, last "
                                    "(UNIQUE constraint failed)"));

  const grapnel::ConstraintError third = error.InRow(2);
  CHECK(third.Row() == 2);
  CHECK(third.Fields() == error.Fields());
  CHECK(third.what() == std::string("User: Create breaks a unique constraint on first, last in "
                                    "row 2 (UNIQUE constraint failed)"));
  const grapnel::ConstraintError skipped("User", Op::Create, grapnel::ConstraintKind::Skipped, {},
                                         "why", 3);
  CHECK(skipped.what() == std::string("User: Create was skipped by the database in row 3 (why)"));
  const grapnel::ConstraintError vague("User", Op::Delete, grapnel::ConstraintKind::ForeignKey, {},
                                       "FOREIGN KEY constraint failed");
  CHECK(vague.what() == std::string("User: Delete breaks a foreign key constraint (FOREIGN KEY "
                                    "constraint failed)"));
}

TEST_CASE("a transaction error carries the outcome") {
  CHECK(grapnel::TxError("text").Outcome() == grapnel::TxOutcome::Open);
  CHECK(grapnel::TxError("text", grapnel::TxOutcome::Unknown).Outcome() ==
        grapnel::TxOutcome::Unknown);
}

TEST_CASE("B72 a committed error holds the causes in their order, and the value by its type") {
  std::vector<std::exception_ptr> causes{std::make_exception_ptr(std::out_of_range("first")),
                                         std::make_exception_ptr(7)};
  grapnel::CommittedError error(causes);
  CHECK(error.what() == std::string("committed, but what ran after the commit failed: [first] [an "
                                    "exception of no standard type]"));
  REQUIRE(error.Causes().size() == 2);
  CHECK_THROWS_AS(std::rethrow_exception(error.Causes()[0]), std::out_of_range);
  CHECK(error.Value<int>() == nullptr);

  error.SetValue(std::string("made"));
  const grapnel::CommittedError copy = error;
  REQUIRE(copy.Value<std::string>() != nullptr);
  CHECK(*copy.Value<std::string>() == "made");
  CHECK(copy.Value<int>() == nullptr);
}

TEST_CASE("a storage error tells its kind, the database, and the engine's code") {
  const grapnel::StorageError error(grapnel::StorageKind::Full, "app.db", "disk is full", 13);
  CHECK(error.Kind() == grapnel::StorageKind::Full);
  CHECK(error.Database() == "app.db");
  CHECK(error.Code() == 13);
  CHECK(error.what() == std::string("storage error (full) in app.db: disk is full"));
}

TEST_CASE("kinds and outcomes have names") {
  using grapnel::ConstraintKind;
  using grapnel::StorageKind;
  using grapnel::TxOutcome;
  CHECK(Name(ConstraintKind::NotNull) == "not null");
  CHECK(Name(ConstraintKind::Check) == "check");
  CHECK(Name(ConstraintKind::Other) == "other");
  CHECK(Name(TxOutcome::Open) == "open");
  CHECK(Name(TxOutcome::Committed) == "committed");
  CHECK(Name(TxOutcome::RolledBack) == "rolled back");
  CHECK(Name(TxOutcome::Unknown) == "unknown");
  CHECK(Name(StorageKind::Io) == "io");
  CHECK(Name(StorageKind::ReadOnly) == "read-only");
  CHECK(Name(StorageKind::NotADatabase) == "not a database");
  CHECK(Name(StorageKind::Connection) == "connection");
  CHECK(Name(StorageKind::Other) == "other");
}
