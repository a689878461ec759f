#include <grapnel/store/format.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

using grapnel::F;
using grapnel::Op;
using model::User;

namespace {

grapnel::Mutation<User> Make(Op op) { return grapnel::Mutation<User>::Access::Make(op); }

}  // namespace

TEST_CASE("an op, and a mask of several, is printed by name") {
  CHECK(fmt::format("{}", Op::Create) == "Create");
  CHECK(fmt::format("{} {}", Op::DeleteOne, Op::Update | Op::UpdateOne) ==
        "DeleteOne Update|UpdateOne");
  CHECK(fmt::format("{}", Op{}) == "none");
}

TEST_CASE("every error is printed as its message") {
  CHECK(fmt::format("{}", grapnel::Error("plain")) == "plain");
  CHECK(fmt::format("{}", grapnel::RejectedError("User", Op::Delete)) ==
        "User: Delete is not allowed");
  const grapnel::ValidationError error("User", "age", Op::Create, "too young");
  const grapnel::FieldError& as_its_base = error;
  CHECK(fmt::format("<{}>", error) == "<User.age: too young (Create)>");
  CHECK(fmt::format("<{}>", as_its_base) == "<User.age: too young (Create)>");
}

TEST_CASE("a mutation is printed with what it sets, adds and clears") {
  auto m = Make(Op::Create);
  CHECK(fmt::format("{}", m) == "User Create");
  m.Set(F<&User::name>, "Ada");
  m.Set(F<&User::active>, false);
  CHECK(fmt::format("{}", m) == "User Create {name=\"Ada\", active=false}");

  auto update = Make(Op::Update);
  update.Add(F<&User::age>, 1);
  update.Clear(F<&User::nickname>);
  CHECK(fmt::format("{}", update) == "User Update {age+=1, nickname=NULL}");
  CHECK(fmt::format("{}", update) == ToString(update));
}

TEST_CASE("the value of a sensitive field shows as ***, that it is cleared is no secret") {
  auto m = Make(Op::Update);
  m.Set(F<&User::password>, "secret");
  CHECK(fmt::format("{}", m) == "User Update {password=***}");
  m.Clear(F<&User::password>);
  CHECK(fmt::format("{}", m) == "User Update {password=NULL}");
}

TEST_CASE("a running mutation is printed with its id, once there is one") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  std::vector<std::string> log;
  client.Of<User>().Use([&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    log.push_back(fmt::format("{}", m));
    auto value = next(m);
    log.push_back(fmt::format("{}", m).substr(0, 17));
    return value;
  });
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  client.Of<User>().UpdateOne(1).Set(F<&User::name>, "Bob").Save();
  CHECK(log == std::vector<std::string>{
                   "User Create {name=\"Ada\", age=0, active=true, worth=0, version=0}",
                   "User Create(id=1)", "User UpdateOne(id=1) {name=\"Bob\"}",
                   "User UpdateOne(id"});
}
