#include "report.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

using grapnel::Asc;
using grapnel::F;
namespace outbox = grapnel::extras::outbox;
using outbox::Event;
using outbox::Lane;

namespace {

std::string StateOf(const std::optional<Lane>& lane, Time now) {
  if (!lane) return "no lane";  // nothing has them delivered: somebody has deleted it
  if (lane->blocked) return "blocked by a dead letter";
  if (!lane->lease.empty()) {
    return lane->lease_until > now ? "taken by a relay" : "left behind by a relay";
  }
  if (lane->attempts == 0) return "waits for a relay";
  return fmt::format("failed {} time{}, next try {}", lane->attempts,
                     lane->attempts == 1 ? "" : "s",
                     lane->next_at > now ? "in " + Span(Age(lane->next_at, now)) : "is due");
}

void LookAtAges(const Outbox& client, Report& report) {
  const auto pending = client.Of<Event>().Query().Where(F<&Event::dead> == false);
  std::int64_t younger = 0;
  for (AgeGroup& group : report.ages) {
    auto all = pending;
    if (group.below != std::chrono::seconds::max()) {
      all.Where(F<&Event::committed_at> > report.at - group.below);
    }
    const std::int64_t count = all.Count();
    group.count = std::max<std::int64_t>(0, count - younger);
    younger = count;
  }
}

void LookAtKeys(const Outbox& client, std::int64_t most, Report& report) {
  for (auto& [sink, key, count, oldest] :
       client.Of<Event>()
           .Query()
           .Where(F<&Event::dead> == false)
           .GroupBy(F<&Event::sink>, F<&Event::key>)
           .Select(grapnel::Count(), grapnel::Min(F<&Event::committed_at>))
           .Order(Asc(grapnel::Min(F<&Event::committed_at>)), Asc(F<&Event::sink>),
                  Asc(F<&Event::key>))
           .Limit(most)
           .All()) {
    const auto lanes =
        client.Of<Lane>().Query().Where(F<&Lane::sink> == sink && F<&Lane::key> == key).All();
    const auto lane = lanes.empty() ? std::nullopt : std::optional(lanes.front());
    report.keys.push_back({sink, key, count, Age(report.at, oldest), StateOf(lane, report.at)});
  }
}

void LookAtLetters(const Outbox& client, std::int64_t most, Report& report) {
  auto dead = client.Of<Event>().Query().Where(F<&Event::dead> == true);
  for (const auto& [id, sink, key, type, attempts, error, written] :
       dead.Order(Asc(F<&Event::committed_at>), Asc(F<&Event::id>))
           .Limit(most)
           .Select(F<&Event::id>, F<&Event::sink>, F<&Event::key>, F<&Event::type>,
                   F<&Event::attempts>, F<&Event::error>, F<&Event::committed_at>)
           .All()) {
    report.letters.push_back({id, sink, key, type, error, "", attempts, Age(report.at, written)});
  }
  if (!report.with_payloads) return;
  for (Letter& letter : report.letters) {  // one at a time, for each may be large
    const auto event = client.Of<Event>().Find(letter.id);
    if (event) letter.payload = Visible(event->payload, 200);
  }
}

}  // namespace

Report Look(const Outbox& outbox, std::string database, const ReportOptions& options) {
  Report report;
  report.database = std::move(database);
  report.at = grapnel::extras::Clock::Now();
  report.with_payloads = options.with_payloads;
  report.sinks = outbox::Sinks(outbox);
  report.dead = outbox::Dead(outbox);
  LookAtAges(outbox, report);
  LookAtKeys(outbox, options.most, report);
  LookAtLetters(outbox, options.most, report);
  return report;
}
