// expect: a transaction takes hooks of one type at a time: tx\.Of<User>\(\)\.Use\(hook\)
// expect: write client\.WithTx\(\[&\]\(grapnel::Tx& tx\) { \.\.\. }\)
// expect: write tx\.WithTx\(\[&\]\(grapnel::Tx& nested\) { \.\.\. }\)
// expect: tx_face_reject\.cpp:24
// expect: tx_face_reject\.cpp:25
// expect: RegisterHooksOnTheDatabaseInstead
// expect: tx\.Client\(\)\.With\(value\)
// expect: WithTx takes a function of the transaction, by reference
// expect: tx_face_reject\.cpp:29
// expect: tx_face_reject\.cpp:30
// expect: tx_face_reject\.cpp:31
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
namespace hook = grapnel::hook;

void Register(const grapnel::Database<User, Card, Pet>& client, grapnel::Tx& tx) {
  const auto hook = [](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); };
  tx.Use(hook);
  client.Tx([](grapnel::Tx&) {});
  tx.Tx([](grapnel::Tx&) {});
  client.With(3).Of<User>().Use(hook);
  tx.Client().Of<User>().Use([](auto& m, auto next) { return next(m); });
  tx.Intercept(hook::Before([](grapnel::AnyReading& r) { r.AtMost(3); }));
  tx.Of<User>().Intercept(hook::Before([](grapnel::Reading<User>& r) { r.AtMost(3); }));
  tx.With(3);
  client.WithTx([] {});
  client.WithTx([](grapnel::Tx ending) { ending.Rollback(); });
  tx.WithTx([](int) { return 3; });
}
