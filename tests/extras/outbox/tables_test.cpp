// The outbox's tables: what a database refuses in them, on each engine.
#include <grapnel/extras/outbox/tables.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <string>

using grapnel::F;
using grapnel::extras::outbox::Event;
using grapnel::extras::outbox::Lane;

namespace {

struct Tables : Fixture<Event, Lane> {};

}  // namespace

TEST_CASE_METHOD(Tables, "B241 a sink and a key have one lane, which upserts count on") {
  const auto lanes = client.Of<Lane>();
  const auto next = [&](const std::string& sink) {
    return lanes.Create({.sink = sink, .key = "1", .seq = 1})
        .OnConflict(F<&Lane::sink>, F<&Lane::key>)
        .Update([](grapnel::Mutation<Lane>& m) { m.Add(F<&Lane::seq>, 1); })
        .Save()
        .seq;
  };
  CHECK(next("mail") == 1);
  CHECK(next("mail") == 2);
  CHECK(next("search") == 1);
  CHECK_THROWS_AS(lanes.Create({.sink = "mail", .key = "1"}).Save(), grapnel::ConstraintError);
}

TEST_CASE_METHOD(Tables, "B244 an event's id is never used again") {
  const auto events = client.Of<Event>();
  const Event first = events.Create({.sink = "mail", .key = "1", .payload = "a"}).Save();
  events.DeleteOne(first.id).Exec();
  CHECK(events.Create({.sink = "mail", .key = "1", .payload = "a"}).Save().id > first.id);
}

TEST_CASE_METHOD(Tables, "B247 hooks of every type do not see the outbox's tables") {
  Lines log;
  client.Use(Noted(log, "hook"));
  client.Of<Lane>().Create({.sink = "mail", .key = "1"}).Save();
  client.Of<Event>().Create({.sink = "mail", .key = "1"}).Save();
  CHECK(log.empty());
}
