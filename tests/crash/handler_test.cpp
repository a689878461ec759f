// B252, B253: what events cause in a database, theirs or another one, while all are killed.
#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/world.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/scratch.hpp"

#include <grapnel/extras/inbox.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/outbox/handler.hpp>
#include <grapnel/grapnel.hpp>

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>

using namespace crash;

namespace {

namespace inbox = grapnel::extras::inbox;
using Receiver = grapnel::Database<Effect, inbox::Seen>;

Receiver OpenReceiver(const std::string& where) { return engine::Open<Effect, inbox::Seen>(where); }

}  // namespace

TEST_CASE("B252 B253 each event has its effect once, by a Handler and by an inbox") {
  const Scratch scratch;
  const std::string log = scratch.File("log"), other = scratch.File("other");
  OpenReceiver(other).Migrate();
  World world(31, Appends::Within, [&](const Db& db, const Role& role) {
    if (role.sink == 0) {
      auto chance = std::make_shared<Random>(role.chance);
      return std::make_unique<outbox::Relay>(
          db, role.Sink(),
          outbox::Handler([chance, fails = !role.drains, &steps = role.steps](
                              grapnel::Tx& tx, const outbox::Event& event) {
            Cause(tx, event);
            if (fails && ((*chance)() >> 4) % 20 == 0) throw std::runtime_error("not yet");
            ++steps;
          }),
          Options());
    }
    const auto receiver = std::make_shared<Receiver>(OpenReceiver(other));
    auto sink = [receiver, received = FileSink(log, role.chance, !role.drains)](
                    const outbox::Event& event, const std::stop_token& stop) mutable {
      received(event, stop);
      receiver->WithTx(
          [&](grapnel::Tx& tx) {
            inbox::Once(tx, "shop", event.id, [&](grapnel::Tx& once) { Cause(once, event); });
          },
          grapnel::Retry{});
    };
    return std::make_unique<outbox::Relay>(db, role.Sink(), role.Counted(sink), Options());
  });
  world.Kill(40);
  const Stored stored = world.Drain();
  const Account handled = Compare(stored.journal, Effects(OpenAt(world.Path())));
  Require("by a Handler", world.Kills(), handled, 40);
  CHECK(handled.duplicates == 0);
  const Account received = Compare(stored.journal, Effects(OpenReceiver(other)));
  Require("by an inbox", world.Kills(), received, 40);
  CHECK(received.duplicates == 0);
  CHECK(Compare(stored.journal, ReadLog(log)).duplicates > 0);
}
