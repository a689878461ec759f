// B245: a sink that takes something else says what to write.
// expect: a sink is a function
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

namespace outbox = grapnel::extras::outbox;

void Deliver(const grapnel::Client& client) {
  outbox::Relay relay(client, "mail", [](const outbox::Event&) {}, {.attempts = 3});
}
