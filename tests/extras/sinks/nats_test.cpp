// B254, B242-B246: events in JetStream streams, by relays, with a NATS server that fails.
#include <grapnel/extras/sinks/nats.hpp>

#include "support/catch.hpp"
#include "support/queue.hpp"
#include "support/service.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace queued;
using namespace std::chrono_literals;
using grapnel::extras::sinks::JetStream;
using grapnel::extras::sinks::JetStreamError;
using grapnel::extras::sinks::JetStreamOptions;
using grapnel::extras::sinks::SubjectToken;

namespace {

const Needs kNeeds{"nats-server"};

/// Another client of the server, of cnats alone.
class Nats {
 public:
  explicit Nats(const NatsServer& server) {
    Check(natsConnection_ConnectTo(&connection_, server.Url().c_str()));
    Check(natsConnection_JetStream(&context_, connection_, nullptr));
  }
  Nats(const Nats&) = delete;
  Nats& operator=(const Nats&) = delete;
  ~Nats() {
    jsCtx_Destroy(context_);
    natsConnection_Destroy(connection_);
  }

  void MakeStream(const char* name, const char* subject, std::chrono::nanoseconds window = 0s,
                  const std::function<void(jsStreamConfig&)>& more = {}) const {
    jsStreamConfig config;
    Check(jsStreamConfig_Init(&config));
    config.Name = name;
    config.Subjects = &subject;
    config.SubjectsLen = 1;
    config.Duplicates = window.count();
    if (more) more(config);
    Check(js_AddStream(nullptr, context_, &config, nullptr, nullptr));
  }
  std::vector<Entry> Entries(const char* stream) const {
    jsStreamInfo* info = nullptr;
    Check(js_GetStreamInfo(&info, context_, stream, nullptr, nullptr));
    const std::uint64_t last = info->State.LastSeq;
    jsStreamInfo_Destroy(info);
    std::vector<Entry> entries;
    for (std::uint64_t seq = 1; seq <= last; ++seq) {
      natsMsg* message = nullptr;
      Check(js_GetMsg(&message, context_, stream, seq, nullptr, nullptr));
      const auto header = [&](const char* name) {
        const char* value = nullptr;  // of an empty one cnats says that there is none
        const natsStatus status = natsMsgHeader_Get(message, name, &value);
        return std::string(status == NATS_OK ? value : "");
      };
      const char* const data = natsMsg_GetData(message);
      entries.push_back(
          {header("id"), header("key"), header("type"),
           std::string(data, static_cast<std::size_t>(natsMsg_GetDataLength(message))),
           header("committed_at"), natsMsg_GetSubject(message), std::stoll(header("seq")),
           std::stoll(header("attempt"))});
      ids.push_back(header("Nats-Msg-Id"));
      natsMsg_Destroy(message);
    }
    return entries;
  }

  mutable Lines ids{};  // of the entries that were read

 private:
  static void Check(natsStatus status) {
    if (status != NATS_OK) throw std::runtime_error(nats_GetLastError(nullptr));
  }

  natsConnection* connection_ = nullptr;
  jsCtx* context_ = nullptr;
};

std::string OfKey(const Event& event) { return "docs." + SubjectToken(event.key); }

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

TEST_CASE_METHOD(Queue, "B254 B244 an event is a message of a stream, with all that it says") {
  const NatsServer server;
  const Nats nats(server);
  nats.MakeStream("DOCS", "docs.>");
  Put("a key.1", "text");
  const Event first = First();
  const JetStream sink(server.Url(), OfKey);
  CHECK(Relay(client, "queue", sink).RunOnce() == Relayed{.delivered = 1});
  const std::string bytes("a\0\r\n\xc3\xa9 \xff", 8);
  const std::string key(" \r\nid: 7 \0%\xc3\xa9 ", 14);
  Event other = Made(2, key, bytes);
  other.attempts = 4;
  sink(other, {});
  sink(Made(3, "", ""), {});

  const auto entries = nats.Entries("DOCS");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].id == std::to_string(first.id));
  CHECK(entries[0].place == "docs.a%20key%2E1");
  CHECK(entries[0].key == "a key.1");
  CHECK(entries[0].seq == 1);
  CHECK(entries[0].type == "doc.put");
  CHECK(entries[0].payload == "text");
  CHECK(entries[0].attempt == 1);
  CHECK(entries[0].committed_at == sinks::Timestamp(first.committed_at));
  CHECK(entries[1].id == "2");
  CHECK(entries[1].key == "%20%0D%0Aid: 7 %00%25\xc3\xa9%20");
  CHECK(entries[1].payload == bytes);
  CHECK(entries[1].attempt == 5);
  CHECK(entries[2].key.empty());
  CHECK(entries[2].place == "docs.%");
  CHECK(nats.ids == Lines{"queue:1", "queue:2", "queue:3"});
}

