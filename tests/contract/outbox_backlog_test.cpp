// B250: what a relay does for an event does not depend on how much waits behind it.
#include <grapnel/extras/outbox.hpp>

#include "contract/outbox_model.hpp"
#include "support/catch.hpp"

#include <grapnel/store/driver/statement_info.hpp>

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

using namespace outboxed;

namespace {

/// A statement that was sent, and how much it gave and changed.
using Sent = std::tuple<std::string, std::int64_t, std::int64_t>;

struct Backlog : Outbox {
  void Fill(std::int64_t keys, std::int64_t events_each) const {
    std::vector<Event> events;
    std::vector<Lane> lanes;
    for (std::int64_t i = 0; i < keys; ++i) {
      const std::string key = "key " + std::to_string(i);
      lanes.push_back({.sink = "mail", .key = key, .seq = 1, .waiting = true});
      lanes.push_back(
          {.sink = outbox::CounterOf("mail"), .key = outbox::CounterOf(key), .seq = events_each});
      for (std::int64_t seq = 1; seq <= events_each; ++seq) {
        events.push_back(
            {.sink = "mail", .key = key, .type = "changed", .payload = "x", .seq = seq});
      }
    }
    client.Of<Event>().CreateBulk(std::move(events)).Save();
    client.Of<Lane>().CreateBulk(std::move(lanes)).Save();
  }
  /// What `action` sends about the outbox.
  template <class Action>
  std::vector<Sent> SentBy(Action action) const {
    std::vector<Sent> sent;
    auto told = client.OnStatement([&](const grapnel::store::StatementInfo& ran) {
      if (ran.text.find("\"Outbox") == std::string_view::npos) return;
      sent.emplace_back(ran.text, ran.rows, ran.changes);
    });
    action();
    told.Remove();
    return sent;
  }
  void SearchesOnly(const std::vector<Sent>& all) const {
    CHECK_FALSE(all.empty());
    for (const auto& [sql, rows, changes] : all) {
      std::string plan;
      for (const std::string& line : Raw("EXPLAIN QUERY PLAN " + sql)) {
        plan += line.substr(line.rfind('|') + 1) + "\n";
      }
      INFO(sql << "\n" << plan);
      CHECK(plan.find("SCAN Outbox") == std::string::npos);
      CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    }
  }
};

constexpr auto kDeliver = [](const Event&, const std::stop_token&) {};
constexpr auto kRefuse = [](const Event&, const std::stop_token&) { throw Refused("550"); };

}  // namespace

TEST_CASE_METHOD(Backlog,
                 "B250 every statement of the outbox searches an index, and sorts nothing") {
  Users().Use(Publisher());
  const std::int64_t events_each = GENERATE(1, 3, 20);
  Fill(50, events_each);
  const outbox::RelayOptions options{.attempts = 1, .lanes = 10, .events = 16};
  outbox::Relay relay(client, "mail", kDeliver, options), failing(client, "mail", kRefuse, options);
  outbox::Relay idle(client, "search", kDeliver, options);
  SearchesOnly(SentBy([&] {
    Age(Make("Ada").id);  // a new key, and one that is there
    relay.RunOnce();
    relay.RunOnce();
    failing.RunOnce();
    idle.RunOnce();
  }));
  SearchesOnly(SentBy([&] {
    CHECK(outbox::Replay(client, F<&Event::sink> == "mail" && F<&Event::error> == "550") > 0);
  }));
  failing.RunOnce();
  SearchesOnly(SentBy([&] { CHECK(outbox::Discard(client, F<&Event::sink> == "mail") > 0); }));
}

TEST_CASE("B250 what a relay sends, reads and writes is the same behind 20 times the backlog") {
  const auto sent = [](std::int64_t keys, std::int64_t events_each) {
    const Backlog backlog;
    backlog.Fill(keys, events_each);
    outbox::Relay relay(backlog.client, "mail", kDeliver, {.lanes = 8, .events = 16});
    std::vector<Sent> all;
    for (int i = 0; i < 3; ++i) {
      for (Sent& each : backlog.SentBy([&] { relay.RunOnce(); })) all.push_back(std::move(each));
    }
    CHECK(relay.Total().delivered > 0);
    return all;
  };
  for (const std::int64_t events_each : {1, 20}) {
    const auto few = sent(25, events_each), many = sent(500, events_each);
    CHECK(few == many);
    // So many rows, with their payloads, it holds at a time.
    for (const auto& [sql, rows, changes] : many) CHECK(rows <= 16);
  }
}
