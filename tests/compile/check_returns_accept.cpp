#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(grapnel::hook::Check<User>([](const User& user) { return user.active; }),
                        grapnel::hook::Check<User>([](const User&) {}));
}
