#include <grapnel/store/query/selection.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <string>
#include <tuple>
#include <vector>

using grapnel::Asc;
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

TEST_CASE("which rows a selection is of may be said behind it as well") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  for (const char* name : {"Ada", "Bob", "Cy", "Ada"}) {
    client.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  const auto query = client.Of<User>().Query();
  const auto names = [&] { return query.Select(F<&User::name>); };
  using Texts = std::vector<std::string>;
  CHECK(names().Order(Desc(F<&User::name>), Asc(F<&User::id>)).Limit(2).All() ==
        Texts{"Cy", "Bob"});
  CHECK(names().Order(Asc(F<&User::id>)).Limit(2).Offset(1).All() == Texts{"Bob", "Cy"});
  CHECK(names().Distinct().Order(Asc(F<&User::name>)).Limit(2).All() == Texts{"Ada", "Bob"});
  auto named = names();
  named.Order(Desc(F<&User::id>)).Offset(3).Limit(5);
  CHECK(named.All() == Texts{"Ada"});
  CHECK(named.Limit(0).All().empty());
  CHECK_THROWS_AS(named.Limit(-1), grapnel::Error);
  CHECK_THROWS_AS(named.Offset(-1), grapnel::Error);
  CHECK_THROWS_AS(names().Distinct().Order(Asc(F<&User::id>)).All(), grapnel::ValidationError);
}
