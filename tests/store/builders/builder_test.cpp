#include <grapnel/store/builders/builder.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using World = Opened<User, Card, Pet>;

TEST_CASE_METHOD(World,
                 "each call returns the builder itself, as an rvalue when it was called on one") {
  auto update = Of<User>().UpdateOne(1);
  CHECK(&update.Set(F<&User::name>, "Ada").Add(F<&User::age>, 1) == &update);
  STATIC_REQUIRE(std::is_lvalue_reference_v<decltype(update.Set(F<&User::name>, "Ada"))>);
  STATIC_REQUIRE(
      std::is_rvalue_reference_v<decltype(std::move(update).Set(F<&User::name>, "Ada"))>);
  STATIC_REQUIRE(std::is_rvalue_reference_v<decltype(std::move(update).ClearEdge(F<&User::pets>))>);
}

TEST_CASE_METHOD(World, "the mutation of a builder says what its calls said") {
  auto update = Of<User>().UpdateOne(1);
  update.Set(F<&User::name>, "Ada").Set(F<&User::nickname>, std::nullopt).Add(F<&User::age>, 2);
  update.Set(F<&User::best_friend>, 5)
      .AddIDs(F<&User::friends>, {7, 8})
      .RemoveIDs(F<&User::friends>, {8});
  update.Set(F<&User::cards>, {1}).ClearEdge(F<&User::pets>);
  CHECK(ToString(update.Target()) ==
        R"(User UpdateOne(id=1) {name="Ada", age+=2, nickname=NULL, best_friend=5, friends+=[7], )"
        "friends-=[8], cards=[], cards+=[1], pets=[]}");
  auto create = Of<User>().Create();
  create.Set(F<&User::nickname>, std::optional<std::string>("ada")).AddIDs(F<&User::cards>, {1});
  CHECK(ToString(create.Target()) == R"(User Create {nickname="ada", cards+=[1]})");
}

TEST_CASE_METHOD(World, "of several Where calls all must match") {
  for (const char* name : {"Ada", "Bob"}) Of<User>().Create().Set(F<&User::name>, name).Save();
  auto update = Of<User>().Update().Where(F<&User::id> < 3).Where(F<&User::name> == "Bob");
  CHECK(std::move(update.Set(F<&User::age>, 9)).Save() == 1);
  CHECK(Of<User>().Get(1).age == 0);
}

TEST_CASE_METHOD(World, "a builder that ran is spent, whether it succeeded or not") {
  auto create = Of<User>().Create();
  CHECK_THROWS_AS(create.Save(), grapnel::ValidationError);
  CHECK_THROWS_WITH(create.Set(F<&User::name>, "Ada"),
                    Catch::Contains("User: this builder is spent"));
  CHECK_THROWS_AS(create.Save(), grapnel::Error);
}

TEST_CASE_METHOD(World,
                 "a builder that is moved takes with it what was said; where it was it is spent") {
  auto first = Of<User>().Create().Set(F<&User::name>, "Ada");
  auto second = std::move(first);
  CHECK_THROWS_WITH(first.Save(), Catch::Contains("or was moved from"));
  auto third = Of<User>().Create().Set(F<&User::name>, "Eve").Set(F<&User::age>, 7);
  third = std::move(second);
  const User saved = third.Save();
  CHECK((saved.name == "Ada" && saved.age == 0));
}

TEST_CASE_METHOD(World,
                 "a bulk takes builders of its own client, transaction and view, and none else") {
  const World other;
  CHECK_NOTHROW(Of<User>().Create().TakeFor(Handle()));
  CHECK_THROWS_WITH(Of<User>().Create().TakeFor(other.Handle()),
                    Catch::Contains("made by another client, transaction or view"));
  CHECK_THROWS_AS(With(1).Of<User>().Create().TakeFor(Handle()), grapnel::Error);
  auto create = Of<User>().Create();
  create.TakeFor(Handle());
  CHECK_THROWS_AS(create.TakeFor(Handle()), grapnel::Error);
  CHECK_THROWS_AS(create.Target(), grapnel::Error);
}
