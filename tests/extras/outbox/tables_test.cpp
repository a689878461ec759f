// The outbox's tables: what a database refuses in them, on each engine.
#include <grapnel/extras/outbox/tables.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/outbox/append.hpp>
#include <grapnel/extras/outbox/relay.hpp>

#include <chrono>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

using grapnel::F;
namespace outbox = grapnel::extras::outbox;
using outbox::Event;
using outbox::Lane;

// The tables as other versions of the outbox have them.
namespace newer {

struct Event : outbox::Event {
  std::int64_t priority = 3;            // of each event, without exception
  std::optional<std::string> region{};  // where there is one
};

}  // namespace newer
namespace older {

struct Event {
  std::int64_t id = 0;
  std::string sink{}, key{}, type{}, payload{};
  std::int64_t seq = 0;
  grapnel::extras::Clock::Time committed_at{};
};
struct Lane {
  std::int64_t id = 0;
  std::string sink{}, key{};
  std::int64_t seq = 0;
  bool waiting = false;
};

}  // namespace older
namespace later {

struct Event : outbox::Event {
  std::optional<std::string> region{};
};

}  // namespace later

namespace grapnel {

/// What all of them have.
template <class Row>
constexpr auto EventFields(auto... more) {
  return Fields(Field<&Row::id>("id").NeverReuse(), Field<&Row::sink>("sink"),
                Field<&Row::key>("key"), Field<&Row::type>("type"), Field<&Row::payload>("payload"),
                Field<&Row::seq>("seq"), Field<&Row::committed_at>("committed_at"), more...);
}
template <class Row>
constexpr auto AllEventFields(auto... more) {
  return EventFields<Row>(Field<&Row::attempts>("attempts"), Field<&Row::error>("error"),
                          Field<&Row::dead>("dead"), more...);
}

template <>
struct Schema<newer::Event> {
  static constexpr std::string_view Type = "OutboxEvent";
  static constexpr auto Fields() {
    return AllEventFields<newer::Event>(Field<&newer::Event::priority>("priority").Default(3),
                                        Field<&newer::Event::region>("region"));
  }
  static constexpr bool Internal = true;
};
template <>
struct Schema<later::Event> {
  static constexpr std::string_view Type = "OutboxEvent";
  static constexpr auto Fields() {
    return AllEventFields<later::Event>(Field<&later::Event::region>("region"));
  }
  static constexpr bool Internal = true;
};
template <>
struct Schema<older::Event> {
  static constexpr std::string_view Type = "OutboxEvent";
  static constexpr auto Fields() { return EventFields<older::Event>(); }
  static constexpr bool Internal = true;
};
template <>
struct Schema<older::Lane> {
  using Row = older::Lane;
  static constexpr std::string_view Type = "OutboxLane";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Row::sink>("sink"), Field<&Row::key>("key"),
                           Field<&Row::seq>("seq"), Field<&Row::waiting>("waiting"));
  }
  static constexpr bool Internal = true;
};

}  // namespace grapnel

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

