#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
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

/// The kind of the StorageError that `body` throws, and a part of its text.
template <class F>
std::string KindOf(F body, std::string_view part = "") {
  try {
    body();
    return "none";
  } catch (const grapnel::StorageError& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find(part) != std::string::npos);
    return std::string(Name(error.Kind()));
  }
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

TEST_CASE("B121 a path is one file, whatever becomes of the working directory") {
  const Scratch scratch, other;
  std::filesystem::current_path(scratch.Folder());
  std::filesystem::create_directory("sub");
  for (const std::string url : {"app.db", "file:b%20c.db", "./sub/../d.db", "file:e.db?psow=1"}) {
    INFO(url);
    std::filesystem::current_path(scratch.Folder());
    const auto client = grapnel::Open<Pet>(url);
    client.Migrate();
    AddPet(client, "Rex");
    std::filesystem::current_path(other.Folder());
    CHECK(PetNames(client) == std::vector<std::string>{"Rex"});
    {
      const auto snapshot = client.ReadTx();
      CHECK(snapshot.Of<Pet>().Query().Count() == 1);
      std::thread([&] { CHECK(PetNames(client).size() == 1); }).join();  // by a connection more
    }
    AddPet(client, "Tom");
  }
  CHECK(FilesIn(other.Folder()).empty());
  std::filesystem::current_path("/");
}

TEST_CASE("B121 a link that is pointed elsewhere leaves the open file the same") {
  const Scratch scratch;
  for (const std::string name : {"one", "two"}) {
    const auto client = grapnel::Open<Pet>(scratch.File(name));
    client.Migrate();
    AddPet(client, name);
  }
  std::filesystem::create_symlink(scratch.File("one"), scratch.File("link"));
  const auto client = grapnel::Open<Pet>(scratch.File("link"));
  std::filesystem::remove(scratch.File("link"));
  std::filesystem::create_symlink(scratch.File("two"), scratch.File("link"));
  CHECK(PetNames(client) == std::vector<std::string>{"one"});
  AddPet(client, "more");
  CHECK(PetNames(grapnel::Open<Pet>(scratch.File("one"))).size() == 2);
  CHECK(PetNames(grapnel::Open<Pet>(scratch.File("two"))).size() == 1);
}

TEST_CASE("B121 a file deleted, renamed or replaced is Moved, to reads, transactions and commits") {
  namespace fs = std::filesystem;
  const auto replace = [](const std::string& path, const std::string& with) {
    fs::rename(path, path + ".aside");
    if (!with.empty()) fs::copy_file(with, path);
  };
  struct Way {
    const char* name;
    bool pooled;    // whether a reader is open already
    bool replaced;  // or gone
  };
  for (const Way way : {Way{"gone", true, false}, Way{"gone, no reader", false, false},
                        Way{"replaced", true, true}, Way{"replaced, no reader", false, true}}) {
    INFO(way.name);
    const Scratch scratch;
    const std::string path = scratch.File("app.db");
    {
      const auto other = grapnel::Open<Pet>(scratch.File("other.db"));
      other.Migrate();
      AddPet(other, "of another file");
    }
    const auto client = grapnel::Open<Pet>(path);
    client.Migrate();
    AddPet(client, "Rex");
    if (way.pooled) CHECK(PetNames(client).size() == 1);
    auto tx = client.Tx();
    AddPet(tx.Client(), "Tom");
    int committed = 0, rolled_back = 0;
    tx.AfterCommit([&] { ++committed; });
    tx.AfterRollback([&] { ++rolled_back; });
    replace(path, way.replaced ? scratch.File("other.db") : "");

    CHECK(KindOf([&] { tx.Commit(); }, path) == "moved");
    CHECK(committed == 0);
    CHECK(rolled_back == 1);
    CHECK_THROWS_AS(tx.Of<Pet>().Query().Count(), grapnel::TxError);
    CHECK(KindOf([&] { PetNames(client); }) == "moved");
    CHECK(KindOf([&] { client.Of<Pet>().Get(1); }) == "moved");
    CHECK(KindOf([&] { client.With(1).Of<Pet>().Query().Exist(); }) == "moved");
    CHECK(KindOf([&] { client.ReadTx().Of<Pet>().Query().Count(); }) == "moved");
    CHECK(KindOf([&] { AddPet(client, "Ada"); }) == "moved");
    CHECK(KindOf([&] { client.Of<Pet>().Update().Set(F<&Pet::name>, "x").Save(); }) == "moved");
    CHECK(KindOf([&] { client.Of<Pet>().Delete().Exec(); }) == "moved");
    CHECK(KindOf([&] { client.WithTx([](grapnel::Tx& t) { AddPet(t.Client(), "x"); }); }) ==
          "moved");
    CHECK(KindOf([&] { client.Migrate(); }) == "moved");
    CHECK(KindOf([&] { client.PlanMigration(); }) == "moved");
    if (way.replaced) {
      CHECK(ReadFile(path) == ReadFile(scratch.File("other.db")));
    } else {
      CHECK_FALSE(fs::exists(path));
    }

    // Once it is back, so is the client.
    fs::rename(path + ".aside", path);
    CHECK(PetNames(client) == std::vector<std::string>{"Rex"});
    AddPet(client, "Bob");
    CHECK(Raw(path)("SELECT name FROM Pet") == Raw::Rows{"Rex", "Bob"});
  }
}

