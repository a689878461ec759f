// B242-B250: the outbox as a whole, on each engine.
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/outbox/errors.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <latch>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace outboxed;
using namespace std::chrono_literals;
using outbox::Discard;
using outbox::OnDead;
using outbox::Prune;
using outbox::Pruned;
using outbox::Relay;
using outbox::Relayed;
using outbox::Replay;

namespace {

struct Whole : Timed {
  std::map<std::string, std::string> refused{};  // key to error
  Relay relay = Mail(OnDead::Block);

  Relay Mail(OnDead on_dead) {
    return {client,
            "mail",
            [this](const Event& event, const std::stop_token&) {
              const auto error = refused.find(event.key);
              if (error != refused.end()) throw Refused(error->second);
              got.push_back(event.key + "#" + std::to_string(event.seq));
            },
            {.attempts = 1, .on_dead = on_dead}};
  }
  void Drain() {
    while (relay.RunOnce() != Relayed()) {
    }
  }
  /// Three users with two events each; the first two have dead letters, and are blocked.
  void MakeDead() {
    for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
    for (const std::int64_t id : {1, 2, 3}) Age(id);
    refused = {{"1", "full"}, {"2", "unknown"}};
    Drain();
    CHECK(Take(got) == Lines{"3#1", "3#2"});
    refused.clear();
  }
};

}  // namespace

TEST_CASE_METHOD(Whole, "B245 counters tell what is pending, dead, blocked, and how old") {
  CHECK(outbox::Sinks(client).empty());
  MakeDead();
  now += 5s;
  Make("Di");
  const auto sinks = outbox::Sinks(client);
  REQUIRE(sinks.size() == 1);
  CHECK(sinks[0].sink == "mail");
  CHECK(sinks[0].pending == 3);
  CHECK(sinks[0].dead == 2);
  CHECK(sinks[0].blocked == 2);
  CHECK(sinks[0].lag == 5s);
  const auto dead = outbox::Dead(client);
  REQUIRE(dead.size() == 2);
  CHECK(dead[0].sink == "mail");
  CHECK(dead[0].error == "full");
  CHECK(dead[0].count == 1);
  CHECK(dead[0].oldest == now - 5s);
  CHECK(dead[1].error == "unknown");
}

TEST_CASE_METHOD(Whole, "B245 Replay delivers dead letters, and then what waits behind them") {
  MakeDead();
  CHECK(Replay(client, F<&Event::error> == "full") == 1);
  CHECK(relay.RunOnce() == Relayed{.delivered = 2});
  CHECK(Take(got) == Lines{"1#1", "1#2"});
  CHECK(Replay(client, F<&Event::error> == "full") == 0);
  refused = {{"2", "again"}};
  CHECK(Replay(client, F<&Event::sink> == "mail") == 1);
  CHECK(relay.RunOnce() == Relayed{.failed = 1, .dead = 1});
  CHECK(outbox::Dead(client).front().error == "again");
  CHECK(Replay(client, F<&Event::sink> == "search") == 0);
}

TEST_CASE_METHOD(Whole, "B245 Discard deletes dead letters, and no others") {
  MakeDead();
  CHECK(Discard(client, F<&Event::key> == "2") == 1);
  CHECK(relay.RunOnce() == Relayed{.delivered = 1});
  CHECK(Take(got) == Lines{"2#2"});
  CHECK(LaneOf("1").blocked);
  CHECK(Discard(client, F<&Event::id> > 0) == 1);
  CHECK(relay.RunOnce() == Relayed{.delivered = 1});
  CHECK(All().empty());
}

TEST_CASE_METHOD(Whole, "B245 a key stays blocked while a dead letter of it is left") {
  Relay skips = Mail(OnDead::Skip);
  refused = {{"1", "full"}};
  Make("Ada");
  Age(1);
  CHECK(skips.RunOnce().dead == 1);
  CHECK(relay.RunOnce().dead == 1);
  refused.clear();
  Age(1);
  CHECK(LaneOf("1").blocked);
  CHECK(LaneOf("1").waiting);
  CHECK(Pending("1") == 1);
  CHECK(Discard(client, F<&Event::seq> == 1) == 1);
  CHECK(relay.RunOnce() == Relayed());
  CHECK(Replay(client, F<&Event::key> == "1") == 1);
  CHECK(relay.RunOnce() == Relayed{.delivered = 2});
  CHECK(Take(got) == Lines{"1#2", "1#3"});
}

