// B254: events that are POSTed to a server, which answers as it likes.
#include <grapnel/extras/sinks/webhook.hpp>

#include "contract/outbox_model.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"

#include <grapnel/extras/outbox.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace outboxed;
using namespace std::chrono_literals;
namespace sinks = grapnel::extras::sinks;
using outbox::Relay;
using outbox::Relayed;
using sinks::VerifyWebhook;
using sinks::Webhook;

namespace {

const bool direct = [] {
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  return true;
}();

const Event kEvent{.id = 7,
                   .sink = "billing",
                   .key = "k1",
                   .type = "user.changed",
                   .payload = "{\"name\":\"Ada\"}",
                   .seq = 3,
                   .attempts = 1};

/// Keeps what it gets.
struct Kept {
  HttpRequest got{};
  int status = 200;
  HttpServer server{[this](const HttpRequest& request, HttpPeer& peer) {
    got = request;
    peer.Answer(status);
  }};

  bool IsSignedBy(const std::string& secret) const {
    return VerifyWebhook(secret,
                         {.id = got.Header("webhook-id"),
                          .timestamp = got.Header("webhook-timestamp"),
                          .signature = got.Header("webhook-signature")},
                         got.body);
  }
};

}  // namespace

TEST_CASE_METHOD(Kept, "B254 a delivery is the payload, with what it is and who signed it") {
  const Webhook webhook(server.Url("/in"),
                        {.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                         .headers = {{"Authorization", "Bearer abc"}, {"X-More", "a, b"}}});
  webhook(kEvent);
  CHECK(got.method == "POST");
  CHECK(got.target == "/in");
  CHECK(got.body == kEvent.payload);
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"content-type", "application/json"},
                                          {"webhook-id", "billing-7"},
                                          {"idempotency-key", "billing-7"},
                                          {"grapnel-type", "user.changed"},
                                          {"grapnel-key", "k1"},
                                          {"grapnel-seq", "3"},
                                          {"grapnel-attempt", "2"},
                                          {"authorization", "Bearer abc"},
                                          {"x-more", "a, b"},
                                          {"expect", ""}}) {
    INFO(name);
    CHECK(got.Header(name) == value);
  }
  CHECK(IsSignedBy("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  CHECK_FALSE(IsSignedBy("another"));

  Event again = kEvent;
  again.attempts = 5;
  const Webhook copy = webhook;
  copy(again);
  CHECK(got.Header("webhook-id") == "billing-7");
  CHECK(got.Header("grapnel-attempt") == "6");
  CHECK(server.Connections() == 1);
}

TEST_CASE_METHOD(Kept, "B254 without a secret nothing is signed, with two both have") {
  Webhook{server.Url()}(kEvent);
  CHECK_FALSE(got.headers.contains("webhook-signature"));
  CHECK(got.headers.contains("webhook-timestamp"));
  Webhook(server.Url(), {.secret = "new", .previous_secret = "old"})(kEvent);
  CHECK(IsSignedBy("new"));
  CHECK(IsSignedBy("old"));
  CHECK_FALSE(IsSignedBy("other"));
}

TEST_CASE_METHOD(Kept, "B254 whatever a key, a type or a sink is called, the headers stay whole") {
  Event event = kEvent;
  event.key = "a\r\nX-Evil: 1\r\n\r\n";
  event.type = "50% \xc3\xa9\x01~";
  event.sink = "mail.to/b\n";
  event.payload = std::string("\0\r\n\r\n\xff", 6);
  Webhook(server.Url(), {.secret = "s", .source = "eu.1"})(event);
  CHECK(got.Header("grapnel-key") == "a%0D%0AX-Evil:%201%0D%0A%0D%0A");
  CHECK(got.Header("grapnel-type") == "50%25%20%C3%A9%01~");
  CHECK(got.Header("webhook-id") == "eu~2E1-mail~2Eto~2Fb~0A-7");
  CHECK_FALSE(got.headers.contains("x-evil"));
  CHECK(got.body == event.payload);
  CHECK(IsSignedBy("s"));
  event.key.clear();
  event.payload.clear();
  Webhook{server.Url()}(event);
  CHECK(got.body.empty());
}

TEST_CASE_METHOD(Kept, "B254 the status says what becomes of it") {
  const Webhook webhook(server.Url());
  for (const int good : {200, 201, 202, 204, 299}) {
    status = good;
    CHECK_NOTHROW(webhook(kEvent));
  }
  for (const int bad : {300, 301, 302, 304, 307, 308, 400, 401, 404, 409, 410, 413, 422}) {
    status = bad;
    CHECK_THROWS_AS(webhook(kEvent), outbox::Rejected);
  }
  for (const int later : {408, 425, 429, 500, 502, 503, 504}) {
    status = later;
    CHECK(Thrown<sinks::WebhookError>([&] { webhook(kEvent); }).Status() == later);
  }
}

TEST_CASE("B254 no redirect is followed, and Retry-After is heard") {
  Kept other;
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    if (request.target == "/redirect") {
      peer.Answer(307, "Location: " + other.server.Url() + "\r\n");
    } else if (request.target == "/seconds") {
      peer.Answer(429, "Retry-After: 120\r\n", "slow down");
    } else {
      peer.Answer(503,
                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                  "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n");
    }
  });
  CHECK_THROWS_AS(Webhook(server.Url("/redirect"))(kEvent), outbox::Rejected);
  CHECK(other.server.Connections() == 0);
  const auto wait = [&](const char* path) {
    return Thrown<outbox::RetryAfter>([&] { Webhook(server.Url(path))(kEvent); });
  };
  CHECK(wait("/seconds").Wait() == 120s);
  CHECK(std::string(wait("/seconds").what()) ==
        "POST " + server.Url("/seconds") + ": status 429: slow down");
  CHECK(wait("/date").Wait() == 30s);
}

