#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

auto Asked(const grapnel::Client& client) {
  return client.Of<Card>().Query().GroupBy(F<&Card::number>).Select(grapnel::Count());
}
