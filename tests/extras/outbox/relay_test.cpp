// B242-B249: relays, on each engine.
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/outbox/relay.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace outboxed;
using namespace std::chrono_literals;
using outbox::OnDead;
using outbox::Relay;
using outbox::Relayed;
using outbox::RelayOptions;

namespace {

struct Relays : Timed {
  std::set<std::string> refused{};  // keys

  auto Sink() {
    return [this](const Event& event, const std::stop_token&) {
      if (refused.contains(event.key)) throw Refused("no " + event.key);
      got.push_back(event.key + "#" + std::to_string(event.seq));
    };
  }
  Relay Mail(RelayOptions options = {}) { return {client, "mail", Sink(), std::move(options)}; }
  Lines Got() { return Take(got); }
};

Relayed Delivered(std::int64_t count) { return {.delivered = count}; }

}  // namespace

TEST_CASE_METHOD(Relays, "B243 B244 events are delivered in the order of their keys, and deleted") {
  Make("Ada");
  Make("Bob");
  Age(1);
  Age(2);
  Age(1);
  std::multimap<std::string, Event> seen;
  Relay relay(client, "mail",
              [&](const Event& event, const std::stop_token&) { seen.emplace(event.key, event); });
  CHECK(relay.RunOnce() == Delivered(5));
  REQUIRE(seen.size() == 5);
  CHECK(seen.count("1") == 3);
  std::int64_t seq = 0;
  for (const auto& [key, event] : seen) {
    seq = key == "2" && seq == 3 ? 1 : seq + 1;
    CHECK(event.seq == seq);
    CHECK(event.committed_at == now);
    CHECK(event.attempts == 0);
    CHECK(event.type == "user.changed");
  }
  CHECK(seen.find("2")->second.payload == "Create ->Bob0");
  CHECK(All().empty());
  CHECK(relay.RunOnce() == Relayed());
  CHECK(relay.Total() == Delivered(5));
  const Lane lane = LaneOf("1");
  CHECK_FALSE(lane.waiting);
  CHECK(Pending("1") == 0);
  CHECK(lane.lease.empty());
  Age(1);
  CHECK(relay.RunOnce() == Delivered(1));
  CHECK(seen.count("1") == 4);
}

TEST_CASE_METHOD(Relays,
                 "B243 a key that fails holds no other one up, and waits longer each time") {
  Make("Ada");
  Age(1);
  Make("Bob");
  refused = {"1"};
  Relay relay = Mail({.attempts = 5, .backoff = 10s, .longest_backoff = 30s});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1});
  CHECK(Got() == Lines{"2#1"});
  for (const auto wait : {10s, 20s, 30s}) {  // the last would be 40
    const Clock::Time next = LaneOf("1").next_at;
    CHECK(next - now >= wait / 2);
    CHECK(next - now <= wait);
    const auto before = now;
    now = next - 1ms;
    CHECK(relay.RunOnce() == Relayed());
    Age(2);
    CHECK(relay.RunOnce() == Delivered(1));
    now = next;
    CHECK(relay.RunOnce() == Relayed{.failed = 1});
    CHECK(now > before);
  }
  const Event event =
      client.Of<Event>().Query().Where(F<&Event::key> == "1" && F<&Event::seq> == 1).Only();
  CHECK(event.attempts == 4);
  CHECK(event.error == "no 1");
  Got();
  refused.clear();
  now += 30s;
  CHECK(relay.RunOnce() == Delivered(2));
  CHECK(Got() == Lines{"1#1", "1#2"});
  CHECK(LaneOf("1").attempts == 0);
}

TEST_CASE_METHOD(Relays,
                 "B245 an event that fails too often is a dead letter, and blocks its key") {
  Make("Ada");
  Age(1);
  Make("Bob");
  refused = {"1"};
  Relay relay = Mail({.attempts = 2, .backoff = 0s});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1});
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
  refused.clear();
  now += 24h;
  Age(1);
  CHECK(relay.RunOnce() == Relayed());
  const Lane lane = LaneOf("1");
  CHECK(lane.blocked);
  CHECK(lane.waiting);
  CHECK(Pending("1") == 2);
}

