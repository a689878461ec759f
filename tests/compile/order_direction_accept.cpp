#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

using grapnel::Asc;
using grapnel::CountOf;
using grapnel::Desc;

void Sort(const grapnel::Client& client) {
  const auto query = [&] { return client.Of<User>().Query(); };
  query().Order(Asc(F<&User::name>)).All();
  query().Order(Asc(F<&User::name>), Desc(F<&User::age>)).All();
  query().Order(Desc(CountOf(F<&User::cards>))).All();
  query().Where(F<&User::cards>.Has(F<&Card::number> == "1")).All();
  query().GroupBy(F<&User::name>).Order(Desc(grapnel::Count())).Select().All();
  client.Of<Card>().Query().Order(Asc(F<&Card::owner>, F<&User::name>)).All();
}
