#include "demo.hpp"

#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <stop_token>
#include <string>

using grapnel::F;
namespace extras = grapnel::extras;
namespace outbox = grapnel::extras::outbox;
using outbox::Event;
using namespace std::chrono_literals;

void Demonstrate() {
  Time now = std::chrono::sys_days(2026y / 1 / 31) + 12h;
  const extras::ScopedClock clock([&] { return now; });
  const auto client = grapnel::Open<Event, outbox::Lane>(":memory:");
  client.Migrate();
  const auto write = [&](const std::string& sink, const std::string& key, std::string text) {
    client.WithTx(
        [&](grapnel::Tx& tx) { outbox::Append(tx, sink, key, "order.changed", std::move(text)); });
  };
  const auto show = [&] { fmt::print("{}", ToText(Look(client, "demonstration", {}))); };

  bool is_up = false;  // the mail server
  const auto send = [&](const Event& event, const std::stop_token&) {
    if (!is_up && event.key == "order 7") throw std::runtime_error("550 no such mailbox");
  };
  outbox::Relay mail(client, "mail", send, {.attempts = 2, .backoff = 0s});

  write("mail", "order 7", "paid");
  write("mail", "order 8", "paid");
  write("search", "order 7", "paid");  // nobody delivers what is for this sink
  mail.RunOnce();
  mail.RunOnce();
  now += 90min;
  write("mail", "order 7", "sent");
  write("search", "order 9", "paid");
  now += 5s;
  show();

  is_up = true;
  fmt::print("replayed: {}\n",
             outbox::Replay(client, F<&Event::sink> == "mail" && F<&Event::key> == "order 7"));
  mail.RunOnce();
  show();
}
