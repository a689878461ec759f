// The avatar sync: that database and bucket are in step whatever fails when, and that the hooks
// without an outbox are not.
#define main RunAvatarSync
#include "../../examples/avatar_sync/main.cpp"
#undef main

#include "../../examples/avatar_sync/lossy.hpp"
#include "contract/avatar_model.hpp"
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

using avatars::WatchedBucket;
using avatars::World;
using grapnel::Op;
using grapnel::extras::Clock;
using grapnel::extras::ScopedClock;

namespace {

namespace fs = std::filesystem;
using Keys = std::vector<std::string>;

/// The program, on a folder and a file of its own.
struct Program {
  Scratch scratch{};
  std::string folder = scratch.File("photos"), file = scratch.File("users.db");

  Program() { fs::create_directories(folder); }

  int Run(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"avatar_sync", "--bucket", "file://" + folder, "--db", file};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    return RunAvatarSync(static_cast<int>(argv.size()), argv.data());
  }
  void Put(const std::string& name) const {
    std::ofstream(folder + "/" + name) << "theirs: " << name;
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      names.insert(fs::relative(entry.path(), folder));
    }
    return names;
  }
  std::string Content(const std::string& name) const {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  avatars::Db Open() const {
    return grapnel::Open<User, Upload, outbox::Event, outbox::Lane>(file);
  }
};

/// The same with the hooks that lose.
struct Lossy {
  Scratch scratch{};
  WatchedBucket bucket{std::make_unique<MemoryBucket>()};
  std::string file = scratch.File("lossy.db");
  grapnel::Database<lossy::User> client = engine::Open<lossy::User>(file);

  Lossy() {
    client.Provide<Bucket>(bucket);
    client.Migrate();
    client.Of<lossy::User>().Use(lossy::EnsureImageExists(), lossy::DeleteOrphans());
    bucket.Write("a.png", "a");
  }
  lossy::User Add() const {
    return client.Of<lossy::User>().Create({.name = "x", .avatar_url = "a.png"}).Save();
  }
  std::int64_t Users() const { return client.Of<lossy::User>().Query().Count(); }
};

/// No user can be deleted from the table, whatever the hooks say.
void RefuseDeletions(const std::string& file) {
  RawRows(file,
          "CREATE TRIGGER no_deletion BEFORE DELETE ON User BEGIN SELECT RAISE(ABORT, 'no'); END");
}

}  // namespace

// ---- The program --------------------------------------------------------------------------------

TEST_CASE("the demo leaves no trace, and can be run again") {
  const Program program;
  CHECK(program.Run() == 0);
  CHECK(program.Run({"--import", "25"}) == 0);
  CHECK(program.Run() == 0);
  CHECK(program.Run({"--check"}) == 0);
  CHECK(program.Names().empty());
  const auto client = program.Open();
  CHECK(client.Of<User>().Query().Count() == 0);
  CHECK(client.Of<Upload>().Query().Count() == 0);
  CHECK(client.Of<outbox::Event>().Query().Count() == 0);
}

TEST_CASE("B255 the demo deletes no image and no user that it did not make") {
  const Program program;
  program.Put("a8m.png");
  program.Put("other.jpg");
  program.Put(".hidden");
  fs::create_directory(program.folder + "/folder");
  fs::create_symlink("/nowhere", program.folder + "/link.png");
  fs::create_symlink(program.folder + "/other.jpg", program.folder + "/a8m-2.png");
  {
    const auto client = program.Open();
    client.Migrate();
    client.WithTx([](grapnel::Tx& tx) {  // as the blog's program has left them, without uploads
      for (const char* key : {"a8m.png", "a8m-5.png", "gone.png"}) {
        tx.Sql("INSERT INTO User (name, avatar_url) VALUES ('a8m', ?1)", key);
      }
    });
  }
  const auto names = program.Names();
  for (int run = 0; run < 2; ++run) {
    CHECK(program.Run({"--import", "3"}) == 0);
    CHECK(program.Run() == 0);
    CHECK(program.Names() == names);
    CHECK(program.Open().Of<User>().Query().Count() == 3);
  }
  CHECK(program.Content("a8m.png") == "theirs: a8m.png");
  const auto client = program.Open();
  FolderBucket bucket(program.folder);
  const Images images(client, bucket);
  const Images::Report report = images.Reconcile();
  CHECK(report.missing == Keys{"a8m-5.png", "gone.png"});
  CHECK(report.stranger == Keys{"other.jpg"});
  // Not even when such a user goes: who knows who else needs it.
  client.Of<User>().Delete().Exec();
  outbox::Relay relay(client, kRemovals,
                      [&](const outbox::Event& event, auto) { images.Remove(event.key); });
  CHECK(relay.RunOnce().delivered == 3);
  CHECK(program.Names() == names);
}

