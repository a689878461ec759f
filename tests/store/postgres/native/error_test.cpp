#include <grapnel/store/postgres/native/error.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using grapnel::ConstraintKind;
using grapnel::Op;
using grapnel::StorageKind;
using Names = std::vector<std::string>;

namespace {

Failure Of(const std::string& state, const std::string& message = "words of the server") {
  Failure failure;
  failure.state = state;
  failure.message = message;
  return failure;
}
Failure OfTable(const std::string& state, const std::string& detail,
                const std::string& constraint = "") {
  Failure failure = Of(state);
  failure.table = "people";
  failure.detail = detail;
  failure.constraint = constraint;
  return failure;
}

template <class Error>
Error Thrown(const Failure& failure, const Doing& doing) {
  try {
    Throw(failure, doing);
  } catch (const Error& error) {
    return error;
  }
}
const Doing kPerson{"host=x", &unit::People(), Op::Create};

}  // namespace

TEST_CASE("a broken constraint names its kind and its fields, by their names in the schema") {
  const auto error = Thrown<grapnel::ConstraintError>(
      OfTable("23505", "Key (full_name, age)=(Ada, 3) already exists."), kPerson);
  CHECK(error.Entity() == "Person");
  CHECK(error.Op() == Op::Create);
  CHECK(error.Kind() == ConstraintKind::Unique);
  CHECK(error.Fields() == Names{"name", "age"});
  CHECK(error.Detail() == "words of the server");  // no value is in it

  CHECK(FieldsOf(unit::People(), OfTable("23505", "", "people_full_name_key")) == Names{"name"});
  CHECK(FieldsOf(unit::People(), OfTable("23505", "", "people_pkey")) == Names{"id"});
  CHECK(FieldsOf(unit::People(), OfTable("23505", "", "of_others")).empty());
  Failure null = OfTable("23502", "Failing row contains (1, null).");
  null.column = "on";
  CHECK(FieldsOf(unit::People(), null) == Names{"on"});
  null.table = "another";
  CHECK(FieldsOf(unit::People(), null).empty());
}

TEST_CASE("a column that the schema does not have says where it comes from") {
  Failure failure = OfTable("23502", "");
  failure.column = "of_others";
  const auto error = Thrown<grapnel::ConstraintError>(failure, kPerson);
  CHECK(error.Kind() == ConstraintKind::NotNull);
  CHECK(error.Detail().find("a newer program, or somebody else, has made it") != std::string::npos);
}

TEST_CASE("each kind of constraint is told apart") {
  CHECK(KindOf("23505") == ConstraintKind::Unique);
  CHECK(KindOf("23502") == ConstraintKind::NotNull);
  CHECK(KindOf("23503") == ConstraintKind::ForeignKey);
  CHECK(KindOf("23001") == ConstraintKind::ForeignKey);
  CHECK(KindOf("23514") == ConstraintKind::Check);
  CHECK(KindOf("23P01") == ConstraintKind::Other);
}

TEST_CASE("what another transaction was in the way of can be run again") {
  for (const char* state : {"40001", "40P01", "55P03"}) {
    CHECK(Thrown<grapnel::BusyError>(Of(state), kPerson).Retryable());
  }
  Doing doing = kPerson;
  doing.op = grapnel::Op::UpdateOne;
  CHECK(std::string(Thrown<grapnel::BusyError>(Of("40P01"), doing).what()) ==
        "Person: UpdateOne: another transaction was in the way (words of the server)");
}

TEST_CASE("a lock that was waited for can be, unless the server's lock_timeout was given") {
  Failure failure = Of("55P03");
  failure.function = "ProcessInterrupts";
  const auto error = Thrown<grapnel::BusyError>(failure, kPerson);
  CHECK(error.Retryable());
  CHECK_THAT(error.what(),
             Catch::EndsWith("a lock of another transaction was waited for too long"));
  Doing doing = kPerson;
  doing.limits_locks = true;
  const auto limited = Thrown<grapnel::BusyError>(failure, doing);
  CHECK_FALSE(limited.Retryable());
  CHECK_THAT(limited.what(), Catch::EndsWith("too long, for as long as the server's lock_timeout "
                                             "or the call's LockWait allows"));
  failure.function = "";  // NOWAIT
  CHECK(Thrown<grapnel::BusyError>(failure, doing).Retryable());
}

TEST_CASE("a statement that others made outdated can be run again, in whatever language") {
  Failure failure = Of("0A000", "ein zwischengespeicherter Plan");
  CHECK_FALSE(failure.IsOutdated());
  CHECK_THROWS_AS(Throw(failure, kPerson), grapnel::SchemaError);
  failure.function = "RevalidateCachedQuery";
  const auto error = Thrown<grapnel::BusyError>(failure, kPerson);
  CHECK(error.Retryable());
  CHECK(std::string(error.what()) ==
        "Person: Create: others have changed a table since the statement was prepared (ein "
        "zwischengespeicherter Plan)");
  CHECK(Thrown<grapnel::BusyError>(Of("26000"), kPerson).Retryable());
}

