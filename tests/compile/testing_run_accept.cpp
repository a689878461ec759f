#include <grapnel/testing.hpp>

#include "contract/graph_model.hpp"

#include <utility>

using graph::User;
using grapnel::F;
using grapnel::Op;
using grapnel::testing::Run;

struct Bucket {};

grapnel::Value<User> Pass(grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); }

void Make(const User& ada) {
  Bucket bucket;
  auto run = Run<User>(Pass, Op::UpdateOne).Old(ada).Provide(bucket);
  run.Set(F<&User::friends>, {7, 8});
  run.AddIDs(F<&User::cards>, {7, 8}).AddIDs(F<&User::cards>, 9).AddIDs(F<&User::friends>, {ada});
  auto moved = std::move(run);
  static_cast<void>(moved.Go());
  auto of_id = Run<User>(Pass, Op::UpdateOne).ID(7);
  static_cast<void>(std::move(of_id).Go());
}
