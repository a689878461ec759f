// The avatar sync with real folders and files, also such as others made.
#define main RunAvatarSync
#include "../../examples/avatar_sync/main.cpp"
#undef main

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// A bucket and a database of their own.
struct World {
  Scratch scratch{};
  std::string folder = scratch.File("photos"), file = scratch.File("users.db");

  World() { fs::create_directories(folder); }

  int Run() {
    std::vector<std::string> words{"avatar_sync", "--bucket", "file://" + folder, "--db", file};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    return RunAvatarSync(static_cast<int>(argv.size()), argv.data());
  }
  void Put(const std::string& name) { std::ofstream(folder + "/" + name) << "theirs: " << name; }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
  }
  std::string Content(const std::string& name) const {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

/// A client with the hooks, over a bucket in memory or in a folder.
struct Sync {
  Scratch scratch{};
  std::unique_ptr<Bucket> bucket;
  grapnel::Database<User> client;

  explicit Sync(bool memory)
      : bucket(OpenBucket(memory ? "mem://photos" : "file://" + scratch.File("photos"))),
        client(engine::Open<User>(memory ? ":memory:" : scratch.File("users.db"))) {
    client.Provide(*bucket);
    client.Migrate();
    bucket->Write("a.png", "a");
  }
  template <class C>
  static User Add(const C& of, const std::string& key) {
    return of.template Of<User>()
        .Create()
        .Set(F<&User::name>, "x")
        .Set(F<&User::avatar_url>, key)
        .Save();
  }
};

}  // namespace

TEST_CASE("the demo leaves no trace, and can be run again") {
  World world;
  CHECK(world.Run() == 0);
  CHECK(world.Run() == 0);
  CHECK(world.Names().empty());
  CHECK(RawRows(world.file, "SELECT count(*) FROM User") == Lines{"0"});
}

TEST_CASE("B255 the demo deletes no image and no user that it did not make") {
  World world;
  world.Put("a8m.png");
  world.Put("other.jpg");
  world.Put(".hidden");
  fs::create_directory(world.folder + "/a8m-2.png");            // a folder of that name
  fs::create_symlink("/nowhere", world.folder + "/a8m-3.png");  // a link to nothing
  fs::create_symlink(world.folder + "/other.jpg", world.folder + "/a8m-4.png");
  {
    static_cast<void>(engine::Open<User>(world.file).Migrate());
    RawRows(world.file,
            "INSERT INTO User (name, avatar_url) VALUES ('a8m', 'a8m.png'), ('a8m', 'a8m-5.png'), "
            "('a8m', 'gone.png')");
  }
  const auto names = world.Names();
  const auto users = RawRows(world.file, "SELECT * FROM User");
  for (int run = 0; run < 2; ++run) {
    CHECK(world.Run() == 0);
    CHECK(world.Names() == names);
    CHECK(RawRows(world.file, "SELECT * FROM User") == users);
  }
  CHECK(world.Content("a8m.png") == "theirs: a8m.png");
  CHECK(world.Content("other.jpg") == "theirs: other.jpg");
}

TEST_CASE("B255 a user deleted and made anew with the same image keeps the image") {
  Sync sync(GENERATE(false, true));
  const auto& client = sync.client;
  User user = Sync::Add(client, "a.png");
  client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().DeleteOne(user.id).Exec();
    user = Sync::Add(tx, "a.png");
  });
  CHECK(sync.bucket->Exists("a.png"));
  client.WithTx([&](grapnel::Tx& tx) {  // and in a nested one
    tx.WithTx([&](grapnel::Tx& inner) { inner.Of<User>().DeleteOne(user.id).Exec(); });
    user = Sync::Add(tx, "a.png");
  });
  CHECK(sync.bucket->Exists("a.png"));
  client.WithTx([&](grapnel::Tx& tx) {  // made first
    const User second = Sync::Add(tx, "a.png");
    tx.Of<User>().DeleteOne(user.id).Exec();
    user = second;
  });
  CHECK(sync.bucket->Exists("a.png"));
  const User other = Sync::Add(client, "a.png");  // shared
  client.Of<User>().DeleteOne(user.id).Exec();
  CHECK(sync.bucket->Exists("a.png"));
  client.Of<User>().DeleteOne(other.id).Exec();
  CHECK(sync.bucket->Keys().empty());
}

TEST_CASE("an image stays with a user whose deletion did not happen") {
  Sync sync(GENERATE(false, true));
  const auto& client = sync.client;
  const User user = Sync::Add(client, "a.png");
  {
    auto tx = client.Tx();
    tx.Of<User>().DeleteOne(user.id).Exec();
  }
  CHECK(sync.bucket->Exists("a.png"));
  client.WithTx([&](grapnel::Tx& tx) {
    auto inner = tx.Tx();
    inner.Of<User>().DeleteOne(user.id).Exec();
    inner.Rollback();
  });
  CHECK(sync.bucket->Exists("a.png"));
  auto veto = client.Of<User>().Use(grapnel::hook::Reject(grapnel::Op::DeleteOne));
  CHECK_THROWS_AS(client.Of<User>().DeleteOne(user.id).Exec(), grapnel::RejectedError);
  veto.Remove();
  CHECK_THROWS_AS(client.Of<User>().Delete().Exec(), grapnel::RejectedError);
  CHECK(sync.bucket->Exists("a.png"));
  CHECK_THROWS_AS(Sync::Add(client, "b.png"), MissingImageError);
}

TEST_CASE("a bucket writes a new key only where there is nothing of that name") {
  Sync sync(GENERATE(false, true));
  CHECK_FALSE(sync.bucket->WriteNew("a.png", "b"));
  CHECK(sync.bucket->Read("a.png") == "a");
  CHECK(sync.bucket->WriteNew("b.png", "b"));
  CHECK(sync.bucket->Read("b.png") == "b");
  sync.bucket->Write("b.png", "c");
  CHECK(sync.bucket->Read("b.png") == "c");
  CHECK(sync.bucket->Keys() == std::vector<std::string>{"a.png", "b.png"});
  for (const char* key : {"", ".x", "a/b"}) {
    CHECK_THROWS_AS(sync.bucket->WriteNew(key, "x"), BucketError);
  }
}
