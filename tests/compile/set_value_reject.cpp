// expect: this value does not fit the field: give Set one of the member.s own type
// expect: this edge is set by the id of the neighbour: \.Set\(F<&Card::owner>, ada\.id\)
// expect: this edge is set by the ids of the neighbours: \.Set\(F<&User::friends>, {7, 9}\)
// expect: set_value_reject\.cpp:29
// expect: set_value_reject\.cpp:32
// expect: this field is an enum, and set to one of its values
// expect: set_value_reject\.cpp:33
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
  client.Of<User>().Create().Set(F<&User::age>, "abc").Save();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, Pet{}).Save();
  client.Of<User>().Update().Set(F<&User::friends>, 7).Save();
  m.Set(F<&User::age>, std::optional<std::string>("abc"));
  tickets.Update().Set(F<&Ticket::status>, "open").Save();
}