TEST_CASE_METHOD(Relays, "B245 what no try can help is a dead letter at once") {
  Make("Ada");
  Make("Bob");
  Relay relay(client, "mail", [&](const Event& event, const std::stop_token&) {
    if (event.key == "1") throw outbox::Rejected("400 Bad Request");
  });
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1, .dead = 1});
  CHECK(LaneOf("1").blocked);
  const Event dead = client.Of<Event>().Query().Only();
  CHECK(dead.dead);
  CHECK(dead.attempts == 1);
  CHECK(dead.error == "400 Bad Request");
}

TEST_CASE_METHOD(Relays, "B245 a sink can say when to try again, within the longest wait") {
  Make("Ada");
  std::chrono::milliseconds wait = 5s;
  Relay relay(client, "mail",
              [&](const Event&, const std::stop_token&) {
                throw outbox::RetryAfter("503 Service Unavailable", wait);
              },
              {.attempts = 3, .backoff = 1h, .longest_backoff = 2h});
  CHECK(relay.RunOnce() == Relayed{.failed = 1});
  CHECK(LaneOf("1").next_at == now + 5s);
  now += 4s;
  CHECK(relay.RunOnce() == Relayed());
  now += 1s;
  wait = 48h;
  CHECK(relay.RunOnce() == Relayed{.failed = 1});
  CHECK(LaneOf("1").next_at == now + 2h);
  now += 2h;
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
}

TEST_CASE_METHOD(Relays, "B245 or its key goes on without it") {
  Make("Ada");
  Age(1);
  refused = {"1"};
  Relay relay = Mail({.attempts = 1, .on_dead = OnDead::Skip});
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
  refused.clear();
  CHECK(relay.RunOnce() == Delivered(1));
  CHECK(Got() == Lines{"1#2"});
  CHECK(client.Of<Event>().Query().Only().dead);
}

TEST_CASE_METHOD(Relays, "B246 a relay that has lost its lease changes nothing") {
  Make("Ada");
  Age(1);
  Relay second = Mail({.lease = 10s});
  Relayed of_second;
  Relay first(client, "mail",
              [&](const Event& event, const std::stop_token&) {
                if (event.seq != 1 || of_second != Relayed()) return;
                CHECK(second.RunOnce() == Relayed());  // the lease is alive
                now += 11s;
                of_second = second.RunOnce();
                Age(1);
                throw Refused("late");
              },
              {.lease = 10s});
  CHECK(first.RunOnce() == Relayed{.lost = 1});
  CHECK(of_second == Delivered(2));
  CHECK(Got() == Lines{"1#1", "1#2"});
  const Event event = client.Of<Event>().Query().Only();
  CHECK(event.seq == 3);
  CHECK(event.attempts == 0);
  CHECK(LaneOf("1").waiting);
  CHECK(Pending("1") == 1);
  CHECK(LaneOf("1").attempts == 0);
}

TEST_CASE_METHOD(Relays, "B246 a lane that another one has taken meanwhile stays its own") {
  Make("Ada");
  bool is_first = true;
  Relay relay(client, "mail",
              [&](const Event&, const std::stop_token&) {
                if (!std::exchange(is_first, false)) return;
                client.Of<Lane>()
                    .Update()
                    .Set(F<&Lane::lease>, "another")
                    .Set(F<&Lane::lease_until>, now + 30s)
                    .Save();
              },
              {.lease = 30s});
  CHECK(relay.RunOnce() == Relayed{.lost = 1});
  CHECK(All().size() == 1);
  CHECK(LaneOf("1").lease == "another");
  CHECK(relay.RunOnce() == Relayed());
  now += 30s;
  CHECK(relay.RunOnce() == Delivered(1));
}

TEST_CASE_METHOD(Relays, "B246 a clock that jumps back or forward stops nothing") {
  Make("Ada");
  Make("Bob");
  refused = {"1"};
  Relay relay = Mail({.lease = 10s, .backoff = 10s, .longest_backoff = 20s});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1});
  refused.clear();
  // One that died has taken the other key.
  Age(2);
  client.Of<Lane>()
      .Update()
      .Where(F<&Lane::key> == "2")
      .Set(F<&Lane::lease>, "dead")
      .Set(F<&Lane::lease_until>, now + 10s)
      .Save();
  CHECK(relay.RunOnce() == Relayed());
  now -= 1h;
  CHECK(relay.RunOnce() == Delivered(2));
  // A key that has waited for nothing but its turn is due at all times.
  Age(1);
  now -= 5s;
  CHECK(relay.RunOnce() == Delivered(1));
  Age(1);
  now += 48h;
  CHECK(relay.RunOnce() == Delivered(1));
}

