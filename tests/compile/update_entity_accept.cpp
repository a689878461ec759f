#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Save(const grapnel::Database<User, Card, Pet>& client, const User& ada, const Card& visa) {
  client.Of<User>().UpdateOne(ada, F<&User::name>, F<&User::best_friend>).Save();
  client.Of<User>().UpdateOne(ada).Set(F<&User::friends>, {ada}).Save();
  client.Of<Card>().UpdateOne(visa, F<&Card::name>).Save();
  client.Of<Card>().Create(visa).Save();
  client.Of<User>().Delete().Exec();
  client.Of<User>().DeleteOne(ada).Exec();
  client.Of<User>().CreateBulk({ada}).Save();
  client.Of<User>().Get(ada.id);
  client.Of<User>().Find(7);
}