TEST_CASE_METHOD(Whole,
                 "B243 B245 who takes the last dead letter frees the key, also of two at a time") {
  Relay skips = Mail(OnDead::Skip);
  Make("Ada");
  for (int round = 0; round < 20; ++round) {
    refused = {{"1", "full"}};
    for (const bool is_first : {true, false}) {
      Age(1);
      CHECK((is_first ? skips : relay).RunOnce().dead > 0);
    }
    REQUIRE(LaneOf("1").blocked);
    refused.clear();
    const std::int64_t last = Counted("1");
    {
      std::latch both(2);
      std::jthread one([&] {
        both.arrive_and_wait();
        Discard(client, F<&Event::seq> < last);
      });
      std::jthread other([&] {
        both.arrive_and_wait();
        if (round % 2 == 0) {
          Discard(client, F<&Event::seq> == last);
        } else {
          Replay(client, F<&Event::seq> == last);
        }
      });
    }
    REQUIRE_FALSE(LaneOf("1").blocked);
    Drain();
    CHECK(All().empty());
  }
}

TEST_CASE_METHOD(Whole,
                 "B245 a key that a sink has asked time for waits, also where Replay is about it") {
  std::string later;
  Relay skips(client, "mail",
              [&](const Event& event, const std::stop_token&) {
                if (refused.contains(event.key)) throw outbox::Rejected("no");
                if (event.payload == later) throw outbox::RetryAfter("in an hour", 1h);
                got.push_back(event.key + "#" + std::to_string(event.seq));
              },
              {.on_dead = OnDead::Skip, .longest_backoff = 2h});
  Make("Ada");
  refused = {{"1", ""}};
  CHECK(skips.RunOnce().dead == 1);
  refused.clear();
  Age(1);
  later = client.Of<Event>().Query().Where(F<&Event::dead> == false).Only().payload;
  CHECK(skips.RunOnce() == Relayed{.failed = 1});
  CHECK(Replay(client, F<&Event::dead> == true) == 1);
  later.clear();
  CHECK(skips.RunOnce() == Relayed());
  now += 1h;
  CHECK(skips.RunOnce() == Relayed{.delivered = 2});
  CHECK(Take(got) == Lines{"1#1", "1#2"});
}

TEST_CASE_METHOD(Whole, "B250 Prune takes dead letters and keys away that are old") {
  MakeDead();
  CHECK(Prune(client, 1h) == Pruned());
  now += 2h;
  Age(1);
  CHECK(Prune(client, 3h) == Pruned());
  CHECK(Prune(client, 1h) == Pruned{.letters = 2, .lanes = 1});
  Drain();
  CHECK(Take(got) == Lines{"1#2", "1#3", "2#2"});
  Age(3);
  CHECK(All() == Lines{"3#1 UpdateOne Cy1>Cy2"});
  CHECK(Prune(client, 0s) == Pruned{.lanes = 2});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1});
}

