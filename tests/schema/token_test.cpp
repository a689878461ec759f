#include <grapnel/schema/token.hpp>

#include "support/catch.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

namespace {

struct Base {
  std::int64_t version = 0;
};
struct User : Base {
  std::string name;
  std::optional<std::string> nickname;
};

}  // namespace

using grapnel::F;
using grapnel::MemberToken;

TEST_CASE("a token knows its member: whose it is, its type, and the type without its optional") {
  using Nickname = MemberToken<&User::nickname>;
  STATIC_REQUIRE(std::same_as<Nickname::Owner, User>);
  STATIC_REQUIRE(std::same_as<Nickname::Type, std::optional<std::string>>);
  STATIC_REQUIRE(std::same_as<Nickname::Bare, std::string>);
  STATIC_REQUIRE(std::same_as<MemberToken<&User::name>::Bare, std::string>);
  User user;
  user.*Nickname::Member = "ada";
  CHECK(user.nickname == "ada");
}

TEST_CASE("the token of an inherited member is the base's, by whatever name") {
  STATIC_REQUIRE(std::same_as<MemberToken<&User::version>, MemberToken<&Base::version>>);
  STATIC_REQUIRE(std::same_as<MemberToken<&User::version>::Owner, Base>);
  STATIC_REQUIRE(std::same_as<decltype(F<&User::version>), const MemberToken<&Base::version>>);
}

TEST_CASE("a tag tells members apart at run time") {
  CHECK(F<&User::version>.Tag() == F<&Base::version>.Tag());
  CHECK(F<&User::name>.Tag() != F<&User::nickname>.Tag());
}
