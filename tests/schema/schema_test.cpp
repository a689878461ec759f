#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace schemas {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> nickname;
  std::int16_t age = 0;
  double score = 0;
  std::string unlisted;
};
struct Token {
  std::string value;
  std::string id;
};
struct NoSchema {};
struct Bare {
  std::int64_t id = 0;
};

inline std::string NewId() { return "new"; }

}  // namespace schemas

template <>
struct grapnel::Schema<schemas::User> {
  static constexpr std::string_view Type = "User";
  static constexpr std::string_view Table = "users";
  static constexpr auto Fields() {
    using schemas::User;
    return grapnel::Fields(
        Field<&User::name>("name").NotEmpty().Unique().Comment("a name"),
        Field<&User::nickname>("nickname").StorageKey("nick").Sensitive().UpdateDefault("changed"),
        Field<&User::age>("age").Immutable().Range(0, 99).Default([] { return 18; }),
        Field<&User::score>("score").Range(-1, 1));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&schemas::User::name, &schemas::User::age>().Unique());
  }
  static auto Hooks();  // defined below, as a header of entities leaves it to a header of hooks
};
template <>
struct grapnel::Schema<schemas::Token> {
  static constexpr std::string_view Type = "Token";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&schemas::Token::value>("value"),
        Field<&schemas::Token::id>("id").Default(schemas::NewId).StorageKey("key"));
  }
};
template <>
struct grapnel::Schema<schemas::Bare> {
  static constexpr std::string_view Type = "Bare";
};

inline auto grapnel::Schema<schemas::User>::Hooks() { return grapnel::Hooks(1, 'a'); }

using namespace std::string_view_literals;
namespace detail = grapnel::detail;
using schemas::Token;
using schemas::User;

TEST_CASE("a table is named by Table, or else as the entity, and begins with the id") {
  const auto& users = detail::kTable<User>;
  CHECK(users.entity == "User");
  CHECK(users.name == "users");
  CHECK(users.columns.size() == 5);
  CHECK(users.Id().name == "id");
  CHECK(users.generates_ids);
  CHECK(users.type == grapnel::core::TypeIdOf<User>());
  CHECK(detail::kTable<Token>.name == "Token");
  CHECK(detail::kTable<schemas::Bare>.columns.size() == 1);
}

TEST_CASE("an id with options stands in Fields(), anywhere, and is the first column all the same") {
  const auto& tokens = detail::kTable<Token>;
  REQUIRE(tokens.columns.size() == 2);
  CHECK(tokens.Id().storage == "key");
  CHECK_FALSE(tokens.generates_ids);
  Token token;
  tokens.Id().set_default(tokens.Id().at(&token), tokens.Id().field);
  CHECK(token.id == "new");
  STATIC_REQUIRE(std::same_as<detail::IdOf<Token>, std::string>);
}

TEST_CASE("columns carry what their fields say") {
  const auto column = [](std::string_view name) { return *detail::kTable<User>.Find(name); };
  CHECK((column("name").unique && column("name").comment == "a name"));
  CHECK_FALSE(column("name").nullable);
  CHECK((column("nickname").nullable && column("nickname").sensitive));
  CHECK(column("nickname").storage == "nick");
  CHECK(column("age").immutable);
  CHECK((column("age").least == 0 && column("age").most == 99));
  CHECK_FALSE(column("score").nullable);
  CHECK((column("score").least_real == -1.0 && column("score").most_real == 1.0));
  CHECK(column("id").immutable);
  CHECK_FALSE(column("id").nullable);
}

TEST_CASE("defaults and validators work on the member's address") {
  const auto& table = detail::kTable<User>;
  User user;
  const auto& age = *table.Find("age"sv);
  age.set_default(age.at(&user), age.field);
  CHECK(user.age == 18);
  CHECK(age.set_update_default == nullptr);
  const auto& nickname = *table.Find("nickname"sv);
  CHECK(nickname.set_default == nullptr);
  nickname.set_update_default(nickname.at(&user), nickname.field);
  CHECK(user.nickname == "changed");
  const auto& name = *table.Find("name"sv);
  CHECK(name.Check(&user.name) == "the value is empty");
  user.name = "Ada";
  CHECK(name.Check(&user.name) == std::nullopt);
  CHECK_FALSE(nickname.NeedsCheck());
}

TEST_CASE("indexes carry their fields") {
  const auto& indexes = detail::kTable<User>.indexes;
  REQUIRE(indexes.size() == 1);
  CHECK(indexes[0].unique);
  REQUIRE(indexes[0].fields.size() == 2);
  CHECK(indexes[0].fields[1] == grapnel::F<&User::age>.Tag());
}

TEST_CASE("a member is a field only when the schema names it") {
  STATIC_REQUIRE(detail::FieldOf<User, &User::name>);
  STATIC_REQUIRE(detail::FieldOf<User, &User::id>);
  STATIC_REQUIRE_FALSE(detail::FieldOf<User, &User::unlisted>);
  STATIC_REQUIRE(detail::HasSchema<User>);
  STATIC_REQUIRE_FALSE(detail::HasSchema<schemas::NoSchema>);
}

TEST_CASE("hooks are found by their name, and may be defined later") {
  STATIC_REQUIRE(detail::NamesHooks<User>);
  STATIC_REQUIRE_FALSE(detail::NamesHooks<Token>);
  std::vector<int> hooks;
  const auto visit = [&](int hook, std::string_view) { hooks.push_back(hook); };
  detail::VisitSchema<grapnel::detail::SchemaHooks, User>(visit);
  CHECK(hooks == std::vector<int>{1, 'a'});
  detail::VisitSchema<grapnel::detail::SchemaHooks, Token>(visit);
  CHECK(hooks.size() == 2);
}

TEST_CASE("bounds beyond 2^63 - 1 are brought back to it") {
  CHECK(detail::Saturate(std::uint64_t{5}) == 5);
  CHECK(detail::Saturate(std::numeric_limits<std::uint64_t>::max()) ==
        std::numeric_limits<std::int64_t>::max());
}
