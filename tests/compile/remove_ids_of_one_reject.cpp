// expect: this edge has one neighbour at most: ClearEdge it instead
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Leave(const grapnel::Database<User, Card, Pet>& client) {
  client.Of<Card>().UpdateOne(1).RemoveIDs(F<&Card::owner>, {1}).Save();
}
