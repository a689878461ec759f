/// The outbox: what an event costs the write that publishes it, and the relay that delivers it.

#include <grapnel/extras/outbox.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"
#include "support/scratch.hpp"

namespace benchmark {
namespace {

namespace outbox = grapnel::extras::outbox;
using outbox::Event;
using outbox::Lane;
using Sent = const std::stop_token&;

std::string PayloadOf(std::int64_t before, std::int64_t after) {
  return R"({"age":[)" + std::to_string(before) + "," + std::to_string(after) + "]}";
}

void MeasurePublish(Report& report) {
  const auto client = grapnel::Open<Account, Event, Lane>(kInMemory);
  const auto plan = client.PlanMigration();
  client.Migrate();
  client.Of<Account>().CreateBulk(MakeRows(kRows)).Save();
  client.Of<Account>().Use(outbox::Publish<Account>("account.changed")
                               .To("mail")
                               .Payload([](const outbox::Change<Account>& change) {
                                 return PayloadOf(change.Old()->age, change.New()->age);
                               }));
  std::vector<Lane> lanes;
  for (std::size_t i = 1; i <= kRows; ++i) {
    const std::string key = std::to_string(i);
    lanes.push_back({.sink = "mail", .key = key, .waiting = true});
    lanes.push_back({.sink = outbox::CounterOf("mail"), .key = outbox::CounterOf(key)});
  }
  client.Of<Lane>().CreateBulk(std::move(lanes)).Save();

  Raw raw(plan.Statements().at(0));
  for (std::size_t i = 1; i < plan.Statements().size(); ++i) raw.Execute(plan.Statements()[i]);
  raw.Execute(R"(INSERT INTO "OutboxLane" ("sink", "key", "seq", "waiting", "blocked", "attempts",
                                           "next_at", "lease", "lease_until")
                 SELECT 'mail', "id", 0, 1, 0, 0, 0, '', 0 FROM "Account" UNION ALL
                 SELECT char(31) || 'mail', char(31) || "id", 0, 0, 0, 0, 0, '', 0
                 FROM "Account")");
  Raw::Select lane(raw, R"(SELECT "id", "sink", "seq", "waiting" FROM "OutboxLane"
                           WHERE ("sink" = ?1 AND "key" = ?2) OR ("sink" = ?3 AND "key" = ?4))");
  Raw::Select count(raw, R"(UPDATE "OutboxLane" SET "seq" = ?1 WHERE "id" = ?2)");
  Raw::Select insert(raw, R"(INSERT INTO "OutboxEvent" ("sink", "key", "type", "payload", "seq",
                             "committed_at", "attempts", "error", "dead")
                             VALUES (?1, ?2, 'account.changed', ?3, ?4, ?5, 0, '', 0))");
  const auto bind = [](const Raw::Select& to, int at, const std::string& text) {
    sqlite3_bind_text(to.Get(), at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  };
  const std::string sink = "mail", counts = outbox::CounterOf(sink);
  // What Grapnel sends: the row before and behind, a savepoint, the counter and the event.
  const auto by_hand = [&](std::size_t i) {
    raw.Savepoint();
    const Account before = raw.Get(AnyId(i));
    const Account after = raw.UpdateAge(before.id, static_cast<std::int64_t>(i));
    const std::string key = std::to_string(after.id);
    const std::string counted = outbox::CounterOf(key);
    bind(lane, 1, sink), bind(lane, 2, key), bind(lane, 3, counts), bind(lane, 4, counted);
    std::int64_t id = 0, next = 0;
    bool waits = false;
    while (lane.Next()) {
      if (sqlite3_column_bytes(lane.Get(), 1) == 4) {
        waits = sqlite3_column_int64(lane.Get(), 3) != 0;
      } else {
        id = sqlite3_column_int64(lane.Get(), 0);
        next = sqlite3_column_int64(lane.Get(), 2) + 1;
      }
    }
    if (id == 0 || !waits) throw std::runtime_error("there is no lane that waits");
    count.Bind(1, next), count.Bind(2, id);
    while (count.Next()) {
    }
    const std::string payload = PayloadOf(before.age, after.age);
    bind(insert, 1, sink), bind(insert, 2, key), bind(insert, 3, payload);
    insert.Bind(4, next);
    insert.Bind(5, grapnel::extras::Clock::Now().time_since_epoch().count() / 1000);
    while (insert.Next()) {
    }
    raw.Release();
    Keep(after);
  };
  constexpr std::size_t kCount = 3'000;
  const Compared all = Interleave(
      [&] {
        const auto tx = client.Tx();  // rolled back
        const auto accounts = tx.Of<Account>();
        return NanosecondsOf(kCount, [&](std::size_t i) {
          Keep(accounts.UpdateOne(AnyId(i))
                   .Set(F<&Account::age>, static_cast<std::int64_t>(i))
                   .Save());
        });
      },
      [&] { return raw.TimeInTx(kCount, by_hand); });
  report.push_back({"outbox_update_one", all.ratio, AtMost(1.15), Duration(all.ours),
                    Duration(all.theirs), "UpdateOne with Publish, and its statements by hand"});
}

/// An outbox in a file, as it is run by default: WAL, synchronous=FULL.
struct Backlog {
  const Scratch scratch{};
  const grapnel::Database<Event, Lane> client =
      grapnel::Open<Event, Lane>(scratch.File("outbox.db"));