TEST_CASE("the program says what it cannot do") {
  const Program program;
  CHECK(program.Run({"--import", "0"}) == 2);
  CHECK(program.Run({"--import"}) == 2);
  CHECK(program.Run({"--nonsense"}) == 2);
  CHECK(program.Run({"--bucket", "nonsense"}) == 1);
  CHECK(program.Run({"--bucket", "s3://photos?endpoint=nowhere&region=x"}) == 1);
  CHECK(program.Run({"--help"}) == 0);
}

// ---- In step ------------------------------------------------------------------------------------

TEST_CASE("B255 a user takes what was uploaded, and nothing else") {
  World world;
  CHECK_THROWS_AS(World::Add(world.client, "nobody.png"), MissingImageError);
  const User user = world.Add();
  CHECK(world.bucket.Read(user.avatar_url) == "a");
  CHECK(user.avatar_url.ends_with("/a.png"));
  // What is being written is not there yet, for all the bucket says.
  std::string key;
  world.bucket.on = [&](std::string_view what, const std::string& written) {
    if (what == "wrote") CHECK_THROWS_AS(World::Add(world.client, written), MissingImageError);
    key = written;
  };
  world.images.Stage("b.png", "b");
  world.bucket.on = {};
  World::Add(world.client, key);
  CHECK_THROWS_AS(world.images.Stage("../b.png", "b"), BucketError);
  CHECK_THROWS_AS(world.images.Stage("", "b"), BucketError);
  CHECK(world.Uploads() == 2);
  // A user that is not created takes nothing.
  const std::string free = world.images.Stage("c.png", "c");
  CHECK_THROWS_AS(world.client.Of<User>().Create({.name = "", .avatar_url = free}).Save(),
                  grapnel::ValidationError);
  CHECK_THROWS(world.client.WithTx([&](grapnel::Tx& tx) {
    World::Add(tx, free);
    throw std::runtime_error("no");
  }));
  CHECK(world.client.Of<Upload>().Query().Where(F<&Upload::state> == UploadState::Staged).Count() ==
        1);
}

TEST_CASE("B255 a user deleted and made anew with the same image keeps the image") {
  World world;
  User user = world.Add();
  const std::string key = user.avatar_url;
  world.client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().DeleteOne(user.id).Exec();
    user = World::Add(tx, key);
  });
  world.Deliver();
  CHECK(world.bucket.Exists(key));
  world.client.WithTx([&](grapnel::Tx& tx) {  // and in a nested one
    tx.WithTx([&](grapnel::Tx& inner) { inner.Of<User>().DeleteOne(user.id).Exec(); });
    user = World::Add(tx, key);
  });
  world.client.WithTx([&](grapnel::Tx& tx) {  // made first
    const User second = World::Add(tx, key);
    tx.Of<User>().DeleteOne(user.id).Exec();
    user = second;
  });
  world.Deliver();
  CHECK(world.bucket.Exists(key));
  const User other = World::Add(world.client, key);  // shared
  world.client.Of<User>().DeleteOne(user.id).Exec();
  world.Deliver();
  CHECK(world.bucket.Exists(key));
  world.client.Of<User>().DeleteOne(other.id).Exec();
  CHECK(world.bucket.Exists(key));
  user = World::Add(world.client, key);  // while its removal waits: it is kept
  world.Deliver();
  CHECK(world.bucket.Exists(key));
  world.client.Of<User>().DeleteOne(user).Exec();
  world.Deliver();
  CHECK(world.bucket.Keys().empty());
  CHECK(world.Uploads() == 0);
}

