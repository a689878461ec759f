// B252: a handler takes a transaction and an event.
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

namespace outbox = grapnel::extras::outbox;

void Handle(const grapnel::Client& client) {
  const outbox::Handler handler([](grapnel::Tx&, const outbox::Event&) {});
  outbox::Relay relay(client, "totals", handler);
}
