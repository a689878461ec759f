#include <grapnel/store/entities.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace entities {

struct Token {
  std::string id;
  std::int64_t uses = 0;
};

}  // namespace entities

template <>
struct grapnel::Schema<entities::Token> {
  static constexpr std::string_view Type = "Token";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&entities::Token::uses>("uses").Default(0));
  }
};

using entities::Token;
using grapnel::F;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User, Token> client = grapnel::Open<User, Token>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  Fixture() { client.Migrate(); }
  User Create(const char* name) const { return users.Create().Set(F<&User::name>, name).Save(); }
};

/// A hook that adds a letter.
auto Letter(std::string& log, char letter) {
  return [&log, letter](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    log += letter;
    return next(m);
  };
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a row is found by its id, or not; Get insists") {
  const User ada = Create("Ada");
  CHECK(users.Get(ada.id).name == "Ada");
  CHECK(users.Find(ada.id)->name == "Ada");
  CHECK(users.Find(99) == std::nullopt);
  try {
    users.Get(99);
    FAIL("there is no such row");
  } catch (const grapnel::NotFoundError& error) {
    CHECK(error.Entity() == "User");
    CHECK(error.what() == std::string("User not found: id 99"));
  }
}

TEST_CASE_METHOD(Fixture, "B78 a key of text works wherever an integer one does") {
  const auto tokens = client.Of<Token>();
  CHECK(tokens.Create().Set(F<&Token::id>, "a'b").Save().id == "a'b");
  CHECK(tokens.Get("a'b").uses == 0);
  CHECK(tokens.UpdateOne("a'b").Add(F<&Token::uses>, 2).Save().uses == 2);
  CHECK_THROWS_WITH(tokens.Get("x"), "Token not found: id \"x\"");
  CHECK(tokens.Query().Where(F<&Token::id> == "a'b").IDs() == std::vector<std::string>{"a'b"});
  tokens.DeleteOne("a'b").Exec();
  CHECK(tokens.Find("a'b") == std::nullopt);
  CHECK_THROWS_AS(tokens.Create().Save(), grapnel::ValidationError);  // nobody makes the key
}

TEST_CASE_METHOD(Fixture,
                 "Use puts hooks behind those that are there, and its handle takes them out") {
  std::string log;
  users.Use(Letter(log, 'a'));
  auto handle = users.Use(Letter(log, 'b'), Letter(log, 'c'));
  users.Use(Letter(log, 'd'));
  Create("1");
  handle.Remove();
  handle.Remove();
  Create("2");
  CHECK(log == "abcdad");
}

TEST_CASE_METHOD(Fixture, "B12 a builder runs the hooks that are there when it runs") {
  std::string log;
  auto create = users.Create().Set(F<&User::name>, "Ada");
  users.Use(Letter(log, 'a'));
  create.Save();
  CHECK(log == "a");
}

TEST_CASE_METHOD(Fixture,
                 "B13 hooks of a transaction last as long as it, and nested ones see them") {
  std::string log;
  users.Use(Letter(log, 'c'));
  {
    auto tx = client.Tx();
    const auto in_tx = tx.Of<User>();
    in_tx.Use(Letter(log, 't'));
    auto nested = tx.Tx();
    nested.Of<User>().Use(Letter(log, 'n'));
    nested.Of<User>().Create().Set(F<&User::name>, "1").Save();
    nested.Commit();
    log += ' ';
    in_tx.Create().Set(F<&User::name>, "2").Save();
    tx.Commit();
  }
  log += ' ';
  Create("3");
  CHECK(log == "ctn ct c");
}

TEST_CASE_METHOD(Fixture, "a handle may outlive what its hook was put in") {
  grapnel::core::HookHandle of_tx, of_client;
  {
    auto other = grapnel::Open<User>(":memory:");
    std::string log;
    of_client = other.Of<User>().Use(Letter(log, 'a'));
    auto tx = other.Tx();
    of_tx = tx.Of<User>().Use(Letter(log, 'b'));
  }
  CHECK_NOTHROW(of_tx.Remove());
  CHECK_NOTHROW(of_client.Remove());
}
