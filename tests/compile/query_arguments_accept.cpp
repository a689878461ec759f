#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

void Ask(const grapnel::Client& client, const User& last) {
  const auto users = client.Of<User>();
  users.Query().Where(F<&User::age> > 3 && F<&User::name> == "Ada").All();
  users.Update().Where(F<&User::age> > 3).Set(F<&User::age>, 3).Save();
  users.Query().GroupBy(F<&User::name>).Having(grapnel::Count() > 3).Select().All();
  users.Query().Order(grapnel::Asc(F<&User::name>)).After(last).Limit(3).All();
  users.Query().With(F<&User::cards>).With(F<&User::pets>).All();
  users.Query().With(F<&User::cards>, [](auto& cards) { cards.Limit(3); }).All();
  users.Query().Where(F<&User::age> > 30).Count();
  client.With(42).Of<User>().Query().All();
  users.Query().Select(F<&User::name>).Distinct().All();
  users.Get(last.id);
  users.Find(7);
  users.UpdateOne(last).Set(F<&User::age>, 3).Save();
  users.DeleteOne(last.id).Exec();
}
