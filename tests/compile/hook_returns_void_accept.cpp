// B9: a hook results in a Value.
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use([](grapnel::Mutation<User>&, grapnel::Next<User>) -> grapnel::Value<User> {
    throw grapnel::Error("no");
  });
}
