// expect: With names an edge of this entity: see Schema<\.\.\.>::Edges\(\)\. Fields come with
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Load(const grapnel::Database<User, Card, Pet>& client) {
  client.Of<User>().Query().With(F<&User::name>).All();
}
