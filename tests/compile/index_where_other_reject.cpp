// expect: the predicate in Where is about another type than the index
// expect: CheckAbout(<Card|.*E = Card)
// expect: CheckAbout(<User|.*E = User)
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using grapnel::F;

struct Card {
  std::int64_t id = 0;
  std::optional<std::int64_t> left{};
};
struct User {
  std::int64_t id = 0;
  std::string email;
  std::optional<std::int64_t> left{};
};

template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Card::left>("left")); }
  static auto Indexes() {
    return grapnel::Indexes(Index<&Card::left>().Where(grapnel::Count() > 3));
  }
};
template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::email>("email"), Field<&User::left>("left"));
  }
  static auto Indexes() {
    return grapnel::Indexes(Index<&User::email>().Unique().Where(F<&Card::left> == 3));
  }
};

auto Started() { return grapnel::Open<User, Card>("app.db"); }
