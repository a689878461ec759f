#include <grapnel/store/sqlite/native/error.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace failing {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};

}  // namespace failing

template <>
struct grapnel::Schema<failing::User> {
  static constexpr std::string_view Type = "User";
  static constexpr std::string_view Table = "users";
  static constexpr auto Fields() {
    using failing::User;
    return grapnel::Fields(Field<&User::name>("name").StorageKey("full_name"),
                           Field<&User::age>("age"));
  }
};

namespace sqlite = grapnel::sqlite::detail;
using grapnel::ConstraintKind;
using grapnel::Op;
using grapnel::StorageKind;

namespace {

const auto& kUsers = grapnel::detail::kTable<failing::User>;
using Names = std::vector<std::string>;

/// Throws for a code and hands the error to `check`.
template <class Error, class Check>
void Throws(int code, const std::string& message, Check check,
            const grapnel::core::Context* context = nullptr) {
  try {
    sqlite::Throw(code, message, {"app.db", &kUsers, Op::Create, context});
  } catch (const Error& error) {
    check(error);
  }
}

}  // namespace

TEST_CASE("a broken constraint tells its kind and the fields, by the schema's names") {
  const auto kind = [](int code) {
    ConstraintKind found{};
    Throws<grapnel::ConstraintError>(code, "", [&](const auto& error) { found = error.Kind(); });
    return found;
  };
  CHECK(kind(SQLITE_CONSTRAINT_UNIQUE) == ConstraintKind::Unique);
  CHECK(kind(SQLITE_CONSTRAINT_PRIMARYKEY) == ConstraintKind::Unique);
  CHECK(kind(SQLITE_CONSTRAINT_ROWID) == ConstraintKind::Unique);
  CHECK(kind(SQLITE_CONSTRAINT_NOTNULL) == ConstraintKind::NotNull);
  CHECK(kind(SQLITE_CONSTRAINT_FOREIGNKEY) == ConstraintKind::ForeignKey);
  CHECK(kind(SQLITE_CONSTRAINT_CHECK) == ConstraintKind::Check);
  CHECK(kind(SQLITE_CONSTRAINT_TRIGGER) == ConstraintKind::Other);

  Throws<grapnel::ConstraintError>(
      SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: users.full_name, users.age",
      [](const auto& error) {
        CHECK(error.Entity() == "User");
        CHECK(error.Op() == Op::Create);
        CHECK(error.Fields() == Names{"name", "age"});
        CHECK(error.Detail() == "UNIQUE constraint failed: users.full_name, users.age");
      });
}

TEST_CASE("fields are found in SQLite's message by whole names") {
  CHECK(sqlite::FieldsNamed(kUsers, "NOT NULL constraint failed: users.age") == Names{"age"});
  CHECK(sqlite::FieldsNamed(kUsers, "UNIQUE constraint failed: users.ages") == Names{});
  CHECK(sqlite::FieldsNamed(kUsers, "UNIQUE constraint failed: other.age") == Names{});
  CHECK(sqlite::FieldsNamed(kUsers, "FOREIGN KEY constraint failed") == Names{});
}

TEST_CASE("trouble with the storage has a kind, also in its extended forms") {
  const auto kind = [](int code) {
    StorageKind found{};
    Throws<grapnel::StorageError>(code, "text", [&](const auto& error) {
      found = error.Kind();
      CHECK(error.Code() == code);
      CHECK(error.Database() == "app.db");
    });
    return found;
  };
  CHECK(kind(SQLITE_FULL) == StorageKind::Full);
  CHECK(kind(SQLITE_IOERR_FSYNC) == StorageKind::Io);
  CHECK(kind(SQLITE_CORRUPT_INDEX) == StorageKind::Corrupt);
  CHECK(kind(SQLITE_READONLY_DBMOVED) == StorageKind::ReadOnly);
  CHECK(kind(SQLITE_NOTADB) == StorageKind::NotADatabase);
  CHECK(kind(SQLITE_CANTOPEN_ISDIR) == StorageKind::Open);
  CHECK(kind(SQLITE_NOMEM) == StorageKind::Other);
  CHECK_THROWS_AS(sqlite::Throw(SQLITE_ERROR, "text", {"app.db"}), grapnel::StorageError);
}

TEST_CASE(
    "B135 a statement that does not go with what others made is SchemaError, not trouble with the "
    "storage") {
  for (const int code : {SQLITE_ERROR, SQLITE_MISMATCH}) {
    Throws<grapnel::SchemaError>(code, "text", [](const auto& error) {
      CHECK(error.Entity() == "User");
      CHECK(error.Reason().find("text") != std::string::npos);
    });
  }
  Throws<grapnel::ValidationError>(SQLITE_TOOBIG, "string or blob too big",
                                   [](const auto& error) { CHECK(error.Entity() == "User"); });
}

TEST_CASE("the names in a foreign key mismatch") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(sqlite::NamesOfMismatch("foreign key mismatch - \"Card\" referencing \"User\"") ==
        Pair("Card", "User"));
  CHECK_FALSE(sqlite::NamesOfMismatch("foreign key mismatch"));
  CHECK_FALSE(sqlite::NamesOfMismatch("no such table: User"));
}

TEST_CASE("a lock that is not to be had is BusyError, unless the wait was cancelled") {
  using grapnel::core::Context;
  for (const int code : {SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED}) {
    CHECK_THROWS_AS(sqlite::Throw(code, "locked", {"app.db"}), grapnel::BusyError);
  }
  CHECK_THROWS_WITH(sqlite::Throw(SQLITE_BUSY, "locked", {"app.db"}),
                    "app.db: another program or connection holds the lock (locked)");
  const Context late = Context().With(std::chrono::steady_clock::now());
  CHECK_THROWS_AS(sqlite::Throw(SQLITE_BUSY, "locked", {"app.db", nullptr, {}, &late}),
                  grapnel::CancelledError);
}

TEST_CASE("an interrupted statement says why") {
  std::stop_source source;
  source.request_stop();
  const auto context = grapnel::core::Context().With(source.get_token());
  CHECK_THROWS_WITH(
      sqlite::Throw(SQLITE_INTERRUPT, "interrupted", {"app.db", nullptr, {}, &context}),
      "the operation was cancelled: a stop was requested");
  CHECK_THROWS_WITH(sqlite::Throw(SQLITE_INTERRUPT, "interrupted", {"app.db"}),
                    "the operation was cancelled: interrupted");
}

TEST_CASE("B95 a missing table or column is SchemaError") {
  for (const std::string text :
       {"no such table: users", "no such column: age", "table users has no column named age"}) {
    Throws<grapnel::SchemaError>(SQLITE_ERROR, text, [&](const auto& error) {
      CHECK(error.Entity() == "User");
      CHECK(error.Reason().find(text) != std::string::npos);
    });
  }
}