  Backlog() { client.Migrate(); }
  void Fill(std::int64_t keys, std::int64_t events_each) const {
    std::vector<Lane> lanes;
    for (std::int64_t key = 0; key < keys; ++key) {
      lanes.push_back({.sink = "mail", .key = std::to_string(key), .seq = 1, .waiting = true});
      lanes.push_back({.sink = outbox::CounterOf("mail"),
                       .key = outbox::CounterOf(std::to_string(key)),
                       .seq = events_each});
    }
    client.Of<Lane>().CreateBulk(std::move(lanes)).Save();
    for (std::int64_t seq = 1; seq <= events_each; ++seq) {
      std::vector<Event> events;
      for (std::int64_t key = 0; key < keys; ++key) {
        events.push_back({.sink = "mail",
                          .key = std::to_string(key),
                          .type = "account.changed",
                          .payload = PayloadOf(key, seq),
                          .seq = seq,
                          .committed_at = {}});
      }
      client.Of<Event>().CreateBulk(std::move(events)).Save();
    }
  }
  void Clear() const {
    client.Of<Event>().Delete().Exec();
    client.Of<Lane>().Delete().Exec();
  }
};

void MeasureRelay(Report& report) {
  constexpr std::int64_t kKeys = 1'000, kEach = 100;
  const Backlog backlog;
  backlog.Fill(kKeys, kEach);
  std::stop_source stop;
  std::int64_t delivered = 0;
  outbox::Relay relay(backlog.client, "mail", [&](const Event& event, Sent) {
    Keep(event.payload);
    if (++delivered == kKeys * kEach) stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  relay.Run(stop.get_token());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (relay.Total().delivered != kKeys * kEach) throw std::runtime_error("events are left");
  const double rate = static_cast<double>(delivered) / took.count();
  report.push_back({"outbox_relay", rate, AtLeast(20'000), Duration(1e9 / rate), "",
                    "events each second, of a backlog of 100,000 in a file"});
}

/// With so many keys taken at a time.
Compared CompareBacklogs(const Backlog& large, const Backlog& small, int lanes) {
  const auto deliver = [](const Event& event, Sent) { Keep(event.payload); };
  const auto time = [](outbox::Relay& relay) {
    std::int64_t delivered = 0;
    const double took =
        NanosecondsOf(1, [&](std::size_t) { delivered = relay.RunOnce().delivered; });
    if (delivered == 0) throw std::runtime_error("nothing was delivered");
    return took / static_cast<double>(delivered);
  };
  outbox::Relay of_large(large.client, "mail", deliver, {.lanes = lanes});
  outbox::Relay of_small(small.client, "mail", deliver, {.lanes = lanes});
  return Interleave([&] { return time(of_large); },
                    [&] {
                      small.Clear();
                      small.Fill(10, 100);
                      return time(of_small);
                    });
}

void MeasureBacklog(Report& report) {
  const Backlog large, small;
  large.Fill(10'000, 100);
  const Compared all = CompareBacklogs(large, small, outbox::RelayOptions().lanes);
  report.push_back({"outbox_backlog", all.ratio, AtMost(1.5), Duration(all.ours),
                    Duration(all.theirs),
                    "an event of 1,000,000 over 10,000 keys, and of 1,000 over 10"});
  // Of a large table each event of a small batch lies on a page of its own.
  const Compared few = CompareBacklogs(large, small, 10);
  report.push_back({"outbox_backlog_10", few.ratio, AtMost(1.5), Duration(few.ours),
                    Duration(few.theirs), "the same, 10 keys at a time"});
}

/// How often this process has called write and the like.
std::int64_t Writes() {
  std::ifstream io("/proc/self/io");
  std::string name;
  for (std::int64_t value = 0; io >> name >> value;) {
    if (name == "syscw:") return value;
  }
  throw std::runtime_error("/proc/self/io does not count writes");
}

void MeasureIdle(Report& report) {
  constexpr std::size_t kCount = 2'000;
  const Backlog backlog;
  backlog.Fill(10'000, 1);  // of another sink, which has no relay
  outbox::Relay relay(backlog.client, "search", [](const Event&, Sent) {});
  relay.RunOnce();
  std::int64_t locks = 0;
  const std::int64_t before = Writes();
  const double each = NanosecondsOf(kCount, [&](std::size_t) { Keep(relay.RunOnce()); });
  const std::int64_t writes = Writes() - before;
  auto told = backlog.client.OnStatement([&](const grapnel::store::StatementInfo& ran) {
    if (!ran.text.starts_with("SELECT")) ++locks;
  });
  relay.RunOnce();
  told.Remove();
  report.push_back({"outbox_idle", static_cast<double>(writes + locks), Exactly(0), Duration(each),
                    "", "writes and statements that lock, of an idle relay"});
}

const Registration publish({"outbox_update_one", MeasurePublish, "extras"});
const Registration relay({"outbox_relay", MeasureRelay, "extras"});
const Registration large({"outbox_backlog", MeasureBacklog, "extras"});
const Registration idle({"outbox_idle", MeasureIdle, "extras"});

}  // namespace
}  // namespace benchmark
