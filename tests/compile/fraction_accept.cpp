#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

struct Gauge {
  std::int64_t id = 0;
  std::int64_t level = 0;
  double heat = 0;
};
constexpr auto level = grapnel::Field<&Gauge::level>("level").Default(1);
constexpr auto heat = grapnel::Field<&Gauge::heat>("heat").Default(1).UpdateDefault(0.5F);

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m) {
  const auto users = client.Of<User>();
  users.Query().Where(F<&User::age> < 1 && 1 <= F<&User::age> && F<&User::age>.In(1, 2)).All();
  users.Update().Set(F<&User::age>, true).Add(F<&User::age>, 'a').Save();
  m.Set(F<&User::age>, 1);
  m.Add(F<&User::age>, -1);
  static_cast<void>(level.Traits().name.size() + heat.Traits().name.size());
}