TEST_CASE_METHOD(Relays, "B247 where nothing is due it only reads, and asks once") {
  Make("Ada");
  Relay relay = Mail();
  relay.RunOnce();
  Lines ran;
  const auto handle = client.OnStatement(
      [&](const grapnel::store::StatementInfo& info) { ran.emplace_back(info.text); });
  CHECK(relay.RunOnce() == Relayed());
  std::erase_if(ran, [](const std::string& text) { return text.starts_with("SELECT"); });
  CHECK(ran.empty());
}

TEST_CASE_METHOD(Relays, "B248 a sink is called with no transaction open") {
  Make("Ada");
  Relay relay(client, "mail", [&](const Event& event, const std::stop_token&) {
    if (event.payload == "Create ->Ada0") Age(1);  // by the base client, which waits for nobody
    std::thread([&] { Make("Other " + std::to_string(event.id)); }).join();
  });
  CHECK(relay.RunOnce() == Delivered(1));
  CHECK(relay.RunOnce().delivered == 2);
}

TEST_CASE_METHOD(Relays, "B249 a stop ends it within one delivery, which does not count") {
  Make("Ada");
  Age(1);
  Make("Bob");
  std::stop_source source;
  Relay relay(client, "mail", [&](const Event& event, const std::stop_token& stop) {
    if (event.seq == 1) return;
    source.request_stop();
    CHECK(stop.stop_requested());
    throw Refused("stopped");
  });
  now += 1ms;
  CHECK(relay.RunOnce(source.get_token()) == Delivered(1));
  CHECK(LaneOf("1").attempts == 0);
  CHECK(LaneOf("1").waiting);
  CHECK(Pending("1") == 1);
  CHECK(LaneOf("2").lease.empty());
  CHECK(LaneOf("2").waiting);
  CHECK(Pending("2") == 1);
  relay.Run(source.get_token());  // returns
  CHECK(Mail().RunOnce() == Delivered(2));
  CHECK(Got() == Lines{"2#1", "1#2"});
}

TEST_CASE_METHOD(Relays, "B245 a sink that hangs is told when the lease is about to end") {
  Make("Ada");
  Make("Bob");
  int calls = 0;
  Relay relay(client, "mail",
              [&](const Event&, const std::stop_token& stop) {
                ++calls;
                while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
                throw Refused("hung");
              },
              {.lease = 2s});
  CHECK(relay.RunOnce() == Relayed{.failed = 1});
  CHECK(calls == 1);  // of the other one nothing is tried, and nothing counts
  CHECK(client.Of<Event>().Query().Where(F<&Event::attempts> == 0).Count() == 1);
  CHECK(
      client.Of<Lane>().Query().Where(F<&Lane::waiting> == true && F<&Lane::lease> == "").Count() ==
      2);
}

TEST_CASE_METHOD(Relays, "B245 what the end of the lease cuts off behind others has not failed") {
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  int calls = 0;
  Relay relay(client, "mail",
              [&](const Event&, const std::stop_token& stop) {
                if (++calls % 2 == 1) return;
                while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
                throw Refused("cut off");
              },
              {.lease = 1s, .attempts = 1});
  for (const int left : {2, 1, 0}) {
    now += 1ms;
    CHECK(relay.RunOnce() == Delivered(1));
    CHECK(client.Of<Event>().Query().Where(F<&Event::attempts> == 0).Count() == left);
  }
  CHECK(relay.Total() == Delivered(3));
}

TEST_CASE_METHOD(Relays, "B243 B245 what was cut off comes first the next time, and counts then") {
  for (const char* name : {"Ada", "Bob"}) Make(name);
  Age(2);
  Relay relay(client, "mail",
              [&](const Event& event, const std::stop_token& stop) {
                if (event.key != "2" || event.seq == 1) return;
                while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
                throw Refused("hung");
              },
              {.lease = 1s, .attempts = 1});
  CHECK(relay.RunOnce() == Delivered(2));
  CHECK(LaneOf("2").next_at == outbox::kFront);
  now -= 1h;  // whose place is before it
  Age(1);
  now += 1h;
  const outbox::Claims claims(client, "mail", {});
  CHECK(claims.Take({}, true).lanes.size() == 1);
  now += 1h;
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
  CHECK(relay.RunOnce() == Delivered(1));
}

