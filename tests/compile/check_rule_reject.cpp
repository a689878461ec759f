// expect: hook::Check<E> takes a function of the row, which is const
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      grapnel::hook::Check<User>([](grapnel::Mutation<User>& m) { return m.ID().has_value(); }));
}
