// B254, B242-B245: events in Redis streams, by relays, with a Redis server that fails in all ways.
#include <grapnel/extras/sinks/redis.hpp>

#include "support/catch.hpp"
#include "support/fake_server.hpp"
#include "support/queue.hpp"
#include "support/service.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace queued;
using namespace std::chrono_literals;
using grapnel::extras::sinks::RedisDedup;
using grapnel::extras::sinks::RedisError;
using grapnel::extras::sinks::RedisOptions;
using grapnel::extras::sinks::RedisStream;

namespace {

const Needs kNeeds{"redis-server"};

/// Another client of the server, of hiredis alone.
class Redis {
 public:
  explicit Redis(const RedisServer& server)
      : context_(redisConnect("127.0.0.1", server.Port()), redisFree) {}

  void Do(const std::string& command) const { Reply(command); }
  /// The texts of the answer, one behind the other.
  Lines Said(const std::string& command) const {
    Lines lines;
    Flatten(*Reply(command), lines);
    return lines;
  }
  std::vector<Entry> Entries(const std::string& stream) const {
    std::vector<Entry> entries;
    const auto reply = Reply("XRANGE " + stream + " - +");
    for (std::size_t i = 0; i < reply->elements; ++i) {
      Lines words;
      Flatten(*reply->element[i], words);
      const auto at = [&](const std::string& field) {
        const auto found = std::ranges::find(words, field);
        if (found == words.end()) throw std::runtime_error("no field " + field);
        return *std::next(found);
      };
      if (words.size() != 15) throw std::runtime_error("other fields");
      entries.push_back({at("id"), at("key"), at("type"), at("payload"), at("committed_at"),
                         words[0], std::stoll(at("seq")), std::stoll(at("attempt"))});
    }
    return entries;
  }
  /// Of all streams, one after the other.
  std::vector<Entry> All() const {
    std::vector<Entry> all;
    for (const std::string& stream : Said("KEYS *")) {
      for (Entry& entry : Entries(stream)) all.push_back(std::move(entry));
    }
    return all;
  }

 private:
  using Owned = std::unique_ptr<redisReply, void (*)(redisReply*)>;

  Owned Reply(const std::string& command) const {
    Owned reply(static_cast<redisReply*>(redisCommand(context_.get(), command.c_str())),
                [](redisReply* r) { freeReplyObject(r); });
    if (reply == nullptr || reply->type == REDIS_REPLY_ERROR) {
      throw std::runtime_error(command + ": " + (reply ? reply->str : context_->errstr));
    }
    return reply;
  }
  static void Flatten(const redisReply& reply, Lines& lines) {
    if (reply.str != nullptr) lines.emplace_back(reply.str, reply.len);
    for (std::size_t i = 0; i < reply.elements; ++i) Flatten(*reply.element[i], lines);
  }

  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

std::string OfKey(const Event& event) { return "doc:" + event.key; }

constexpr RedisOptions kDedup{.dedup = RedisDedup::ByEventId};

/// An event that no database has.
Event Made(std::int64_t id, std::string key = "k", std::string payload = "p") {
  Event event;
  event.id = id;
  event.sink = "queue";
  event.key = std::move(key);
  event.type = "doc.put";
  event.payload = std::move(payload);
  event.seq = id;
  return event;
}

}  // namespace

TEST_CASE_METHOD(Queue, "B254 B244 an event is an entry of a stream, with all that it says") {
  const RedisServer server;
  const Redis redis(server);
  const std::string text("a\0\r\n\xc3\xa9 \xff", 8);
  Put("k", "text");
  const Event first = First();
  RedisStream sink(server.Url() + "/0", "docs");
  CHECK(Relay(client, "queue", sink).RunOnce() == Relayed{.delivered = 1});
  const auto entries = redis.Entries("docs");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].id == std::to_string(first.id));
  CHECK(entries[0].key == "k");
  CHECK(entries[0].seq == 1);
  CHECK(entries[0].type == "doc.put");
  CHECK(entries[0].payload == "text");
  CHECK(entries[0].attempt == 1);
  CHECK(entries[0].committed_at == sinks::Timestamp(first.committed_at));

  sink(Made(2, "", text), {});
  Event again = Made(3, std::string("\0", 1), "");
  again.attempts = 4;
  sink(again, {});
  const auto raw = redis.Entries("docs");
  REQUIRE(raw.size() == 3);
  CHECK(raw[1].key.empty());
  CHECK(raw[1].payload == text);
  CHECK(raw[2].key == std::string("\0", 1));
  CHECK(raw[2].attempt == 5);
}

