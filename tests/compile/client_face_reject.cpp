// expect: call it on the grapnel::Database<User, Card> that grapnel::Open<User, Card>
// expect: client_face_reject\.cpp:15
// expect: client_face_reject\.cpp:17
// expect: client_face_reject\.cpp:18
// expect: client_face_reject\.cpp:21
// expect: client_face_reject\.cpp:23
// expect: client_face_reject\.cpp:24
#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Set(const grapnel::Client& client, int& dependency, grapnel::Mutation<User>& m) {
  const auto hook = [](grapnel::Tx& tx, auto next) { next(tx); };
  client.OnCommit(hook);
  client.OnRollback(hook);
  client.Migrate();
  client.Provide(dependency);
  client.Provide<int>(dependency);
  grapnel::Client inner = m.Client();
  m.Client() = inner;
  auto id = m.ID();
  m.ID() = id;
  client.OnStatement([](const grapnel::store::StatementInfo&) {});
}
