// expect: a hook is called const
// expect: take `mutable` away
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use([n = 0](grapnel::Mutation<User>& m, grapnel::Next<User> next) mutable {
    ++n;
    return next(m);
  });
}
