#include <grapnel/store/builders/create.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

using grapnel::F;
using grapnel::Op;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User> client = grapnel::Open<User>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  Fixture() { client.Migrate(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Save gives back the entity as it is stored, with its id and defaults") {
  const User ada = users.Create().Set(F<&User::name>, "Ada").Set(F<&User::age>, 36).Save();
  CHECK(ada.id == 1);
  CHECK(ada.name == "Ada");
  CHECK(ada.age == 36);
  CHECK(ada.active);  // a default
  CHECK(ada.nickname == std::nullopt);
  const User stored = users.Get(ada.id);
  CHECK(stored.name == "Ada");
  CHECK(stored.active);
}

TEST_CASE_METHOD(Fixture, "an optional field is set to a value, to an optional, or to nothing") {
  const std::optional<std::string> nickname = "ada", none;
  const auto create = [&] { return users.Create().Set(F<&User::name>, "Ada"); };
  CHECK(create().Set(F<&User::nickname>, std::string("x")).Save().nickname == "x");
  CHECK(create().Set(F<&User::nickname>, nickname).Save().nickname == "ada");
  CHECK(create().Set(F<&User::nickname>, none).Save().nickname == std::nullopt);
  CHECK(create().Set(F<&User::nickname>, std::nullopt).Save().nickname == std::nullopt);
  CHECK(create().Set(F<&User::nickname>, "literal").Save().nickname == "literal");
}

TEST_CASE_METHOD(Fixture, "a builder may be filled step by step") {
  auto create = users.Create();
  create.Set(F<&User::name>, "Ada").Set(F<&User::name>, "Bob");
  create.Set(F<&User::worth>, 5);
  const User bob = create.Save();
  CHECK(bob.name == "Bob");
  CHECK(bob.worth == 5);
}

TEST_CASE_METHOD(Fixture, "B92 an id that is given is taken, and 0 means that there is none") {
  CHECK(users.Create().Set(F<&User::name>, "a").Set(F<&User::id>, 7).Save().id == 7);
  CHECK(users.Create().Set(F<&User::name>, "b").Set(F<&User::id>, 0).Save().id == 8);
  CHECK_THROWS_AS(users.Create().Set(F<&User::name>, "c").Set(F<&User::id>, 7).Save(),
                  grapnel::ConstraintError);
  CHECK(users.Query().Count() == 2);
}

TEST_CASE_METHOD(Fixture,
                 "B86 a builder is spent after Save, also one that failed, or when moved from") {
  auto create = users.Create().Set(F<&User::name>, "Ada");
  create.Save();
  CHECK_THROWS_WITH(
      create.Save(),
      "User: this builder is spent: it ran already, or was moved from; make a new one");
  auto fails = users.Create();
  CHECK_THROWS_AS(fails.Save(), grapnel::ValidationError);
  CHECK_THROWS_AS(fails.Set(F<&User::name>, "x").Save(), grapnel::Error);
  auto source = users.Create().Set(F<&User::name>, "Eve");
  auto target = std::move(source);
  CHECK_THROWS_AS(source.Save(), grapnel::Error);
  CHECK(target.Save().name == "Eve");
  CHECK(users.Query().Count() == 2);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<grapnel::store::Create<User>>);
}

TEST_CASE_METHOD(Fixture,
                 "what is missing or wrong is refused by field and op, and nothing is written") {
  try {
    users.Create().Set(F<&User::age>, 3).Save();
    FAIL("it was created without a name");
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.what() == std::string("User.name: a value is required (Create)"));
    CHECK(error.Op() == Op::Create);
  }
  CHECK_THROWS_WITH(users.Create().Set(F<&User::name>, "").Save(),
                    "User.name: the value is empty (Create)");
  CHECK_FALSE(users.Query().Exist());
}
