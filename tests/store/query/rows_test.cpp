#include <grapnel/store/query/rows.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

namespace detail = grapnel::detail;
using detail::kTable;
using grapnel::F;
using model::User;

namespace {

/// Three users: Ada, Bob and Eve, 1 to 3.
struct World : Opened<User> {
  World() {
    for (const char* name : {"Ada", "Bob", "Eve"})
      Of<User>().Create().Set(F<&User::name>, name).Save();
  }
};

}  // namespace

TEST_CASE_METHOD(World,
                 "the base client reads on a connection of its own, and not inside a transaction") {
  User found{};
  found.id = 2;
  CHECK(detail::ReadById(Handle(), kTable<User>, &found, &found));
  CHECK(found.name == "Bob");
  found.id = 9;
  CHECK_FALSE(detail::ReadById(Handle(), kTable<User>, &found, &found));
  const auto inside = detail::BeginTransaction(Handle(), detail::Session::Kind::Explicit);
  CHECK_THROWS_AS(detail::ReadById(Handle(), kTable<User>, &found, &found), grapnel::TxError);
  CHECK_FALSE(detail::ReadById(inside, kTable<User>, &found, &found));
}
