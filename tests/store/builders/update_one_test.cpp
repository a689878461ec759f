#include <grapnel/store/builders/update_one.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <optional>
#include <string>

using grapnel::F;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User> client = grapnel::Open<User>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  User ada;
  Fixture() {
    client.Migrate();
    ada = users.Create()
              .Set(F<&User::name>, "Ada")
              .Set(F<&User::worth>, 10)
              .Set(F<&User::nickname>, std::string("ada"))
              .Save();
    users.Create().Set(F<&User::name>, "Bob").Save();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Save gives back the row as it is stored, the other rows untouched") {
  const User updated = users.UpdateOne(ada.id)
                           .Set(F<&User::name>, "Ada L.")
                           .Add(F<&User::worth>, 5)
                           .Clear(F<&User::nickname>)
                           .Save();
  CHECK(updated.name == "Ada L.");
  CHECK(updated.worth == 15);
  CHECK(updated.nickname == std::nullopt);
  CHECK(users.Get(ada.id).worth == 15);
  CHECK(users.Get(2).name == "Bob");
}

TEST_CASE_METHOD(Fixture,
                 "only what was said is written: an entity that is passed lends its id alone") {
  users.UpdateOne(ada.id).Add(F<&User::worth>, 1).Save();
  ada.worth = 1000;
  CHECK(users.UpdateOne(ada).Set(F<&User::name>, "A").Save().worth == 11);
}

TEST_CASE_METHOD(Fixture, "B42 B43 a predicate picks the row, and need not match it afterwards") {
  const auto poor = F<&User::worth> < 20;
  CHECK(users.UpdateOne(ada.id).Where(poor).Set(F<&User::worth>, 50).Save().worth == 50);
  CHECK_THROWS_AS(users.UpdateOne(ada.id).Where(poor).Set(F<&User::worth>, 1).Save(),
                  grapnel::StaleError);
  CHECK(users.Get(ada.id).worth == 50);
}

TEST_CASE_METHOD(Fixture, "B76 a row that is not there is NotFoundError") {
  CHECK_THROWS_WITH(users.UpdateOne(99).Set(F<&User::name>, "x").Save(), "User not found: id 99");
  CHECK_THROWS_AS(users.UpdateOne(99).Save(), grapnel::NotFoundError);
}

TEST_CASE_METHOD(Fixture,
                 "B90 an update that changes nothing gives back the row, and sends no UPDATE") {
  std::string sent;
  const auto traced = client.Debug([&](std::string_view sql) { sent += std::string(sql) + "\n"; });
  CHECK(traced.Of<User>().UpdateOne(ada.id).Save().name == "Ada");
  CHECK(sent.find("SELECT") != std::string::npos);
  CHECK(sent.find("UPDATE") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "B30 B90 Add accumulates, follows a Set, and counts NULL as 0") {
  CHECK(users.UpdateOne(1).Add(F<&User::worth>, 2).Add(F<&User::worth>, 3).Save().worth == 15);
  CHECK(users.UpdateOne(1).Set(F<&User::worth>, 100).Add(F<&User::worth>, 1).Save().worth == 101);
  CHECK(users.UpdateOne(1).Add(F<&User::worth>, 5).Set(F<&User::worth>, 7).Save().worth == 7);
}
