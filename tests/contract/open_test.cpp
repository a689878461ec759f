#include "contract/model.hpp"
#include "contract/raw.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using grapnel::F;
using grapnel::StorageKind;
using model::Pet;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<std::string> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void AddPet(const grapnel::Client& client, const std::string& name) {
  client.Of<Pet>().Create().Set(F<&Pet::name>, name).Save();
}

std::vector<std::string> PetNames(const grapnel::Client& client) {
  std::vector<std::string> names;
  for (const Pet& pet : client.Of<Pet>().Query().Order(grapnel::Asc(F<&Pet::id>)).All()) {
    names.push_back(pet.name);
  }
  return names;
}

/// What goes wrong from Open to the first write, as "kind: URL is named".
std::string Trouble(const std::string& url) {
  try {
    const auto client = grapnel::Open<Pet>(url);
    client.Migrate();
    AddPet(client, "Rex");
    return "none";
  } catch (const grapnel::StorageError& error) {
    const bool named = std::string(error.what()).find(url) != std::string::npos;
    return std::string(Name(error.Kind())) + (named && error.Database() == url ? "" : ", unnamed");
  }
}

/// Without root's right to write everywhere, until the end of the scope.
class Unprivileged {
 public:
  Unprivileged() : was_(geteuid()) {
    if (was_ == 0) works_ = seteuid(65534) == 0;
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (was_ == 0 && seteuid(0) != 0) std::abort();
  }
  bool Works() const { return works_; }

 private:
  uid_t was_;
  bool works_ = true;
};

}  // namespace

TEST_CASE("B94 a database in memory is private to its Open") {
  const Scratch scratch;
  std::filesystem::current_path(scratch.Folder());
  for (const char* url : {":memory:", "file::memory:", "file:x?mode=memory",
                          "file:x?mode=memory&cache=shared", "file:x?cache=shared&mode=memory"}) {
    INFO(url);
    const auto first = grapnel::Open<Pet>(url);
    const auto second = grapnel::Open<Pet>(url);
    first.Migrate();
    CHECK_THROWS_AS(PetNames(second), grapnel::SchemaError);  // not even the table
    second.Migrate();
    AddPet(first, "Rex");
    AddPet(second, "Tom");
    const auto copy = first;
    AddPet(copy, "Rocky");
    CHECK(PetNames(first) == std::vector<std::string>{"Rex", "Rocky"});
    CHECK(PetNames(second) == std::vector<std::string>{"Tom"});
    CHECK(PetNames(first.With(1)) == std::vector<std::string>{"Rex", "Rocky"});
  }
  CHECK(FilesIn(scratch.Folder()).empty());
  std::filesystem::current_path("/");
}

TEST_CASE("a file is opened by path or URI, and keeps what was written") {
  const Scratch scratch;
  const std::string path = scratch.File("a b#%.db");
  for (const char* name : {"a", "b"}) {
    const auto client = grapnel::Open<Pet>(path);
    client.Migrate();
    AddPet(client, name);
  }
  const auto client = grapnel::Open<Pet>("file:" + scratch.File("a%20b%23%25.db"));
  CHECK(PetNames(client) == std::vector<std::string>{"a", "b"});
  Raw raw(path);
  CHECK(raw("PRAGMA journal_mode") == Raw::Rows{"wal"});

  // Two programs with one file see each other's commits.
  const auto other = grapnel::Open<Pet>(path);
  AddPet(other, "c");
  CHECK(PetNames(client) == std::vector<std::string>{"a", "b", "c"});
  raw("INSERT INTO \"Pet\" (name, owner_id) VALUES ('d', 0)");
  CHECK(PetNames(other) == std::vector<std::string>{"a", "b", "c", "d"});
}

TEST_CASE("a URI that speaks of memory elsewhere than in its mode is still a file") {
  const Scratch scratch;
  for (const std::string name : {"mode=memory", "b?journal_mode=memory", "c?x=1&notmode=memory"}) {
    INFO(name);
    {
      const auto client = grapnel::Open<Pet>("file:" + scratch.File(name));
      client.Migrate();
      AddPet(client, "Rex");
    }
    CHECK(std::filesystem::exists(scratch.File(name.substr(0, name.find('?')))));
  }
}

TEST_CASE("bad input: a wrong URL is a StorageError of kind Open that names it") {
  const Scratch scratch;
  std::filesystem::current_path(scratch.Folder());
  CHECK(Trouble("postgres://localhost/app") == "open");
  CHECK(Trouble("http://example.org/app.db") == "open");
  CHECK(Trouble("sqlite://app.db") == "open");
  CHECK(Trouble("mem://") == "open");
  CHECK(Trouble("file://elsewhere/app.db") == "open");
  CHECK(Trouble("file:app.db?mode=quick") == "open");
  CHECK(Trouble("file:app.db?vfs=none") == "open");
  CHECK(Trouble("file:app.db?mode=rw") == "open");  // and does not exist
  CHECK_THROWS_AS(grapnel::Open<Pet>(std::string_view("app\0.db", 7)), grapnel::StorageError);
  CHECK_THROWS_AS(grapnel::Open<Pet>(std::string_view(":memory:\0", 9)), grapnel::StorageError);
  CHECK(FilesIn(scratch.Folder()).empty());
  std::filesystem::current_path("/");
}

