#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/tables.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace grapnel::extras::sinks {

/// Whether the text is UTF-8, which JSON has to be.
/// Source: RFC 3629, section 4.
inline bool IsUtf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80) continue;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) return false;
    for (int i = 0; i < more; ++i, ++at) {
      unsigned low = 0x80, high = 0xbf;
      if (i == 0) {  // neither longer than needed, nor a surrogate, nor behind the last one
        if (first == 0xe0) low = 0xa0;
        if (first == 0xed) high = 0x9f;
        if (first == 0xf0) low = 0x90;
        if (first == 0xf4) high = 0x8f;
      }
      if (at >= text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < low || byte > high) return false;
    }
  }
  return true;
}

/// The text in JSON's quotes, without a line break in it. Requires: IsUtf8(text).
/// Source: RFC 8259, section 7.
inline std::string JsonQuoted(std::string_view text) {
  std::string quoted = "\"";
  quoted.reserve(text.size() + 2);
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      const auto byte = static_cast<unsigned char>(c);
      quoted.append("\\u00").append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

/// "AP8=" for the bytes 0 and 255.
/// Source: RFC 4648, section 4.
inline std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += at + i <= bytes.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

/// "2024-02-29T08:00:00.000000Z"
/// Source: RFC 3339.
inline std::string Timestamp(Clock::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::microseconds>(time - day));
  char text[96];
  std::snprintf(
      text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

/// A delivery as one JSON object, without a line break in it:
///
///   {"id":7,"sink":"log","key":"1","seq":3,"type":"user.changed","payload":"...",
///    "committed_at":"2024-02-29T08:00:00.000000Z","attempt":1}
///
/// `attempt` counts from 1; nothing else differs when it is repeated. The payload is text, and what
/// it means its reader knows. What is not UTF-8 stands as "payload_base64", "key_base64" ...
inline std::string EventJson(const outbox::Event& event) {
  std::string json = "{\"id\":" + std::to_string(event.id);
  const auto add = [&](const char* name, const std::string& text) {
    const bool is_text = IsUtf8(text);
    json.append(",\"").append(name).append(is_text ? "\":" : "_base64\":");
    json += is_text ? JsonQuoted(text) : '"' + Base64(text) + '"';
  };
  add("sink", event.sink);
  add("key", event.key);
  json += ",\"seq\":" + std::to_string(event.seq);
  add("type", event.type);
  add("payload", event.payload);
  add("committed_at", Timestamp(event.committed_at));
  return json += ",\"attempt\":" + std::to_string(event.attempts + 1) + '}';
}

}  // namespace grapnel::extras::sinks
