// expect: this takes one predicate, which compares fields: Where\(F<&User::age> > 30
// expect: query_arguments_reject\.cpp:25
// expect: query_arguments_reject\.cpp:26
// expect: query_arguments_reject\.cpp:27
// expect: query_arguments_reject\.cpp:28
// expect: a condition on an aggregate is about groups of rows, and stands behind GroupBy
// expect: After takes the last row of the page before, the whole entity
// expect: With takes one edge, and a function that says which of the neighbours, by reference
// expect: query_arguments_reject\.cpp:32
// expect: query_arguments_reject\.cpp:33
// expect: of the rows that match it is Where\(F<&User::age> > 30\)\.Count\(\)
// expect: rows are asked for by Query\(\), client
// expect: Having stands behind GroupBy
// expect: the client, client\.With\(value\)
// expect: client\.Sql\(.SELECT
// expect: whole rows differ by their ids
#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

void Ask(const grapnel::Client& client, std::int64_t last) {
  const auto users = client.Of<User>();
  users.Query().Where(F<&User::age>).All();
  users.Query().Where(F<&User::age> > 3, F<&User::name> == "Ada").All();
  users.Query().Where([](const User& user) { return user.age > 3; }).All();
  users.Update().Where(true).Set(F<&User::age>, 3).Save();
  users.Query().Where(grapnel::Count() > 3).All();
  users.Query().Order(grapnel::Asc(F<&User::name>)).After(last).Limit(3).All();
  users.Query().With(F<&User::cards>, F<&User::pets>).All();
  users.Query().With(F<&User::cards>, [](auto cards) { cards.Limit(3); }).All();
  users.Query().With(F<&User::cards>, F<&Card::number> == "1").All();
  users.Query().Count(F<&User::age> > 30);
  users.Query().Having(grapnel::Count() > 3);
  users.Where(F<&User::age> > 3).All();
  users.Query().With(42).All();
  users.Query().Where("name = 'x'").All();
  users.Query().Distinct();
}
