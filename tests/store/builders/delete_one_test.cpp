#include <grapnel/store/builders/delete_one.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <vector>

using grapnel::F;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User> client = grapnel::Open<User>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  Fixture() {
    client.Migrate();
    for (const char* name : {"Ada", "Bob"}) users.Create().Set(F<&User::name>, name).Save();
  }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE_METHOD(Fixture, "the row with the id is deleted, and no other") {
  users.DeleteOne(1).Exec();
  CHECK(users.Query().IDs() == Ids{2});
  users.DeleteOne(users.Get(2)).Exec();
  CHECK(users.Query().IDs().empty());
}

TEST_CASE_METHOD(Fixture, "B76 B117 a row that is not there, or does not match, is refused") {
  CHECK_THROWS_WITH(users.DeleteOne(9).Exec(), "User not found: id 9");
  CHECK_THROWS_AS(users.DeleteOne(1).Where(F<&User::name> == "Bob").Exec(), grapnel::StaleError);
  CHECK(users.Query().Count() == 2);
  users.DeleteOne(1).Where(F<&User::name> == "Ada").Exec();
  CHECK(users.Query().IDs() == Ids{2});
}

TEST_CASE_METHOD(Fixture, "hooks see the op and the id, and a count comes back to them") {
  std::optional<std::int64_t> id;
  std::int64_t count = 0;
  users.Use([&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    CHECK(m.Op() == grapnel::Op::DeleteOne);
    id = m.ID();
    auto value = next(m);
    CHECK_FALSE(value.HasEntity());
    count = value.Count();
    return value;
  });
  users.DeleteOne(2).Exec();
  CHECK(id == 2);
  CHECK(count == 1);
}

TEST_CASE_METHOD(Fixture, "B86 it runs once") {
  auto one = users.DeleteOne(1);
  one.Exec();
  CHECK_THROWS_WITH(
      one.Exec(), "User: this builder is spent: it ran already, or was moved from; make a new one");
}
