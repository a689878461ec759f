// B254: a delivery as JSON, read back by a parser that is not ours.
#include <grapnel/extras/sinks/json.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>

using namespace grapnel::extras;
using namespace std::chrono_literals;
using sinks::EventJson;
using sinks::IsUtf8;
using Json = nlohmann::json;

TEST_CASE("B254 a delivery is one JSON object of one line") {
  const outbox::Event event{
      .id = 7,
      .sink = "log",
      .key = "1",
      .type = "user.changed",
      .payload = "{\"name\":\"Ada\"}\n",
      .seq = 3,
      .committed_at = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29) + 8h + 5us,
      .attempts = 1};
  CHECK(EventJson(event) ==
        R"({"id":7,"sink":"log","key":"1","seq":3,"type":"user.changed",)"
        R"("payload":"{\"name\":\"Ada\"}\n","committed_at":"2024-02-29T08:00:00.000005Z",)"
        R"("attempt":2})");
}

TEST_CASE("B254 times before 1970 and far ahead") {
  const auto day = std::chrono::sys_days(std::chrono::year(1969) / 12 / 31);
  CHECK(sinks::Timestamp(day + 23h + 59min + 59s + 999999us) == "1969-12-31T23:59:59.999999Z");
  CHECK(sinks::Timestamp({}) == "1970-01-01T00:00:00.000000Z");
  CHECK(sinks::Timestamp(std::chrono::sys_days(std::chrono::year(2261) / 1 / 2)) ==
        "2261-01-02T00:00:00.000000Z");
}

TEST_CASE("B254 bytes in base 64") {  // RFC 4648, section 10
  const std::pair<std::string, std::string> pairs[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {std::string("\0\xff", 2), "AP8="}};
  for (const auto& [bytes, text] : pairs) CHECK(sinks::Base64(bytes) == text);
}

TEST_CASE("B254 what is UTF-8 and what is not") {
  for (const char* text :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(IsUtf8(text));
    CHECK(IsUtf8(std::string(text) + "a"));
    CHECK(IsUtf8(std::string("a") + text));
  }
  for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf",
                           "\xe1\x80", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    CHECK_FALSE(IsUtf8(text));
    CHECK_FALSE(IsUtf8(std::string(text) + "a"));
    CHECK_FALSE(IsUtf8(std::string("a") + text));
  }
}

TEST_CASE("B254 whatever a payload holds comes back out of the line") {
  std::mt19937 random(254);  // the same each time
  const std::string_view pieces[] = {"a",      "\"",         "\\",   "/",        "\n",
                                     "\r",     "\t",         "\x1f", "\x7f",     "\u00e9",
                                     "\u2028", "\U0001f600", "\xff", "\xe2\x80", {"\0", 1}};
  int texts = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string payload;
    for (auto n = random() % 6; n > 0; --n) payload += pieces[random() % std::size(pieces)];
    const outbox::Event event{.id = std::numeric_limits<std::int64_t>::max() - round,
                              .key = payload,
                              .payload = payload,
                              .seq = round};
    const std::string line = EventJson(event);
    CHECK(line.find('\n') == std::string::npos);
    const Json json = Json::parse(line);  // throws for what is no UTF-8
    CHECK(json["id"].get<std::int64_t>() == event.id);
    CHECK(json["seq"].get<std::int64_t>() == round);
    CHECK(json["attempt"] == 1);
    if (IsUtf8(payload)) {
      ++texts;
      CHECK(json["payload"].get<std::string>() == payload);
      CHECK(json["key"].get<std::string>() == payload);
    } else {
      CHECK(json["payload_base64"].get<std::string>() == sinks::Base64(payload));
      CHECK_FALSE(json.contains("payload"));
    }
  }
  CHECK(texts > 500);
  CHECK(texts < 2500);
}

#else

const bool skipped = [] {
  std::puts("skipped: there is no nlohmann/json (Debian: apt-get install nlohmann-json3-dev)");
  std::fflush(stdout);
  std::_Exit(77);
  return true;
}();

#endif
