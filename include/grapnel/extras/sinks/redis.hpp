#pragma once

/// A sink of the outbox: each event becomes an entry of a Redis stream (XADD). Needs hiredis:
/// the component `redis` of the CMake package, or -lhiredis.
///
///   sinks::RedisStream sink("redis://:secret@127.0.0.1:6379/0", "orders");
///   outbox::Relay relay(db, "orders", sink);
///
/// What it guarantees. A delivery that returns was answered by Redis with the id of the entry,
/// whose fields are id, seq, key, type, payload, committed_at ("2024-02-29T08:00:00.000000Z") and
/// attempt (1, 2, 3 ...). Entries of one key have the order of their first deliveries. Whatever
/// else happens is a RedisError, which names server and stream and no password, and the relay tries
/// again: the server is down, loading, read-only, out of memory, wants a password, closes the
/// connection, answers nothing for `command_timeout` or what is not Redis's; a stream whose name is
/// taken by something else (WRONGTYPE) too, for that is not the event's fault. It is a dead letter
/// at once (outbox::Rejected) where Redis takes no payload of that size (512 MB), and where the
/// function that names streams returns "". A connection that the server has closed meanwhile is
/// opened anew, without a failure; no signal is raised. It ends within 50 ms of the stop of its
/// token, but for the look-up of a host's name.
///
/// With RedisDedup::ByEventId an event is in its stream once, however often it is delivered: its
/// entry is `<id>-0`, of the id of the event, and Redis takes no id that is not above the last one.
/// What Redis refuses so is looked up: where the entry is this event, it was delivered, and that is
/// success. Where it is not there, a dead letter says so, instead of an event that is lost without
/// a word. That needs a stream for each key, which nothing else writes: ids grow along a key alone.
///
///   sinks::RedisStream("redis://127.0.0.1", [](const Event& e) { return "order:" + e.key; },
///                      {.dedup = sinks::RedisDedup::ByEventId})
///
/// Keep the last entries there for as long as they may be delivered again, RelayOptions::events of
/// them, and leave OnDead at Block: an event that was skipped is behind the stream's end when it is
/// replayed.
///
/// What not: without dedup an event is there again where an answer was lost, with the same `id`:
/// let readers drop what they know. What Redis has answered it may still lose: it syncs as
/// `appendfsync` says, and a replica that takes over may lack the last entries. Neither TLS nor
/// Redis Cluster.
///
/// Cost: one exchange with the server for an event, and a copy of the payload. A connection for
/// each thread that delivers at a time, kept open. Copies share them. Threads: any.

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/errors.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/sinks/idle.hpp>
#include <grapnel/extras/sinks/json.hpp>
#include <grapnel/extras/sinks/redis/address.hpp>
#include <grapnel/extras/sinks/redis/connection.hpp>

#include <hiredis/hiredis.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace grapnel::extras::sinks {

enum class RedisDedup : std::uint8_t {
  None,       // entries have the ids that Redis gives them
  ByEventId,  // `<id>-0`: for a stream for each key
};

struct RedisOptions {
  RedisDedup dedup = RedisDedup::None;
  /// The stream keeps about so many entries at least (MAXLEN ~); 0: all.
  std::int64_t keep = 0;
  /// Until a connection is there and knows who one is; and until an event is answered.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds command_timeout = std::chrono::seconds(5);
};

/// Writes events to Redis streams: see <grapnel/extras/sinks/redis.hpp>. An outbox::Sink.
class RedisStream {
 public:
  /// A stream's name, or what finds it for an event: called by all threads that deliver.
  using Name = std::variant<std::string, std::function<std::string(const outbox::Event&)>>;

  /// Opens nothing yet. Throws: Error for an address, name or option that makes no sense.
  template <std::convertible_to<std::string_view> Url>
  RedisStream(const Url& url, Name stream, RedisOptions options = {})
      : RedisStream(RedisAddress::Of(url), std::move(stream), options) {}
  RedisStream(RedisAddress address, Name stream, RedisOptions options = {})
      : state_(std::make_shared<State>(std::move(address), std::move(stream), options)) {
    const auto* name = std::get_if<std::string>(&state_->stream);
    Require(name == nullptr || !name->empty(), "the name of the stream is empty");
    Require(name != nullptr || std::get<1>(state_->stream) != nullptr, "no function names streams");
    Require(name == nullptr || options.dedup == RedisDedup::None,
            "dedup needs a stream for each key: give it a function that names them");
    Require(options.keep >= 0, "it cannot keep less than 0 entries");
    Require(options.connect_timeout.count() > 0 && options.command_timeout.count() > 0,
            "a time limit is longer than 0");
  }

