#include <grapnel/store/sqlite/migration.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace migrations {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age;
  double score = 0;
  bool active = false;
  std::vector<std::byte> photo;
};
struct Odd {
  std::string id;
  std::int64_t value = 0;
};
struct Wrong {
  std::int64_t id = 0, unlisted = 0;
};
struct Reserved {
  std::int64_t id = 0;
};

}  // namespace migrations

template <>
struct grapnel::Schema<migrations::User> {
  static constexpr std::string_view Type = "User";
  static constexpr std::string_view Table = "users";
  static constexpr auto Fields() {
    using migrations::User;
    return grapnel::Fields(Field<&User::id>("id").NeverReuse(), Field<&User::name>("name").Unique(),
                           Field<&User::age>("age"), Field<&User::score>("score"),
                           Field<&User::active>("active").Comment("not */ locked"),
                           Field<&User::photo>("photo").StorageKey("picture"));
  }
  static constexpr auto Indexes() {
    using migrations::User;
    return grapnel::Indexes(Index<&User::age, &User::photo>(),
                            Index<&User::name, &User::age>().Unique().StorageKey("by name"));
  }
};
template <>
struct grapnel::Schema<migrations::Odd> {
  static constexpr std::string_view Type = "Odd";
  static constexpr std::string_view Table = "a \"b\"; DROP";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&migrations::Odd::value>("value").StorageKey("v\"]'` --").Unique());
  }
};
template <>
struct grapnel::Schema<migrations::Wrong> {
  static constexpr std::string_view Type = "Wrong";
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&migrations::Wrong::unlisted>()); }
};
template <>
struct grapnel::Schema<migrations::Reserved> {
  static constexpr std::string_view Type = "Reserved";
  static constexpr std::string_view Table = "sqlite_mine";
};

namespace sqlite = grapnel::sqlite::detail;
using grapnel::detail::kTable;
using sqlite::Table;
using migrations::User;

namespace {

using Texts = std::vector<std::string>;
const auto& kUsers = kTable<User>;
constexpr std::string_view kColumns =
    "id INTEGER PRIMARY KEY, NAME text, age BIGINT, score REAL, active INT";

sqlite::Options Memory() { return {":memory:", ":memory:", true, false}; }

/// Creates `sql`, then gives the text of what VerifyTable says about User.
std::string Verify(const std::string& sql) {
  sqlite::Session session(Memory());
  if (!sql.empty()) session.Execute(sql);
  try {
    sqlite::VerifyTable(session, kUsers);
    return "fits";
  } catch (const grapnel::SchemaError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a table is created with its keys, NULLs and comments") {
  CHECK(sqlite::CreateTableText(kUsers) ==
        R"(CREATE TABLE "users" ("id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, )"
        R"("name" TEXT NOT NULL, "age" INTEGER, "score" REAL NOT NULL, )"
        R"("active" INTEGER NOT NULL /* not *  locked */, "picture" BLOB NOT NULL))");
}

TEST_CASE("B79 names are quoted, whatever they hold") {
  CHECK(sqlite::CreateTableText(kTable<migrations::Odd>) ==
        R"(CREATE TABLE "a ""b""; DROP" ("id" TEXT PRIMARY KEY NOT NULL, )"
        R"("v""]'` --" INTEGER NOT NULL))");
  CHECK(sqlite::CreateIndexTexts(kTable<migrations::Odd>) ==
        Texts{R"(CREATE UNIQUE INDEX IF NOT EXISTS "a ""b""; DROP_v""]'` --_key" )"
              R"(ON "a ""b""; DROP" ("v""]'` --"))"});
}

TEST_CASE("indexes are named after table and columns, unless they have a name") {
  CHECK(sqlite::CreateIndexTexts(kUsers) ==
        Texts{R"(CREATE UNIQUE INDEX IF NOT EXISTS "users_name_key" ON "users" ("name"))",
              R"(CREATE INDEX IF NOT EXISTS "users_age_picture" ON "users" ("age", "picture"))",
              R"(CREATE UNIQUE INDEX IF NOT EXISTS "by name" ON "users" ("name", "age"))"});
  CHECK_THROWS_WITH(sqlite::CreateIndexTexts(kTable<migrations::Wrong>),
                    "Wrong: an index names a member that is not in Fields()");
}

TEST_CASE("B80 what is missing is created, and created once") {
  const Table* wanted[] = {&kUsers, &kTable<migrations::Odd>};
  sqlite::Session session(Memory());
  sqlite::CreateMissing(session, wanted);
  session.Execute("INSERT INTO users VALUES (1, 'Ada', 36, 0.5, 1, x'')");
  sqlite::CreateMissing(session, wanted);
  std::vector<std::string> names;
  for (const auto& column : sqlite::ColumnsInDatabase(session, kUsers)) {
    names.push_back(column.name + " " + column.type);
  }
  CHECK(names == Texts{"id INTEGER", "name TEXT", "age INTEGER", "score REAL", "active INTEGER",
                       "picture BLOB"});
  CHECK(sqlite::ColumnsInDatabase(session, kTable<migrations::Odd>).size() == 2);
  CHECK(sqlite::ColumnsInDatabase(session, kTable<migrations::Wrong>).empty());
}

TEST_CASE("B80 what cannot be made to fit is refused, with the reason") {
  const auto refusal = [](const std::string& sql, const Table& table) {
    sqlite::Session session(Memory());
    if (!sql.empty()) session.Execute(sql);
    const Table* wanted[] = {&table};
    try {
      sqlite::CreateMissing(session, wanted);
      return std::string("created");
    } catch (const grapnel::MigrationError& error) {
      return std::string(error.what());
    }
  };
  CHECK(refusal("CREATE TABLE users (id TEXT PRIMARY KEY)", kUsers) ==
        "cannot bring table \"users\" to the schema of User: id: in table \"users\" column \"id\" "
        "is of type \"TEXT\", not INTEGER. Nothing was changed");
  CHECK(refusal("", kTable<migrations::Reserved>) ==
        "Reserved: \"sqlite_mine\" cannot be a table's name in SQLite");
  CHECK(refusal("", kUsers) == "created");
}
