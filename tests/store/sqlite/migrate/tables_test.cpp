#include <grapnel/store/sqlite/migrate/tables.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tables {

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

}  // namespace tables

template <>
struct grapnel::Schema<tables::User> {
  static constexpr std::string_view Type = "User";
  static constexpr std::string_view Table = "users";
  static constexpr auto Fields() {
    using tables::User;
    return grapnel::Fields(Field<&User::id>("id").NeverReuse(), Field<&User::name>("name").Unique(),
                           Field<&User::age>("age"), Field<&User::score>("score"),
                           Field<&User::active>("active").Comment("not */ locked"),
                           Field<&User::photo>("photo").StorageKey("picture"));
  }
  static constexpr auto Indexes() {
    using tables::User;
    return grapnel::Indexes(Index<&User::age, &User::photo>(),
                            Index<&User::name, &User::age>().Unique().StorageKey("by name"));
  }
};
template <>
struct grapnel::Schema<tables::Odd> {
  static constexpr std::string_view Type = "Odd";
  static constexpr std::string_view Table = "a \"b\"; DROP";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&tables::Odd::value>("value").StorageKey("v\"]'` --").Unique());
  }
};
template <>
struct grapnel::Schema<tables::Wrong> {
  static constexpr std::string_view Type = "Wrong";
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&tables::Wrong::unlisted>()); }
};
template <>
struct grapnel::Schema<tables::Reserved> {
  static constexpr std::string_view Type = "Reserved";
  static constexpr std::string_view Table = "sqlite_mine";
};

namespace sqlite = grapnel::sqlite::detail;
using grapnel::detail::kTable;
using sqlite::Table;
using tables::User;

namespace {

using Texts = std::vector<std::string>;
const auto& kUsers = kTable<User>;
constexpr std::string_view kColumns =
    "id INTEGER PRIMARY KEY, NAME text, age BIGINT, score REAL, active INT";

sqlite::Options Memory() { return {":memory:", ":memory:", true, false}; }

/// Creates `sql`, then gives the text of what VerifyTable says about User.
std::string Verify(const std::string& sql) {
  sqlite::NativeConnection native(Memory());
  if (!sql.empty()) native.Execute(sql);
  try {
    sqlite::VerifyTable(native, kUsers);
    return "fits";
  } catch (const grapnel::SchemaError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a declared type has the affinity that SQLite gives it") {
  CHECK(sqlite::Affinity("bigint") == "INTEGER");
  CHECK(sqlite::Affinity("FLOATING POINT") == "INTEGER");  // SQLite's own trap
  CHECK(sqlite::Affinity("VARCHAR(20)") == "TEXT");
  CHECK(sqlite::Affinity("clob") == "TEXT");
  CHECK(sqlite::Affinity("") == "BLOB");
  CHECK(sqlite::Affinity("double") == "REAL");
  CHECK(sqlite::Affinity("DECIMAL(10,5)") == "NUMERIC");
}

TEST_CASE("B95 a table fits by names without regard to case, and by affinity") {
  const std::string create = "CREATE TABLE users (" + std::string(kColumns);
  CHECK(Verify(create + ", picture BLOB, more TEXT)") == "fits");
  CHECK(Verify("") == "User: the database has no table \"users\"; call Migrate()");
  CHECK(Verify(create + ")") ==
        "User.photo: in table \"users\" there is no column \"picture\"; call Migrate()");
  CHECK(Verify(create + ", picture TEXT)") ==
        "User.photo: in table \"users\" column \"picture\" is of type \"TEXT\", not BLOB");
}
