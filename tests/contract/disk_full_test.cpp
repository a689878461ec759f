// Ends with the code 77, "skipped", where the system lets nobody mount a file system of his own.

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using model::User;

/// What happened on the disk, line by line.
using Log = std::vector<std::string>;

constexpr int kSkipped = 77;

/// Gives this process mounts of its own; a user who is not root becomes one among his own.
bool UnshareMounts() {
  if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0) return true;
  const auto user = std::to_string(geteuid()), group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
  std::ofstream("/proc/self/gid_map") << "0 " + group + " 1";
  return true;
}

bool MountTinyDisk(const std::string& folder) {
  if (!UnshareMounts()) return false;
  // In a chroot this fails, for / is no mount there; the parent then takes away what may have
  // spread.
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=256k") == 0;
}

/// Runs `body(folder, log)` in a child process, in a folder that is a file system of 256 kB and
/// goes with the child. Returns: the log.
Log OnTinyDisk(const std::function<void(const std::string&, Log&)>& body) {
  const Scratch scratch;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (!MountTinyDisk(scratch.Folder().string())) _exit(kSkipped);
    Log log;
    try {
      body(scratch.Folder().string(), log);
    } catch (const std::exception& error) {
      log.emplace_back(error.what());
    }
    std::string text;
    for (const auto& line : log) text += line + '\n';
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  Log log;
  std::string line;
  for (char c = 0; read(ends[0], &c, 1) == 1;) {
    if (c != '\n') {
      line += c;
    } else {
      log.push_back(std::exchange(line, ""));
    }
  }
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  umount2(scratch.Folder().c_str(), MNT_DETACH);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) {
    std::cerr << "skipped: no file system can be mounted here\n" << std::flush;
    rmdir(scratch.Folder().c_str());
    std::_Exit(kSkipped);
  }
  REQUIRE(WEXITSTATUS(status) == 0);
  return log;
}

grapnel::Database<User> OpenIn(const std::string& folder) {
  auto client = grapnel::Open<User>(folder + "/db");
  client.Migrate();
  return client;
}

void Add(const grapnel::Client& client, const std::string& name) {
  client.Of<User>().Create().Set(F<&User::name>, name).Save();
}

/// Users of about 1 kB each.
std::vector<User> Thousands(std::size_t bytes) {
  return std::vector<User>(bytes / 1000, User{.name = std::string(960, 'x')});
}

/// How `body` ends.
std::string End(const std::function<void()>& body) {
  try {
    body();
    return "done";
  } catch (const grapnel::StorageError& error) {
    return "StorageError " + std::string(Name(error.Kind()));
  } catch (const grapnel::TxError&) {
    return "TxError";
  }
}

/// What is stored: by this client, by a second one, and as SQLite's own check finds it.
void Describe(const grapnel::Database<User>& client, const std::string& folder, Log& log) {
  const auto names = [](const grapnel::Client& reader) {
    std::string text;
    for (const User& user : reader.Of<User>().Query().Order(grapnel::Asc(F<&User::id>)).All()) {
      text += " " + user.name.substr(0, 8);
    }
    return text;
  };
  log.push_back("here" + names(client));
  log.push_back("anew" + names(grapnel::Open<User>(folder + "/db")));
  log.push_back(Raw(folder + "/db")("PRAGMA integrity_check").at(0));
}

/// In 256 kB the first fails at COMMIT, for all of it fits into SQLite's cache; the second earlier.
const std::vector<std::size_t> kSizes{500'000, 5'000'000};

}  // namespace

TEST_CASE("B100 a disk that is full in a Tx: Full, and the transaction is gone whole") {
  for (const auto size : kSizes) {
    const Log log = OnTinyDisk([&](const std::string& folder, Log& to) {
      const auto client = OpenIn(folder);
      Add(client, "kept");
      auto tx = client.Tx();
      tx.AfterRollback([&] { to.emplace_back("rolled back"); });
      tx.AfterCommit([&] { to.emplace_back("committed"); });
      to.push_back(End([&] {
        for (const User& user : Thousands(size)) Add(tx.Client(), user.name);
        tx.Commit();
      }));
      to.emplace_back(Name(tx.Outcome()));
      to.push_back(End([&] { Add(tx.Client(), "late"); }));
      to.push_back(End([&] { tx.Commit(); }));
      Describe(client, folder, to);
      Add(client, "next");  // there is room for a little
      Describe(client, folder, to);
    });
    CHECK(log == Log{"rolled back", "StorageError full", "rolled back", "TxError", "TxError",
                     "here kept", "anew kept", "ok", "here kept next", "anew kept next", "ok"});
  }
}

TEST_CASE("B100 a disk that is full in a bulk: Full, and none of its rows is there") {
  for (const auto size : kSizes) {
    const Log log = OnTinyDisk([&](const std::string& folder, Log& to) {
      const auto client = OpenIn(folder);
      Add(client, "kept");
      client.OnRollback([&](grapnel::Tx& tx, auto next) {
        to.emplace_back("rollback hook");
        next(tx);
      });
      to.push_back(End([&] { client.Of<User>().CreateBulk(Thousands(size)).Save(); }));
      Describe(client, folder, to);
      Add(client, "next");
      Describe(client, folder, to);
    });
    CHECK(log == Log{"rollback hook", "StorageError full", "here kept", "anew kept", "ok",
                     "here kept next", "anew kept next", "ok"});
  }
}

TEST_CASE("B100 a bulk in a Tx takes the whole transaction with it, though its error is caught") {
  const Log log = OnTinyDisk([](const std::string& folder, Log& to) {
    const auto client = OpenIn(folder);
    Add(client, "kept");
    to.push_back(End([&] {
      client.WithTx([&](grapnel::Tx& tx) {
        Add(tx.Client(), "before");
        to.push_back(End([&] {
          tx.WithTx(
              [](grapnel::Tx& inner) { inner.Of<User>().CreateBulk(Thousands(5'000'000)).Save(); });
        }));
        to.push_back(End([&] { Add(tx.Client(), "after"); }));
      });
    }));
    Describe(client, folder, to);
  });
  CHECK(log == Log{"StorageError full", "TxError", "TxError", "here kept", "anew kept", "ok"});
}

TEST_CASE("B100 a disk that others have filled: writing is Full, reading goes on") {
  const Log log = OnTinyDisk([](const std::string& folder, Log& to) {
    const auto client = OpenIn(folder);
    Add(client, "kept");
    const std::string junk = folder + "/junk";
    std::ofstream(junk) << std::string(300'000, 'x');
    const auto big = std::string("wide") + std::string(60'000, '.');
    to.push_back(End([&] { Add(client, big); }));
    to.push_back(End([&] { client.WithTx([&](grapnel::Tx& tx) { Add(tx.Client(), big); }); }));
    to.push_back("here " + client.Of<User>().Query().Only().name);
    to.push_back(End([&] { grapnel::Open<User>(folder + "/new"); }));
    std::remove(junk.c_str());
    Add(client, big);
    Describe(client, folder, to);
  });
  CHECK(log == Log{"StorageError full", "StorageError full", "here kept", "StorageError full",
                   "here kept wide....", "anew kept wide....", "ok"});
}