TEST_CASE("B254 what makes no sense is refused before anything is sent") {
  const std::string url = "https://host.example/";
  CHECK_NOTHROW(Webhook(url, {.headers = {{"X-A", "b\tc"}}}));
  CHECK_THROWS_AS(Webhook("ftp://host/"), grapnel::Error);
  CHECK_THROWS_AS(Webhook(url, {.timeout = 0ms}), grapnel::Error);
  CHECK_THROWS_AS(Webhook(url, {.secret = "whsec_"}), grapnel::Error);
  CHECK_THROWS_AS(Webhook(url, {.previous_secret = "old"}), grapnel::Error);
  CHECK_THROWS_AS(Webhook(url, {.content_type = "a\r\nX-Evil: 1"}), grapnel::Error);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"", "x"},
                                                        {"a b", "x"},
                                                        {"a:", "x"},
                                                        {"a\r\n", "x"},
                                                        {"A", "x\r\ny"},
                                                        {"A", "x\n"},
                                                        {"A", std::string("x\0y", 3)},
                                                        {"A", ""},
                                                        {"Webhook-Id", "x"},
                                                        {"GRAPNEL-seq", "1"},
                                                        {"Idempotency-Key", "x"},
                                                        {"content-length", "5"},
                                                        {"Transfer-Encoding", "chunked"}}) {
    INFO(name);
    CHECK_THROWS_AS(Webhook(url, {.headers = {{name, value}}}), grapnel::Error);
  }
}

TEST_CASE_METHOD(Timed, "B254 through a relay: delivered, refused for good, or later as told") {
  std::map<std::string, std::string> answers{
      {"1", "HTTP/1.1 422 No\r\nContent-Length: 6\r\n\r\nno age"},
      {"2", "HTTP/1.1 503 No\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"}};
  Lines got_keys;
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    got_keys.push_back(request.Header("grapnel-key") + "#" + request.Header("grapnel-attempt"));
    const std::string& answer = answers[request.Header("grapnel-key")];
    if (answer.empty()) {
      peer.Answer(200);
    } else {
      peer.Send(answer);
    }
  });
  for (const char* name : {"Ada", "Bob", "Cy"}) Make(name);
  Relay relay(client, "mail", Webhook(server.Url()), {.backoff = 0s});
  CHECK(relay.RunOnce() == Relayed{.delivered = 1, .failed = 2, .dead = 1});
  const Event dead = client.Of<Event>().Query().Where(F<&Event::dead> == true).Only();
  CHECK(dead.key == "1");
  CHECK(dead.error == "POST " + server.Url() + ": status 422: no age");
  CHECK(LaneOf("2").next_at >= now + 120s);
  answers.clear();
  CHECK(relay.RunOnce() == Relayed());
  now = LaneOf("2").next_at;
  CHECK(relay.RunOnce() == Relayed{.delivered = 1});
  CHECK(got_keys == Lines{"1#1", "2#1", "3#1", "2#2"});
}

