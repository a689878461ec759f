#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel {

namespace extras::outbox {

// A column that a later version adds has a Default, by which Migrate fills the rows that are there.
// An older program, which would leave it out, is refused then, unless the column may be NULL.

/// What is to be told to a sink: see <grapnel/extras/outbox.hpp>. A delivered one is deleted.
struct Event {
  std::int64_t id = 0;  // never used again; grows along each key: what a sink can fence with
  std::string sink{};
  std::string key{};  // those of one sink and key are delivered in the order of their commits
  std::string type{};
  std::string payload{};
  std::int64_t seq = 0;        // 1, 2, 3 ... along the key
  Clock::Time committed_at{};  // when it was written, in the transaction that was committed
  std::int64_t attempts = 0;   // deliveries that have failed so far
  std::string error{};         // what the last one of them said
  bool dead = false;           // it has failed too often: a dead letter
};

/// The events of one sink and key, as relays see them. Writers of the key count in a lane beside
/// it, its counter, of CounterOf(sink) and CounterOf(key): what relays write is not in the way of
/// writers, nor the other way round.
struct Lane {
  std::int64_t id = 0;
  std::string sink{};
  std::string key{};
  std::int64_t seq = 0;       // in the counter: of the last event; else of the first that waited
  bool waiting = false;       // there are events that wait, or it has not been looked at since
  bool blocked = false;       // behind a dead letter
  std::int64_t attempts = 0;  // of the first event
  Clock::Time next_at{};      // where it has failed: not before that; else a place in the queue
  std::string lease{};        // of the relay that has taken it; "" where none has
  Clock::Time lease_until{};
};

/// The sink of a counter begins so, and no other one does.
inline constexpr char kCounter = '\x1f';
inline std::string CounterOf(const std::string& name) { return kCounter + name; }
inline constexpr std::size_t kLongestSink = 200, kLongestKey = 2000;  // in bytes
/// Why a sink cannot have that name; empty where it can.
inline std::string_view WhyNoSink(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.front() == kCounter) return "may not begin with the character \\x1f";
  return name.size() > kLongestSink ? "is longer than 200 bytes" : "";
}
inline bool IsSink(std::string_view name) { return WhyNoSink(name).empty(); }
/// Throws: Error where it is none, which names the part of the outbox that was given it.
inline void CheckSink(std::string_view part, std::string_view name) {
  if (IsSink(name)) return;
  throw Error("extras::outbox::" + std::string(part) + ": the name of a sink " +
              std::string(WhyNoSink(name)));
}

}  // namespace extras::outbox

template <>
struct Schema<extras::outbox::Event> {
  using Row = extras::outbox::Event;

  static constexpr std::string_view Type = "OutboxEvent";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Row::id>("id").NeverReuse(),
        Field<&Row::sink>("sink")
            .MaxLen(extras::outbox::kLongestSink)
            .Validate(extras::outbox::IsSink)
            .Immutable(),
        Field<&Row::key>("key").MaxLen(extras::outbox::kLongestKey).Immutable(),
        Field<&Row::type>("type").Immutable(), Field<&Row::payload>("payload").Immutable(),
        Field<&Row::seq>("seq").Immutable(), Field<&Row::committed_at>("committed_at").Immutable(),
        Field<&Row::attempts>("attempts").Default(0), Field<&Row::error>("error").Default(""),
        Field<&Row::dead>("dead").Default(false));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Row::sink, &Row::key, &Row::dead, &Row::seq>(),
                            Index<&Row::dead, &Row::sink>());
  }
  static constexpr bool Internal = true;
};

template <>
struct Schema<extras::outbox::Lane> {
  using Row = extras::outbox::Lane;

  static constexpr std::string_view Type = "OutboxLane";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Row::sink>("sink").MaxLen(extras::outbox::kLongestSink + 1).Immutable(),
        Field<&Row::key>("key").MaxLen(extras::outbox::kLongestKey + 1).Immutable(),
        Field<&Row::seq>("seq"), Field<&Row::waiting>("waiting").Default(false),
        Field<&Row::blocked>("blocked").Default(false),
        Field<&Row::attempts>("attempts").Default(0),
        Field<&Row::next_at>("next_at").Default(extras::Clock::Time()),
        Field<&Row::lease>("lease").Default(""),
        Field<&Row::lease_until>("lease_until").Default(extras::Clock::Time()));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Row::sink, &Row::key>().Unique(),
                            Index<&Row::sink, &Row::waiting, &Row::next_at>());
  }
  static constexpr bool Internal = true;
};

}  // namespace grapnel