TEST_CASE_METHOD(Relays, "B245 what was late is forgotten when it is written down") {
  Make("Ada");
  int calls = 0;
  Relay relay(client, "mail",
              [&](const Event&, const std::stop_token&) {
                std::this_thread::sleep_for(600ms);
                if (++calls == 1) throw Refused("late");
              },
              {.lease = 500ms, .attempts = 1});
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});  // nobody has taken the key over
  CHECK(outbox::Replay(client, F<&Event::error> == "late") == 1);
  CHECK(relay.RunOnce() == Delivered(1));
  CHECK(calls == 2);
}

TEST_CASE_METHOD(Relays, "B245 B246 what takes longer than the lease counts when the key is back") {
  Make("Ada");
  const bool fails = GENERATE(true, false);
  int calls = 0;
  Relay relay(client, "mail",
              [&](const Event&, const std::stop_token&) {
                ++calls;
                std::this_thread::sleep_for(600ms);  // whatever the token says
                now += 1h;
                CHECK(outbox::Claims(client, "mail", {}).Take().lanes.size() == 1);
                if (fails) throw Refused("late");
              },
              {.lease = 500ms, .attempts = 1});
  CHECK(relay.RunOnce() == Relayed{.lost = 1});  // another one has it
  CHECK(client.Of<Event>().Query().Only().attempts == 0);
  now += 1h;
  CHECK(relay.RunOnce() == (fails ? Relayed{.failed = 1, .dead = 1} : Delivered(1)));
  CHECK(calls == 1);
  CHECK(client.Of<Event>().Query().Where(F<&Event::error> == "late").Count() == (fails ? 1 : 0));
}

TEST_CASE("B243 B245 a key that hangs beyond each lease holds up no other one for good") {
  struct Store : Fixture<User, Event, Lane> {};
  const Store store;
  constexpr int kOthers = 300;
  outbox::Append(store.client, "mail", "bad", "told", "x");
  for (int i = 0; i < kOthers; ++i) {
    outbox::Append(store.client, "mail", std::to_string(i), "told", "x");
  }
  std::mutex mutex;
  std::set<std::string> arrived;
  const auto sink = [&](const Event& event, const std::stop_token&) {
    if (event.key == "bad") {
      std::this_thread::sleep_for(450ms);
      throw Refused("hung");
    }
    const std::lock_guard lock(mutex);
    arrived.insert(event.key);
  };
  const RelayOptions options{.lease = 300ms, .attempts = 2, .backoff = 10ms, .poll = 20ms};
  Relay one(store.client, "mail", sink, options), two(store.client, "mail", sink, options);
  {
    const std::jthread first([&](const std::stop_token& stop) { one.Run(stop); });
    const std::jthread second([&](const std::stop_token& stop) { two.Run(stop); });
    const auto is_done = [&] {
      const std::lock_guard lock(mutex);
      return arrived.size() == kOthers &&
             store.client.Of<Event>().Query().Where(F<&Event::dead> == true).Count() == 1;
    };
    for (int i = 0; i < 3000 && !is_done(); ++i) std::this_thread::sleep_for(10ms);
  }
  CHECK(arrived.size() == kOthers);
  const Event dead = store.client.Of<Event>().Query().Where(F<&Event::key> == "bad").Only();
  CHECK(dead.dead);
  CHECK(dead.attempts == 2);
}

TEST_CASE_METHOD(Relays, "B245 what a sink throws is kept as text that every database takes") {
  Make("Ada");
  const auto thrown = [&](auto what) {
    Relay relay(client, "mail", [&](const Event&, const std::stop_token&) { throw what; },
                {.attempts = 99, .backoff = 0s});
    CHECK(relay.RunOnce() == Relayed{.failed = 1});
    return client.Of<Event>().Query().Only().error;
  };
  CHECK(thrown(Refused(std::string("a\nb\xff") + "c")) == "a?b?c");
  CHECK(thrown(Refused(std::string(1'000'000, 'x'))).size() == 1000);
  CHECK_FALSE(thrown(42).empty());
}

