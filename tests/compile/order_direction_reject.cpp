// expect: say in which direction: Order\(grapnel::Asc\(F<&User::name>\)\)
// expect: order_direction_reject\.cpp:24
// expect: this has its direction already: say it once
// expect: each field has a direction of its own: Order\(Asc\(F<&User::name>\), Desc
// expect: Asc and Desc are of a field, Asc\(F<&User::name>\), of a neighbour's field
// expect: an aggregate orders groups of rows, behind GroupBy
// expect: this order is about another entity type: of neighbours it is said along an edge
// expect: CountOf is of one edge, all of its neighbours, and is there to order by
// expect: order_direction_reject\.cpp:31
// expect: order_direction_reject\.cpp:32
#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

using grapnel::Asc;
using grapnel::CountOf;
using grapnel::Desc;

void Sort(const grapnel::Client& client) {
  const auto query = [&] { return client.Of<User>().Query(); };
  query().Order(F<&User::name>).All();
  query().Order("name").All();
  query().Order(Asc(Desc(F<&User::name>))).All();
  query().Order(Asc(F<&User::name>, F<&User::age>)).All();
  query().Order(Desc(F<&User::name> == "Ada")).All();
  query().Order(Desc(grapnel::Count())).All();
  query().Order(Asc(F<&Card::number>)).All();
  query().Order(Desc(CountOf(F<&User::cards>, F<&Card::number> == "1"))).All();
  query().Order(Desc(CountOf(F<&Card::number> == "1"))).All();
  query().Where(CountOf(F<&User::cards>) > 3).All();
}
