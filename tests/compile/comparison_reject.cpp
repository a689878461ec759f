// B110, B152 and their like: what has no column is never NULL and orders nothing, and what is not
// stored alike is not compared.
// expect: an edge to many is asked by its neighbours: F<&User::cards>\.Has\(F<&Card::id> == 3\)
// expect: an edge is compared by == and != alone
// expect: an edge is compared with a neighbour or its id: F<&Card::owner> == ada\.id
// expect: a field is compared with a value, or with another field of the same row
// expect: two fields are compared when they are stored alike
// expect: EqualFold and ContainsFold are for fields of text
// expect: this value does not fit the field: compare it with one of the member.s own type
// expect: this end of the edge has no foreign key that could be NULL
// expect: !F<&User::cards>\.Has\(\) in place of IsNull\(\)
// expect: this end of the edge has no foreign key in its row: order by a field
// expect: rows are ordered by the field of a neighbour along an edge to one
// expect: the field to order by is the neighbour.s
// expect: CountOf is for edges
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
  users.Query().Where(F<&User::cards> == 3).All();
  users.Query().Where(F<&User::cards>.In(3, 4)).All();
  cards.Query().Where(F<&Card::owner> < 3).All();
  cards.Query().Where(F<&Card::owner> == "Ada").All();
  cards.Query().Where(F<&Card::owner> == F<&User::id>).All();
  users.Query().Where(F<&User::age> == F<&User::name>).All();
  users.Query().Where(F<&User::age>.EqualFold(3)).All();
  users.Query().Where(F<&User::age> == "abc").All();
  users.Query().Where("abc" < F<&User::age>).All();
  users.Query().Where(F<&User::cards>.IsNull()).All();
  users.Query().Where(F<&User::cards>.NotNull()).All();
  users.Query().Order(Asc(F<&User::cards>)).All();
  users.Query().Order(Desc(F<&User::friends>)).All();
  users.Query().Order(Asc(F<&User::cards>, F<&Card::number>)).All();
  cards.Query().Order(Desc(F<&Card::owner>, F<&Card::number>)).All();
  users.Query().Order(Asc(grapnel::CountOf(F<&User::name>))).All();
}
