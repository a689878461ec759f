// expect: call it on the grapnel::Database<User, Card> that grapnel::Open<User, Card>
// expect: client_face_reject\.cpp:20
// expect: client_face_reject\.cpp:22
// expect: client_face_reject\.cpp:23
// expect: client_face_reject\.cpp:26
// expect: client_face_reject\.cpp:28
// expect: client_face_reject\.cpp:29
// expect: OnStatement takes a function of what ran
// expect: OnError takes a function of the error
// expect: client_face_reject\.cpp:30
// expect: client_face_reject\.cpp:31
#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Set(const grapnel::Client& client, int& dependency, grapnel::Mutation<User>& m,
         const grapnel::Database<User>& database) {
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
  database.OnStatement([](std::string_view) {});
  database.OnStatement([] {}, grapnel::WithValues);
  database.OnError([](const std::string&) {});
}
