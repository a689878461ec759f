// B241: a Publish that says too little, or something else, says what to write.
// expect: Publish needs to know what its events say
// expect: To names the sinks: To
// expect: Key takes a function: Key
// expect: Payload takes a function that returns text: Payload
// expect: a key is an integer or text: Key
// expect: it returns the hook, which is given to Use
#include <grapnel/extras/outbox/publish.hpp>

#include "contract/model.hpp"

using model::Pet;
using model::User;
namespace outbox = grapnel::extras::outbox;

void Register(const grapnel::Database<User, Pet, outbox::Event, outbox::Lane>& client) {
  const auto users = client.Of<User>();
  const outbox::Publish<User> told("user.changed");
  const auto empty = [](const auto&) { return "{}"; };
  users.Use(told.To("mail"));
  users.Use(told.To().Payload(empty));
  users.Use(told.To("mail").Key(&User::id).Payload(empty));
  users.Use(told.To("mail").Payload([](const auto& change) { return change.Id(); }));
  users.Use(told.To("mail").Key([](const auto&) { return 1.5; }).Payload(empty));
  told.To("mail");
}
