// B241: what a Publish says of its sinks, keys and payloads.
#include <grapnel/extras/outbox/publish.hpp>

#include "contract/model.hpp"

#include <string>
#include <string_view>

using model::Pet;
using model::User;
namespace outbox = grapnel::extras::outbox;

std::string Name(const outbox::Change<User>& change) {
  return change.New() == nullptr ? "" : change.New()->name;
}
void Register(const grapnel::Database<User, Pet, outbox::Event, outbox::Lane>& client) {
  const auto users = client.Of<User>();
  constexpr std::string_view type = "user.changed", sink = "copies";
  users.Use(outbox::Publish<User>(type).To("mail", std::string("search"), sink).Payload(Name));
  users.Use(outbox::Publish<User>(std::string(type)).To(sink).Payload([](const auto& change) {
    return change.New() == nullptr ? std::string_view() : change.New()->name;
  }));
  users.Use(outbox::Publish<User>("user.changed")
                .To("mail")
                .Key([](const auto& change) { return change.Id(); })
                .Payload([](const auto&) { return "{}"; })
                .AlsoUnchanged());
  users.Use(outbox::Publish<User>("user.changed").Key(Name).Payload(Name).To("mail"));
}
