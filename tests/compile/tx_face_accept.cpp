#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
namespace hook = grapnel::hook;

void Register(const grapnel::Database<User, Card, Pet>& client, grapnel::Tx& tx) {
  const auto hook = [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); };
  tx.Of<User>().Use(hook);
  client.WithTx([](grapnel::Tx&) {});
  tx.WithTx([](grapnel::Tx&) {});
  client.Of<User>().Use(hook);
  client.Intercept(hook::Before([](grapnel::AnyReading& r) { r.AtMost(3); }));
  client.Of<User>().Intercept(hook::Before([](grapnel::Reading<User>& r) { r.AtMost(3); }));
  tx.Client().With(3).Of<User>().Query().All();
  client.WithTx([](auto& ending) { return ending.Outcome(); });
}