  /// Throws: RedisError; outbox::Rejected; what the function throws that names streams.
  void operator()(const outbox::Event& event, const std::stop_token& stop) const {
    const std::string stream = StreamOf(event);
    constexpr std::size_t kLongest = std::size_t{512} << 20U;
    if (event.payload.size() > kLongest) {
      Reject(stream, "the payload is longer than 512 MB, which Redis does not take");
    }
    try {
      std::unique_ptr<RedisConnection> connection = state_->Connect(stop);
      Add(*connection, stream, event, stop);
      state_->idle.Keep(std::move(connection));
    } catch (const RedisError& error) {
      if (std::string_view(error.what()).ends_with("Protocol error: invalid bulk length")) {
        Reject(stream, error.what());
      }
      throw RedisError(state_->address.Shown(), stream, error);
    }
  }

 private:
  struct State {
    State(RedisAddress where, Name name, const RedisOptions& how)
        : address(std::move(where)), stream(std::move(name)), options(how) {}

    /// One that is open and not in use, or a new one.
    std::unique_ptr<RedisConnection> Connect(const std::stop_token& stop) {
      auto open = idle.Take([](RedisConnection& known) { return known.IsOpen(); });
      if (open) return open;
      return std::make_unique<RedisConnection>(address, RedisLimit(options.connect_timeout, stop));
    }

    const RedisAddress address;
    const Name stream;
    const RedisOptions options;
    Idle<RedisConnection> idle{};
  };

  static void Require(bool holds, const char* what) {
    if (!holds) throw Error(std::string("extras::sinks::RedisStream: ").append(what));
  }
  [[noreturn]] void Reject(const std::string& stream, const std::string& why) const {
    throw outbox::Rejected("Redis at " + state_->address.Shown() + ", stream \"" + stream +
                           "\": " + why);
  }

  std::string StreamOf(const outbox::Event& event) const {
    if (const auto* name = std::get_if<std::string>(&state_->stream)) return *name;
    std::string name = std::get<1>(state_->stream)(event);
    if (name.empty()) Reject(name, "no stream is named for the event");
    return name;
  }

  void Add(RedisConnection& connection, const std::string& stream, const outbox::Event& event,
           const std::stop_token& stop) const {
    const RedisLimit limit(state_->options.command_timeout, stop);
    const bool by_id = state_->options.dedup == RedisDedup::ByEventId;
    const std::string keep = std::to_string(state_->options.keep);
    const std::string entry = by_id ? std::to_string(event.id) + "-0" : "*";
    const std::vector<std::string> fields = Fields(event);
    std::vector<std::string_view> words{"XADD", stream};
    if (state_->options.keep > 0) words.insert(words.end(), {"MAXLEN", "~", keep});
    words.push_back(entry);
    words.insert(words.end(), fields.begin(), fields.end());
    words.insert(words.end(), {"payload", event.payload});
    try {
      const RedisReply reply = connection.Ask(words, limit);
      if (reply->type != REDIS_REPLY_STRING) throw RedisError("it answers XADD with no id", "");
    } catch (const RedisError& error) {
      const bool is_known =
          std::string_view(error.what()).find("equal or smaller") != std::string_view::npos;
      if (!by_id || !is_known) throw;
      if (!IsThere(*connection.Ask({"XRANGE", stream, entry, entry}, limit), event)) {
        Reject(stream, "entry " + entry + " is not this event, and the stream has gone on");
      }
    }
  }

  /// Those in front of the payload; `attempt`, in which deliveries of one event differ, is last.
  static std::vector<std::string> Fields(const outbox::Event& event) {
    return {"id",           std::to_string(event.id),
            "seq",          std::to_string(event.seq),
            "key",          event.key,
            "type",         event.type,
            "committed_at", Timestamp(event.committed_at),
            "attempt",      std::to_string(event.attempts + 1)};
  }

  /// `range`: what XRANGE has answered, the entry of that id or nothing.
  static bool IsThere(const redisReply& range, const outbox::Event& event) {
    const auto has = [](const redisReply& reply, std::size_t count) {
      return reply.type == REDIS_REPLY_ARRAY && reply.elements == count;
    };
    std::vector<std::string> fields = Fields(event);
    fields.insert(fields.end(), {"payload", event.payload});
    if (!has(range, 1) || !has(*range.element[0], 2)) return false;
    const redisReply& entry = *range.element[0]->element[1];
    if (!has(entry, fields.size())) return false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const redisReply& field = *entry.element[i];
      if (i > 0 && fields[i - 1] == "attempt") continue;
      if (field.type != REDIS_REPLY_STRING || std::string_view(field.str, field.len) != fields[i]) {
        return false;
      }
    }
    return true;
  }

  std::shared_ptr<State> state_;
};

}  // namespace grapnel::extras::sinks