TEST_CASE("B254 a stream's name follows from the event, and it may be cut") {
  const RedisServer server;
  const Redis redis(server);
  const RedisStream sink({.socket = server.Socket()}, OfKey, {.keep = 100});
  for (int i = 1; i <= 1000; ++i) sink(Made(i, i % 2 == 0 ? "even" : "odd"), {});
  for (const auto* stream : {"doc:even", "doc:odd"}) {
    const auto entries = redis.Entries(stream);
    CHECK(entries.size() >= 100);
    CHECK(entries.size() < 400);
    CHECK(entries.back().seq >= 999);
  }
}

TEST_CASE("B254 options that make no sense are refused") {
  const auto said = [](RedisStream::Name name, RedisOptions options) {
    return Said([&] { RedisStream("redis://db", std::move(name), options); });
  };
  const std::string begin = "extras::sinks::RedisStream: ";
  CHECK(said("", {}) == begin + "the name of the stream is empty");
  CHECK(said(std::function<std::string(const Event&)>(), {}) ==
        begin + "no function names streams");
  CHECK(said("docs", kDedup) ==
        begin + "dedup needs a stream for each key: give it a function that names them");
  CHECK(said("docs", {.keep = -1}) == begin + "it cannot keep less than 0 entries");
  CHECK(said("docs", {.connect_timeout = 0s}) == begin + "a time limit is longer than 0");
  CHECK(said("docs", {.command_timeout = 0s}) == begin + "a time limit is longer than 0");
  CHECK(said(OfKey, kDedup).empty());
}

TEST_CASE("B254 an event is in its own stream once, however often it is delivered") {
  const RedisServer server;
  const Redis redis(server);
  const RedisStream sink(server.Url(), OfKey, kDedup);
  Event event = Made(5);
  sink(event, {});
  sink(event, {});
  event.attempts = 3;
  sink(event, {});
  sink(Made(9), {});
  sink(event, {});
  sink(Made(5, "other"), {});  // as long as its key has a stream of its own
  CHECK(redis.Said("XINFO STREAM doc:k").at(1) == "radix-tree-keys");
  const auto entries = redis.Entries("doc:k");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].place == "5-0");
  CHECK(entries[0].attempt == 1);
  CHECK(entries[1].place == "9-0");

  // Nothing is lost without a word that the stream does not hold.
  const std::string begin =
      "Redis at 127.0.0.1:" + std::to_string(server.Port()) + ", stream \"doc:k\": entry ";
  const std::string end = " is not this event, and the stream has gone on";
  CHECK(Said<outbox::Rejected>([&] { sink(Made(7), {}); }) == begin + "7-0" + end);
  CHECK(Said<outbox::Rejected>([&] { sink(Made(5, "k", "q"), {}); }) == begin + "5-0" + end);
  CHECK(Said<outbox::Rejected>([&] {
          Event later = Made(5);
          later.committed_at += 1s;
          sink(later, {});
        }) == begin + "5-0" + end);
  redis.Do("XADD doc:k 10-0 id 10");
  CHECK(Said<outbox::Rejected>([&] { sink(Made(10), {}); }) == begin + "10-0" + end);
  redis.Do("XDEL doc:k 5-0");
  CHECK(Said<outbox::Rejected>([&] { sink(Made(5), {}); }) == begin + "5-0" + end);
}

