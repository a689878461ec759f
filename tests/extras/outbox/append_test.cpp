// B241: events of one's own, on each engine.
#include <grapnel/extras/outbox/append.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <thread>

using namespace outboxed;
using namespace std::chrono_literals;
using outbox::Append;
using outbox::Poke;

TEST_CASE_METHOD(Outbox,
                 "B241 events of one's own are of a transaction, and counted by their key") {
  const auto add = [&](const char* key, const char* payload, bool fails = false) {
    client.WithTx([&](grapnel::Tx& tx) {
      Append(tx, "mail", key, "welcome", payload);
      if (fails) throw std::runtime_error("undone");
    });
  };
  add("7", "a");
  CHECK_THROWS_AS(add("7", "b", true), std::runtime_error);
  CHECK_THROWS_AS(add("8", "b", true), std::runtime_error);
  add("7", "c");
  add("8", "d");
  CHECK(All() == Lines{"7#1 a", "7#2 c", "8#1 d"});
  CHECK(LaneOf("7").waiting);
  CHECK(LaneOf("8").waiting);
  CHECK(Pending("7") == 2);
  CHECK(Counted("7") == 2);
  CHECK(Counted("8") == 1);
}

TEST_CASE_METHOD(Outbox, "B241 an event that cannot be is refused, and leaves nothing") {
  const auto refused = [&](const std::string& sink, const std::string& key) {
    std::string field;
    client.WithTx([&](grapnel::Tx& tx) {
      try {
        Append(tx, sink, key, "welcome", "a");
      } catch (const grapnel::ValidationError& error) {
        CHECK(error.Entity() == "OutboxEvent");
        field = error.Field();
      }
    });
    return field;
  };
  CHECK(refused("", "7") == "sink");
  CHECK(refused(outbox::CounterOf("mail"), "7") == "sink");
  CHECK(refused(std::string(201, 'm'), "7") == "sink");
  CHECK(refused("mail", std::string(2001, '7')) == "key");
  client.Of<Event>().Use(grapnel::hook::Before([](Mutation<Event>& m) {
    if (*m.Get(F<&Event::type>) == "refused") throw Refused("by a hook");
  }));
  client.WithTx(
      [&](grapnel::Tx& tx) { CHECK_THROWS_AS(Append(tx, "mail", "7", "refused", "a"), Refused); });
  CHECK(client.Of<Lane>().Query().Count() == 0);
  CHECK(refused("mail", std::string(2000, '7')).empty());
  CHECK(refused(std::string(200, 'm'), "").empty());
  CHECK(client.Of<Event>().Query().Count() == 2);
}

TEST_CASE_METHOD(Outbox, "B243 a key whose counter somebody has deleted is counted on") {
  const auto add = [&] {
    client.WithTx([](grapnel::Tx& tx) { Append(tx, "mail", "7", "welcome", "x"); });
  };
  for (int i = 0; i < 3; ++i) add();
  client.Of<Event>().DeleteOne(1).Exec();
  client.Of<Lane>().Delete().Where(F<&Lane::sink> == outbox::CounterOf("mail")).Exec();
  for (int i = 0; i < 2; ++i) add();
  CHECK(All() == Lines{"7#2 x", "7#3 x", "7#4 x", "7#5 x"});
}

TEST_CASE_METHOD(Outbox, "B241 B247 an event of a client is of its transaction, or of its own") {
  const std::uint64_t before = Poke::Count();
  Append(client, "mail", "7", "welcome", "a");
  CHECK(Poke::Count() == before + 1);
  client.WithTx([&](grapnel::Tx& tx) {
    Append(tx.Client(), "mail", "7", "welcome", "b");
    CHECK(Poke::Count() == before + 1);
  });
  CHECK(Poke::Count() == before + 2);
  CHECK(All() == Lines{"7#1 a", "7#2 b"});
}

TEST_CASE_METHOD(Outbox, "B247 relays are woken by the commit, and not before") {
  const std::uint64_t before = Poke::Count();
  client.WithTx([&](grapnel::Tx& tx) {
    Append(tx, "mail", "7", "welcome", "a");
    CHECK(Poke::Count() == before);
  });
  CHECK(Poke::Count() == before + 1);
  Poke::Wait({}, before, 1h);  // returns at once
  Poke::Wait({}, Poke::Count(), 1ms);
  std::stop_source source;
  std::jthread stops([&] { source.request_stop(); });
  Poke::Wait(source.get_token(), Poke::Count(), 1h);
}
