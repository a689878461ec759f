#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      grapnel::hook::If(grapnel::hook::Reject(grapnel::AnyOp),
                        [](const grapnel::Mutation<User>& m) { return !m.Get(F<&User::name>); }));
}
