// B9: a hook results in a Value.
// expect: a hook must return what next returns
// expect: -> grapnel::Value<User>
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      [](grapnel::Mutation<User>&, grapnel::Next<User>) { throw grapnel::Error("no"); });
}
