// An AnyHook stands around mutations, and around nothing else.
// expect: AnyHook takes a function or an object whose call operator is const
// expect: called as grapnel::AnyValue f\(grapnel::AnyMutation& m, grapnel::AnyNext next\)
// expect: any_hook_reject\.cpp:14
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;

void Register(const grapnel::Database<User, Card, Pet>& client) {
  const grapnel::AnyHook around(
      [](grapnel::AnyMutation& m, grapnel::AnyNext next) -> grapnel::AnyValue { return next(m); });
  client.OnCommit(around);
  client.OnMigrate(around);
  client.Use(grapnel::AnyHook([calls = 0](grapnel::AnyMutation& m, grapnel::AnyNext next) mutable {
    ++calls;
    return next(m);
  }));
  client.Use(grapnel::AnyHook([](grapnel::Tx& tx, grapnel::AnyNext) { tx.Rollback(); }));
}
