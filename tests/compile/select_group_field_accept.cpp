#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

auto Asked(const grapnel::Client& client) {
  return client.Of<User>().Query().GroupBy(F<&User::name>).Select(grapnel::Max(F<&User::age>));
}
