#include <grapnel/store/query/selection.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <string>
#include <tuple>
#include <vector>

using grapnel::Desc;
using grapnel::F;
using model::User;

TEST_CASE("a selection of one field is its values, of several tuples of them") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  for (const char* name : {"Ada", "Bob", "Ada"}) {
    client.Of<User>().Create().Set(F<&User::name>, name).Set(F<&User::active>, false).Save();
  }
  const auto query = client.Of<User>().Query().Order(Desc(F<&User::name>));
  auto names = query.Select(F<&User::name>);
  CHECK(names.All() == std::vector<std::string>{"Bob", "Ada", "Ada"});
  CHECK(names.Distinct().All() == std::vector<std::string>{"Bob", "Ada"});
  CHECK(query.Select(F<&User::active>).All() == std::vector<bool>{false, false, false});
  CHECK(query.Select(F<&User::name>, F<&User::active>).First() == std::tuple("Bob", false));
}
