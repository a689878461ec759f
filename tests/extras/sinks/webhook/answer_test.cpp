// B254: what becomes of a delivery by the status of the answer.
#include <grapnel/extras/sinks/webhook/answer.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <optional>
#include <string>

using namespace grapnel::extras;
using namespace std::chrono_literals;
using sinks::CheckWebhookAnswer;
using sinks::ParseRetryAfter;
using sinks::WebhookAnswer;
using sinks::WebhookError;

namespace {

/// Sun, 06 Nov 1994 08:49:37 GMT
constexpr Clock::Time kNow = Clock::Time(784111777s);

/// How it ends: "delivered", "rejected", "later", "after N".
std::string EndOf(int status, const std::string& retry_after = "") {
  try {
    CheckWebhookAnswer("POST x", {.status = status, .retry_after = retry_after}, kNow);
    return "delivered";
  } catch (const outbox::Rejected&) {
    return "rejected";
  } catch (const outbox::RetryAfter& error) {
    return "after " + std::to_string(error.Wait() / 1s);
  } catch (const WebhookError& error) {
    CHECK(error.Status() == status);
    return "later";
  }
}

}  // namespace

TEST_CASE("B254 each status has its verdict") {
  for (int status = 0; status < 700; ++status) {
    const bool is_later =
        status < 200 || status >= 500 || status == 408 || status == 425 || status == 429;
    const std::string verdict = status >= 200 && status < 300 ? "delivered"
                                : is_later                    ? "later"
                                                              : "rejected";
    CHECK(EndOf(status) == verdict);
    const bool may_say_when = is_later && status >= 300 && status < 600;
    CHECK(EndOf(status, "7") == (may_say_when ? "after 7" : verdict));
  }
}

TEST_CASE("B254 Retry-After is a number of seconds or a date") {
  const auto parse = [](const char* text, const char* date = "") {
    return ParseRetryAfter(text, date, kNow);
  };
  CHECK(parse("120") == 120s);
  CHECK(parse("007") == 7s);
  CHECK(parse("99999999999999999999999") == std::chrono::hours(24 * 366));
  for (const char* date : {"Sun, 06 Nov 1994 08:50:07 GMT", "Sunday, 06-Nov-94 08:50:07 GMT",
                           "Sun Nov  6 08:50:07 1994"}) {
    CHECK(parse(date) == 30s);
  }
  CHECK(parse("Sun, 06 Nov 2094 08:49:37 GMT") == std::chrono::hours(24 * 366));
  // Of two clocks that differ by an hour only the server's counts.
  CHECK(parse("Sun, 06 Nov 1994 09:50:07 GMT", "Sun, 06 Nov 1994 09:49:37 GMT") == 30s);
  CHECK(parse("Sun, 06 Nov 1994 08:50:07 GMT", "garbage") == 30s);
  for (const char* none : {"", "0", "-5", "5.5", "soon", "1e3", "5 s",
                           "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT"}) {
    CHECK_FALSE(parse(none));
  }
}

TEST_CASE("B254 an error shows who answered what, in so many printable characters") {
  const auto text = [](const WebhookAnswer& answer) -> std::string {
    try {
      CheckWebhookAnswer("POST http://x/", answer, kNow);
    } catch (const grapnel::Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(text({.status = 400}) == "POST http://x/: status 400");
  CHECK(text({.status = 400, .body = "no\nsuch \xff thing"}) ==
        "POST http://x/: status 400: no?such ? thing");
  CHECK(text({.status = 503, .retry_after = "1", .body = std::string(1000, 'x')}) ==
        "POST http://x/: status 503: " + std::string(200, 'x') + "...");
}
