// expect: a condition is called const, with a mutation that is const
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.Of<User>().Use(
      grapnel::hook::If(grapnel::hook::Reject(grapnel::AnyOp),
                        [times = 0](const auto&) mutable { return ++times > 3; }));
}