TEST_CASE("B255 who wants an image that is being removed is refused, and removal is repeated") {
  World world;
  const User user = world.Add();
  world.client.Of<User>().DeleteOne(user).Exec();
  int deletions = 0;
  world.bucket.on = [&](std::string_view what, const std::string& key) {
    if (what == "delete") {
      CHECK_THROWS_AS(World::Add(world.client, key), RemovedImageError);
      if (++deletions < 3) throw BucketError("no route");
    }
    if (what == "deleted") CHECK_THROWS_AS(World::Add(world.client, key), RemovedImageError);
  };
  auto relay = world.Relay({.backoff = std::chrono::seconds(0)});
  CHECK(relay.RunOnce().failed == 1);
  CHECK(relay.RunOnce().failed == 1);
  CHECK(world.bucket.Exists(user.avatar_url));
  CHECK(relay.RunOnce().delivered == 1);
  world.images.Remove(user.avatar_url);  // as of two relays
  CHECK(deletions == 3);
  CHECK_FALSE(world.bucket.Exists(user.avatar_url));
  CHECK_THROWS_AS(World::Add(world.client, user.avatar_url), MissingImageError);
  CHECK(world.Uploads() == 0);
}

TEST_CASE("B255 an upload that nobody takes is given up, one that is taken is not") {
  Clock::Time now = std::chrono::floor<std::chrono::microseconds>(Clock::Now());
  const ScopedClock clock([&] { return now; });
  World world;
  const User user = world.Add();
  world.images.Stage("b.png", "b");
  world.bucket.on = [](std::string_view what, auto&) {
    if (what == "wrote") throw BucketError("connection lost");
  };
  CHECK_THROWS_AS(world.images.Stage("c.png", "c"), BucketError);
  world.bucket.on = {};
  CHECK(world.bucket.Keys().size() == 3);
  CHECK(world.images.Reap() == 0);
  now += Images::kStaged;
  CHECK(world.images.Reap() == 1);
  CHECK(world.images.Reap() == 0);
  world.Deliver();
  CHECK(world.bucket.Keys().size() == 2);
  now += Images::kWriting;
  CHECK(world.images.Reap() == 1);
  world.Deliver();
  CHECK(world.bucket.Keys() == Keys{user.avatar_url});
  CHECK(world.Uploads() == 1);
  // One that comes to an end a day too late takes back what it wrote.
  world.bucket.on = [&](std::string_view what, auto&) {
    if (what != "wrote") return;
    now += Images::kWriting;
    CHECK(world.images.Reap() == 1);
    world.Deliver();
  };
  CHECK_THROWS_AS(world.images.Stage("d.png", "d"), UploadExpiredError);
  CHECK(world.bucket.Keys() == Keys{user.avatar_url});
}

TEST_CASE("B255 what others have changed behind the program's back is found") {
  World world;
  const User lost = world.Add(), gone = world.Add(), kept = world.Add(), going = world.Add();
  world.images.Stage("staged.png", "s");
  world.bucket.Write("theirs.png", "t");
  world.bucket.Delete(lost.avatar_url);
  RawRows(world.scratch.File("users.db"),
          "DELETE FROM User WHERE id = " + std::to_string(gone.id));  // no hook sees it
  world.client.Of<User>().DeleteOne(going).Exec();                    // its event waits
  const auto before = world.bucket.Keys();
  const Images::Report report = world.images.Reconcile();
  CHECK(report.missing == Keys{lost.avatar_url});
  CHECK(report.unused == Keys{gone.avatar_url});
  CHECK(report.stranger == Keys{"theirs.png"});
  CHECK(world.bucket.Keys() == before);
  for (const std::string& key : report.unused) world.images.Remove(key);
  world.images.Remove(kept.avatar_url);  // does nothing, and so for all that are in use
  world.images.Remove("theirs.png");
  world.Deliver();
  CHECK(world.images.Reconcile().unused.empty());
  CHECK(world.bucket.Exists(kept.avatar_url));
  CHECK_FALSE(world.bucket.Exists(gone.avatar_url));
  CHECK(world.bucket.Exists("theirs.png"));
}