TEST_CASE_METHOD(Tables, "B241 what counts the events of a key is no sink") {
  const std::string counts = outbox::CounterOf("mail");
  CHECK_FALSE(outbox::IsSink(counts));
  CHECK_FALSE(outbox::IsSink(""));
  CHECK(outbox::IsSink("mail"));
  CHECK(outbox::IsSink(std::string(outbox::kLongestSink, 'm')));
  CHECK_FALSE(outbox::IsSink(std::string(outbox::kLongestSink + 1, 'm')));
  CHECK_THROWS_AS(client.Of<Event>().Create({.sink = counts, .key = "1"}).Save(),
                  grapnel::ValidationError);
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

TEST_CASE("B251 tables of a newer version are refused, and are as they were") {
  const Scratch scratch;
  const std::string path = scratch.File("test.db");
  const auto newer = engine::Open<newer::Event, Lane>(path);
  newer.Migrate();
  const auto before = engine::Described(path);
  const auto client = engine::Open<Event, Lane>(path);
  CHECK_THROWS_AS(client.Migrate(), grapnel::MigrationError);
  CHECK_THROWS_WITH(client.Migrate(), Catch::Matchers::Contains("\"priority\"") &&
                                          Catch::Matchers::Contains("a newer program's"));
  CHECK(engine::Described(path) == before);

  // Who has not migrated is refused when he writes, with all that he has written.
  const auto append = [&] {
    client.WithTx([](grapnel::Tx& tx) { outbox::Append(tx, "mail", "1", "changed", "a"); });
  };
  CHECK_THROWS_AS(append(), grapnel::ConstraintError);
  CHECK_THROWS_WITH(append(), Catch::Matchers::Contains("a newer program"));
  CHECK(client.Of<Lane>().Query().Count() == 0);

  // And who delivers what others have written, or sends it again, takes nothing.
  for (const auto& about : {outbox::Replay, outbox::Discard}) {  // also where there is nothing yet
    CHECK_THROWS_AS(about(client, F<&Event::dead> == true), grapnel::ConstraintError);
  }
  newer.Of<newer::Event>().Create({{.sink = "mail", .key = "1", .seq = 1}}).Save();
  newer.Of<newer::Event>().Create({{.sink = "mail", .key = "2", .seq = 1, .dead = true}}).Save();
  newer.Of<Lane>().Create({.sink = "mail", .key = "1", .seq = 1, .waiting = true}).Save();
  outbox::Relay relay(client, "mail", [](const Event&, const std::stop_token&) { FAIL(); });
  CHECK_THROWS_AS(relay.RunOnce(), grapnel::ConstraintError);
  CHECK_THROWS_WITH(relay.RunOnce(), Catch::Matchers::Contains("priority"));
  CHECK_THROWS_AS(outbox::Replay(client, F<&Event::dead> == true), grapnel::ConstraintError);
  CHECK_THROWS_AS(outbox::Discard(client, F<&Event::dead> == true), grapnel::ConstraintError);
  CHECK_THROWS_AS(outbox::Prune(client, std::chrono::hours(0)), grapnel::ConstraintError);
  CHECK(newer.Of<newer::Event>().Query().Count() == 2);
  CHECK(newer.Of<Lane>().Query().Only().lease.empty());
}

TEST_CASE("B251 tables with more in them that nobody has to know are used as they are") {
  const Scratch scratch;
  const std::string path = scratch.File("test.db");
  engine::Open<later::Event, Lane>(path).Migrate();
  const auto client = engine::Open<Event, Lane>(path);
  client.Migrate();
  client.WithTx([](grapnel::Tx& tx) { outbox::Append(tx, "mail", "1", "changed", "a"); });
  outbox::Relay relay(client, "mail", [](const Event&, const std::stop_token&) {});
  CHECK(relay.RunOnce().delivered == 1);
}

TEST_CASE("B251 tables of an older version are migrated, and what waits in them is delivered") {
  const Scratch scratch;
  const std::string path = scratch.File("test.db");
  {
    const auto older = engine::Open<older::Event, older::Lane>(path);
    older.Migrate();
    older.Of<older::Event>()
        .Create({.sink = "mail", .key = "1", .type = "changed", .payload = "a", .seq = 1})
        .Save();
    older.Of<older::Lane>().Create({.sink = "mail", .key = "1", .seq = 1, .waiting = true}).Save();
  }
  const auto client = engine::Open<Event, Lane>(path);
  CHECK_THROWS_AS(client.Of<Event>().Query().All(), grapnel::SchemaError);
  client.Migrate();
  client.WithTx([](grapnel::Tx& tx) { outbox::Append(tx, "mail", "1", "changed", "b"); });
  Lines got;
  outbox::Relay relay(client, "mail", [&](const Event& event, const std::stop_token&) {
    got.push_back(event.payload + std::to_string(event.seq));
  });
  CHECK(relay.RunOnce().delivered == 2);
  CHECK(got == Lines{"a1", "b2"});
}