TEST_CASE("B254 any text is a token of a subject, and each another one") {
  CHECK(SubjectToken("a-b_c:1") == "a-b_c:1");
  CHECK(SubjectToken("a.b *>%\n") == "a%2Eb%20%2A%3E%25%0A");
  CHECK(SubjectToken("") == "%");
  CHECK(SubjectToken("%") == "%25");
  CHECK(SubjectToken("\xc3\xa9") == "\xc3\xa9");
}

TEST_CASE("B254 options that make no sense are refused") {
  const auto said = [](JetStream::Name subject, JetStreamOptions options = {},
                       const std::string& url = "nats://secret@db") {
    return Said([&] { JetStream(url, std::move(subject), std::move(options)); });
  };
  const std::string begin = "extras::sinks::JetStream: ";
  for (const auto* subject : {"", ".", "a.", ".a", "a..b", "a b", "a\r\nb", "*", "a.>", "a\tb"}) {
    CHECK(said(subject) == begin + "a subject has tokens with dots between them");
  }
  CHECK(said(std::string(2001, 'x')) == begin + "a subject has tokens with dots between them");
  CHECK(said(std::function<std::string(const Event&)>()) == begin + "no function names subjects");
  CHECK(said("docs", {.connect_timeout = 0s}) == begin + "a time limit is longer than 0");
  CHECK(said("docs", {.command_timeout = 0s}) == begin + "a time limit is longer than 0");
  CHECK(said("docs", {}, "") == begin + "no server is named");
  CHECK(said("docs.a").empty());
}

TEST_CASE("B254 an event is stored once within the window of duplicates") {
  const NatsServer server;
  const Nats nats(server);
  nats.MakeStream("DOCS", "docs");
  nats.MakeStream("SHORT", "short", 100ms);
  const JetStream sink(server.Url(), "docs");
  const JetStream other(server.Url(), "docs", {.source = "eu"});
  for (int i = 0; i < 3; ++i) {
    sink(Made(1), {});
    other(Made(1), {});
  }
  nats.Entries("DOCS");
  CHECK(nats.ids == Lines{"queue:1", "eu:queue:1"});
  const JetStream later(server.Url(), "short");
  Until([&] {  // and again, when the window is over
    later(Made(1), {});
    std::this_thread::sleep_for(50ms);
    return nats.Entries("SHORT").size() > 1;
  });
}

TEST_CASE("B245 B254 what NATS refuses is said with server and subject, and no password") {
  const NatsServer server({"--user", "ada", "--pass", "secret"});
  const std::string place = "127.0.0.1:" + std::to_string(server.Port());
  const std::string url = "nats://ada:secret@" + place;
  const auto refused = [&](const JetStream& sink, natsStatus status, int code,
                           const std::string& text) {
    try {
      sink(Made(1), {});
    } catch (const JetStreamError& error) {
      CHECK(error.Server() == "nats://" + place);
      CHECK(error.Subject() == "docs");
      CHECK(error.Status() == status);
      CHECK(error.Code() == code);
      const std::string what = error.what();
      CHECK(what.starts_with("NATS at nats://" + place + ", subject \"docs\": " + text));
      CHECK(what.find("secret") == what.npos);
      return;
    }
    FAIL("it was taken");
  };
  refused(JetStream(url, "docs"), NATS_NO_RESPONDERS, 0, "there is no stream for it");
  refused(JetStream("nats://ada:secret!@" + place, "docs"), NATS_CONNECTION_AUTH_FAILED, 0,
          "it cannot be reached: ");
  refused(JetStream("nats://" + place, "docs"), NATS_CONNECTION_AUTH_FAILED, 0,
          "it cannot be reached: ");

  natsOptions* options = nullptr;
  natsConnection* connection = nullptr;
  jsCtx* context = nullptr;
  natsOptions_Create(&options);
  natsOptions_SetURL(options, url.c_str());
  REQUIRE(natsConnection_Connect(&connection, options) == NATS_OK);
  REQUIRE(natsConnection_JetStream(&context, connection, nullptr) == NATS_OK);
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* subject = "docs";
  config.Name = "DOCS";
  config.Subjects = &subject;
  config.SubjectsLen = 1;
  config.MaxMsgSize = 1000;
  config.MaxMsgs = 2;
  config.Discard = js_DiscardNew;
  REQUIRE(js_AddStream(nullptr, context, &config, nullptr, nullptr) == NATS_OK);
  jsCtx_Destroy(context);
  natsConnection_Destroy(connection);
  natsOptions_Destroy(options);

  refused(JetStream(url, "docs", {.stream = "OTHER"}), NATS_ERR, JSStreamNotMatchErr,
          "expected stream does not match");
  const JetStream sink(url, "docs", {.stream = "DOCS"});
  const std::string begin = "NATS at nats://" + place + ", subject \"docs\": ";
  CHECK(Said<outbox::Rejected>([&] { sink(Made(2, "k", std::string(1001, 'x')), {}); }) ==
        begin + "message size exceeds maximum allowed");
  for (const std::size_t size : {(1U << 20U) - 1, 1U << 20U, (1U << 20U) + 1, 20'000'000U}) {
    INFO(size);  // with headers all of these are too long
    CHECK(Said<outbox::Rejected>([&] {
            sink(Made(2, "k", std::string(size, 'x')), {});
          }).starts_with(begin + "it cannot be published: "));
  }
  CHECK(Said<outbox::Rejected>([&] {
          JetStream(url, [](const Event& e) { return "docs." + e.key; })(Made(1, "a b"), {});
        }) == "NATS at nats://" + place + ", subject \"docs.a b\": no subject is like that");
  sink(Made(5), {});
  sink(Made(6), {});
  refused(sink, NATS_ERR, JSStreamStoreFailedErr, "maximum messages exceeded");
}

