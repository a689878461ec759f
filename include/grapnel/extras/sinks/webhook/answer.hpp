#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/errors.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace grapnel::extras::sinks {

/// A webhook did not take a delivery, and may take it the next time.
class WebhookError : public Error {
 public:
  explicit WebhookError(const std::string& what, int status = 0) : Error(what), status_(status) {}

  /// HTTP's status; 0 where there was no answer, or no whole one.
  int Status() const noexcept { return status_; }

 private:
  int status_;
};

/// What a webhook answered.
struct WebhookAnswer {
  int status = 0;
  std::string retry_after{};  // the headers, "" where there is none
  std::string date{};
  std::string body{};  // its beginning
};

/// How long the header Retry-After asks to wait: a number of seconds, or an HTTP date, which counts
/// from `date`, the header Date, or from `now` where there is none: so it does not matter whether
/// the two clocks agree. Returns: nothing for what is neither, or no time; a year at most.
/// Source: RFC 9110, sections 10.2.3 and 5.6.7.
inline std::optional<std::chrono::seconds> ParseRetryAfter(const std::string& retry_after,
                                                           const std::string& date,
                                                           Clock::Time now) {
  constexpr std::int64_t kLongest = std::int64_t{366} * 24 * 3600;
  const char* end = retry_after.data() + retry_after.size();
  std::int64_t wait = 0;
  if (!retry_after.empty() && retry_after.find_first_not_of("0123456789") == std::string::npos) {
    if (std::from_chars(retry_after.data(), end, wait).ec != std::errc()) wait = kLongest;
  } else {
    const std::int64_t at = curl_getdate(retry_after.c_str(), nullptr);
    std::int64_t from = curl_getdate(date.c_str(), nullptr);
    if (at < 0) return std::nullopt;
    if (from < 0) {
      from = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    }
    wait = at - from;
  }
  if (wait <= 0) return std::nullopt;
  return std::chrono::seconds(std::min(wait, kLongest));
}

/// Ends well for 2xx, which means that the webhook has taken it. `what` says who answered.
/// Throws: for 408, 425, 429 and 5xx outbox::RetryAfter where the answer says when, WebhookError
/// where it does not; outbox::Rejected for 3xx, for no redirect is followed, and for other 4xx;
/// WebhookError for what is no answer at all. Each shows the beginning of the body.
inline void CheckWebhookAnswer(const std::string& what, const WebhookAnswer& answer,
                               Clock::Time now = Clock::Now()) {
  const int status = answer.status;
  if (status >= 200 && status < 300) return;
  std::string text = what + ": status " + std::to_string(status);
  if (!answer.body.empty()) {
    constexpr std::size_t kMost = 200;
    text += ": " + answer.body.substr(0, kMost);
    std::ranges::replace_if(
        text, [](char c) { return c < ' ' || c > '~'; }, '?');
    if (answer.body.size() > kMost) text += "...";
  }
  const bool is_later =
      status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600);
  if (is_later) {
    if (const auto wait = ParseRetryAfter(answer.retry_after, answer.date, now)) {
      throw outbox::RetryAfter(text, *wait);
    }
  } else if (status >= 300 && status < 500) {
    throw outbox::Rejected(text);
  }
  throw WebhookError(text, status);
}

}  // namespace grapnel::extras::sinks
