// expect: testing_dropped_reject.cpp:16:[0-9]+: error: ignoring
// expect: testing_dropped_reject.cpp:17:[0-9]+: error: ignoring
// expect: nothing runs before Go\(\)
// expect: nothing is read before Go\(\)
#include <grapnel/testing.hpp>

#include "contract/graph_model.hpp"

using graph::User;
using grapnel::F;
using grapnel::testing::Run;

grapnel::Value<User> Pass(grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); }

void Drop(const User& ada) {
  Run<User>(Pass, grapnel::Op::Create).Set(F<&User::age>, 1);
  grapnel::testing::RunRead<User>(grapnel::hook::Before([](auto&) {})).Row(ada);
}
