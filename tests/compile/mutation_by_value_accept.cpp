#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); });
}