TEST_CASE("B255 the bucket is never called while a transaction is open") {
  World world;
  const auto other =
      engine::Open<User, Upload, outbox::Event, outbox::Lane>(world.scratch.File("users.db"));
  int calls = 0;
  world.bucket.on = [&](std::string_view, auto&) {
    ++calls;
    other.With(grapnel::LockWait(std::chrono::milliseconds(0)))
        .Of<Upload>()
        .Create({.key = std::to_string(calls)})
        .Save();
  };
  const User user = world.Add();
  world.client.Of<User>().DeleteOne(user).Exec();
  world.Deliver();
  static_cast<void>(world.images.Reconcile());
  CHECK(calls >= 4);
  CHECK_THROWS_AS(world.client.WithTx([&](grapnel::Tx&) { world.images.Stage("a", "a"); }),
                  grapnel::TxError);
}

// ---- What the hooks without an outbox lose, and these do not ------------------------------------

TEST_CASE("B255 a database error behind the image's deletion") {
  Lossy lossy;
  const auto lost = lossy.Add();
  RefuseDeletions(lossy.file);
  CHECK_THROWS_AS(lossy.client.Of<lossy::User>().DeleteOne(lost.id).Exec(), grapnel::Error);
  CHECK(lossy.Users() == 1);
  CHECK_FALSE(lossy.bucket.Exists("a.png"));

  World world;
  const User user = world.Add();
  RefuseDeletions(world.scratch.File("users.db"));
  CHECK_THROWS_AS(world.client.Of<User>().DeleteOne(user.id).Exec(), grapnel::Error);
  world.Deliver();
  CHECK(world.Users() == 1);
  CHECK(world.bucket.Exists(user.avatar_url));
}

TEST_CASE("B255 a veto") {
  Lossy lossy;
  const auto lost = lossy.Add();
  lossy.client.Of<lossy::User>().Use(grapnel::hook::Reject(Op::DeleteOne));  // further in
  CHECK_THROWS_AS(lossy.client.Of<lossy::User>().DeleteOne(lost.id).Exec(), grapnel::RejectedError);
  CHECK(lossy.Users() == 1);
  CHECK_FALSE(lossy.bucket.Exists("a.png"));

  World world;
  const User user = world.Add();
  world.client.Of<User>().Use(DeleteOrphans(), grapnel::hook::Reject(Op::DeleteOne));
  CHECK_THROWS_AS(world.client.Of<User>().DeleteOne(user.id).Exec(), grapnel::RejectedError);
  world.Deliver();
  CHECK(world.bucket.Exists(user.avatar_url));
}

TEST_CASE("B255 a rollback by the caller") {
  Lossy lossy;
  const auto lost = lossy.Add();
  {
    auto tx = lossy.client.Tx();
    tx.Of<lossy::User>().DeleteOne(lost.id).Exec();
  }
  CHECK(lossy.Users() == 1);
  CHECK_FALSE(lossy.bucket.Exists("a.png"));

  World world;
  const User user = world.Add();
  {
    auto tx = world.client.Tx();
    tx.Of<User>().DeleteOne(user.id).Exec();
  }
  world.client.WithTx([&](grapnel::Tx& tx) {
    auto inner = tx.Tx();
    inner.Of<User>().DeleteOne(user.id).Exec();
    inner.Rollback();
  });
  world.Deliver();
  CHECK(world.Users() == 1);
  CHECK(world.bucket.Exists(user.avatar_url));
}

