// expect: this edge does not stand in the entity.s own row, and is not written with it
// expect: this field is Immutable: it can be set only by Create
// expect: this member is not a field of this entity
// expect: DeletionsAreRunByExec
// expect: CreateAndUpdateAreRunBySave
// expect: update_entity_reject\.cpp:25
// expect: Get and Find take an id
// expect: UpdateOne and DeleteOne are of one row, told by its id or by the entity
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
  client.Of<User>().Delete().Save();
  client.Of<User>().DeleteOne(ada).Where(F<&User::age> > 3).Save();
  client.Of<User>().Update().Set(F<&User::age>, 3).Exec();
  client.Of<User>().UpdateOne(ada).Exec();
  client.Of<User>().Create(ada).Exec();
  client.Of<User>().CreateBulk({ada}).Exec();
  client.Of<User>().Get(F<&User::name> == "Ada");
  client.Of<User>().Find(F<&User::name> == "Ada");
  client.Of<User>().UpdateOne().Save();
  client.Of<User>().DeleteOne(F<&User::name> == "Ada");
}
