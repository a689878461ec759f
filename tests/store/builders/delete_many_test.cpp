#include <grapnel/store/builders/delete_many.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
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
    for (const char* name : {"Ada", "Bob", "Eve"}) users.Create().Set(F<&User::name>, name).Save();
  }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE_METHOD(Fixture, "Exec counts the rows that it deleted; without Where these are all") {
  CHECK(users.Delete().Where(F<&User::name> > "B").Where(F<&User::name> < "C").Exec() == 1);
  CHECK(users.Query().IDs() == Ids{1, 3});
  CHECK(users.Delete().Exec() == 2);
  CHECK_FALSE(users.Query().Exist());
}

TEST_CASE_METHOD(Fixture, "B76 no row is a count, and the hooks run once all the same") {
  int runs = 0;
  users.Use(grapnel::hook::Before([&](grapnel::Mutation<User>& m) {
    ++runs;
    CHECK(m.Op() == grapnel::Op::Delete);
    CHECK_FALSE(m.ID().has_value());
  }));
  CHECK(users.Delete().Where(F<&User::name> == "Zoe").Exec() == 0);
  CHECK(runs == 1);
}

TEST_CASE_METHOD(Fixture, "a list of any length picks the rows") {
  std::vector<std::string> names(2000, "nobody");
  names.push_back("Eve");
  CHECK(users.Delete().Where(F<&User::name>.In(names)).Exec() == 1);
  CHECK(users.Delete().Where(F<&User::name>.In(std::vector<std::string>())).Exec() == 0);
  CHECK(users.Query().IDs() == Ids{1, 2});
}

TEST_CASE_METHOD(Fixture, "B86 it runs once") {
  auto all = users.Delete();
  all.Exec();
  CHECK_THROWS_AS(all.Exec(), grapnel::Error);
}
