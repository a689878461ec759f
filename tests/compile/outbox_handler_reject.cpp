// B252: a handler that takes something else says what to write.
// expect: a handler is a function
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

namespace outbox = grapnel::extras::outbox;

void Handle(const grapnel::Client& client) {
  const outbox::Handler handler([](const outbox::Event&) {});
  outbox::Relay relay(client, "totals", handler);
}
