// expect: this value does not fit the field: give Set one of the member.s own type
// expect: this edge is set by the id of the neighbour: \.Set\(F<&Card::owner>, ada\.id\)
// expect: this edge is set by the ids of the neighbours: \.Set\(F<&User::friends>, {7, 9}\)
// expect: set_value_reject\.cpp:14
// expect: set_value_reject\.cpp:17
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m) {
  client.Of<User>().Create().Set(F<&User::age>, "abc").Save();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, Pet{}).Save();
  client.Of<User>().Update().Set(F<&User::friends>, 7).Save();
  m.Set(F<&User::age>, std::optional<std::string>("abc"));
}
