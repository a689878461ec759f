#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;

struct Gauge {
  std::int64_t id = 0;
  std::uint8_t stock = 0;
};
constexpr auto stock = grapnel::Field<&Gauge::stock>("stock").Default(255).UpdateDefault(0LL);
constexpr auto called = grapnel::Field<&Gauge::stock>("stock").Default([] { return 1; });

void Change(const grapnel::Database<User, Card, Pet>& client, std::size_t id) {
  const auto users = client.Of<User>();
  users.Get(id);
  static_cast<void>(users.Find(1U));
  users.UpdateOne(id).Save();
  users.DeleteOne(id).Exec();
  client.Of<Card>().Create().Set(grapnel::F<&Card::owner>, id).Save();
  static_cast<void>(stock.Traits().name.size() + called.Traits().name.size());
}