TEST_CASE_METHOD(Outbox, "B242 B243 any program: what is committed is delivered, in order, once") {
  struct Line {
    std::string key, text;
    int mutation;  // in which rows stand in no order
  };
  struct Model {
    std::map<std::string, std::vector<Line>> told{};  // by key, in the order of commits
    std::map<std::string, std::size_t> delivered{};
  };
  const auto seed = GENERATE(range(1U, 9U));
  CAPTURE(seed);
  std::minstd_rand random(seed);
  const auto some = [&](int n) {
    return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
  };
  Clock::Time now = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  const grapnel::extras::ScopedClock clock([&] { return now; });
  Users().Use(outbox::Publish<User>("user.changed")
                  .To("mail", "search")
                  .Key([](const auto& change) { return change.Id() % 3; })
                  .Payload(Told()));

  std::map<std::string, Model> models;
  bool failing = true;
  const auto sink_of = [&](const std::string& name) {
    return [&, name](const Event& event, const std::stop_token&) {
      Model& model = models[name];
      const std::size_t place = model.delivered[event.key];
      std::vector<Line>& told = model.told[event.key];
      REQUIRE(place < told.size());
      for (std::size_t i = place; i < told.size() && told[i].mutation == told[place].mutation;
           ++i) {
        if (told[i].text != event.payload) continue;
        std::swap(told[i], told[place]);
        break;
      }
      CHECK(event.payload == told[place].text);
      CHECK(event.seq == static_cast<std::int64_t>(place + 1));
      if (failing && some(3) == 0) throw Refused("chance");
      ++model.delivered[event.key];
    };
  };
  const outbox::RelayOptions options{
      .lease = 10s, .attempts = 3, .backoff = 2s, .longest_backoff = 8s, .lanes = 2, .events = 3};
  std::deque<Relay> relays;
  for (const char* name : {"mail", "search", "mail"}) {
    relays.emplace_back(client, name, sink_of(name), options);
  }

  std::map<std::int64_t, std::pair<std::string, std::int64_t>> users;
  int made = 0, mutations = 0;
  const auto shown = [](const std::pair<std::string, std::int64_t>& user) {
    return user.first + std::to_string(user.second);
  };
  // Changes some rows in a transaction, and says what is to be told of it.
  const auto write = [&](const grapnel::Client& of, auto& rows, auto& told) {
    const auto tell = [&](std::int64_t id, std::string text) {
      told.push_back({std::to_string(id % 3), std::move(text), mutations});
    };
    ++mutations;
    const std::int64_t what = some(4);
    const std::int64_t least = some(4);
    if (what == 0 || rows.empty()) {
      const std::string name = "U" + std::to_string(++made) + ":";
      const User user = of.Of<User>().Create({.name = name}).Save();
      rows[user.id] = {name, 0};
      tell(user.id, "Create ->" + shown(rows[user.id]));
      return;
    }
    auto at = rows.begin();
    std::advance(at, some(static_cast<int>(rows.size())));
    auto& [id, user] = *at;
    const std::string before = shown(user);
    if (what == 1) {
      of.Of<User>().UpdateOne(id).Add(F<&User::age>, 1).Save();
      ++user.second;
      tell(id, "UpdateOne " + before + ">" + shown(user));
    } else if (what == 2 && rows.size() > 3) {
      of.Of<User>().DeleteOne(id).Exec();
      tell(id, "DeleteOne " + before + ">-");
      rows.erase(at);
    } else {
      of.Of<User>().Update().Where(F<&User::age> >= least).Add(F<&User::age>, 1).Save();
      for (auto& [each, row] : rows) {
        if (row.second < least) continue;
        const std::string was = shown(row);
        ++row.second;
        tell(each, "Update " + was + ">" + shown(row));
      }
    }
  };
  for (int step = 0; step < 120; ++step) {
    now += std::chrono::milliseconds(some(3000));
    switch (some(4)) {
      case 0:
        relays[static_cast<std::size_t>(some(3))].RunOnce();
        break;
      case 1:
        if (some(4) == 0) Replay(client, F<&Event::seq> > some(10));
        break;
      default: {
        auto rows = users;
        std::vector<Line> told;
        const bool fails = some(4) == 0;
        try {
          client.WithTx([&](grapnel::Tx& tx) {
            for (auto left = some(3); left >= 0; --left) {
              if (some(4) != 0) {
                write(tx.Client(), rows, told);
                continue;
              }
              auto undone = rows;  // in a savepoint
              std::vector<Line> never;
              try {
                tx.WithTx([&](grapnel::Tx& inner) {
                  write(inner.Client(), undone, never);
                  throw Refused("savepoint");
                });
              } catch (const Refused&) {
              }
            }
            if (fails) throw Refused("all");
          });
          users = std::move(rows);
          for (const char* sink : {"mail", "search"}) {
            for (const Line& line : told) models[sink].told[line.key].push_back(line);
          }
        } catch (const Refused&) {
        }
      }
    }
  }
  failing = false;
  Replay(client, F<&Event::id> > 0);
  for (int round = 0; round < 500; ++round) {
    now += 10s;
    std::int64_t done = 0;
    for (Relay& relay : relays) done += relay.RunOnce().delivered;
    if (done == 0) break;
  }
  for (auto& [sink, model] : models) {
    for (const auto& [key, told] : model.told) CHECK(model.delivered[key] == told.size());
  }
  CHECK(client.Of<Event>().Query().Count() == 0);
  for (const Lane& lane : client.Of<Lane>().Query().All()) {
    CHECK_FALSE(lane.waiting);
  }
}
