// B254: a webhook's signature, against the vectors of the scheme that it follows.
#include <grapnel/extras/sinks/webhook/signature.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <utility>

using namespace grapnel::extras;
using namespace std::chrono_literals;
using sinks::SignWebhook;
using sinks::VerifyWebhook;
using sinks::WebhookHeaders;

namespace {

/// What the scheme's own documentation and libraries show.
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kBody = R"({"test": 2432232314})";
constexpr std::int64_t kSent = 1614265330;
const WebhookHeaders kHeaders{.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                              .timestamp = "1614265330",
                              .signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex.append({"0123456789abcdef"[c >> 4 & 15], "0123456789abcdef"[c & 15]});
  }
  return hex;
}

struct At {
  std::int64_t seconds = kSent;
  const ScopedClock clock{[this] { return Clock::Time(std::chrono::seconds(seconds)); }};
};

}  // namespace

TEST_CASE("B254 HMAC-SHA256 over parts is that over the whole") {  // RFC 4231, cases 1, 2, 6
  CHECK(Hex(sinks::HmacSha256(std::string(20, 0x0b), {"Hi", " There"})) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(Hex(sinks::HmacSha256("Jefe", {"what do ya want", "", " for nothing?"})) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(Hex(sinks::HmacSha256(std::string(131, '\xaa'),
                              {"Test Using Larger Than Block-Size Key - Hash Key First"})) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("B254 a signature is the one that the scheme shows") {
  CHECK(SignWebhook(kSecret, kHeaders.id, kSent, kBody) == kHeaders.signature);
  const At at;
  CHECK(VerifyWebhook(kSecret, kHeaders, kBody));
}

TEST_CASE("B254 a secret is text, or base 64 behind whsec_") {
  CHECK(sinks::WebhookKey("plain text") == "plain text");
  CHECK(sinks::WebhookKey("whsec_Zm9vYmE=") == "fooba");
  CHECK(sinks::WebhookKey("whsec_Zm9vYmE") == "fooba");
  CHECK(sinks::WebhookKey("whsec_AP+/") == std::string("\0\xff\xbf", 3));
  std::mt19937 random(254);
  for (std::size_t size = 1; size < 100; ++size) {
    std::string key;
    for (std::size_t i = 0; i < size; ++i) key += static_cast<char>(random());
    CHECK(sinks::WebhookKey("whsec_" + sinks::Base64(key)) == key);
  }
  for (const char* bad : {"", "whsec_", "whsec_===", "whsec_Zm9v YmE=", "whsec_Zm9v-_"}) {
    CHECK_THROWS_AS(sinks::WebhookKey(bad), grapnel::Error);
    CHECK_THROWS_AS(VerifyWebhook(bad, {.timestamp = std::to_string(std::time(nullptr))}, ""),
                    grapnel::Error);
  }
}

TEST_CASE("B254 what differs in anything is no signature") {
  const At at;
  CHECK_FALSE(VerifyWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", kHeaders, kBody));
  CHECK_FALSE(VerifyWebhook(kSecret, kHeaders, kBody + " "));
  CHECK_FALSE(VerifyWebhook(kSecret, kHeaders, ""));
  for (std::size_t i = 0; i < kBody.size(); ++i) {
    std::string body = kBody;
    body[i] ^= 1;
    CHECK_FALSE(VerifyWebhook(kSecret, kHeaders, body));
  }
  for (std::size_t i = 0; i < kHeaders.signature.size(); ++i) {
    WebhookHeaders headers = kHeaders;
    headers.signature[i] ^= 1;
    CHECK_FALSE(VerifyWebhook(kSecret, headers, kBody));
    headers.signature = kHeaders.signature.substr(0, i);
    CHECK_FALSE(VerifyWebhook(kSecret, headers, kBody));
  }
  // The dots are no part of the id or of the body.
  WebhookHeaders moved = kHeaders;
  moved.id += ".1614265330";
  CHECK_FALSE(VerifyWebhook(kSecret, moved, kBody));
  for (const char* time :
       {"", "x", "1614265330 ", " 1614265330", "+1614265330", "01614265330", "1614265330.0",
        "-1614265330", "1614265331", "99999999999999999999999"}) {
    WebhookHeaders headers = kHeaders;
    headers.timestamp = time;
    CHECK_FALSE(VerifyWebhook(kSecret, headers, kBody));
  }
}

TEST_CASE("B254 one of several signatures has to fit, and no version but v1") {
  const At at;
  WebhookHeaders headers = kHeaders;
  const std::string good = kHeaders.signature,
                    other = SignWebhook("other", kHeaders.id, kSent, kBody);
  for (const std::string& both : {other + " " + good, good + " " + other, "v2,abc " + good,
                                  " " + good, good + " ", other + "  " + good}) {
    headers.signature = both;
    CHECK(VerifyWebhook(kSecret, headers, kBody));
  }
  for (const std::string& none : {std::string(), std::string(" "), other, "v2" + good.substr(2),
                                  good.substr(3), good + good, good + ",", std::string("v1,")}) {
    headers.signature = none;
    CHECK_FALSE(VerifyWebhook(kSecret, headers, kBody));
  }
}

TEST_CASE("B254 a signature is good for a while, before and behind its time") {
  At at;
  for (const auto& [apart, good] : {std::pair(300, true), std::pair(-300, true),
                                    std::pair(301, false), std::pair(-301, false)}) {
    at.seconds = kSent + apart;
    CHECK(VerifyWebhook(kSecret, kHeaders, kBody) == good);
  }
  CHECK(VerifyWebhook(kSecret, kHeaders, kBody, 301s));
  CHECK(VerifyWebhook(kSecret, kHeaders, kBody, std::chrono::hours(24)));
}