TEST_CASE("B249 B254 a sink whose NATS hangs ends when its token is stopped, or its time is up") {
  NatsServer server;
  const Nats nats(server);
  nats.MakeStream("DOCS", "docs");
  const JetStream patient(server.Url(), "docs", {.command_timeout = 1h});
  const JetStream hasty(server.Url(), "docs", {.command_timeout = 50ms});
  const JetStream unconnected(server.Url(), "docs", {.connect_timeout = 50ms});
  const auto in_the_end = [&] {  // for what hangs a little longer is no fault
    Until([&] { return Said([&] { hasty(Made(2), {}); }).empty(); });
  };
  patient(Made(1), {});
  in_the_end();
  server.Pause();
  CHECK_THROWS_WITH(hasty(Made(3), {}), Catch::Contains("it did not answer in time"));
  CHECK_THROWS_WITH(unconnected(Made(3), {}), Catch::Contains("it cannot be reached"));
  std::stop_source source;
  const std::jthread soon([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK_THROWS_WITH(patient(Made(4), source.get_token()),
                    Catch::Contains("it was stopped before an answer came"));
  CHECK_THROWS_WITH(patient(Made(4), source.get_token()), Catch::Contains("it was stopped"));
  server.Continue();
  in_the_end();
  patient(Made(5), {});
}

TEST_CASE_METHOD(Queue, "B243 B245 B254 a key that no stream takes blocks itself alone") {
  const NatsServer server;
  const Nats nats(server);
  nats.MakeStream("GOOD", "docs.good");
  Relay relay = {client, "queue", JetStream(server.Url(), OfKey), {.attempts = 3, .backoff = 0ms}};
  for (int i = 0; i < 5; ++i) {
    Put("bad", std::to_string(i));
    Put("good", std::to_string(i));
    relay.RunOnce();
  }
  CHECK(nats.Entries("GOOD").size() == 5);
  const auto dead = outbox::Dead(client);
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].count == 1);
  CHECK(dead[0].error ==
        "NATS at " + server.Url() + ", subject \"docs.bad\": there is no stream for it");
  nats.MakeStream("BAD", "docs.bad");
  outbox::Replay(client, F<&Event::sink> == "queue");
  CHECK(relay.RunOnce() == Relayed{.delivered = 5});
  auto entries = nats.Entries("GOOD");
  for (Entry& entry : nats.Entries("BAD")) entries.push_back(std::move(entry));
  CHECK(Faults(entries) == Lines());
}

TEST_CASE_METHOD(Queue, "B254 a payload as long as the server takes arrives whole") {
  const NatsServer server;
  const Nats nats(server);
  nats.MakeStream("DOCS", "docs");
  std::string big((1U << 20U) - 1000, '\0');
  std::ranges::generate(big,
                        [i = 0U]() mutable { return static_cast<char>('a' + (i++ * 31) % 26); });
  Put("k", big);
  CHECK(Relay(client, "queue", JetStream(server.Url(), "docs")).RunOnce() ==
        Relayed{.delivered = 1});
  const auto entries = nats.Entries("DOCS");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].payload == big);
}

TEST_CASE_METHOD(Queue, "B246 B254 two relays share a JetStream sink") {
  const NatsServer server;
  const Nats nats(server);
  nats.MakeStream("DOCS", "docs.>");
  const JetStream sink(server.Url(), OfKey);
  Relay one = Patient(sink);
  Relay other = Patient(sink);
  {
    const std::jthread first([&](const std::stop_token& stop) { one.Run(stop); });
    const std::jthread second([&](const std::stop_token& stop) { other.Run(stop); });
    for (int i = 0; i < 300; ++i) Put(std::to_string(i % 7), std::to_string(i));
    Until([&] { return Waiting() == 0; });
  }
  const auto entries = nats.Entries("DOCS");
  CHECK(entries.size() == 300);
  CHECK(Faults(entries) == Lines());
}

TEST_CASE_METHOD(Queue, "B242 B243 B245 B254 NATS that is killed and hangs loses nothing") {
  NatsServer server;
  Nats(server).MakeStream("DOCS", "docs");
  Relay relay = Patient(JetStream(server.Url(), "docs", {.command_timeout = 100ms}));
  Disturb(server, relay, 400);
  CHECK(relay.Total().delivered == 400);
  CHECK(relay.Total().dead == 0);
  const auto entries = Nats(server).Entries("DOCS");
  CHECK(Faults(entries) == Lines());
  CHECK(entries.size() == 400);  // the window of duplicates is two minutes, over kills as well
}
