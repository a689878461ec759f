#include <grapnel/store/builders/update_many.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using grapnel::F;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User> client = grapnel::Open<User>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  Fixture() {
    client.Migrate();
    for (const int age : {10, 20, 30}) {
      users.Create().Set(F<&User::name>, "u").Set(F<&User::age>, age).Save();
    }
  }
  std::vector<std::int64_t> Worths() const {
    std::vector<std::int64_t> worths;
    for (const User& user : users.Query().Order(grapnel::Asc(F<&User::id>)).All()) {
      worths.push_back(user.worth);
    }
    return worths;
  }
};

using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE_METHOD(Fixture, "Save counts the rows that match; without Where these are all") {
  CHECK(users.Update().Set(F<&User::worth>, 1).Save() == 3);
  CHECK(users.Update().Where(F<&User::age> > 10).Add(F<&User::worth>, 5).Save() == 2);
  CHECK(Worths() == Numbers{1, 6, 6});
}

TEST_CASE_METHOD(Fixture, "several predicates must all match") {
  const auto n = users.Update()
                     .Where(F<&User::age> > 10)
                     .Where(F<&User::age> < 30)
                     .Set(F<&User::worth>, 9)
                     .Save();
  CHECK(n == 1);
  CHECK(Worths() == Numbers{0, 9, 0});
}

TEST_CASE_METHOD(Fixture, "B76 no row is a count, and the hooks run once all the same") {
  int runs = 0;
  users.Use(grapnel::hook::Before([&](grapnel::Mutation<User>& m) {
    ++runs;
    CHECK(m.Op() == grapnel::Op::Update);
  }));
  CHECK(users.Update().Where(F<&User::age> > 99).Set(F<&User::worth>, 1).Save() == 0);
  CHECK(runs == 1);
}

TEST_CASE_METHOD(Fixture, "B90 rows that match are counted, changed or not") {
  CHECK(users.Update().Set(F<&User::worth>, 0).Save() == 3);
  CHECK(users.Update().Where(F<&User::age> >= 20).Save() == 2);
}

TEST_CASE_METHOD(Fixture, "B86 it runs once") {
  auto update = users.Update().Add(F<&User::worth>, 1);
  update.Save();
  CHECK_THROWS_AS(update.Save(), grapnel::Error);
  CHECK(Worths() == Numbers{1, 1, 1});
}
