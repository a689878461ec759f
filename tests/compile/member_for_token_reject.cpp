// expect: a field or edge is named by its token: write F<&User::age>, not &User::age
// expect: member_for_token_reject\.cpp:19
// expect: member_for_token_reject\.cpp:20
// expect: member_for_token_reject\.cpp:21
// expect: member_for_token_reject\.cpp:22
// expect: member_for_token_reject\.cpp:23
// expect: member_for_token_reject\.cpp:24
// expect: member_for_token_reject\.cpp:25
// expect: member_for_token_reject\.cpp:26
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m) {
  const auto users = client.Of<User>();
  users.Update().Set(&User::age, 1).Save();
  users.Query().Order(grapnel::Asc(&Card::owner)).All();
  users.Query().Order(&User::name).All();
  users.Query().With(&User::cards).All();
  users.Query().Max(&User::name);
  users.Query().GroupBy(F<&User::name>).Select(grapnel::Max(&Card::number)).All();
  if (m.Get(&User::nickname) == nullptr) return;
  m.Set(&User::friends, 1);
}
