// B242, B252, B256: a fault at every operation on SQLite's files, of writers and relays.
#include "crash/model.hpp"
#include "crash/trial.hpp"
#include "support/catch.hpp"
#include "support/fault_vfs.hpp"
#include "support/scratch.hpp"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

using namespace crash;

namespace {

using Fault = FaultVfs::Fault;
using Keeps = TornDisk::Keeps;

struct Kind {
  const char* name;
  Fault fault;
  int code;
  long stride;  // at each operation, or at every few
  Keeps keeps = Keeps::All;
};

const std::vector<Kind> kKinds{
    {"an I/O error", Fault::Once, SQLITE_IOERR, 1},
    {"I/O errors from there on", Fault::Lasting, SQLITE_IOERR, 7},
    {"a full disk, once", Fault::Once, SQLITE_FULL, 7},
    {"a full disk from there on", Fault::Lasting, SQLITE_FULL, 7},
    {"a power cut, nothing kept that was not synced", Fault::Power, SQLITE_IOERR, 7,
     Keeps::Nothing},
    {"a power cut, some of it kept", Fault::Power, SQLITE_IOERR, 1, Keeps::Some},
    {"a power cut, all of it kept", Fault::Power, SQLITE_IOERR, 7, Keeps::All},
};

/// Plays it on a disk that fails at one operation, and again at another one as long as there are.
Points Sweep(Appends appends, const Kind& kind, long stride) {
  const Scratch scratch;
  OpenAt(scratch.File("empty")).Migrate();
  const std::string path = scratch.File("db");
  Points points;
  for (long n = 1;; n += stride) {
    INFO(kind.name << ", at operation " << n);
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(path + part);
    std::filesystem::copy_file(scratch.File("empty"), path);
    FaultVfs vfs(true);
    Trial trial(appends);
    {
      const Db db = OpenAt(vfs.Url(path));
      Writer writer(db, 0, appends);
      vfs.FailAt(n, kind.fault, kind.code);
      trial.Play(writer, db);
      if (kind.fault != Fault::Power) vfs.Heal();
    }
    if (kind.fault == Fault::Power) vfs.PowerOn(kind.keeps, static_cast<std::uint32_t>(n));
    if (!trial.IsRight(OpenAt(vfs.Url(path)))) ++points.wrong;
    if (vfs.Failures() == 0) break;
    ++points.all;
  }
  std::printf("%s, appended %s: wrong at %d of %d points\n", kind.name, Name(appends), points.wrong,
              points.all);
  return points;
}

}  // namespace

TEST_CASE("B242 B252 a fault at every operation on the file: delivered is what is committed") {
  for (const Kind& kind : kKinds) {
    const Points points = Sweep(Appends::Within, kind, kind.stride);
    CHECK(points.wrong == 0);
    CHECK(points.all * kind.stride > 200);
  }
}

TEST_CASE("B256 the same finds an event that is in a transaction of its own") {
  for (const Appends appends : {Appends::Behind, Appends::Before}) {
    for (const Kind& kind : {kKinds[0], kKinds[1], kKinds[5]}) {
      const Points points = Sweep(appends, kind, 11);
      CHECK(points.wrong * 20 > points.all);
    }
  }
}
