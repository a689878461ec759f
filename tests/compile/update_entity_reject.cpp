// expect: this edge does not stand in the entity.s own row, and is not written with it
// expect: this field is Immutable: it can be set only by Create
// expect: this member is not a field of this entity
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Save(const grapnel::Database<User, Card, Pet>& client, const User& ada, const Card& visa) {
  client.Of<User>().UpdateOne(ada, F<&User::name>, F<&User::best_friend>).Save();
  client.Of<User>().UpdateOne(ada, F<&User::friends>).Save();
  client.Of<Card>().UpdateOne(visa, F<&Card::number>).Save();
  client.Of<Card>().UpdateOne(visa, F<&User::name>).Save();
}
