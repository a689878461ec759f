#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m) {
  client.Of<User>().Create().Set(F<&User::age>, 3).Set(F<&User::nickname>, std::nullopt).Save();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, User{}.id).Save();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, User{}).Save();
  client.Of<User>().Update().Set(F<&User::friends>, {7, 9}).Save();
  m.Set(F<&User::nickname>, std::optional<std::string>("abc"));
}
