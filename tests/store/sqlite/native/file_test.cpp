#include <grapnel/store/sqlite/native/file.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::StorageError;
using grapnel::StorageKind;

namespace {

using Handle = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

/// What SQLite makes of a name; null where it refuses it.
Handle OpenRaw(const std::string& url) {
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(
      url.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, nullptr);
  Handle owner(handle, &sqlite3_close);
  if (result != SQLITE_OK) owner.reset();
  return owner;
}

std::string PathOf(const Handle& handle) { return sqlite3_db_filename(handle.get(), "main"); }

}  // namespace

TEST_CASE("B94 B124 what SQLite opens as memory is memory, however the URL spells it") {
  const auto is_memory = [](std::string_view url) {
    const sqlite::Options options = sqlite::ParseUrl(url);
    CHECK(options.url == url);
    CHECK(options.memory == (options.path == ":memory:"));
    return options.memory;
  };
  for (const char* url :
       {":memory:", "file::memory:", "file::memory:?cache=shared", "file:%3Amemory%3a",
        "file::memory:#app.db", "file:x?mode=memory", "file:x?mode=memory&cache=shared",
        "file:x?cache=shared&mode=memory", "file:x?mode=rw&mode=memory", "file:x?%6dode=m%65mory",
        "file:?mode=memory", "file:x?a&b=&=c&mode=memory", "file:/x?vfs=memdb",
        "file:x?vfs=%6demdb", "file:::memory:%00?mode=memory", "file::memory:%00.db"}) {
    INFO(url);
    CHECK(is_memory(url));
  }
  for (const char* url :
       {"app.db", "/tmp/a b.db", "mode=memory.db", "x?mode=memory", "file:app.db?mode=ro",
        "file:///tmp/app.db", "file:app.db#?mode=memory", "file:app.db?mode=memory&mode=rw",
        "file:app.db?xmode=memory", "file:app.db%3fmode=memory", "file:app.db?mod%00e=memory",
        "FILE::memory:"}) {
    INFO(url);
    CHECK_FALSE(is_memory(url));
  }
}

TEST_CASE(
    "bad input: a URL of another engine, without a name, with a NUL or a shared file is refused") {
  const auto refused = [](std::string_view url) {
    try {
      sqlite::ParseUrl(url);
      return std::string("taken");
    } catch (const StorageError& error) {
      CHECK(error.Kind() == StorageKind::Open);
      return error.Database();
    }
  };
  CHECK(refused("postgres://host/app") == "postgres://host/app");
  CHECK(refused(std::string_view("a\0b", 3)) == "a");
  for (const char* url :
       {"", "file:", "file:?cache=private", "file://localhost", "file:%00x", "file:x?cache=shared",
        "file:x?mode=rw&c%61che=shared", "file:x?mode=memory&mode=rwc&cache=shared"}) {
    CHECK(refused(url) == url);
  }
}

TEST_CASE("a name is taken apart as SQLite does it, and put together again") {
  const Scratch scratch;
  std::filesystem::current_path(scratch.Folder());
  for (const char* url :
       {"file:a.db", "file:b%20c.db", "file:d%2", "file:e%zz", "file:f%00g",
        "file:h?x=1&cache=private", "file:i#j", "file:k%23l%3fm&n=o", "file:p?x%00q=r&mode=rwc",
        "file:s?=t&psow=0", "file:u%c3%a4?immutable=0"}) {
    INFO(url);
    const sqlite::Name name = sqlite::TakeApart(url);
    const Handle raw = OpenRaw(url);
    REQUIRE(raw);
    CHECK(PathOf(raw) == (std::filesystem::current_path() / name.path).string());
    for (const auto& [parameter, value] : name.parameters) {
      const char* found =
          sqlite3_uri_parameter(sqlite3_db_filename(raw.get(), "main"), parameter.c_str());
      REQUIRE(found != nullptr);
      CHECK(found == std::string(name.Find(parameter)));
    }
    CHECK(PathOf(OpenRaw(sqlite::PutTogether(name))) == PathOf(raw));
  }
  CHECK(sqlite::PutTogether({"//tmp/a?b", {{"mode", "r&w"}}}) == "file:////tmp/a%3fb?mode=r%26w");
  std::filesystem::current_path("/");
}

TEST_CASE("B121 a place is one file, which later connections open and never create") {
  const Scratch scratch;
  const std::string path = scratch.File("a#b%?.db");
  const sqlite::Options options = sqlite::ParseUrl(path);
  Handle handle(nullptr, &sqlite3_close);
  {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
    handle.reset(opened);
  }
  sqlite::Place place;
  place.Check();  // of nothing
  place.Note(handle.get(), options);
  CHECK(PathOf(OpenRaw(place.Later())) == PathOf(handle));
  place.Check(handle.get());

  const auto moved = [&](auto body) {
    try {
      body();
      return false;
    } catch (const StorageError& error) {
      CHECK(error.Kind() == StorageKind::Moved);
      CHECK(error.Database() == path);
      return true;
    }
  };
  const std::string aside = scratch.File("aside");
  std::filesystem::rename(path, aside);
  CHECK(moved([&] { place.Check(); }));
  CHECK(moved([&] { place.Later(); }));
  std::ofstream(path) << "";
  CHECK(moved([&] { place.Check(); }));
  CHECK(moved([&] { place.Check(OpenRaw("file:" + aside).get()); }));
  std::filesystem::rename(aside, path);
  place.Check(handle.get());
}
