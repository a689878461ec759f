// B45: a hook of one type cannot be registered for another.
#include "contract/model.hpp"

using model::Card;
using model::User;

void Register(const grapnel::Database<User, Card>& client) {
  const auto hook = [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); };
  client.Of<User>().Use(hook);
}