TEST_CASE_METHOD(Relays, "B245 events that somebody deletes leave no key that is always due") {
  Make("Ada");
  Age(1);
  client.Of<Event>().Delete().Exec();
  Relay relay = Mail();
  CHECK(relay.RunOnce() == Relayed());
  CHECK_FALSE(LaneOf("1").waiting);
  CHECK(Pending("1") == 0);
  Age(1);
  CHECK(relay.RunOnce() == Delivered(1));
}

TEST_CASE_METHOD(Relays, "B243 keys of which nothing is left are in nobody's way") {
  for (int i = 0; i < 9; ++i) Make(std::to_string(i));
  client.Of<Event>().Delete().Where(F<&Event::key> != "9").Exec();
  Relay relay = Mail({.lanes = 2});
  CHECK(relay.RunOnce() == Delivered(1));  // of the last one
  CHECK_FALSE(LaneOf("1").waiting);
  CHECK(Pending("1") == 0);
}

TEST_CASE_METHOD(Relays,
                 "B248 a relay that runs is not in the way of who writes a key again and again") {
  if (engine::SerialisesWriters()) return;
  std::atomic<int> delivered{0};
  Relay relay(client, "mail", [&](const Event&, const std::stop_token&) { ++delivered; });
  std::jthread worker([&](const std::stop_token& stop) { relay.Run(stop); });
  int committed = 0, failed = 0;
  for (; committed < 200; ++committed) {
    try {
      client.WithTx([&](grapnel::Tx& tx) {          // without another try
        CHECK(tx.Of<User>().Query().Count() == 0);  // its snapshot
        if (committed % 2 == 0) std::this_thread::sleep_for(2ms);
        outbox::Append(tx, "mail", "1", "told", "");
      });
    } catch (const grapnel::BusyError&) {  // before the relay knows that the key is hot
      --committed;
      ++failed;
    }
  }
  while (delivered < committed) std::this_thread::sleep_for(1ms);
  CHECK(failed < 10);
}

TEST_CASE_METHOD(Relays, "B243 a hot key is taken in turn with others") {
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  for (int i = 0; i < 9; ++i) Age(1);
  now += 1ms;
  Relay relay = Mail({.lanes = 1, .events = 2});
  Lines lines;
  while (relay.RunOnce() != Relayed()) {
    lines.push_back(got.back().substr(0, 1));
    now += 1ms;
  }
  CHECK(got.size() == 12);
  const auto place = [&](const char* key) { return std::ranges::find(lines, key) - lines.begin(); };
  CHECK(place("2") < 3);
  CHECK(place("3") < 3);
}

TEST_CASE_METHOD(Relays, "B243 keys that are new do not go before those that are known") {
  Make("Ada");
  Relay relay = Mail({.lanes = 2});
  CHECK(relay.RunOnce() == Delivered(1));
  now += 1s;
  Age(1);
  for (int i = 0; i < 20; ++i) Make(std::to_string(i));
  now += 1s;
  Got();
  CHECK(relay.RunOnce() == Delivered(2));
  CHECK(Got().front() == "1#2");
}

TEST_CASE_METHOD(Relays,
                 "B246 a key that was served by a clock that has jumped back has its turn") {
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  now += 24h;
  Relay relay = Mail({.lanes = 2});
  while (relay.RunOnce() != Relayed()) {
  }
  now -= 24h;
  Age(3);
  Age(2);
  for (int i = 0; i < 3; ++i) {  // two others are always busy
    Age(1);
    Age(2);
    relay.RunOnce();
    now += 1ms;
  }
  CHECK(std::ranges::count(got, "3#2") == 1);
}

TEST_CASE_METHOD(Relays, "B245 whatever a sink throws is its failure alone") {
  struct Mute : std::exception {
    const char* what() const noexcept override { return nullptr; }
  };
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  Relay relay(client, "mail",
              [](const Event& event, const std::stop_token&) {
                if (event.key == "1") throw Mute();
                if (event.key == "2") {
                  throw grapnel::TxError("lost", grapnel::TxOutcome::Unknown);
                }
              },
              {.attempts = 2, .backoff = 0s});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 2});
  CHECK(relay.RunOnce() == Relayed{.failed = 2, .dead = 2});
  CHECK(LaneOf("1").blocked);
  CHECK(LaneOf("2").blocked);
}

