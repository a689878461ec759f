// B252: events that cause writes of the same database, on each engine.
#include <grapnel/extras/outbox/handler.hpp>

#include <grapnel/extras/outbox/relay.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace outboxed;
using grapnel::Tx;
using outbox::Handler;
using outbox::Relay;
using outbox::Relayed;

namespace {

/// Every user of the mail's key is written down again as "copy of".
struct Handled : Timed {
  std::string refused{};  // a key
  int calls = 0;

  Handler Copy() {
    return Handler([this](Tx& tx, const Event& event) {
      ++calls;
      tx.Of<User>()
          .Create({.name = "copy of " + event.key + "#" + std::to_string(event.seq)})
          .Save();
      if (event.key == refused) throw Refused("no " + event.key);
    });
  }
  Relay Copies(outbox::RelayOptions options = {}) { return {client, "copies", Copy(), options}; }
  void Tell(const std::string& key) const {
    client.WithTx([&](Tx& tx) { outbox::Append(tx, "copies", key, "told", "payload"); });
  }
  std::int64_t Made() const { return Users().Query().Count(); }
  std::int64_t Left() const {
    return client.Of<Event>().Query().Where(F<&Event::sink> == "copies").Count();
  }
};

}  // namespace

TEST_CASE_METHOD(Handled, "B252 what a handler writes and the delivery are one transaction") {
  for (const char* key : {"a", "b", "a"}) Tell(key);
  Relay relay = Copies();
  CHECK(relay.RunOnce() == Relayed{.delivered = 3});
  CHECK(relay.RunOnce() == Relayed());
  CHECK(Made() == 3);
  CHECK(Left() == 0);
  CHECK(relay.Total() == Relayed{.delivered = 3});
  const Lane lane = LaneOf("a", "copies");
  CHECK_FALSE(lane.waiting);
  CHECK(Pending("a", "copies") == 0);
  CHECK(lane.lease.empty());
  Tell("a");
  CHECK(relay.RunOnce() == Relayed{.delivered = 1});
}

TEST_CASE_METHOD(Handled, "B252 a handler that throws has written nothing, and is tried again") {
  for (const char* key : {"a", "b", "a"}) Tell(key);
  refused = "a";
  Relay relay = Copies({.attempts = 2, .backoff = std::chrono::seconds(0)});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1});
  CHECK(Made() == 1);
  CHECK(Left() == 2);
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
  CHECK(relay.RunOnce() == Relayed());
  CHECK(Made() == 1);
  CHECK(LaneOf("a", "copies").blocked);
  CHECK(client.Of<Event>().Query().Where(F<&Event::dead> == true).Only().error == "no a");
}

TEST_CASE_METHOD(Handled, "B252 events before the one that failed stay handled") {
  for (int i = 0; i < 3; ++i) Tell("a");
  bool fails = true;
  Relay relay(client, "copies", Handler([&](Tx& tx, const Event& event) {
                if (event.seq == 2 && fails) throw Refused("not yet");
                tx.Of<User>().Create({.name = std::to_string(event.seq)}).Save();
              }),
              {.backoff = std::chrono::seconds(0)});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1});
  CHECK(Left() == 2);
  CHECK(LaneOf("a", "copies").attempts == 1);
  fails = false;
  CHECK(relay.RunOnce() == Relayed{.delivered = 2});
  CHECK(Made() == 3);
  CHECK_FALSE(LaneOf("a", "copies").waiting);
  CHECK(Pending("a", "copies") == 0);
}

TEST_CASE_METHOD(Handled, "B252 what a handler publishes is delivered after it") {
  Tell("a");
  Relay relay(client, "copies", Handler([](Tx& tx, const Event& event) {
                if (event.seq < 4) outbox::Append(tx, "copies", "a", "told", "again");
              }));
  for (int i = 0; i < 4; ++i) CHECK(relay.RunOnce() == Relayed{.delivered = 1});
  CHECK(relay.RunOnce() == Relayed());
  CHECK(Left() == 0);
}

TEST_CASE_METHOD(Handled, "B252 handlers write by the rules of the client they were made of") {
  Tell("a");
  Users().Guard([](const Mutation<User>&) { return grapnel::guard::Deny("read only"); });
  Relay relay = Copies({.attempts = 1});
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
  CHECK(Made() == 0);
}

TEST_CASE_METHOD(Handled, "B252 what is committed is handled, whatever is thrown behind that") {
  for (int i = 0; i < 4; ++i) Tell("a");
  const bool commits = GENERATE(false, true);
  std::vector<std::string> told;
  Relay relay(client, "copies", Handler([commits](Tx& tx, const Event& event) {
                tx.Of<User>().Create({.name = std::to_string(event.seq)}).Save();
                if (event.seq != 2) return;
                if (commits) {
                  tx.Commit();
                } else {
                  tx.AfterCommit([] { throw Refused("behind the commit"); });
                }
              }),
              {.attempts = 1,
               .on_error = [&](const std::exception& error) { told.emplace_back(error.what()); }});
  while (relay.RunOnce() != Relayed()) {
  }
  CHECK(Made() == 4);
  CHECK(Left() == 0);
  const Lane lane = LaneOf("a", "copies");
  CHECK_FALSE(lane.waiting);
  CHECK(Pending("a", "copies") == 0);
  CHECK_FALSE(lane.blocked);
  CHECK(lane.lease.empty());
  if (!commits) CHECK(told.size() == 1);
}

