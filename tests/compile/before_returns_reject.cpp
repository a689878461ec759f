// expect: hook::Before returns void
// expect: to refuse, throw
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(grapnel::hook::Before([](grapnel::Mutation<User>&) { return false; }));
}
