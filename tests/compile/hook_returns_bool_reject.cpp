// expect: a hook must return what next returns
// expect: made from a User or from a count
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    const auto value = next(m);
    return value.HasEntity();
  });
}
