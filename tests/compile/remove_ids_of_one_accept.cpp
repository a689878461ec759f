#include "contract/graph_model.hpp"

using grapnel::F;
using graph::Card;
using graph::Pet;
using graph::User;

void Leave(const grapnel::Database<User, Card, Pet>& client) {
  client.Of<Card>().UpdateOne(1).ClearEdge(F<&Card::owner>).Save();
}
