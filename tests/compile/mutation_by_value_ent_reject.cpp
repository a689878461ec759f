// expect: take the mutation by reference
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use([](grapnel::Mutator<User> next) {
    return [next](grapnel::Mutation<User> m) { return next(m); };
  });
}
