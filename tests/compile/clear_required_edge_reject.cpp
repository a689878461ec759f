// expect: this edge is Required, it cannot be cleared: Set another neighbour instead
#include <grapnel/grapnel.hpp>

using grapnel::F;

struct User {
  std::int64_t id = 0;
};
struct Card {
  std::int64_t id = 0;
  grapnel::One<User> owner{};
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
};
template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Edges() { return grapnel::Edges(To<&Card::owner>("owner").Required()); }
};

void Leave(const grapnel::Database<User, Card>& client) {
  client.Of<Card>().UpdateOne(1).ClearEdge(F<&Card::owner>).Save();
}
