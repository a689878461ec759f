#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(grapnel::hook::Before([](grapnel::Mutation<User>&) {}));
  client.Of<User>().Use(
      grapnel::hook::After([](const grapnel::Mutation<User>&, grapnel::Value<User>&) {}));
}
