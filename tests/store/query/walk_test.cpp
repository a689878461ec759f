#include <grapnel/store/query/walk.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <string>

using grapnel::F;
using grapnel::store::RowIterator;
using model::User;

TEST_CASE("an iterator behind the last row equals the one that stands nowhere") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  const auto query = client.Of<User>().Query();
  CHECK(query.begin() == RowIterator<User>());
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  auto at = query.begin();
  CHECK(at != query.end());
  CHECK(at->name == "Ada");
  at++;
  CHECK(at == query.end());
}

TEST_CASE("a function that takes a row as it is changes none") {
  const auto looks = [](const User&) {};
  const auto changes = [](User&) {};
  const auto may = [](auto&) {};
  static_assert(!grapnel::detail::MayChange<decltype(looks), User>());
  static_assert(!grapnel::detail::MayChange<void (&)(const User&), User>());
  static_assert(grapnel::detail::MayChange<decltype(changes), User>());
  static_assert(grapnel::detail::MayChange<decltype(may), User>());
}
