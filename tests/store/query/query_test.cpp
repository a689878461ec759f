#include <grapnel/store/query/query.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using model::User;

namespace {

struct Fixture {
  grapnel::Database<User> client = grapnel::Open<User>(":memory:");
  grapnel::store::HookedEntities<User> users = client.Of<User>();
  Fixture() {
    client.Migrate();
    for (const auto& [name, age] : {std::pair("Ada", 30), {"Bob", 20}, {"Cid", 30}, {"Dan", 10}}) {
      users.Create().Set(F<&User::name>, name).Set(F<&User::age>, age).Save();
    }
  }
};

std::string Names(const std::vector<User>& rows) {
  std::string names;
  for (const User& user : rows) names += user.name + " ";
  return names;
}
using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE_METHOD(Fixture, "rows are filtered, ordered, limited and skipped") {
  CHECK(Names(users.Query().Order(Desc(F<&User::age>), Asc(F<&User::name>)).All()) ==
        "Ada Cid Bob Dan ");
  CHECK(Names(users.Query().Order(Asc(F<&User::age>)).Order(Desc(F<&User::name>)).All()) ==
        "Dan Bob Cid Ada ");
  const auto by_name = [&] { return users.Query().Order(Asc(F<&User::name>)); };
  CHECK(Names(by_name().Where(F<&User::age> > 10).Where(F<&User::age> < 30).All()) == "Bob ");
  CHECK(Names(by_name().Limit(2).All()) == "Ada Bob ");
  CHECK(Names(by_name().Offset(3).All()) == "Dan ");
  CHECK(Names(by_name().Offset(1).Limit(2).All()) == "Bob Cid ");
  CHECK(by_name().Limit(0).All().empty());
  CHECK(by_name().Offset(9).All().empty());
}

TEST_CASE_METHOD(Fixture, "First wants one row at least, Only exactly one") {
  const auto aged = [&](std::int64_t age) {
    return users.Query().Where(F<&User::age> == age).Order(Asc(F<&User::name>));
  };
  CHECK(aged(30).First().name == "Ada");
  CHECK(aged(20).Only().name == "Bob");
  CHECK_THROWS_AS(aged(30).Only(), grapnel::NotSingularError);
  CHECK_THROWS_WITH(aged(99).First(), "User not found: no row matches");
  CHECK_THROWS_AS(aged(99).Only(), grapnel::NotFoundError);
  CHECK(aged(30).Limit(1).Only().name == "Ada");
  CHECK_THROWS_AS(aged(30).Limit(0).First(), grapnel::NotFoundError);
}

TEST_CASE_METHOD(Fixture, "Count, Exist and IDs read no rows, and follow limit and offset") {
  CHECK(users.Query().Count() == 4);
  CHECK(users.Query().Where(F<&User::age> == 30).Count() == 2);
  CHECK(users.Query().Limit(3).Offset(2).Count() == 2);
  CHECK(users.Query().Exist());
  CHECK_FALSE(users.Query().Offset(4).Exist());
  CHECK(users.Query().Order(Desc(F<&User::id>)).Limit(2).IDs() == Ids{4, 3});
}

TEST_CASE_METHOD(Fixture, "a query runs any number of times, and reads afresh each time") {
  auto query = users.Query();
  query.Where(F<&User::age> == 10);
  CHECK(query.Count() == 1);
  users.Create().Set(F<&User::name>, "Eve").Set(F<&User::age>, 10).Save();
  CHECK(query.Count() == 2);
  const auto copy = query;
  query.Where(F<&User::name> == "Eve");
  CHECK(Names(query.All()) == "Eve ");
  CHECK(copy.Count() == 2);
}

TEST_CASE_METHOD(Fixture, "a query that is moved to itself stays what it is") {
  auto query = users.Query().Order(Desc(F<&User::id>)).Limit(2);
  auto& same = query;
  query = std::move(same);
  CHECK(query.IDs() == Ids{4, 3});
  auto other = users.Query();
  other = std::move(query);
  CHECK(other.IDs() == Ids{4, 3});
  CHECK_THROWS_AS(query.Count(), grapnel::Error);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE_METHOD(Fixture, "a negative limit or offset is an error") {
  CHECK_THROWS_WITH(users.Query().Limit(-1), "Limit takes a number of rows, not -1");
  CHECK_THROWS_WITH(users.Query().Offset(-1), "Offset takes a number of rows, not -1");
}

TEST_CASE("B95 a table that is not there is SchemaError") {
  const auto client = grapnel::Open<User>(":memory:");
  CHECK_THROWS_WITH(client.Of<User>().Query().All(),
                    "User: the database has no table \"User\"; call Migrate()");
}
