#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

void Ask(const grapnel::Client& client) {
  const auto query = client.Of<User>().Query().Where(F<&User::age> > 3);
  for (const auto& name : query.Select(F<&User::name>).All()) static_cast<void>(name);
  query.Count();
  query.Select(F<&User::name>).Order(grapnel::Asc(F<&User::age>)).Limit(3).Offset(1).All();
  query.GroupBy(F<&User::name>).Select(grapnel::Count()).All();
}
