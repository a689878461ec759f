// expect: take the mutation by reference
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    m.AfterCommit([m] { static_cast<void>(m.Type()); });
    return next(m);
  });
}
