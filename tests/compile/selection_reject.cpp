// expect: values are read by All\(\) or First\(\)
// expect: selection_reject\.cpp:18
// expect: which rows is said before values are made of them
// expect: say in which direction
// expect: Select and GroupBy name fields by their tokens
// expect: selection_reject\.cpp:22
// expect: selection_reject\.cpp:23
// expect: selection_reject\.cpp:24
// expect: Select names fields: Select\(F<&User::name>, F<&User::age>\)
#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

void Ask(const grapnel::Client& client) {
  const auto query = client.Of<User>().Query();
  for (const auto& name : query.Select(F<&User::name>)) static_cast<void>(name);
  query.Select(F<&User::name>).Count();
  query.Select(F<&User::name>).Where(F<&User::age> > 3).All();
  query.Select(F<&User::name>).Order(F<&User::age>).All();
  query.Select("name").All();
  query.Select(grapnel::Count()).All();
  query.GroupBy(F<&User::name>, grapnel::Count()).All();
  query.Select().All();
}
