#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;

void Register(const grapnel::Database<User, Card, Pet>& client) {
  const grapnel::AnyHook around(
      [](grapnel::AnyMutation& m, grapnel::AnyNext next) -> grapnel::AnyValue { return next(m); });
  client.Use(around);
  client.Of<User>().Use(around);
  client.Use(
      grapnel::AnyHook([](grapnel::AnyMutation& m, grapnel::AnyNext next) { return next(m); }));
}
