#pragma once

/// What the tests of sinks that are queues share: documents whose texts go to the sink "queue", in
/// the order of their keys, and a comparison of what was put with what has come.

#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

namespace queued {

namespace outbox = grapnel::extras::outbox;
namespace sinks = grapnel::extras::sinks;
using grapnel::F;
using outbox::Event;
using outbox::Lane;
using outbox::Relay;
using outbox::Relayed;

struct Doc {
  std::int64_t id = 0;
  std::string key{};
  std::string text{};
};

}  // namespace queued

template <>
struct grapnel::Schema<queued::Doc> {
  using Doc = queued::Doc;
  static constexpr std::string_view Type = "Doc";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Doc::key>("key"), Field<&Doc::text>("text"));
  }
};

namespace queued {

/// What a reader of the queue has got.
struct Entry {
  std::string id{}, key{}, type{}, payload{}, committed_at{}, place{};
  std::int64_t seq = 0, attempt = 0;
};

/// Until it holds, for a minute at most.
template <class F>
void Until(F holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) throw std::logic_error("it does not come about");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

struct Queue : Fixture<Doc, Event, Lane> {
  std::map<std::string, Lines> put{};  // by key

  Queue() {
    client.Of<Doc>().Use(outbox::Publish<Doc>("doc.put")
                             .To("queue")
                             .Key([](const auto& change) { return change.New()->key; })
                             .Payload([](const auto& change) { return change.New()->text; }));
  }

  void Put(const std::string& key, std::string text) {
    client.Of<Doc>().Create({.key = key, .text = text}).Save();
    put[key].push_back(std::move(text));
  }
  std::int64_t Waiting() const { return client.Of<Event>().Query().Count(); }
  Event First() const {
    return client.Of<Event>().Query().Order(grapnel::Asc(F<&Event::id>)).First();
  }

  /// One that gives nothing up, and soon tries again.
  Relay Patient(outbox::Sink sink) const {
    return {client,
            "queue",
            std::move(sink),
            {.attempts = 100'000,
             .backoff = std::chrono::milliseconds(2),
             .longest_backoff = std::chrono::milliseconds(20),
             .poll = std::chrono::milliseconds(5)}};
  }

  /// Puts `count` texts under five keys and has them delivered, while the server is killed and
  /// started, and paused and continued, by turns, until all have come.
  template <class Server>
  void Disturb(Server& server, Relay& relay, int count) {
    std::minstd_rand chance(Catch::rngSeed());
    const auto wait = [&](unsigned most) {
      std::this_thread::sleep_for(std::chrono::microseconds(chance() % most));
    };
    const std::jthread worker([&](const std::stop_token& stop) { relay.Run(stop); });
    std::jthread writer([this, count, texts = chance]() mutable {
      for (int i = 0; i < count; ++i) Put(std::to_string(texts() % 5), std::to_string(texts()));
    });
    for (int round = 0; round < 10; ++round) {
      wait(60'000);
      if (round % 2 == 0) {
        server.Kill();
        wait(20'000);
        server.Start();
      } else {
        server.Pause();
        wait(200'000);
        server.Continue();
      }
    }
    writer.join();
    Until([&] { return Waiting() == 0; });
  }

  /// What is wrong with what has come: events that were lost, or never put, or whose first delivery
  /// is not in the order of their key, and repeated ones that differ. Nothing where all is right.
  Lines Faults(const std::vector<Entry>& entries) const {
    Lines faults;
    std::map<std::string, std::vector<Entry>> firsts;  // by key
    for (const Entry& entry : entries) {
      const std::string name = entry.key + "#" + std::to_string(entry.seq);
      std::vector<Entry>& known = firsts[entry.key];
      const auto same = std::ranges::find(known, entry.seq, &Entry::seq);
      if (same == known.end()) {
        if (!known.empty() && known.back().seq > entry.seq) faults.push_back(name + " is late");
        known.push_back(entry);
      } else if (same->id != entry.id || same->payload != entry.payload ||
                 same->type != entry.type || same->committed_at != entry.committed_at) {
        faults.push_back(name + " differs when it is repeated");
      }
    }
    for (const auto& [key, texts] : put) {
      Lines came;
      for (const Entry& entry : firsts[key]) came.push_back(entry.payload);
      if (came != texts) {
        faults.push_back(key + ": " + std::to_string(came.size()) + " of " +
                         std::to_string(texts.size()) + " are as they were put");
      }
    }
    if (firsts.size() > put.size()) faults.emplace_back("a key has come that nobody put");
    return faults;
  }
};

/// What the error that `action` throws says; "" where it throws none.
template <class E = grapnel::Error, class Action>
std::string Said(Action action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

}  // namespace queued
