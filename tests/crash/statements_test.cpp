// B242, B252, B256: a fault at every statement of writers and relays, on each engine.
#include "crash/model.hpp"
#include "crash/trial.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/fault_vfs.hpp"
#include "support/scratch.hpp"

#include <grapnel/testing/fault.hpp>

#include <cstddef>
#include <cstdio>
#include <string>

using namespace crash;

namespace {

void Empty(const Db& db) {
  db.Of<Thing>().Delete().Exec();
  db.Of<Entry>().Delete().Exec();
  db.Of<Effect>().Delete().Exec();
  db.Of<outbox::Event>().Delete().Exec();
  db.Of<outbox::Lane>().Delete().Exec();
}

/// Plays it with a statement that fails, and again with another one as long as there are.
Points Sweep(Appends appends, std::size_t stride) {
  const Scratch scratch;
  const FaultVfs vfs(true);  // one that syncs nothing is fast
  const std::string path = scratch.File("db");
  const Db db = OpenAt(engine::Current() == engine::Kind::Sqlite ? vfs.Url(path) : path);
  db.Migrate();
  Writer writer(db, 0, appends);
  Points points;
  for (std::size_t n = 1;; n += stride) {
    INFO("statement " << n);
    Empty(db);
    const grapnel::testing::FaultAt fault(n);
    Trial trial(appends);
    trial.Play(writer, fault.In(db));
    if (!trial.IsRight(db)) ++points.wrong;
    if (fault.Count() < n) break;
    ++points.all;
  }
  std::printf("a statement, appended %s: wrong at %d of %d points\n", Name(appends), points.wrong,
              points.all);
  return points;
}

}  // namespace

TEST_CASE("B242 B252 a fault at every statement: delivered is what is committed") {
  const Points points = Sweep(Appends::Within, 1);
  CHECK(points.wrong == 0);
  CHECK(points.all > 100);
}

TEST_CASE("B256 the same finds an event that is in a transaction of its own") {
  for (const Appends appends : {Appends::Behind, Appends::Before}) {
    const Points points = Sweep(appends, 5);
    CHECK(points.wrong * 10 > points.all);
  }
}
