// An outbox: mails that follow from writes are stored with them, and sent once these are committed.
//
// Output:
//   rolled back: 0 events
//   mail 1#1: welcome Ada
//   mail 2#1: welcome Bob
//   mail 2#2: Bob is now Rob
//   "bye Ada" has failed 1 time: no route
//   dead: 1 x no route
//   mail 1#2: bye Ada
//   mail: 1 pending, 0 dead
//   mail news#1: this week
//   0 events wait

#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>

using grapnel::F;
namespace outbox = grapnel::extras::outbox;

struct User {
  std::int64_t id = 0;
  std::string name;
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() { return grapnel::Fields(Field<&User::name>("name")); }
};

std::string Text(const outbox::Change<User>& change) {
  if (change.Old() == nullptr) return "welcome " + change.New()->name;
  if (change.New() == nullptr) return "bye " + change.Old()->name;
  return change.Old()->name + " is now " + change.New()->name;
}

int main() {
  auto client = grapnel::Open<User, outbox::Event, outbox::Lane>(":memory:");
  client.Migrate();
  const auto users = client.Of<User>();
  const auto events = client.Of<outbox::Event>();
  users.Use(outbox::Publish<User>("user.changed").To("mail").Payload(Text));

  std::string refused;  // a key
  outbox::Relay relay(client, "mail",
                      [&](const outbox::Event& event, const std::stop_token&) {
                        if (event.key == refused) throw std::runtime_error("no route");
                        fmt::print("mail {}#{}: {}\n", event.key, event.seq, event.payload);
                      },
                      {.attempts = 2, .backoff = std::chrono::seconds(0)});

  try {
    client.WithTx([&](grapnel::Tx& tx) {
      tx.Of<User>().Create({.name = "Eve"}).Save();
      throw std::runtime_error("no");
    });
  } catch (const std::runtime_error&) {
    fmt::print("rolled back: {} events\n", events.Query().Count());
  }

  const User ada = users.Create({.name = "Ada"}).Save();
  const User bob = users.Create({.name = "Bob"}).Save();
  relay.RunOnce();  // a program has a thread for it: std::jthread worker(... relay.Run(stop) ...)

  refused = "1";  // Ada's mails fail, and hold no others up
  users.DeleteOne(ada).Exec();
  users.UpdateOne(bob).Set(F<&User::name>, "Rob").Save();
  relay.RunOnce();
  const outbox::Event event = events.Query().Only();
  fmt::print("\"{}\" has failed {} time: {}\n", event.payload, event.attempts, event.error);
  relay.RunOnce();
  for (const outbox::DeadLetters& dead : outbox::Dead(client)) {
    fmt::print("dead: {} x {}\n", dead.count, dead.error);
  }

  refused.clear();
  outbox::Replay(client, F<&outbox::Event::error> == "no route");
  relay.RunOnce();

  client.WithTx([](grapnel::Tx& tx) {  // an event that follows from no row, of the same transaction
    outbox::Append(tx, "mail", "news", "newsletter", "this week");
  });
  for (const outbox::SinkState& sink : outbox::Sinks(client)) {
    fmt::print("{}: {} pending, {} dead\n", sink.sink, sink.pending, sink.dead);
  }
  relay.RunOnce();
  outbox::Prune(client, std::chrono::hours(24 * 30));  // what is older: dead letters, keys at rest
  fmt::print("{} events wait\n", events.Query().Count());
}