TEST_CASE_METHOD(Handled, "B252 B248 writers of its key are not in a handler's way") {
  for (int i = 0; i < 5; ++i) Tell("a");
  Relay relay(client, "copies", Handler([this](Tx& tx, const Event& event) {
                tx.Of<User>().Create({.name = std::to_string(event.seq)}).Save();
                if (event.seq > 5 || engine::SerialisesWriters()) return;
                std::jthread([this] { Tell("a"); }).join();
              }),
              {.attempts = 1});
  const bool beside = !engine::SerialisesWriters();
  while (relay.RunOnce() != Relayed()) {
  }
  CHECK(Made() == (beside ? 10 : 5));
  CHECK(Left() == 0);
  CHECK_FALSE(LaneOf("a", "copies").blocked);
}

TEST_CASE_METHOD(Handled, "B245 B252 a lock that a handler has waited for elsewhere is a failure") {
  Tell("a");
  Relay relay(client, "copies", Handler([](Tx&, const Event&) {
                throw grapnel::BusyError("the other database is locked");
              }),
              {.attempts = 2, .backoff = std::chrono::seconds(1)});
  CHECK(relay.RunOnce() == Relayed{.failed = 1});
  CHECK(relay.RunOnce() == Relayed());
  now += std::chrono::seconds(1);
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
}

TEST_CASE_METHOD(Handled,
                 "B242 B252 whatever a handler throws of another database is its failure") {
  Tell("a");
  const auto other = grapnel::Open<User>(":memory:");
  other.Migrate();
  const bool is_committed = GENERATE(true, false);
  Relay relay(client, "copies", Handler([&](Tx& tx, const Event&) {
                tx.Of<User>().Create({.name = "never"}).Save();
                if (!is_committed) {
                  throw grapnel::TxError("the other one", grapnel::TxOutcome::Unknown);
                }
                other.WithTx([](Tx& of_other) {
                  of_other.AfterCommit([] { throw Refused("behind the other commit"); });
                });
              }),
              {.attempts = 2, .backoff = std::chrono::seconds(0)});
  CHECK(relay.RunOnce() == Relayed{.failed = 1});
  CHECK(Made() == 0);
  CHECK(Left() == 1);
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
}

TEST_CASE_METHOD(Handled,
                 "B243 B252 a handler that others are in the way of is in no other key's") {
  for (const char* key : {"a", "b"}) Tell(key);
  std::vector<std::string> told;
  Relay relay(client, "copies", Handler([](Tx&, const Event& event) {
                if (event.key == "a") throw grapnel::BusyError("a serialization failure", true);
              }),
              {.attempts = 1, .lanes = 1, .on_error = [&](const std::exception& error) {
                 told.emplace_back(error.what());
               }});
  now += std::chrono::seconds(1);
  CHECK(relay.RunOnce() == Relayed());  // nothing was written, and nothing has failed
  CHECK(told.size() == 1);
  CHECK(relay.RunOnce() == Relayed{.delivered = 1});
  CHECK(Left() == 1);
}

TEST_CASE_METHOD(Handled, "B249 B252 a handler that others are in the way of ends with a stop") {
  Tell("a");
  std::stop_source stop;
  Relay relay(client, "copies", Handler([&](Tx& tx, const Event&) {
                tx.Of<User>().Create({.name = "never"}).Save();
                stop.request_stop();
                throw grapnel::BusyError("a serialization failure", true);
              }),
              {.lease = std::chrono::hours(1), .attempts = 1});
  relay.Run(stop.get_token());
  CHECK(relay.Total() == Relayed());
  CHECK(Made() == 0);
  CHECK(Left() == 1);
  CHECK(LaneOf("a", "copies").lease.empty());
}

TEST_CASE_METHOD(Handled, "B252 a handler that holds nothing is refused") {
  CHECK_THROWS_WITH(Handler(Handler::Body()),
                    "extras::outbox::Handler: it was given no function that handles");
}

TEST_CASE_METHOD(Handled, "B246 B252 handlers beside each other: each event once") {
  constexpr int kKeys = 5, kEach = 8;
  for (int seq = 0; seq < kEach; ++seq) {
    for (int key = 0; key < kKeys; ++key) Tell(std::to_string(key));
  }
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&] {
      Relay relay(client, "copies", Handler([](Tx& tx, const Event& event) {
                    tx.Of<User>()
                        .Create({.name = event.key + "#" + std::to_string(event.seq)})
                        .Save();  // unique
                  }),
                  {.lanes = 2, .events = 3});
      while (Left() > 0) relay.RunOnce();
    });
  }
  threads.clear();
  CHECK(Made() == kKeys * kEach);
  CHECK(Left() == 0);
}
