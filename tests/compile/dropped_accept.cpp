#include "contract/graph_model.hpp"

#include <chrono>
#include <vector>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Keep(const grapnel::Database<User, Card, Pet>& client, std::vector<User>& rows) {
  const auto users = client.Of<User>();
  auto create = users.Create();
  create.Set(F<&User::name>, "Ada");  // on a builder with a name it does something
  create.Save();
  users.CreateBulk(rows).Save();
  auto query = users.Query();
  query.Where(F<&User::age> > 3).Limit(3);
  query.All();
  users.DeleteOne(1).Exec();
  auto tx = client.Tx();
  tx.OnCommit([](grapnel::Tx& t, auto next) { next(t); });  // ignoring a handle keeps the hook
  tx.Commit();
  client.Use(grapnel::hook::Reject(grapnel::Op::Delete));
  for (const auto& statement : client.PlanMigration().Statements()) static_cast<void>(statement);
  for (const Card& card : users.Query().With(F<&User::cards>).Only().cards.Get()) {
    static_cast<void>(card);
  }
}
