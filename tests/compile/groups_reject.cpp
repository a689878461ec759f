// expect: Select says what is read of each group, and comes before All\(\), First\(\) and a loop
// expect: groups_reject\.cpp:15
// expect: groups_reject\.cpp:16
// expect: which rows is said before values are made of them
// expect: values are read by All\(\) or First\(\)
// expect: this takes one predicate, which compares fields
#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

void Ask(const grapnel::Client& client) {
  auto groups = client.Of<User>().Query().GroupBy(F<&User::name>);
  groups.All();
  groups.Sum(F<&User::age>);
  groups.Where(F<&User::age> > 3).Select(grapnel::Count()).All();
  for (const auto& group : groups.Select(grapnel::Count())) static_cast<void>(group);
  groups.Having(true).Select(grapnel::Count()).All();
}
