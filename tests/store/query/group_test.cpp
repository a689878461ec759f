#include <grapnel/store/query/group.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

using grapnel::Asc;
using grapnel::Count;
using grapnel::F;
using model::User;

TEST_CASE("a grouping is chosen from before and after Select, and runs any number of times") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  const auto add = [&](const char* name) {
    client.Of<User>().Create().Set(F<&User::name>, name).Save();
  };
  for (const char* name : {"Ada", "Ada", "Bob"}) add(name);
  using Rows = std::vector<std::tuple<std::string, std::int64_t>>;
  auto grouping = client.Of<User>().Query().GroupBy(F<&User::name>);
  grouping.Order(Asc(F<&User::name>)).Limit(5);
  const auto groups = grouping.Select(Count());
  CHECK(groups.All() == Rows{{"Ada", 2}, {"Bob", 1}});
  add("Cid");
  CHECK(groups.All() == Rows{{"Ada", 2}, {"Bob", 1}, {"Cid", 1}});
  auto fewer = groups;
  CHECK(fewer.Having(Count() == 1).Offset(1).All() == Rows{{"Cid", 1}});
  CHECK(groups.All().size() == 3);
  CHECK(grouping.Having(Count() > 1).Select().All() == std::vector<std::string>{"Ada"});
}