TEST_CASE("B245 B254 what Redis refuses is said with server and stream, and no password") {
  const RedisServer server;
  const Redis redis(server);
  const std::string place = "127.0.0.1:" + std::to_string(server.Port());
  const RedisStream sink(server.Url(), "docs");
  const auto refused = [&](const RedisStream& by, const std::string& code) {
    try {
      by(Made(1), {});
    } catch (const RedisError& error) {
      CHECK(error.Server() == place);
      CHECK(error.Stream() == "docs");
      CHECK(error.Code() == code);
      const std::string what = error.what();
      CHECK(what.starts_with("Redis at " + place + ", stream \"docs\": " + code));
      CHECK(what.find("secret") == what.npos);
      return;
    }
    FAIL("it was taken: " << code);
  };
  redis.Do("SET docs text");
  refused(sink, "WRONGTYPE");
  redis.Do("DEL docs");
  redis.Do("CONFIG SET maxmemory 1");
  refused(sink, "OOM");
  redis.Do("CONFIG SET maxmemory 0");
  redis.Do("REPLICAOF 127.0.0.1 1");
  refused(sink, "READONLY");
  redis.Do("REPLICAOF NO ONE");
  redis.Do("ACL SETUSER ada on >secret +xadd ~other");
  refused(RedisStream({.port = server.Port(), .user = "ada", .password = "secret"}, "docs"),
          "NOPERM");
  refused(RedisStream({.port = server.Port(), .user = "ada", .password = "secret!"}, "docs"),
          "WRONGPASS");
  redis.Do("CONFIG SET requirepass secret");
  const RedisStream late(server.Url(), "docs");
  refused(late, "NOAUTH");
  refused(RedisStream("redis://:secret!@" + place, "docs"), "WRONGPASS");
  RedisStream("redis://:secret@" + place, "docs")(Made(1), {});
  CHECK(redis.Entries("docs").size() == 1);

  redis.Do("CONFIG SET proto-max-bulk-len 1mb");
  CHECK(Said<outbox::Rejected>([&] {
          RedisStream("redis://:secret@" + place, "docs")(Made(2, "k", std::string(2'000'000, 'x')),
                                                          {});
        }) == "Redis at " + place + ", stream \"docs\": ERR Protocol error: invalid bulk length");
  CHECK(Said<outbox::Rejected>([&] {
          RedisStream(server.Url(), [](const Event&) { return ""; })(Made(1), {});
        }) == "Redis at " + place + ", stream \"\": no stream is named for the event");
}

TEST_CASE("B245 B254 an answer that is none of XADD's is a failure") {
  for (const std::string answer :
       {"", "+", "$3\r\n1-", "HTTP/1.1 200 OK\r\n\r\n", ":1\r\n", "*0\r\n", "$-1\r\n", "+OK\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n"}) {
    INFO(answer);
    const FakeServer server(answer);
    const RedisStream sink({.port = server.Port()}, "docs");
    CHECK_THROWS_AS(sink(Made(1), {}), RedisError);
  }
  // Also of what is asked when an id is known.
  int asked = 0;
  const FakeServer server([&](int socket, const std::stop_token& stop) {
    while (!FakeServer::Read(socket, stop).empty()) {
      const bool first = asked++ % 2 == 0;
      const std::string nothing = asked < 3 ? "*1\r\n*1\r\n$1\r\nx\r\n" : ":7\r\n";
      FakeServer::Write(socket, first ? "-ERR equal or smaller\r\n" : nothing);
    }
  });
  const RedisStream sink({.port = server.Port()}, OfKey, kDedup);
  CHECK_THROWS_AS(sink(Made(1), {}), outbox::Rejected);
  CHECK_THROWS_AS(sink(Made(1), {}), outbox::Rejected);
}

TEST_CASE("B245 B254 a connection that was closed meanwhile is opened anew, without a failure") {
  RedisServer server(RedisServer::Keep::Always);
  const RedisStream sink(server.Url(), "docs");
  for (int i = 1; i <= 5; ++i) {
    sink(Made(i), {});
    server.Kill();
    CHECK_THROWS_AS(sink(Made(100), {}), RedisError);
    server.Start();
  }
  sink(Made(6), {});
  Redis(server).Do("CLIENT KILL TYPE normal SKIPME yes");
  sink(Made(7), {});
  CHECK(Redis(server).Entries("docs").size() == 7);
}