TEST_CASE("B255 a condition of the deletion that matches nothing") {
  Lossy lossy;
  const auto lost = lossy.Add();
  CHECK_THROWS_AS(
      lossy.client.Of<lossy::User>().DeleteOne(lost.id).Where(F<&lossy::User::name> == "y").Exec(),
      grapnel::NotFoundError);
  CHECK(lossy.Users() == 1);
  CHECK_FALSE(lossy.bucket.Exists("a.png"));

  World world;
  const User user = world.Add();
  CHECK_THROWS_AS(world.client.Of<User>().DeleteOne(user.id).Where(F<&User::name> == "y").Exec(),
                  grapnel::NotFoundError);
  world.Deliver();
  CHECK(world.bucket.Exists(user.avatar_url));
}

TEST_CASE("B255 a deletion of many") {
  Lossy lossy;
  lossy.Add();
  lossy.client.Of<lossy::User>().Delete().Exec();
  CHECK(lossy.Users() == 0);
  CHECK(lossy.bucket.Exists("a.png"));  // for ever

  World world;
  for (int i = 0; i < 5; ++i) world.Add();
  const User kept = world.Add();
  world.client.Of<User>().Delete().Where(F<&User::id> != kept.id).Exec();
  world.Deliver();
  CHECK(world.bucket.Keys() == Keys{kept.avatar_url});
}

TEST_CASE("B255 two users who share an image") {
  Lossy lossy;
  const auto first = lossy.Add();
  lossy.Add();
  lossy.client.Of<lossy::User>().DeleteOne(first.id).Exec();
  CHECK(lossy.Users() == 1);
  CHECK_FALSE(lossy.bucket.Exists("a.png"));
  // and so the second can never be deleted, as after a crash between the image and the row
  CHECK_THROWS_AS(lossy.client.Of<lossy::User>()
                      .DeleteOne(lossy.client.Of<lossy::User>().Query().Only().id)
                      .Exec(),
                  BucketError);

  World world;
  const User one = world.Add();
  const User other = World::Add(world.client, one.avatar_url);
  world.client.Of<User>().DeleteOne(one.id).Exec();
  world.Deliver();
  CHECK(world.bucket.Exists(one.avatar_url));
  world.bucket.Delete(one.avatar_url);  // a hand from outside
  CHECK(world.images.Reconcile().missing == Keys{one.avatar_url});
  world.client.Of<User>().DeleteOne(other.id).Exec();
  world.Deliver();
  CHECK(world.Uploads() == 0);
}

TEST_CASE("B255 a deletion between the look for an image and the write") {
  Lossy lossy;
  lossy.Add();
  lossy.bucket.on = [&](std::string_view what, auto&) {
    // The other deletion has taken the image, and waits for the lock to take its row.
    if (what == "existed") lossy.bucket.Delete("a.png");
  };
  lossy.Add();
  CHECK(lossy.Users() == 2);
  CHECK_FALSE(lossy.bucket.Exists("a.png"));

  World world;
  const User user = world.Add();
  world.client.Of<User>().DeleteOne(user).Exec();
  std::string outcome;
  world.bucket.on = [&](std::string_view what, const std::string& key) {
    if (what != "delete") return;
    try {
      World::Add(world.client, key);
      outcome = "a user without an image";
    } catch (const RemovedImageError&) {
      outcome = "refused";
    }
  };
  world.Deliver();
  CHECK(outcome == "refused");
  CHECK(world.Users() == 0);
}

TEST_CASE("B255 the bucket under the lock of the database") {
  if (!engine::SerialisesWriters()) return;
  Lossy lossy;
  const auto other = engine::Open<lossy::User>(lossy.file);
  bool waited = false;
  lossy.bucket.on = [&](std::string_view what, auto&) {
    if (what != "delete") return;
    try {
      other.With(grapnel::LockWait(std::chrono::milliseconds(0)))
          .Of<lossy::User>()
          .Delete()
          .Where(F<&lossy::User::name> == "nobody")
          .Exec();
    } catch (const grapnel::BusyError&) {
      waited = true;
    }
  };
  const auto user = lossy.Add();
  lossy.client.Of<lossy::User>().DeleteOne(user.id).Exec();
  CHECK(waited);
}
