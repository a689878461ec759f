#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Set(const grapnel::Database<User>& client, int& dependency, grapnel::Mutation<User>& m) {
  const auto hook = [](grapnel::Tx& tx, auto next) { next(tx); };
  client.OnCommit(hook);
  client.OnRollback(hook);
  client.Migrate();
  client.Provide(dependency);
  client.Provide<int>(dependency);
  grapnel::Client inner = m.Client();
  inner = m.Client();
  auto id = m.ID();
  id = 3;
  client.OnStatement([](const grapnel::store::StatementInfo&) {});
  client.OnStatement([](const auto&) {}, grapnel::WithValues);
  client.OnStatement(nullptr);
  client.OnError([](const auto&) {});
}
