// Edges: a user has cards, a card has an owner, users have friends. Neighbours are loaded only on
// request. Deleting a user deletes the cards too, and their hooks see the rows.
//
// Output:
//   Ada: 2 cards, friends Bob
//   Bob: 0 cards, friends Ada
//   who owns 2222? Ada
//   friends of whoever owns 2222: Bob
//   User.cards: the edge was not loaded: ask for it in the query, .With(F<&...>)
//   Card: Create breaks a foreign key constraint on owner (there is no User with id 99)
//   revoking 1111
//   revoking 2222
//   cards left: 0, friends of Bob: 0

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

using grapnel::F;
using grapnel::Op;

struct Card;

struct User {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Card> cards{};    // Card may still be incomplete
  grapnel::Many<User> friends{};  // of the same type, without another end: goes both ways
};
struct Card {
  std::int64_t id = 0;
  std::string number;
  grapnel::One<User> owner{};  // holds the foreign key
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() { return grapnel::Fields(Field<&User::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&User::cards>("cards").OnDelete(Cascade),
                          To<&User::friends>("friends"));
  }
};
template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Card::number>("number")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Card::owner>("owner").Ref<&User::cards>());
  }
};

int main() {
  auto client = grapnel::Open<User, Card>(":memory:");
  client.Migrate();
  const auto users = client.Of<User>();
  const auto cards = client.Of<Card>();

  const User ada = users.Create().Set(F<&User::name>, "Ada").Save();
  const User bob =
      users.Create().Set(F<&User::name>, "Bob").AddIDs(F<&User::friends>, {ada.id}).Save();
  for (const char* number : {"1111", "2222"}) {
    cards.Create().Set(F<&Card::number>, number).Set(F<&Card::owner>, ada.id).Save();
  }

  // One query for the users, one more for each edge, all from one snapshot.
  for (const User& user : users.Query().With(F<&User::cards>).With(F<&User::friends>).All()) {
    std::string friends;
    for (const User& each : user.friends) friends += each.name;
    fmt::print("{}: {} cards, friends {}\n", user.name, user.cards.size(), friends);
  }

  // A condition on neighbours, and a walk along edges.
  const auto owners = users.Query().Where(F<&User::cards>.Has(F<&Card::number> == "2222"));
  fmt::print("who owns 2222? {}\n", owners.Only().name);
  fmt::print("friends of whoever owns 2222: {}\n", owners.Traverse(F<&User::friends>).Only().name);

  try {
    fmt::print("{} cards\n", users.Get(ada.id).cards.size());
  } catch (const grapnel::NotLoadedError& error) {
    fmt::print("{}\n", error);
  }
  try {
    cards.Create().Set(F<&Card::number>, "3333").Set(F<&Card::owner>, 99).Save();
  } catch (const grapnel::ConstraintError& error) {
    fmt::print("{}\n", error);
  }

  client.Of<Card>().Use(
      grapnel::hook::On(grapnel::hook::Before([](const grapnel::Mutation<Card>& m) {
                          for (const Card& card : m.OldRows())
                            fmt::print("revoking {}\n", card.number);
                        }),
                        Op::Delete | Op::DeleteOne));
  users.DeleteOne(ada.id).Exec();
  fmt::print("cards left: {}, friends of Bob: {}\n", cards.Query().Count(),
             users.Query().Where(F<&User::id> == bob.id).Traverse(F<&User::friends>).Count());
}
