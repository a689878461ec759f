#include <grapnel/store.hpp>

#include "support/catch.hpp"

#include "contract/model.hpp"

#include <string>

using grapnel::F;
using model::User;

namespace {

// What a library does that has hooks and questions, and opens nothing.
std::int64_t CountAdults(const grapnel::Client& client) {
  return client.Of<User>().Query().Where(F<&User::age> >= 18).Count();
}

}  // namespace

TEST_CASE("the store's umbrella is enough for who is given a client") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Set(F<&User::age>, 36).Save();
  client.Of<User>().Create().Set(F<&User::name>, "Ian").Set(F<&User::age>, 3).Save();
  CHECK(CountAdults(client) == 1);
}
