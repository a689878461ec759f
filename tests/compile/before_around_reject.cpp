// expect: hook::Before takes a function of the mutation
// expect: hook::After takes a function of the mutation
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(grapnel::hook::Before(
      [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); }));
  client.Of<User>().Use(grapnel::hook::After([](grapnel::Mutation<User>&) {}));
}
