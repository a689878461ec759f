// expect: take the mutation by reference
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Use(grapnel::AnyHook([](auto m, grapnel::AnyNext next) { return next(m); }));
}