TEST_CASE_METHOD(Outbox,
                 "B254 B243 a server that does everything wrong loses and holds up nothing") {
  Users().Use(Publisher());
  std::mt19937 random(254);
  std::mutex mutex;
  std::map<std::string, std::vector<std::int64_t>> taken;  // seqs, as they came first
  std::map<std::string, std::string> bodies;
  std::set<std::string> differing, forged;
  std::atomic<int> wrongs = 0;
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    const std::string key = request.Header("grapnel-key"), id = request.Header("webhook-id");
    std::unique_lock lock(mutex);
    if (!VerifyWebhook(
            "secret",
            {id, request.Header("webhook-timestamp"), request.Header("webhook-signature")},
            request.body)) {
      forged.insert(id);
    }
    const auto [known, is_new] = bodies.emplace(id, request.body);
    if (known->second != request.body) differing.insert(id);
    const bool hangs = key == "1" && request.Header("grapnel-seq") == "1" &&
                       request.Header("grapnel-attempt") < "4";
    const bool is_first =
        request.Header("grapnel-seq") == "1" && request.Header("grapnel-attempt") == "1";
    const auto wrong = hangs ? 0U : is_first ? 11U : random() % 12;
    if (wrong < 7) ++wrongs;
    if (wrong >= 6) {  // taken; 6: and it cannot say so
      const std::int64_t seq = std::stoll(request.Header("grapnel-seq"));
      if (taken[key].empty() || taken[key].back() < seq) taken[key].push_back(seq);
    }
    lock.unlock();
    switch (wrong) {
      case 0:
        peer.Hang();
        break;
      case 1:
        peer.Send("garbage\r\n\r\n");
        break;
      case 2:
        peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        break;
      case 3:
        peer.Answer(500, "", "broken");
        return;
      case 4:
        peer.Answer(429);
        return;
      case 5:
        peer.Send("HTTP/1.1 200 O");
        break;
      case 6:
        break;
      default:
        peer.Answer(200);
        return;
    }
    peer.Close();
  });
  constexpr int kKeys = 4, kEvents = 12;
  for (int i = 0; i < kKeys; ++i) Make("user " + std::to_string(i));
  for (int n = 1; n < kEvents; ++n) {
    for (int i = 1; i <= kKeys; ++i) Age(i);
  }
  Relay relay(client, "mail", Webhook(server.Url(), {.secret = "secret", .timeout = 200ms}),
              {.attempts = 1000, .backoff = 0s});
  int others = 0;
  Relayed done;
  for (int round = 0; round < 2000 && done.delivered < kKeys * kEvents; ++round) {
    const Relayed now = relay.RunOnce();
    done.delivered += now.delivered, done.failed += now.failed;
    if (round == 2) {  // the first key has failed three times
      const std::lock_guard lock(mutex);
      CHECK(taken["1"].empty());
      for (const char* key : {"2", "3", "4"}) others += taken[key].empty() ? 0 : 1;
      CHECK(others == 3);
    }
  }
  CHECK(done.delivered == kKeys * kEvents);
  CHECK(done.failed >= 10);
  CHECK(All().empty());
  CHECK(bodies.size() == kKeys * kEvents);
  CHECK(differing.empty());
  CHECK(forged.empty());
  CHECK(taken.size() == kKeys);
  for (const auto& [key, seqs] : taken) {
    CHECK(seqs.size() == kEvents);
    for (std::size_t i = 0; i < seqs.size(); ++i)
      CHECK(seqs[i] == static_cast<std::int64_t>(i + 1));
  }
}

TEST_CASE_METHOD(Timed, "B254 B249 a stop ends a delivery that hangs, and it does not count") {
  Make("Ada");
  std::atomic<bool> waiting = false;
  HttpServer server([&](const HttpRequest&, HttpPeer& peer) {
    waiting = true;
    peer.Hang();
  });
  Relay relay(client, "mail", Webhook(server.Url(), {.timeout = 1h}), {.lease = 2h});
  std::jthread worker([&](const std::stop_token& stop) { relay.Run(stop); });
  for (int i = 0; i < 20000 && !waiting; ++i) std::this_thread::sleep_for(1ms);
  worker.request_stop();
  worker.join();
  CHECK(client.Of<Event>().Query().Only().attempts == 0);
}
