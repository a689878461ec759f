#include <grapnel/testing.hpp>

#include "contract/graph_model.hpp"

using graph::User;
using grapnel::F;
using grapnel::Op;
using grapnel::testing::Run;

grapnel::Value<User> Pass(grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); }

void Drop() {
  auto run = Run<User>(Pass, Op::Create);
  run.Set(F<&User::age>, 1);
  static_cast<void>(run.Go());
}
