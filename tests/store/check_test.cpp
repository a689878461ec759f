#include <grapnel/store/check.hpp>

#include <grapnel/sqlite.hpp>
#include <grapnel/store.hpp>

#include "support/catch.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/model.hpp"

namespace {

using grapnel::F;
using grapnel::hook::Check;
using model::User;
using Lines = std::vector<std::string>;

TEST_CASE("B206 a check reads no row of a Create, one of an UpdateOne, and batches of an Update") {
  const auto base = grapnel::Open<User>(":memory:");
  base.Migrate();
  Lines reads;
  const auto client = base.Debug([&](std::string_view sql) {
    if (sql.starts_with("SELECT")) reads.emplace_back(sql);
  });
  int calls = 0;
  base.Of<User>().Use(Check<User>([&](const User& user) {
    ++calls;
    return user.age < 100;
  }));
  const auto users = client.Of<User>();
  const User ada = users.Create().Set(F<&User::name>, "Ada").Save();
  CHECK(calls == 1);
  reads.clear();
  users.Create().Set(F<&User::name>, "Bob").Save();
  CHECK(reads.empty());
  CHECK(calls == 2);
  users.UpdateOne(ada.id).Set(F<&User::age>, 3).Save();
  CHECK(reads.size() == 2);  // and the one that Save returns
  std::vector<User> rows(1'000);
  for (User& row : rows) row.name = "x";
  users.CreateBulk(rows).Save();
  reads.clear();
  calls = 0;
  users.Update().Set(F<&User::age>, 4).Save();
  CHECK(calls == 1'002);
  CHECK(reads.size() == 8);  // of 4 batches their ids and their rows
  calls = 0;
  users.Delete().Exec();
  CHECK(calls == 0);
}

TEST_CASE("B206 what a check says; a rule that holds nothing is refused when it is given") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  client.Of<User>().Use(Check<User>([](const User& user) { return user.age < 100; }));
  try {
    client.Of<User>().Create().Set(F<&User::name>, "Ada").Set(F<&User::age>, 100).Save();
    FAIL("nothing was thrown");
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.what() == std::string("User: the row with id 1 breaks a hook::Check (Create)"));
    CHECK(error.Entity() == "User");
    CHECK(error.Field().empty());
    CHECK(error.Op() == grapnel::Op::Create);
  }
  CHECK_THROWS_AS(Check<User>(std::function<bool(const User&)>()), grapnel::Error);
}

}  // namespace
