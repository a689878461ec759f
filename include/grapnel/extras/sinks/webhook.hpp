#pragma once

/// A sink of the outbox: an HTTP endpoint, to which each event is POSTed. The component webhook:
/// needs libcurl and OpenSSL.
///
///   find_package(grapnel REQUIRED COMPONENTS webhook)     # links grapnel::webhook
///
///   extras::outbox::Relay relay(db, "billing", extras::sinks::Webhook(
///       "https://billing.example/events", {.secret = "whsec_...", .timeout = 5s}));
///
/// What it sends. The payload as the body, byte for byte, with the headers
///
///   webhook-id, Idempotency-Key   the same for each try: "billing-7", of the sink and the event
///   webhook-timestamp             when this try was made, in seconds since 1970
///   webhook-signature             where there is a secret: see webhook/signature.hpp, which also
///                                 has VerifyWebhook for the side that receives
///   grapnel-type, grapnel-key     the event's; what is no visible ASCII in them is written as in
///                                 URLs, %0A, and so is %
///   grapnel-seq, grapnel-attempt  1, 2, 3 ...: its place along the key, and how often it was tried
///
/// What it guarantees. An event is delivered when a whole answer with a status 2xx has come. Behind
/// 408, 425, 429 and 5xx, and where there was no whole answer, it is tried again: not before
/// Retry-After where the answer has one. Any other 4xx, and 3xx, for no redirect is followed, make
/// it a dead letter at once. Each try ends within `timeout`, names, connecting and all bytes of the
/// answer included, and at once when a stop is requested. Of the answer the beginning is kept for
/// the error, and no more than 64 kB are read. Certificates and names are verified, always, TLS 1.2
/// at least; nothing but http and https is spoken. No SIGPIPE gets out of it. Connections are
/// reused.
///
/// What not: a webhook that has done its work and could not say so gets the event again: let it
/// drop ids that it knows (Idempotency-Key), or, for each key, what is not above the last seq. An
/// endpoint that gets the events of several databases needs a `source` for each. http without TLS
/// hides nothing, and the signature does not either. A proxy is used where the environment names
/// one (https_proxy). A process that forks makes a new one in its child.
///
/// Cost: a round trip for each event, one after the other; a connection for each thread that
/// delivers at a time. The payload is not copied.

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/errors.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/sinks/webhook/answer.hpp>
#include <grapnel/extras/sinks/webhook/link.hpp>
#include <grapnel/extras/sinks/webhook/signature.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::extras::sinks {

struct WebhookOptions {
  /// What signs the deliveries: "whsec_" and base 64, or any text; "": nothing does.
  std::string secret{};
  /// While a secret is replaced: the one before, which signs as well.
  std::string previous_secret{};
  /// More headers: {{"Authorization", "Bearer ..."}}.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string content_type = "application/json";
  /// Stands before the ids: "eu" makes "eu-billing-7".
  std::string source{};
  /// How long a delivery takes at most: less than 4/5 of the relay's lease.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  /// A file of certificates (PEM) to trust in place of the system's.
  std::string ca_file{};
};

/// POSTs events to a URL: see the top of <grapnel/extras/sinks/webhook.hpp>. Copies share their
/// connections. Threads: any, several at a time.
class Webhook {
 public:
  /// Throws: Error for a URL that is not one of http or https, and options that make no sense.
  explicit Webhook(const std::string& url, WebhookOptions options = {}) {
    if (options.timeout <= std::chrono::milliseconds::zero()) {
      throw Error("extras::sinks::Webhook: a timeout is 1 ms at least");
    }
    if (options.secret.empty() && !options.previous_secret.empty()) {
      throw Error("extras::sinks::Webhook: there is a previous_secret and no secret");
    }
    for (const std::string* secret : {&options.secret, &options.previous_secret}) {
      if (!secret->empty()) static_cast<void>(WebhookKey(*secret));
    }
    options.headers.emplace_back("Content-Type", options.content_type);
    for (const auto& [name, value] : options.headers) CheckHeader(name, value);
    shared_ = std::make_shared<Shared>(std::move(options), url);
  }

  /// Returns when the webhook has taken it. Throws: outbox::Rejected, outbox::RetryAfter,
  /// WebhookError; CancelledError when a stop is requested.
  void operator()(const outbox::Event& event, const std::stop_token& stop = {}) const {
    const WebhookOptions& options = shared_->options;
    const auto now = Clock::Now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::string id = Id(event);
    HeaderList headers;
    for (const auto& [name, value] : options.headers) headers.Add(name, value);
    headers.Add("webhook-id", id);
    headers.Add("Idempotency-Key", id);
    headers.Add("webhook-timestamp", std::to_string(seconds));
    if (!options.secret.empty()) {
      std::string signature = SignWebhook(options.secret, id, seconds, event.payload);
      if (!options.previous_secret.empty()) {
        signature += ' ' + SignWebhook(options.previous_secret, id, seconds, event.payload);
      }
      headers.Add("webhook-signature", signature);
    }
    headers.Add("grapnel-type", Visible(event.type));
    headers.Add("grapnel-key", Visible(event.key));
    headers.Add("grapnel-seq", std::to_string(event.seq));
    headers.Add("grapnel-attempt", std::to_string(event.attempts + 1));
    headers.Add("Expect", "");  // no round trip to ask whether the body is welcome

    CheckWebhookAnswer("POST " + shared_->links.Shown(),
                       shared_->links.Post(headers, event.payload, stop));
  }

  /// What the webhook knows the event by, whenever it is tried: webhook-id. Of letters, digits, `_`
  /// and `-`; any other character of the sink's name or the source is written as `~` and two
  /// hexadecimal digits.
  std::string Id(const outbox::Event& event) const {
    const std::string& source = shared_->options.source;
    return (source.empty() ? "" : Escaped(source, '~') + '-') + Escaped(event.sink, '~') + '-' +
           std::to_string(event.id);
  }

 private:
  struct Shared {
    Shared(WebhookOptions given, const std::string& url)
        : options(std::move(given)), links(url, options.ca_file, options.timeout) {}

    const WebhookOptions options;
    Links links;
  };

  static bool IsPlain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  }
  /// Writes what is not plain as `mark` and two hexadecimal digits; of '%', visible ASCII is plain.
  static std::string Escaped(std::string_view text, char mark) {
    std::string escaped;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (IsPlain(c) || (mark == '%' && c > ' ' && c <= '~' && c != '%')) {
        escaped += c;
      } else {
        escaped += mark;
        escaped += "0123456789ABCDEF"[byte >> 4];
        escaped += "0123456789ABCDEF"[byte & 15];
      }
    }
    return escaped;
  }
  static std::string Visible(std::string_view text) { return Escaped(text, '%'); }

  static void CheckHeader(const std::string& name, const std::string& value) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const bool is_own = lower.starts_with("webhook-") || lower.starts_with("grapnel-") ||
                        lower == "idempotency-key" || lower == "content-length" ||
                        lower == "transfer-encoding" || lower == "expect";
    const bool is_name = !name.empty() && std::ranges::all_of(name, IsPlain);
    const bool is_value = !value.empty() && std::ranges::none_of(value, [](char c) {
      return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f;
    });
    if (!is_name || !is_value || is_own) {
      throw Error("extras::sinks::Webhook: no header \"" + Visible(name) +
                  "\" of one's own can be sent, or not with that value");
    }
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace grapnel::extras::sinks