TEST_CASE("B121 a log deleted or replaced is Moved to what is written, and to new connections") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  const auto client = grapnel::Open<Pet>(path);
  client.Migrate();
  AddPet(client, "Rex");
  {
    const auto snapshot = client.ReadTx();
    CHECK(snapshot.Of<Pet>().Query().Count() == 1);
    std::filesystem::rename(path + "-wal", scratch.File("aside"));
    std::thread([&] { CHECK(KindOf([&] { PetNames(client); }, "-wal") == "moved"); }).join();
    CHECK(snapshot.Of<Pet>().Query().Count() == 1);
  }
  CHECK(KindOf([&] { AddPet(client, "Tom"); }, "-wal") == "moved");
  WriteFile(path + "-wal", "");
  CHECK(KindOf([&] { AddPet(client, "Tom"); }, "-wal") == "moved");
  std::filesystem::rename(scratch.File("aside"), path + "-wal");
  AddPet(client, "Tom");
  CHECK(PetNames(client) == std::vector<std::string>{"Rex", "Tom"});
}

TEST_CASE("B123 a database in UTF-16 is refused, and stays as it was") {
  const Scratch scratch;
  for (const std::string encoding : {"UTF-16le", "UTF-16be"}) {
    const std::string path = scratch.File(encoding);
    {
      Raw raw(path);
      raw("PRAGMA encoding = '" + encoding + "'");
      raw("CREATE TABLE \"Pet\" (id INTEGER PRIMARY KEY, name TEXT, delete_time INTEGER, owner_id "
          "INTEGER)");
    }
    const std::string bytes = ReadFile(path);
    const auto files = FilesIn(scratch.Folder());
    for (const std::string& url :
         {path, "file:" + path + "?mode=ro", "file:" + path + "?immutable=1"}) {
      CHECK(KindOf([&] { grapnel::Open<Pet>(url); }, encoding) == "open");
    }
    CHECK(ReadFile(path) == bytes);
    CHECK(FilesIn(scratch.Folder()) == files);
  }
}

TEST_CASE("B124 a shared cache is refused on a file, and means nothing in memory") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  for (const std::string parameters :
       {"?cache=shared", "?mode=rwc&cache=shared", "?c%61che=shared"}) {
    CHECK(KindOf([&] { grapnel::Open<Pet>("file:" + path + parameters); }, "cache=shared") ==
          "open");
  }
  CHECK(FilesIn(scratch.Folder()).empty());

  std::filesystem::current_path(scratch.Folder());
  for (const char* url :
       {"file::memory:?cache=shared", "file:%3amemory:?cache=shared", "file:/x?vfs=memdb",
        "file:x?vfs=memdb&cache=shared", "file:x?mode=rwc&mode=memory"}) {
    INFO(url);
    const auto first = grapnel::Open<Pet>(url);
    const auto second = grapnel::Open<Pet>(url);
    first.Migrate();
    second.Migrate();
    AddPet(first, "Rex");
    CHECK(PetNames(second).empty());
    CHECK(first.ReadTx().Of<Pet>().Query().Count() == 1);
  }
  CHECK(FilesIn(scratch.Folder()).empty());
  std::filesystem::current_path("/");
}

TEST_CASE("B124 a file that does not come up in WAL is refused with what it answered") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  { Raw{path}("CREATE TABLE t (a)"); }
  const std::string bytes = ReadFile(path);
  CHECK(KindOf([&] { grapnel::Open<Pet>("file:" + path + "?vfs=unix-none"); }, "\"delete\"") ==
        "open");
  CHECK(KindOf([&] { grapnel::Open<Pet>("file:" + path + "?nolock=1"); }, "\"delete\"") == "open");
  CHECK(ReadFile(path) == bytes);
  CHECK(FilesIn(scratch.Folder()) == std::vector<std::string>{"app.db"});
}

TEST_CASE("B124 mode=ro needs no WAL and never writes") {
  const Scratch scratch;
  for (const std::string mode : {"wal", "delete", "persist"}) {
    INFO(mode);
    const std::string path = scratch.File(mode);
    {
      const auto client = grapnel::Open<Pet>(path);
      client.Migrate();
      AddPet(client, "Rex");
    }
    { Raw{path}("PRAGMA journal_mode = " + mode); }
    const std::string bytes = ReadFile(path);
    {
      const auto client = grapnel::Open<Pet>("file:" + path + "?mode=ro");
      client.Migrate();  // has nothing to do
      CHECK(PetNames(client) == std::vector<std::string>{"Rex"});
      CHECK(client.ReadTx().Of<Pet>().Query().Count() == 1);
      CHECK(KindOf([&] { AddPet(client, "Tom"); }, "mode=ro") == "read-only");
      CHECK(KindOf([&] { client.Of<Pet>().Delete().Exec(); }, "mode=ro") == "read-only");
      {
        auto tx = client.Tx();
        CHECK(tx.Of<Pet>().Query().Count() == 1);
        CHECK(KindOf([&] { AddPet(tx.Client(), "Tom"); }) == "read-only");
      }
      CHECK(ReadFile(path) == bytes);
      Raw{path}("INSERT INTO \"Pet\" (name, owner_id) VALUES ('Tom', 0)");
      CHECK(PetNames(client) == std::vector<std::string>{"Rex", "Tom"});
    }
    CHECK(Raw(path)("PRAGMA journal_mode") == Raw::Rows{mode == "wal" ? "wal" : "delete"});
  }
}

