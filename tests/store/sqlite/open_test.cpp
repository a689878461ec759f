#include <grapnel/store/sqlite/open.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <filesystem>
#include <string>
#include <utility>

using grapnel::F;
using grapnel::Open;
using model::User;

namespace {

template <class Database>
std::int64_t Users(const Database& client) {
  return client.template Of<User>().Query().Count();
}

}  // namespace

TEST_CASE("a file that is not there is created, and keeps its rows") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  {
    const auto client = Open<User>(path);
    CHECK(std::filesystem::exists(path));
    client.Migrate();
    client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  }
  CHECK(Users(Open<User>(path)) == 1);
  CHECK(Users(Open<User>("file:" + path)) == 1);
}

TEST_CASE("B94 a database in memory is private to its opening, whatever its name") {
  for (const std::string url : {":memory:", "file:shared?mode=memory&cache=shared"}) {
    const auto first = Open<User>(url);
    first.Migrate();
    first.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
    const auto second = Open<User>(url);
    second.Migrate();
    CHECK(Users(first) == 1);
    CHECK(Users(second) == 0);
  }
}

TEST_CASE("copies are the same database, which the last of them closes") {
  auto client = Open<User>(":memory:");
  client.Migrate();
  const auto copy = client;
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  client = Open<User>(":memory:");
  CHECK(Users(copy) == 1);
  const auto moved = std::move(client);
  CHECK_THROWS_AS(Users(moved), grapnel::SchemaError);  // it was not migrated
}

TEST_CASE("a read-only opening reads, and refuses to write") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  const auto writable = Open<User>(path);
  writable.Migrate();
  const auto client = Open<User>("file:" + path + "?mode=ro");
  CHECK(Users(client) == 0);
  try {
    client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
    FAIL("it was written");
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::ReadOnly);
  }
  CHECK(Users(writable) == 0);
}

TEST_CASE("what cannot be opened is named") {
  const Scratch scratch;
  const std::string path = scratch.File("no/such/folder/app.db");
  try {
    Open<User>(path);
    FAIL("it was opened");
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::Open);
    CHECK(error.Database() == path);
  }
  CHECK_THROWS_AS(Open<User>("mysql://host/app"), grapnel::StorageError);
}