TEST_CASE("bad input: a path that cannot be written") {
  const Scratch scratch;
  CHECK(Trouble(scratch.Folder().string()) == "open");
  CHECK(Trouble(scratch.File("no/such/folder.db")) == "open");
  WriteFile(scratch.File("file"), "");
  CHECK(Trouble(scratch.File("file/in.db")) == "open");
  CHECK(Trouble(scratch.File(std::string(5000, 'x'))) == "open");
  CHECK(FilesIn(scratch.Folder()) == std::vector<std::string>{"file"});
}

TEST_CASE("bad input: a file that may only be read can be read, and writing is ReadOnly") {
  const Scratch scratch;
  const std::string path = scratch.File("db");
  const auto fill = [&] {
    const auto client = grapnel::Open<Pet>(path);
    client.Migrate();
    AddPet(client, "Rex");
  };
  fill();
  const std::string bytes = ReadFile(path);
  const auto check = [&](const std::string& url) {
    INFO(url);
    const auto client = grapnel::Open<Pet>(url);
    CHECK(PetNames(client) == std::vector<std::string>{"Rex"});
    CHECK(client.ReadTx().Of<Pet>().Query().Count() == 1);
    const auto read_only = [&](auto write) {
      try {
        write();
        return std::string("written");
      } catch (const grapnel::StorageError& error) {
        return std::string(Name(error.Kind()));
      }
    };
    CHECK(read_only([&] { AddPet(client, "Tom"); }) == "read-only");
    CHECK(read_only([&] { client.Of<Pet>().Delete().Exec(); }) == "read-only");
    CHECK(read_only([&] { client.WithTx([](grapnel::Tx& tx) { AddPet(tx.Client(), "Tom"); }); }) ==
          "read-only");
    client.Migrate();  // has nothing to do
    const auto more = grapnel::Open<Pet, model::User>(url);
    CHECK(read_only([&] { more.Migrate(); }) == "read-only");
    CHECK(PetNames(client) == std::vector<std::string>{"Rex"});
  };
  check("file:" + path + "?mode=ro");

  // The file's own rights, in a folder that may be written and in one that may not.
  REQUIRE(chmod(scratch.Folder().c_str(), 0777) == 0);
  REQUIRE(chmod(path.c_str(), 0444) == 0);
  {
    const Unprivileged scope;
    if (scope.Works()) {
      check(path);
    } else {
      WARN("not tried: the user cannot be changed here");
    }
  }
  REQUIRE(chmod(scratch.Folder().c_str(), 0555) == 0);
  {
    const Unprivileged scope;
    if (scope.Works()) CHECK(Trouble(scratch.File("new.db")) == "open");
  }
  REQUIRE(chmod(scratch.Folder().c_str(), 0700) == 0);
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  CHECK(ReadFile(path) == bytes);
}

TEST_CASE("bad input: a file that is no database is NotADatabase, and stays as it is") {
  const Scratch scratch;
  const std::string path = scratch.File("notes.txt");
  for (const std::string& bytes : {std::string("hello"), std::string(100'000, 'x'),
                                   "SQLite format 3" + std::string(4096, '\0')}) {
    INFO(bytes.size() << " bytes");
    WriteFile(path, bytes);
    CHECK(Trouble(path) == "not a database");
    CHECK(ReadFile(path) == bytes);
    CHECK(FilesIn(scratch.Folder()) == std::vector<std::string>{"notes.txt"});
  }
  WriteFile(path, "");  // an empty file is an empty database
  CHECK(Trouble(path) == "none");
}

TEST_CASE("bad input: a damaged database is Corrupt, and what is whole can be read") {
  const Scratch scratch;
  const std::string path = scratch.File("db");
  {
    const auto client = grapnel::Open<Pet, model::User>(path);
    client.Migrate();
    AddPet(client, "Rex");
    client.Of<model::User>().Create().Set(F<&model::User::name>, "Ada").Save();
  }
  const auto page =
      std::stoul(Raw(path)("SELECT rootpage FROM sqlite_schema WHERE name = 'Pet'").at(0));
  std::string bytes = ReadFile(path);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>((page - 1) * 4096), 4096, '\x55');
  WriteFile(path, bytes);

  const auto client = grapnel::Open<Pet, model::User>(path);
  CHECK(client.Of<model::User>().Query().Only().name == "Ada");
  const auto kind = [&](auto body) -> std::optional<StorageKind> {
    try {
      body();
      return std::nullopt;
    } catch (const grapnel::StorageError& error) {
      CHECK(error.Database() == path);
      return error.Kind();
    }
  };
  CHECK(kind([&] { PetNames(client); }) == StorageKind::Corrupt);
  auto tx = client.Tx();
  tx.Of<model::User>().Create().Set(F<&model::User::name>, "Bob").Save();
  CHECK(kind([&] { AddPet(tx.Client(), "Tom"); }) == StorageKind::Corrupt);
  CHECK_THROWS_AS(tx.Commit(), grapnel::TxError);
  CHECK(client.Of<model::User>().Query().Count() == 1);
}
