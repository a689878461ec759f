#include "contract/graph_model.hpp"

#include <vector>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;

void Read(const grapnel::Database<User, Card, Pet>& client, const User& ada) {
  const auto cards = client.Of<Card>();
  const auto users = client.Of<User>();
  cards.Query().Where(F<&Card::owner>.Has(F<&User::id> == 3)).All();
  cards.Query().Where(F<&Card::owner>.IsNull() || F<&Card::owner>.NotNull()).All();
  cards.Query().Where(F<&Card::owner> == 3 && F<&Card::owner> != ada && 3 == F<&Card::owner>).All();
  cards.Query().Where(F<&Card::owner>.In(3, ada) || F<&Card::owner>.NotIn(std::vector{ada})).All();
  users.Query()
      .Where(F<&User::age> == 3 && F<&User::name> == "abc" && "abc" < F<&User::name>)
      .All();
  users.Query().Where(F<&User::age> == F<&User::version> && F<&User::name>.EqualFold("a")).All();
  users.Query().Where(!F<&User::cards>.Has()).All();
  users.Query().Order(Asc(F<&User::name>), Desc(F<&User::best_friend>)).All();
  users.Query().Order(Asc(F<&User::best_friend>, F<&User::name>).NullsLast()).All();
  users.Query().Order(Desc(grapnel::CountOf(F<&User::cards>))).All();
}
