// A user's program over an installed copy that has all sinks of the outbox, with warnings as
// errors: none of them may come from Grapnel. Nothing is called, and so nobody is missed.
#include <grapnel/extras/sinks/file.hpp>
#include <grapnel/extras/sinks/nats.hpp>
#include <grapnel/extras/sinks/redis.hpp>
#include <grapnel/extras/sinks/webhook.hpp>

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace sinks = grapnel::extras::sinks;

int main() {
  using Sink = std::function<void(const grapnel::extras::outbox::Event&, std::stop_token)>;
  const std::vector<Sink> all = {sinks::File("events.jsonl"),
                                 sinks::Webhook("https://host.example/in", {.secret = "secret"}),
                                 sinks::RedisStream("redis://127.0.0.1:1", "events"),
                                 sinks::JetStream("nats://127.0.0.1:1", "events")};
  return sinks::SignWebhook("secret", "id", 1, "body").starts_with("v1,") && all.size() == 4 ? 0
                                                                                             : 1;
}
