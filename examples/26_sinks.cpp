// Sinks: where the events of an outbox go. Here a file of JSON lines, which is rotated, and a
// function of one's own that says what its failures mean. HTTP endpoints, Redis and NATS take as
// much, and a library each, of Debian's libcurl4-openssl-dev and libssl-dev, libhiredis-dev and
// libnats-dev: find_package(grapnel COMPONENTS webhook redis nats).
//
//   outbox::Relay(client, "billing", sinks::Webhook("https://billing.example/in",
//                                                   {.secret = "whsec_...", .timeout = 5s}));
//   outbox::Relay(client, "search", sinks::RedisStream("redis://localhost:6379", "orders"));
//   outbox::Relay(client, "feed", sinks::JetStream("nats://localhost:4222", "orders"));
//
// Output:
//   orders.jsonl.1: 2 lines
//     {"id":1,"sink":"log","key":"1","seq":1,"type":"order.placed","payload":"tea 300","co...
//     {"id":3,"sink":"log","key":"2","seq":1,"type":"order.placed","payload":"cake -5","co...
//   orders.jsonl: 1 line
//     {"id":5,"sink":"log","key":"3","seq":1,"type":"order.placed","payload":"milk 120","c...
//   billing: tea 300
//   billing: 1 delivered, 1 refused for good, 1 later
//   cake -5: a price is above 0
//   milk 120: the bank is closed, again at 09:00
//   billing: milk 120
//   1 event is left, dead

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/outbox/errors.hpp>
#include <grapnel/extras/sinks/file.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
namespace outbox = grapnel::extras::outbox;
namespace sinks = grapnel::extras::sinks;

struct Order {
  std::int64_t id = 0;
  std::string item;
  std::int64_t cents = 0;
};

template <>
struct grapnel::Schema<Order> {
  static constexpr std::string_view Type = "Order";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Order::item>("item"), Field<&Order::cents>("cents"));
  }
};

void Show(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  fmt::print("{}: {} line{}\n", path, lines.size(), lines.size() == 1 ? "" : "s");
  for (const std::string& line : lines) fmt::print("  {}...\n", line.substr(0, 84));
}

int main() {
  grapnel::extras::Clock::Time now =
      std::chrono::sys_days(std::chrono::year(2024) / 2 / 29) + std::chrono::hours(8);
  const grapnel::extras::ScopedClock clock([&] { return now; });
  auto client = grapnel::Open<Order, outbox::Event, outbox::Lane>(":memory:");
  client.Migrate();
  const auto orders = client.Of<Order>();
  const auto events = client.Of<outbox::Event>();
  const auto publish = outbox::Publish<Order>("order.placed")
                           .To("log", "billing")
                           .Payload([](const outbox::Change<Order>& change) {
                             return fmt::format("{} {}", change.New()->item, change.New()->cents);
                           });
  orders.Use(grapnel::hook::On(publish, grapnel::Op::Create));  // of a deletion New() is null
  orders.Create({.item = "tea", .cents = 300}).Save();
  orders.Create({.item = "cake", .cents = -5}).Save();
  orders.Create({.item = "milk", .cents = 120}).Save();

  for (const char* path : {"orders.jsonl", "orders.jsonl.1"}) std::filesystem::remove(path);
  const sinks::File file("orders.jsonl", {.rotate_at = 400, .keep = 3});
  outbox::Relay(client, "log", file).RunOnce();
  Show("orders.jsonl.1");
  Show("orders.jsonl");

  // What a sink throws is tried again, after a while; these two say more.
  const auto charge = [&](const outbox::Event& event, const std::stop_token&) {
    if (event.payload.find('-') != std::string::npos) {
      throw outbox::Rejected("a price is above 0");
    }
    if (event.key == "3" && event.attempts == 0) {
      throw outbox::RetryAfter("the bank is closed", std::chrono::hours(1));
    }
    fmt::print("billing: {}\n", event.payload);
  };
  outbox::Relay billing(client, "billing", charge);
  const outbox::Relayed done = billing.RunOnce();
  fmt::print("billing: {} delivered, {} refused for good, {} later\n", done.delivered, done.dead,
             done.failed - done.dead);
  const outbox::Event dead = events.Query().Where(F<&outbox::Event::dead> == true).Only();
  fmt::print("{}: {}\n", dead.payload, dead.error);
  const outbox::Event later = events.Query().Where(F<&outbox::Event::dead> == false).Only();
  const auto at =
      client.Of<outbox::Lane>()
          .Query()
          .Where(F<&outbox::Lane::key> == later.key && F<&outbox::Lane::sink> == "billing")
          .Only()
          .next_at;
  const auto hours =
      std::chrono::floor<std::chrono::hours>(at - std::chrono::floor<std::chrono::days>(at));
  fmt::print("{}: {}, again at {:02}:00\n", later.payload, later.error, hours.count());

  now = at;
  billing.RunOnce();
  fmt::print("{} event is left, dead\n", events.Query().Count());
}
