// B45: a hook of one type cannot be registered for another.
// expect: this is no hook for this type\. Write .*grapnel::Mutation<User>& m
// expect: client\.Of<User>\(\)\.Use
#include "contract/model.hpp"

using model::Card;
using model::User;

void Register(const grapnel::Database<User, Card>& client) {
  const auto hook = [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); };
  client.Of<Card>().Use(hook);
}
