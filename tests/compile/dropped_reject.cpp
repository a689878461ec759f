// expect: dropped_reject.cpp:34:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:35:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:36:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:37:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:38:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:39:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:40:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:41:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:42:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:43:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:44:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:45:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:46:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:47:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:48:[0-9]+: error: ignoring
// expect: dropped_reject.cpp:49:[0-9]+: error: ignoring
// expect: nothing is written before Save\(\)
// expect: nothing is written before Exec\(\)
// expect: nothing is written before Save\(\) or Exec\(\)
// expect: nothing is read before All\(\)
// expect: it returns another client and leaves this one as it is
#include "contract/graph_model.hpp"

#include <chrono>
#include <vector>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Drop(const grapnel::Database<User, Card, Pet>& client, std::vector<User>& rows) {
  const auto users = client.Of<User>();
  users.Create();
  users.Create().Set(F<&User::name>, "Ada");
  users.Create().Set(F<&User::name>, "Ada").OnConflict(F<&User::id>).Ignore();
  users.CreateBulk(rows);
  users.UpdateOne(1).Add(F<&User::age>, 1);
  users.Update().Where(F<&User::age> > 3).Clear(F<&User::nickname>);
  users.UpdateOne(1).AddIDs(F<&User::friends>, {2});
  users.DeleteOne(1);
  users.Delete().Where(F<&User::age> > 3);
  users.Query().With(F<&User::cards>).Limit(3);
  F<&User::age>.IsNull();
  !(F<&User::age> == 3);
  client.Tx();
  client.ReadTx();
  client.With(std::chrono::seconds(1));
  client.Of<User>();
}
