#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

void Ask(const grapnel::Client& client) {
  const auto groups = client.Of<User>().Query().Where(F<&User::age> > 3).GroupBy(F<&User::name>);
  groups.Select(grapnel::Count()).All();
  for (const auto& [name, sum] : groups.Select(grapnel::Sum(F<&User::age>)).All()) {
    if (name.empty()) return static_cast<void>(sum);
  }
  client.Of<User>().Query().Count(F<&User::name>);
  client.Of<User>().Query().GroupBy(F<&User::name>).Having(grapnel::Count() > 3).Select().First();
}
