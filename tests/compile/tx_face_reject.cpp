// expect: a transaction takes hooks of one type at a time: tx\.Of<User>\(\)\.Use\(hook\)
// expect: write client\.WithTx\(\[&\]\(grapnel::Tx& tx\) { \.\.\. }\)
// expect: write tx\.WithTx\(\[&\]\(grapnel::Tx& nested\) { \.\.\. }\)
// expect: tx_face_reject\.cpp:18
// expect: tx_face_reject\.cpp:19
// expect: RegisterHooksOnTheDatabaseInstead
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;

void Register(const grapnel::Database<User, Card, Pet>& client, grapnel::Tx& tx) {
  const auto hook = [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); };
  tx.Use(hook);
  client.Tx([](grapnel::Tx&) {});
  tx.Tx([](grapnel::Tx&) {});
  client.With(3).Of<User>().Use(hook);
  tx.Client().Of<User>().Use(hook);
}
