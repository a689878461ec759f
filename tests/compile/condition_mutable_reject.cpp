// expect: a condition is called const, with a mutation that is const
// expect: the hook stands in front: hook::On\(hook
// expect: the hook stands in front: hook::Unless\(hook
// expect: a mask of Ops is made by one \|
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      grapnel::hook::If(grapnel::hook::Reject(grapnel::AnyOp),
                        [times = 0](const auto&) mutable { return ++times > 3; }));
  client.Of<User>().Use(
      grapnel::hook::On(grapnel::Op::Update, grapnel::hook::Reject(grapnel::AnyOp)));
  client.Of<User>().Use(
      grapnel::hook::Unless(grapnel::Op::Update, grapnel::hook::Reject(grapnel::AnyOp)));
  client.Of<User>().Use(grapnel::hook::Reject(grapnel::Op::Update || grapnel::Op::UpdateOne));
}
