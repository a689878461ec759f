// Once: an event is delivered at least once, and what it causes in a database happens once. In the
// same database by a Handler, in another one, here of the billing, by an inbox.
//
// Output:
//   7 EUR are open
//   billing: order 1 is invoiced
//   billing: order 2 is invoiced
//   the relay dies before it has written down what was delivered
//   billing: order 1 has come again
//   billing: order 2 has come again
//   2 invoices

#include <grapnel/extras/inbox.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

using grapnel::F;
using grapnel::Tx;
namespace inbox = grapnel::extras::inbox;
namespace outbox = grapnel::extras::outbox;

struct Order {
  std::int64_t id = 0;
  std::int64_t euros = 0;
};
struct Total {
  std::int64_t id = 0;
  std::int64_t open = 0;
};
struct Invoice {
  std::int64_t id = 0;
  std::string text;
};

template <>
struct grapnel::Schema<Order> {
  static constexpr std::string_view Type = "Order";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Order::euros>("euros")); }
};
template <>
struct grapnel::Schema<Total> {
  static constexpr std::string_view Type = "Total";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Total::open>("open")); }
};
template <>
struct grapnel::Schema<Invoice> {
  static constexpr std::string_view Type = "Invoice";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Invoice::text>("text")); }
};

int main() {
  auto shop = grapnel::Open<Order, Total, outbox::Event, outbox::Lane>(":memory:");
  auto billing = grapnel::Open<Invoice, inbox::Seen>(":memory:");
  shop.Migrate();
  billing.Migrate();
  const auto publish = outbox::Publish<Order>("order.placed")
                           .To("totals", "billing")
                           .Payload([](const outbox::Change<Order>& change) {
                             return std::to_string(change.New()->euros);
                           });
  shop.Of<Order>().Use(grapnel::hook::On(publish, grapnel::Op::Create));
  shop.Of<Total>().Create(Total()).Save();
  shop.Of<Order>().Create({.euros = 3}).Save();
  shop.Of<Order>().Create({.euros = 4}).Save();

  // What it writes and that the event is delivered are one transaction.
  const outbox::Handler add([](Tx& tx, const outbox::Event& event) {
    tx.Of<Total>().Update().Add(F<&Total::open>, std::stoll(event.payload)).Save();
  });
  outbox::Relay(shop, "totals", add).RunOnce();
  fmt::print("{} EUR are open\n", shop.Of<Total>().Query().Only().open);

  // What the billing writes and that it has seen the event are one transaction there.
  const auto receive = [&](const outbox::Event& event) {
    const bool is_new = billing.WithTx(
        [&](Tx& tx) {
          return inbox::Once(tx, "shop", event.id, [&](Tx& once) {
            once.Of<Invoice>().Create({.text = "order " + event.key}).Save();
          });
        },
        grapnel::Retry{});
    fmt::print("billing: order {} {}\n", event.key, is_new ? "is invoiced" : "has come again");
  };
  for (const outbox::Event& event : shop.Of<outbox::Event>().Query().All()) receive(event);
  fmt::print("the relay dies before it has written down what was delivered\n");
  outbox::Relay(shop, "billing", [&](const outbox::Event& event, const std::stop_token&) {
    receive(event);
  }).RunOnce();
  fmt::print("{} invoices\n", billing.Of<Invoice>().Query().Count());
}