TEST_CASE("a cancellation says whose it is") {
  const auto late = grapnel::core::Context().With(std::chrono::seconds(-1));
  Doing doing = kPerson;
  doing.context = &late;
  CHECK(std::string(Thrown<grapnel::CancelledError>(Of("57014"), doing).what()) ==
        "the operation was cancelled: its deadline has passed");
  CHECK(std::string(Thrown<grapnel::CancelledError>(Of("57014"), kPerson).what()) ==
        "the server cancelled the statement: words of the server");
  CHECK(std::string(Thrown<grapnel::CancelledError>(
                        Of("57014", "canceling statement due to statement timeout"), kPerson)
                        .what()) ==
        "the server cancelled the statement: its statement_timeout has passed");
}

TEST_CASE("trouble of the server is told by its kind") {
  const auto kind = [](const char* state) {
    return Thrown<grapnel::StorageError>(Of(state), kPerson).Kind();
  };
  CHECK(kind("") == StorageKind::Connection);
  CHECK(kind("57P01") == StorageKind::Connection);
  CHECK(kind("08006") == StorageKind::Connection);
  CHECK(kind("53100") == StorageKind::Full);
  CHECK(kind("53200") == StorageKind::Other);
  CHECK(kind("25006") == StorageKind::ReadOnly);
  CHECK(kind("58030") == StorageKind::Io);
  CHECK(kind("XX001") == StorageKind::Corrupt);
  CHECK(kind("XX000") == StorageKind::Other);
}

TEST_CASE("a statement that does not fit the database is a SchemaError, without values") {
  CHECK(Thrown<grapnel::SchemaError>(Of("42P01"), kPerson).Reason() ==
        "the database does not fit the schema: words of the server");
  CHECK(Thrown<grapnel::SchemaError>(Of("42501"), kPerson).Reason() ==
        "the database refused Create: words of the server");
  CHECK(Thrown<grapnel::SchemaError>(Of("22P02", "invalid input: \"secret\""), kPerson).Reason() ==
        "the database refused Create: error 22P02");
  CHECK_THROWS_AS(Throw(Of("22021"), kPerson), grapnel::ValidationError);
  CHECK_THROWS_AS(Throw(Of("54000"), kPerson), grapnel::ValidationError);
}

TEST_CASE("of SQL of somebody's own the errors are SqlError and ConstraintError") {
  Doing doing{"host=x"};
  doing.sql = "INSERT INTO people ...";
  CHECK(Thrown<grapnel::SqlError>(Of("42601"), doing).Reason() == "words of the server");
  const auto broken = Thrown<grapnel::ConstraintError>(
      OfTable("23505", "Key (\"groupId\", name)=(1, x) already exists."), doing);
  CHECK(broken.Entity().empty());
  CHECK(broken.Fields() == Names{"people.groupId", "people.name"});
}

TEST_CASE("observers are told names at most") {
  CHECK(Of("23505").ForObservers() == "words of the server");
  CHECK(Of("22P02").ForObservers() == "error 22P02");
  CHECK(Of("").ForObservers() == "the connection was lost");
}

TEST_CASE(
    "what a trigger of others raises is a constraint of theirs, and its words no observer's") {
  const auto error = Thrown<grapnel::ConstraintError>(Of("P0001", "no!"), kPerson);
  CHECK(error.Kind() == ConstraintKind::Other);
  CHECK(error.Detail() == "no!");
  CHECK(Of("P0001", "no!").ForObservers() == "error P0001");
}

TEST_CASE("a text that is too long for a column of others is a value that is not valid") {
  const auto error =
      Thrown<grapnel::ValidationError>(Of("22001", "value too long for type x"), kPerson);
  CHECK(std::string(error.what()).find("too long for its column") != std::string::npos);
}

TEST_CASE("a number that is out of range names no field that is innocent, and no value") {
  const auto error =
      Thrown<grapnel::ValidationError>(Of("22003", "smallint out of range"), kPerson);
  CHECK(std::string(error.what()) ==
        "Person: a number leaves its range: smallint out of range (Create)");
  CHECK(error.Field().empty());
  CHECK(Thrown<grapnel::ValidationError>(Of("22003", "value \"70000\" is out of range"), kPerson)
            .Problems()
            .front()
            .reason == "a number leaves its range: error 22003");
  const Doing reads{"host=x", &unit::People()};
  CHECK(Thrown<grapnel::SchemaError>(Of("22003", "smallint out of range"), reads).Reason() ==
        "the database refused to read it: smallint out of range");
}