TEST_CASE("B249 B254 a sink whose server hangs ends when its token is stopped, or its time is up") {
  RedisServer server;
  const RedisStream patient(server.Url(), "docs", {.connect_timeout = 1h, .command_timeout = 1h});
  const RedisStream hasty(server.Url(), "docs", {.command_timeout = 20ms});
  patient(Made(1), {});
  server.Pause();
  std::stop_source source;
  const std::jthread soon([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK_THROWS_WITH(patient(Made(2), source.get_token()),
                    Catch::Contains("it was stopped before an answer came"));
  CHECK_THROWS_WITH(hasty(Made(3), {}), Catch::Contains("it did not answer in time"));
  server.Continue();
  patient(Made(4), {});
}

TEST_CASE_METHOD(Queue, "B243 B245 B254 a key that is refused for ever blocks itself alone") {
  const RedisServer server;
  const Redis redis(server);
  redis.Do("SET doc:bad text");
  Relay relay = {
      client, "queue", RedisStream(server.Url(), OfKey), {.attempts = 3, .backoff = 0ms}};
  for (int i = 0; i < 5; ++i) {
    Put("bad", std::to_string(i));
    Put("good", std::to_string(i));
    relay.RunOnce();
  }
  CHECK(redis.Entries("doc:good").size() == 5);
  const auto dead = outbox::Dead(client);
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].count == 1);
  CHECK(dead[0].error == "Redis at 127.0.0.1:" + std::to_string(server.Port()) +
                             ", stream \"doc:bad\": WRONGTYPE Operation against a key holding the "
                             "wrong kind of value");
  redis.Do("DEL doc:bad");
  outbox::Replay(client, F<&Event::sink> == "queue");
  CHECK(relay.RunOnce() == Relayed{.delivered = 5});
  CHECK(Faults(redis.All()) == Lines());
}

TEST_CASE_METHOD(Queue, "B245 B254 what Redis takes of no size is a dead letter at once") {
  const RedisServer server;
  Redis(server).Do("CONFIG SET proto-max-bulk-len 1mb");
  Put("big", std::string(2'000'000, 'x'));
  Put("small", "x");
  Relay relay = Patient(RedisStream(server.Url(), OfKey));
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 1, .dead = 1});
  CHECK(First().dead);
}

TEST_CASE_METHOD(Queue, "B254 a payload of 10 MB arrives whole") {
  const RedisServer server;
  std::string big(10'000'000, '\0');
  std::ranges::generate(big,
                        [i = 0U]() mutable { return static_cast<char>('a' + (i++ * 31) % 26); });
  Put("k", big);
  CHECK(Relay(client, "queue", RedisStream(server.Url(), OfKey, kDedup)).RunOnce() ==
        Relayed{.delivered = 1});
  const auto entries = Redis(server).Entries("doc:k");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].payload == big);
}

TEST_CASE_METHOD(Queue, "B246 B254 two relays share a sink") {
  const RedisServer server;
  const RedisStream sink(server.Url(), OfKey, kDedup);
  Relay one = Patient(sink);
  Relay other = Patient(sink);
  {
    const std::jthread first([&](const std::stop_token& stop) { one.Run(stop); });
    const std::jthread second([&](const std::stop_token& stop) { other.Run(stop); });
    for (int i = 0; i < 300; ++i) Put(std::to_string(i % 7), std::to_string(i));
    Until([&] { return Waiting() == 0; });
  }
  CHECK(one.Total().delivered + other.Total().delivered == 300);
  const auto entries = Redis(server).All();
  CHECK(entries.size() == 300);
  CHECK(Faults(entries) == Lines());
}

TEST_CASE_METHOD(Queue, "B242 B243 B245 B254 a server that is killed and hangs loses nothing") {
  const bool dedup = GENERATE(false, true);
  RedisServer server(RedisServer::Keep::Always);
  RedisOptions options{.command_timeout = 100ms};
  if (dedup) options.dedup = RedisDedup::ByEventId;
  const RedisStream sink(server.Url(), OfKey, options);
  Relay relay = Patient(sink);
  Disturb(server, relay, 500);
  const auto all = Redis(server).All();
  CHECK(Faults(all) == Lines());
  CHECK(relay.Total().delivered == 500);
  if (dedup) CHECK(all.size() == 500);
  CHECK(relay.Total().dead == 0);
}