TEST_CASE_METHOD(Outbox,
                 "B242 B248 B249 writers of the same keys and a relay come on beside each other") {
  constexpr int kWriters = 3, kKeys = 6, kEach = 150;
  std::mutex mutex;
  std::map<std::string, std::vector<std::int64_t>> seen;
  std::atomic<int> writing = kWriters;
  Relay relay(client, "mail",
              [&](const Event& event, const std::stop_token&) {
                const std::lock_guard lock(mutex);
                seen[event.key].push_back(event.seq);
              },
              {.poll = 1ms});
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kEach; ++i) {
        client.WithTx(
            [&](grapnel::Tx& tx) {
              outbox::Append(tx, "mail", std::to_string((i + writer) % kKeys), "told", "");
            },
            grapnel::Retry{});
      }
      --writing;
    });
  }
  std::jthread worker([&](const std::stop_token& stop) { relay.Run(stop); });
  writers.clear();
  worker.request_stop();
  worker.join();
  const grapnel::extras::ScopedClock later([] { return std::chrono::system_clock::now() + 1s; });
  while (client.Of<Lane>().Query().Where(F<&Lane::waiting> == true).Exist()) relay.RunOnce();
  std::int64_t count = 0;
  for (auto& [key, seqs] : seen) {
    CHECK(std::ranges::is_sorted(seqs));
    count += static_cast<std::int64_t>(seqs.size());
  }
  CHECK(count == kWriters * kEach);  // each once, for no writer is in its way
  CHECK(relay.Total() == Delivered(count));
}

TEST_CASE_METHOD(Relays,
                 "B243 B248 a transaction that holds a key for long holds no other one up") {
  if (engine::SerialisesWriters()) return;
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> keys;
  // It never waits for a writer for as long as it may.
  Relay relay(client.With(grapnel::LockWait{1h}), "mail",
              [&](const Event& event, const std::stop_token&) {
                const std::lock_guard lock(mutex);
                keys.push_back(event.key + "#" + std::to_string(event.seq));
                came.notify_all();
              },
              {.lease = 1h, .poll = 1ms});
  const auto wait_for = [&](const std::string& key) {
    std::unique_lock lock(mutex);
    const bool has_come =
        came.wait_for(lock, 60s, [&] { return std::ranges::count(keys, key) == 1; });
    CAPTURE(key, keys);
    REQUIRE(has_come);
  };
  std::jthread worker;
  client.WithTx([&](grapnel::Tx& tx) {
    outbox::Append(tx, "mail", "1", "told", "");  // holds the counter until the end
    worker = std::jthread([&](const std::stop_token& stop) { relay.Run(stop); });
    wait_for("2#1");
    wait_for("3#1");
    std::jthread([&] {
      Age(2);
      Age(3);
    }).join();
    wait_for("2#2");
    wait_for("3#2");
  });
  wait_for("1#1");
  wait_for("1#2");
  worker.request_stop();
  worker.join();
  CHECK(keys.size() == 6);
}

TEST_CASE_METHOD(Relays, "B242 a relay of a transaction's client delivers nothing") {
  CHECK_THROWS_AS(client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().Create({.name = "Ada"}).Save();
    Relay relay(tx.Client(), "mail", Sink());
    relay.RunOnce();
  }),
                  grapnel::TxError);
  CHECK(Got().empty());
  Make("Bob");
  CHECK(Mail().RunOnce() == Delivered(1));
}

TEST_CASE_METHOD(Relays, "B249 bad options are refused") {
  const auto sink = Sink();
  CHECK_THROWS_AS(Relay(client, "", sink), grapnel::Error);
  CHECK_THROWS_WITH(
      Relay(client, outbox::CounterOf("mail"), sink),
      "extras::outbox::Relay: the name of a sink may not begin with the character \\x1f");
  CHECK_THROWS_WITH(Relay(client, std::string(201, 'm'), sink),
                    "extras::outbox::Relay: the name of a sink is longer than 200 bytes");
  CHECK_THROWS_AS(Relay(client, "mail", nullptr), grapnel::Error);
  CHECK_THROWS_AS(Relay(client, "mail", sink, {.lease = 0s}), grapnel::Error);
}

