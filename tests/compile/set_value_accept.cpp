#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

struct Ticket {
  enum class Status : unsigned char { Open, Closed };
  std::int64_t id = 0;
  Status status{};
};

template <>
struct grapnel::Schema<Ticket> {
  static constexpr std::string_view Type = "Ticket";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Ticket::status>("status")); }
};

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m,
            const grapnel::store::Entities<Ticket>& tickets) {
  client.Of<User>().Create().Set(F<&User::age>, 3).Set(F<&User::nickname>, std::nullopt).Save();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, User{}.id).Save();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, User{}).Save();
  client.Of<User>().Update().Set(F<&User::friends>, {7, 9}).Save();
  m.Set(F<&User::nickname>, std::optional<std::string>("abc"));
  tickets.Update().Set(F<&Ticket::status>, Ticket::Status::Open).Save();
}