TEST_CASE("B128 a message about the disk says what stands in the way") {
  const Scratch scratch;
  const std::string folder = scratch.File("folder");
  std::filesystem::create_directory(folder);
  const std::string path = folder + "/app.db";
  {
    const auto client = grapnel::Open<Pet>(path);
    client.Migrate();
    AddPet(client, "Rex");
  }
  const auto open = [](const std::string& url, std::string_view part) {
    return KindOf([&] { PetNames(grapnel::Open<Pet>(url)); }, part);
  };
  CHECK(open(scratch.File("none/app.db"), "there is no folder " + scratch.File("none")) == "open");
  CHECK(open("file:" + scratch.File("none.db") + "?mode=rw", "there is no such file") == "open");
  CHECK(open(folder, "it is a folder") == "open");
  CHECK(open(path + "/x", "Not a directory") == "open");
  REQUIRE(chmod(scratch.Folder().c_str(), 0755) == 0);
  const auto with_rights = [&](mode_t of_file, mode_t of_folder, auto body) {
    REQUIRE(chmod(path.c_str(), of_file) == 0);
    REQUIRE(chmod(folder.c_str(), of_folder) == 0);
    {
      const Unprivileged scope;
      if (scope.Works()) body();
    }
    REQUIRE(chmod(folder.c_str(), 0700) == 0);
    REQUIRE(chmod(path.c_str(), 0600) == 0);
  };
  with_rights(0000, 0777,
              [&] { CHECK(open(path, "permission denied: the file may not be read") == "open"); });
  with_rights(0644, 0000, [&] { CHECK(open(path, "Permission denied") == "open"); });
  with_rights(0644, 0555, [&] {
    CHECK(open(folder + "/new.db",
               "permission denied: no file can be made in the folder " + folder) == "open");
    CHECK(open(path, "file:PATH?immutable=1") == "read-only");
    CHECK(open("file:" + path + "?immutable=1", "") == "none");
    const auto client = grapnel::Open<Pet>("file:" + path + "?immutable=1");
    CHECK(KindOf([&] { AddPet(client, "Tom"); }, "immutable=1") == "read-only");
  });
  with_rights(0444, 0777, [&] {
    const auto client = grapnel::Open<Pet>(path);
    CHECK(KindOf([&] { AddPet(client, "Tom"); },
                 "permission denied: the file may not be written") == "read-only");
  });
}

TEST_CASE("B129 the log shrinks after a long reader has ended") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  const auto client = grapnel::Open<Pet>(path);
  client.Migrate();
  const auto log = [&] { return std::filesystem::file_size(path + "-wal"); };
  const std::string large(1 << 20, 'x');
  AddPet(client, "Rex");
  {
    Raw reader(path);
    reader("BEGIN");
    CHECK(reader("SELECT count(*) FROM Pet") == Raw::Rows{"1"});
    for (int i = 0; i < 24; ++i) AddPet(client, large);
    CHECK(log() > 24 << 20);
    CHECK(reader("SELECT count(*) FROM Pet") == Raw::Rows{"1"});
  }
  for (int i = 0; i < 3; ++i) AddPet(client, "Tom");
  CHECK(log() <= 4 << 20);
}

TEST_CASE("B129 readers that follow one another without a gap do not let the log grow for ever") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  const auto client = grapnel::Open<Pet>(path);
  client.Migrate();
  std::atomic<bool> done{false};
  std::atomic<int> turns{0};
  std::thread reading([&] {  // there is always one that reads
    Raw one(path), two(path);
    one("BEGIN; SELECT count(*) FROM Pet");
    while (!done) {
      two("BEGIN; SELECT count(*) FROM Pet");
      one("COMMIT; BEGIN; SELECT count(*) FROM Pet");
      two("COMMIT");
      ++turns;
    }
  });
  while (turns < 10) std::this_thread::yield();
  const std::string large(1 << 20, 'x');
  // How soon it is used anew depends on the machine; for ever it does not grow.
  bool used_anew = false;
  for (std::uintmax_t written = 0; !used_anew && written < 400 << 20; written += large.size()) {
    AddPet(client, large);
    used_anew = std::filesystem::file_size(path + "-wal") < written;
  }
  done = true;
  reading.join();
  CHECK(used_anew);
}