TEST_CASE_METHOD(Outbox, "B247 Run delivers at once what this process commits, and ends") {
  Users().Use(Publisher());
  std::promise<std::int64_t> got;
  Relay relay(client, "mail",
              [&](const Event& event, const std::stop_token&) { got.set_value(event.seq); },
              {.poll = 60s});
  std::jthread worker([&](const std::stop_token& stop) { relay.Run(stop); });
  std::this_thread::sleep_for(50ms);
  Make("Ada");
  auto future = got.get_future();
  REQUIRE(future.wait_for(20s) == std::future_status::ready);
  CHECK(future.get() == 1);
}

TEST_CASE_METHOD(Outbox, "B245 Run goes on when the database could not be reached") {
  Users().Use(Publisher());
  Make("Ada");
  Make("Bob");
  std::atomic<int> calls{0};
  std::atomic<int> errors{0};
  Relay relay(client, "mail", [&](const Event&, const std::stop_token&) { ++calls; },
              {.lanes = 1, .poll = 1ms, .on_error = [&](const std::exception&) { ++errors; }});
  // The first reads of what is due fail, as of a server that is away.
  std::atomic<int> reads{0};
  client.Of<Lane>().Intercept(grapnel::hook::Before([&](grapnel::Reading<Lane>&) {
    if (++reads <= 3) throw grapnel::BusyError("out of reach");
  }));
  std::jthread worker([&](const std::stop_token& stop) { relay.Run(stop); });
  for (int i = 0; i < 5000 && calls < 2; ++i) std::this_thread::sleep_for(1ms);
  worker.request_stop();
  worker.join();
  CHECK(calls == 2);
  CHECK(errors > 0);
}

TEST_CASE_METHOD(Outbox, "B242 B246 relays in threads deliver each event once, in order") {
  Users().Use(Publisher());
  for (const char* name : {"Ada", "Bob", "Cy", "Di", "Ed"}) Make(name);
  std::mutex mutex;
  std::map<std::string, std::vector<std::int64_t>> got;
  std::set<std::string> busy;
  std::atomic<int> together{0};
  std::map<std::pair<std::string, std::int64_t>, int> failures;
  const auto sink = [&](const Event& event, const std::stop_token&) {
    {
      const std::lock_guard lock(mutex);
      if (!busy.insert(event.key).second) ++together;
    }
    std::this_thread::sleep_for(100us);
    const std::lock_guard lock(mutex);
    busy.erase(event.key);
    if (event.seq % 7 == 0 && ++failures[{event.key, event.seq}] == 1) throw Refused("once");
    got[event.key].push_back(event.seq);
  };
  const RelayOptions options{
      .backoff = 1ms, .longest_backoff = 2ms, .lanes = 2, .events = 3, .poll = 1ms};
  Relay first(client, "mail", sink, options), second(client, "mail", sink, options);
  constexpr int kEach = 30;
  {
    std::vector<std::jthread> relays;
    for (Relay* relay : {&first, &second, &second}) {
      relays.emplace_back([relay](const std::stop_token& stop) { relay->Run(stop); });
    }
    std::vector<std::jthread> writers;
    for (int i = 0; i < 2; ++i) {
      writers.emplace_back([&, i] {
        for (int n = 0; n < kEach; ++n) Age(1 + (n + i) % 5);
      });
    }
    writers.clear();
    for (int i = 0; i < 2000; ++i) {
      if (first.Total().delivered + second.Total().delivered == 2 * kEach + 5) break;
      std::this_thread::sleep_for(5ms);
    }
  }
  CHECK(together == 0);
  CHECK(All().empty());
  std::size_t count = 0;
  for (const auto& [key, seqs] : got) {
    count += seqs.size();
    for (std::size_t i = 0; i < seqs.size(); ++i) {
      CHECK(seqs[i] == static_cast<std::int64_t>(i + 1));
    }
  }
  CHECK(count == 2 * kEach + 5);
  CHECK(first.Total().lost + second.Total().lost == 0);
}
