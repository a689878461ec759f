// expect: rows are grouped by their fields, not by an edge
#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

auto Asked(const grapnel::Client& client) {
  return client.Of<Card>().Query().GroupBy(F<&Card::owner>).Select(grapnel::Count());
}
