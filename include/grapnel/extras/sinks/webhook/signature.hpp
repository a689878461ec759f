#pragma once

/// Who sent a webhook, and when: a signature over its id, its time and its body. For both sides;
/// the receiving one needs nothing else:
///
///   if (!extras::sinks::VerifyWebhook(secret, {.id = header("webhook-id"),
///                                              .timestamp = header("webhook-timestamp"),
///                                              .signature = header("webhook-signature")}, body)) {
///     return 401;
///   }
///
/// Source: Standard Webhooks 1.0 (standardwebhooks.com), version v1: HMAC-SHA256 over
/// `id.timestamp.body`, in base 64. Any of its libraries verifies what SignWebhook makes.

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/sinks/json.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace grapnel::extras::sinks {

/// The headers webhook-id, webhook-timestamp (seconds since 1970) and webhook-signature.
struct WebhookHeaders {
  std::string id{};
  std::string timestamp{};
  std::string signature{};
};

/// The key that a secret stands for: the bytes behind "whsec_", which are in base 64, or the text
/// as it is. Throws: Error where there are none, or where they are not in base 64; it does not
/// show them.
inline std::string WebhookKey(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  std::string key(secret);
  if (secret.starts_with(kPrefix)) {
    std::string_view text = secret.substr(kPrefix.size());
    while (text.ends_with('=')) text.remove_suffix(1);
    key.clear();
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
      const bool is_digit = c >= '0' && c <= '9', is_small = c >= 'a' && c <= 'z';
      if (!is_digit && !is_small && !(c >= 'A' && c <= 'Z') && c != '+' && c != '/') {
        throw Error("extras::sinks: a webhook's secret that begins with whsec_ is in base 64");
      }
      const int digit = is_digit   ? c - '0' + 52
                        : is_small ? c - 'a' + 26
                        : c == '+' ? 62
                        : c == '/' ? 63
                                   : c - 'A';
      bits = bits << 6 | static_cast<std::uint32_t>(digit);
      count += 6;
      if (count >= 8) key += static_cast<char>(bits >> (count -= 8) & 0xff);
    }
  }
  if (key.empty()) throw Error("extras::sinks: a webhook's secret is empty");
  return key;
}

/// The bytes of HMAC-SHA256 over all parts, one behind the other.
inline std::string HmacSha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> made(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr, bytes, key.size()), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   &EVP_MD_CTX_free);
  std::string digest(32, 0);
  std::size_t size = digest.size();
  bool good = made && context &&
              EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, made.get()) == 1;
  for (const std::string_view part : parts) {
    good = good && EVP_DigestSignUpdate(context.get(), part.data(), part.size()) == 1;
  }
  if (!good || EVP_DigestSignFinal(context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                   &size) != 1) {
    throw Error("extras::sinks: OpenSSL makes no HMAC");
  }
  return digest;
}

/// The text of webhook-signature, "v1,K5oZ...=", for a body that is sent at that time, in seconds
/// since 1970. Throws: Error for a secret that is none.
inline std::string SignWebhook(std::string_view secret, std::string_view id, std::int64_t timestamp,
                               std::string_view body) {
  const std::string key = WebhookKey(secret);
  return "v1," + Base64(HmacSha256(key, {id, ".", std::to_string(timestamp), ".", body}));
}

/// Whether who knows the secret has sent this body with these headers, and that not longer ago, nor
/// further ahead, than `tolerance` by extras::Clock. Takes the same time however much of a
/// signature is right. `signature` may hold several with spaces between them, as while a secret is
/// replaced: one has to fit. What is repeated within the tolerance is genuine too: drop ids that
/// are known. Throws: Error for a secret that is none.
[[nodiscard]] inline bool VerifyWebhook(std::string_view secret, const WebhookHeaders& headers,
                                        std::string_view body,
                                        std::chrono::seconds tolerance = std::chrono::minutes(5)) {
  const std::string& text = headers.timestamp;
  std::int64_t sent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sent);
  if (error != std::errc() || end != text.data() + text.size() || sent < 0) return false;
  const std::int64_t now =
      std::chrono::floor<std::chrono::seconds>(Clock::Now().time_since_epoch()).count();
  const std::int64_t apart = now > sent ? now - sent : sent - now;
  if (apart > tolerance.count() || std::to_string(sent) != text) return false;

  const std::string expected = SignWebhook(secret, headers.id, sent, body);
  bool fits = false;
  for (std::string_view rest = headers.signature; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(one.size() < rest.size() ? one.size() + 1 : one.size());
    if (one.size() == expected.size() &&
        CRYPTO_memcmp(one.data(), expected.data(), one.size()) == 0) {
      fits = true;
    }
  }
  return fits;
}

}  // namespace grapnel::extras::sinks
