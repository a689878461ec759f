#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(grapnel::hook::Before([](auto& m) { m.Set(grapnel::F<&User::age>, 3); }));
}
