// B110 and its like: what has no column is not compared, is never NULL and orders nothing.
// expect: an edge is compared by its neighbours: F<&Card::owner>\.Has\(F<&User::id> == 3\)
// expect: an edge is compared by its neighbours: F<&Card::owner>\.Has\(F<&User::id>\.In\(3, 4\)\)
// expect: a field is compared with a value, not with another field or edge
// expect: this value does not fit the field: compare it with one of the member.s own type
// expect: this end of the edge has no foreign key that could be NULL
// expect: !F<&User::cards>\.Has\(\) in place of IsNull\(\)
// expect: this end of the edge has no foreign key in its row: order by a field
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;

void Read(const grapnel::Database<User, Card, Pet>& client) {
  const auto cards = client.Of<Card>();
  const auto users = client.Of<User>();
  cards.Query().Where(F<&Card::owner> == 3).All();
  cards.Query().Where(F<&Card::owner> == F<&User::id>).All();
  cards.Query().Where(F<&Card::owner>.In(3, 4)).All();
  users.Query().Where(F<&User::age> == F<&User::version>).All();
  users.Query().Where(F<&User::age> == "abc").All();
  users.Query().Where("abc" < F<&User::age>).All();
  users.Query().Where(F<&User::cards>.IsNull()).All();
  users.Query().Where(F<&User::cards>.NotNull()).All();
  users.Query().Order(Asc(F<&User::cards>)).All();
  users.Query().Order(Desc(F<&User::friends>)).All();
}
