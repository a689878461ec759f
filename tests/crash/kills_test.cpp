// B242, B243, B244, B246, B256: writers and relays that are killed at any instant.
#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/trial.hpp"
#include "crash/world.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <grapnel/extras/outbox.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

using namespace crash;

namespace {

/// Sinks that write to files of that folder.
World::Make ToFiles(const Scratch& logs) {
  return [&logs](const Db& db, const Role& role) {
    const FileSink sink(logs.File(role.Sink()), role.chance, !role.drains);
    return std::make_unique<outbox::Relay>(db, role.Sink(), role.Counted(sink), Options());
  };
}

}  // namespace

TEST_CASE("B242 B243 B244 B246 what is committed is delivered, whoever is killed at any instant") {
  const Scratch logs;
  World world(20240229, Appends::Within, ToFiles(logs));
  world.Kill(100);
  const Stored stored = world.Drain();
  for (const std::string& sink : kSinks) {
    const Account account = Compare(stored.journal, ReadLog(logs.File(sink)));
    Require(sink, world.Kills(), account, 100);
    CHECK(account.duplicates > 0);
  }
}

TEST_CASE("B246 B242 clocks that jump, each on its own, stop nothing and lose nothing") {
  const Scratch logs;
  World world(53, Appends::Within, ToFiles(logs), Clocks::Jumping);
  world.Kill(40);
  const Stored stored = world.Drain();
  for (const std::string& sink : kSinks) {
    Account account = Compare(stored.journal, ReadLog(logs.File(sink)));
    account.together = 0;  // a lease ends early by a clock that is ahead
    Require(sink + ", with clocks that jump", world.Kills(), account, 40);
  }
}

TEST_CASE("B256 an event in a transaction of its own is lost, or out of order, or of nothing") {
  for (const Appends appends : {Appends::Behind, Appends::Before}) {
    const Scratch logs;
    World world(7, appends, ToFiles(logs));
    Account found;
    for (int round = 0; round < 10; ++round) {  // until all of it was seen
      world.Kill(8);
      const Stored stored = world.Drain();
      found = Compare(stored.journal, ReadLog(logs.File(kSinks[0])));
      if (found.disorder > 0 && (appends == Appends::Behind ? found.lost : found.phantoms) > 0) {
        break;
      }
    }
    const std::string shown =
        fmt::format("appended {}: {} kills, {}", Name(appends), world.Kills(), Shown(found));
    std::puts(shown.c_str());
    INFO(shown);
    CHECK(found.disorder > 0);
    CHECK((appends == Appends::Behind ? found.lost : found.phantoms) > 0);
    CHECK(found.differing + found.together == 0);
  }
}
