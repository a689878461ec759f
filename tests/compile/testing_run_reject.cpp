// expect: say of which type the mutation is: grapnel::testing::Run<User>
// expect: say what the mutation does: grapnel::testing::Run<User>
// expect: what is provided outlives the run, and a temporary would be gone when it runs
// expect: Old takes a row as it is stored: User ada; ada.id = 7; run.Old\(ada\)
// expect: deleted
// expect: it is made once: make another one, by a function of the test's
#include <grapnel/testing.hpp>

#include "contract/graph_model.hpp"

using graph::User;
using grapnel::Op;
using grapnel::testing::Run;

struct Bucket {};

grapnel::Value<User> Pass(grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); }

void Untyped() { static_cast<void>(Run(Pass, Op::Create)); }
void WithoutOp() { static_cast<void>(Run<User>(Pass)); }
void Temporary() { static_cast<void>(Run<User>(Pass, Op::Create).Provide(Bucket{})); }
void NoRow() { static_cast<void>(Run<User>(Pass, Op::UpdateOne).Old(7)); }
void Copied() {
  auto base = Run<User>(Pass, Op::Create);
  auto copy = base;
  static_cast<void>(copy);
}
