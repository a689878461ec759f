#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      grapnel::hook::If(grapnel::hook::Reject(grapnel::AnyOp),
                        [](const grapnel::Mutation<User>& m) { return !m.Get(F<&User::name>); }));
  client.Of<User>().Use(
      grapnel::hook::On(grapnel::hook::Reject(grapnel::AnyOp), grapnel::Op::Update));
  client.Of<User>().Use(grapnel::hook::Reject(grapnel::Op::Update | grapnel::Op::UpdateOne));
}
