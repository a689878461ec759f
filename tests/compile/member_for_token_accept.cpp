#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m) {
  const auto users = client.Of<User>();
  users.Update().Set(F<&User::age>, 1).Save();
  users.Query().Order(grapnel::Asc(F<&User::age>), grapnel::Desc(F<&User::name>)).All();
  users.Query().With(F<&User::cards>).All();
  users.Query().Sum(F<&User::age>);
  users.Query().GroupBy(F<&User::name>).Select(grapnel::Max(F<&User::age>)).All();
  if (m.Get(F<&User::age>) == nullptr) m.Set(F<&User::age>, 1);
}
