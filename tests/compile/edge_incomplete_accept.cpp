#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Card;
struct User {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Card> cards;
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() { return grapnel::Fields(Field<&User::name>("name")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&User::cards>("cards")); }
};

using grapnel::F;

void Create(const grapnel::Database<User>& client) {
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
}

// It is enough that it follows.
struct Card {
  std::int64_t id = 0;
  grapnel::One<User> owner;
};
template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Card::owner>("owner").Ref<&User::cards>());
  }
};
