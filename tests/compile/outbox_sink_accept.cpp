// B245: a sink takes an event and a stop token.
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <stop_token>
#include <string_view>

namespace outbox = grapnel::extras::outbox;

void Deliver(const grapnel::Client& client) {
  outbox::Relay relay(client, "mail", [](const outbox::Event&, std::stop_token) {},
                      {.attempts = 3});
  outbox::Relay by_reference(client, "mail", [](const auto&, const std::stop_token&) {});
  constexpr std::string_view sink = "copies";
  outbox::Relay named(client, sink, [](const auto&, const std::stop_token&) {});
  outbox::Relay handles(client, "mail", outbox::Handler([](grapnel::Tx&, const auto&) {}));
}
