#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Use(
      grapnel::AnyHook([](grapnel::AnyMutation& m, grapnel::AnyNext next) { return next(m); }));
}
